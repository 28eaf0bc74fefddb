//! `pipelines`: the GitHub workflows and the Jenkinsfile, rendered from the one list of stages.
//!
//! They hold `cargo xtask` lines and nothing else that decides: what a laptop runs is what a pipeline runs.

mod github;
mod jenkins;
mod list;
mod pins;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use stages::cli::Stage;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use self::pins::Pins;
use super::same_text;
use crate::environment::Environment;

const HEADER: &str = "Rendered by `cargo xtask pipelines` from xtask/src/write/pipelines; `cargo xtask lint` fails when it was edited by hand.";
/// Where every file is rendered: another one there runs without being in the list.
const FOLDERS: [&str; 2] = [".github/workflows", "pipelines"];

/// Generate the GitHub workflows and the Jenkinsfile from the list of stages.
#[derive(Args)]
pub struct Pipelines {
    /// Write nothing; fail on a file that differs, is missing, or wasn't generated
    #[arg(long)]
    check: bool,
}

impl Stage for Pipelines {
    const NAME: &'static str = "pipelines";
    const EXAMPLE: &'static str = "pipelines --check";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let write = Step::task("write the pipelines", |ctx| write(&ctx.machine.root, &Environment::all(ctx.machine)?))
            .why("pipelines run the same stages as this machine")
            .changes(format!("{}: orphans in them are deleted", FOLDERS.join(", ")));
        Ok(match self.check {
            true => Plan::new("pipelines", check_steps(machine)).keep_going(),
            false => Plan::new("pipelines", [write]),
        })
    }
}

/// Ours first, then what the makers of actionlint, zizmor and npm-groovy-lint know.
pub fn check_steps(machine: &Machine) -> [Step; 4] {
    let same = Step::task("pipelines are up to date", |ctx| check(&ctx.machine.root, &Environment::all(ctx.machine)?))
        .why("pipelines and the list of stages have to match")
        .next("cargo xtask pipelines, then commit what it wrote");
    let workflows = list::NAMES.map(github::path);
    let jenkinsfile = jenkins::PATH;
    let form = Step::run("workflows", cmd!(machine.sh, "actionlint {workflows...}"))
        .why("GitHub reports mistakes only after the push")
        .optional("actionlint", machine)
        .next("fix xtask/src/write/pipelines/github.rs");
    let safe = Step::run("workflows are safe", cmd!(machine.sh, "zizmor --offline --no-progress .github"))
        .why("permissions, credentials and templates that a malicious pull request could exploit")
        .optional("zizmor", machine)
        .next("fix xtask/src/write/pipelines/github.rs");
    let jenkins = cmd!(
        machine.sh,
        "npm-groovy-lint --noserver --loglevel error --failon error --path pipelines --files **/Jenkinsfile"
    );
    let jenkins = Step::run("Jenkinsfile", jenkins)
        .why(format!("{jenkinsfile} is a program that no compiler sees"))
        .optional("npm-groovy-lint", machine)
        .optional("java", machine)
        .within(600)
        .next("fix xtask/src/write/pipelines/jenkins.rs");
    [same, form, safe, jenkins]
}

/// Each file by its path from the root.
fn rendered(pins: &Pins, environments: &[Environment]) -> Result<BTreeMap<String, String>> {
    let all = list::all(environments)?;
    let mut files = BTreeMap::from([(jenkins::PATH.to_owned(), jenkins::file(&all))]);
    for pipeline in &all {
        files.insert(github::path(pipeline.name), github::workflow(pipeline, pins)?);
    }
    Ok(files)
}

fn pins(root: &Path) -> Result<Pins> {
    let text = fs::read_to_string(root.join(pins::FILE)).with_context(|| format!("can't read {}", pins::FILE))?;
    Pins::read(&text)
}

fn write(root: &Path, environments: &[Environment]) -> Result<()> {
    let files = rendered(&pins(root)?, environments)?;
    for orphan in orphans(root, &files)? {
        fs::remove_file(root.join(orphan))?;
    }
    for (path, text) in files {
        let file = root.join(&path);
        fs::create_dir_all(file.parent().context("a file has a folder")?)?;
        fs::write(file, text).with_context(|| format!("can't write {path}"))?;
    }
    Ok(())
}

fn check(root: &Path, environments: &[Environment]) -> Result<()> {
    let files = rendered(&pins(root)?, environments)?;
    let kept = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let drift = files.iter().filter_map(|(path, text)| same_text(path, &kept(path), text).err());
    let mut faults: Vec<_> = drift.map(|fault| fault.to_string()).collect();
    faults.extend(orphans(root, &files)?.into_iter().map(|path| format!("{path}: no pipeline of the list renders it")));
    anyhow::ensure!(faults.is_empty(), Failure::check(faults.join("\n")));
    Ok(())
}

fn orphans(root: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut orphans = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            let path = format!("{folder}/{}", entry?.file_name().to_string_lossy());
            if !files.contains_key(&path) {
                orphans.push(path);
            }
        }
    }
    orphans.sort();
    Ok(orphans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINS: &str = include_str!("../../../../.github/actions/pins/action.yml");

    fn environments() -> Vec<Environment> {
        Environment::all(&Machine::pretend(&[])).unwrap()
    }

    fn clone() -> tempfile::TempDir {
        let clone = tempfile::tempdir().unwrap();
        let file = clone.path().join(pins::FILE);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, PINS).unwrap();
        write(clone.path(), &environments()).unwrap();
        clone
    }

    fn told(clone: &tempfile::TempDir) -> String {
        check(clone.path(), &environments()).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_was_written_has_no_fault() {
        assert_eq!(told(&clone()), "");
    }

    #[test]
    fn an_edit_by_hand_a_lost_file_and_an_orphan_are_told_together() {
        let clone = clone();
        let edit = clone.path().join(".github/workflows/verify.yml");
        fs::write(&edit, fs::read_to_string(&edit).unwrap().replace("run: cargo xtask lint", "run: true")).unwrap();
        fs::remove_file(clone.path().join("pipelines/Jenkinsfile")).unwrap();
        fs::write(clone.path().join(".github/workflows/own.yml"), "").unwrap();
        let told = told(&clone);
        assert!(told.contains(".github/workflows/verify.yml is out of date"), "{told}");
        assert!(told.contains("-         run: true\n    +         run: cargo xtask lint"), "{told}");
        assert!(told.contains("pipelines/Jenkinsfile isn't there"), "{told}");
        assert!(told.contains(".github/workflows/own.yml: no pipeline of the list renders it"), "{told}");
        write(clone.path(), &environments()).unwrap();
        assert_eq!(super::tests::told(&clone), "");
    }

    #[test]
    fn a_newer_pin_is_drift_until_it_is_rendered() {
        let clone = clone();
        let newer = PINS.replace(" # v6.0.1", " # v6.0.2");
        assert_ne!(newer, PINS);
        fs::write(clone.path().join(pins::FILE), newer).unwrap();
        assert!(told(&clone).contains("# v6.0.2"));
    }

    #[test]
    fn pipelines_run_nothing_but_xtask() {
        for (path, text) in rendered(&Pins::read(PINS).unwrap(), &environments()).unwrap() {
            for line in text.lines().map(str::trim) {
                let command = line
                    .strip_prefix("run: ")
                    .or(line.split_once("sh '").filter(|(before, _)| !before.ends_with("unsta")).map(|(_, rest)| rest));
                assert!(command.is_none_or(|command| command.starts_with("cargo xtask ")), "{path}: {line}");
            }
            assert!(text.contains("cargo xtask evidence verify"), "{path}");
            assert!(!text.contains("contents: write"), "{path}");
        }
    }
}
