//! Git, beside what is being worked on: a checkout of its own of the branch that Argo CD follows.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use manifests::parse;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use xshell::cmd;

pub const REMOTE: &str = "origin";
const APPLICATIONS: &str = "k8s/argocd/environments.yaml";

/// The branch that Argo CD is configured to follow.
pub fn branch(machine: &Machine) -> Result<String> {
    let read = fs::read_to_string(machine.root.join(APPLICATIONS));
    let documents = parse(&read.with_context(|| format!("can't read {APPLICATIONS}"))?)?;
    let branches: Vec<_> = documents.iter().map(|it| it.text("/spec/template/spec/source/targetRevision")).collect();
    let branch = branches.into_iter().find(|branch| !branch.is_empty());
    Ok(branch.with_context(|| format!("{APPLICATIONS} names no targetRevision"))?.to_owned())
}

/// The last commit that changed the file, and the file before it.
pub fn before(machine: &Machine, branch: &str, file: &str) -> Result<(String, Option<String>)> {
    git(machine, &["fetch", "--quiet", REMOTE, branch])?;
    let last = git(machine, &["log", "--max-count=1", "--format=%H", "FETCH_HEAD", "--", file])?;
    let before = at(machine, &format!("{last}^"), file).ok();
    Ok((last, before))
}

pub fn at(machine: &Machine, commit: &str, file: &str) -> Result<String> {
    git(machine, &["show", &format!("{commit}:{file}")]).map(|text| text + "\n")
}

#[derive(Clone)]
pub struct Checkout {
    branch: String,
    pub folder: PathBuf,
}

impl Checkout {
    pub fn new(machine: &Machine, branch: &str) -> Self {
        let folder = machine.scratch("gitops").join(std::process::id().to_string());
        Checkout { branch: branch.to_owned(), folder }
    }

    pub fn open(&self, machine: &Machine) -> Result<()> {
        git(machine, &["fetch", "--quiet", REMOTE, &self.branch])?;
        let folder = self.folder.display().to_string();
        // One that a kill left behind is forgotten where its folder is gone.
        git(machine, &["worktree", "prune"])?;
        git(machine, &["worktree", "add", "--quiet", "--detach", &folder, "FETCH_HEAD"]).map(drop)
    }

    pub fn close(&self, machine: &Machine) -> Result<()> {
        git(machine, &["worktree", "remove", "--force", &self.folder.display().to_string()]).map(drop)
    }

    pub fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.folder.join(file)).with_context(|| {
            Failure::new(Exit::Refused, format!("{} has no {file}", self.branch))
                .next("Argo CD deploys from there: add it")
        })
    }

    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        fs::write(self.folder.join(file), text).with_context(|| format!("can't write {file}"))
    }

    /// Pushed, or not made at all. Where nothing changed there is nothing to commit.
    pub fn commit(&self, ctx: &mut Ctx, message: &str) -> Result<()> {
        let folder = self.folder.display().to_string();
        let here = |words: &[&str]| git(ctx.machine, &[&["-C", &folder], words].concat());
        let is_changed = !here(&["status", "--porcelain"])?.is_empty();
        ctx.data.insert("changes".into(), is_changed.into());
        if !is_changed {
            ctx.screen.say("  nothing to change: that is what runs");
            return Ok(());
        }
        here(&["commit", "--quiet", "--all", "--message", message])?;
        let commit = here(&["rev-parse", "HEAD"])?;
        // From the clone: a remote that is a relative path is meant from there.
        git(ctx.machine, &["push", "--quiet", REMOTE, &format!("{commit}:refs/heads/{}", self.branch)])?;
        ctx.data.insert("commit".into(), commit.into());
        ctx.data.insert("branch".into(), self.branch.clone().into());
        Ok(())
    }
}

fn git(machine: &Machine, words: &[&str]) -> Result<String> {
    let command = cmd!(machine.sh, "git {words...}").env("PATH", &machine.path);
    let output = command.env("GIT_TERMINAL_PROMPT", "0").quiet().ignore_status().output()?;
    ensure!(output.status.success(), failure(words, &output));
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

fn failure(words: &[&str], output: &Output) -> Failure {
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let message = format!("git {}: {said}", words.join(" "));
    let away = ["Could not read from remote", "unable to access", "Could not resolve", "does not appear to be a git"];
    if away.iter().any(|word| said.contains(word)) {
        return Failure::new(Exit::Unreachable, message).next("git remote --verbose; may this machine reach it?");
    }
    if said.contains("[rejected]") || said.contains("[remote rejected]") {
        return Failure::new(Exit::Refused, message).next("someone else pushed, or the branch is protected");
    }
    Failure::check(message)
}
