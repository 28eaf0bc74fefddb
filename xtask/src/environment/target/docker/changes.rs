//! What a deployment would change: compose.yaml as it was at the last one against what it is now, with everything filled
//! in. Secrets are files, of which it has only the paths.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::{Cmd, cmd};

use super::Docker;
use super::containers::said;
use crate::environment::release::Release;

impl Docker {
    pub fn changes(&self, release: &Release, machine: &Machine) -> Vec<Step> {
        let [old, new] = ["deployed.yaml", "next.yaml"].map(|name| machine.scratch(&format!("diff/{name}")));
        let render = Step::run("render", self.rendered(release, machine))
            .why("renders compose.yaml with the settings of env.toml and the image")
            .into_file(&new)
            .within(60);
        let (deployed, to) = (self.deployed(), old.clone());
        let last = Step::task("deployed", move |ctx| {
            let text = if deployed.exists() { fs::read_to_string(&deployed)? } else { String::new() };
            Ok(ctx.machine.sh.write_file(&to, text)?)
        });
        let last = last.why("the rendering of the last deployment, if there was one");
        let compare = cmd!(machine.sh, "git --no-pager diff --no-index --no-ext-diff --no-color -- {old} {new}");
        let compare = Step::run("diff", compare)
            .why("shows the differences that a deployment would apply")
            .answering(&[1])
            .showing_data()
            .within(60);
        let verdict = Step::task("verdict", move |ctx| {
            let differs = fs::read(&old)? != fs::read(&new)?;
            ctx.data.insert("changes".into(), differs.into());
            ctx.screen.say(if differs { "  a deployment would change this" } else { "  a deployment changes nothing" });
            Ok(())
        });
        vec![last, render, compare, verdict.why("sets `data.changes` of --json")]
    }

    /// Kept for the next `diff`.
    pub fn describe(&self, release: &Release, machine: &Machine) -> Result<()> {
        Ok(fs::write(self.deployed(), said(self.rendered(release, machine))? + "\n")?)
    }

    fn rendered<'a>(&self, release: &Release, machine: &'a Machine) -> Cmd<'a> {
        self.compose_of(release, machine, &["config", "--no-path-resolution"])
    }

    fn deployed(&self) -> PathBuf {
        self.file("deployed.yaml")
    }
}
