//! What a plan may know about this machine. Plans are functions of arguments and this, and of nothing else.
//!
//! It only looks: nothing here creates, starts or changes anything.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::exit::{Exit, Failure};
use crate::tools;

pub struct Here {
    pub root: PathBuf,
    pub target: PathBuf,
    pub tools: BTreeMap<String, PathBuf>,
    pub docker_answers: OnceCell<bool>,
    pub sh: Shell,
}

impl Here {
    pub fn look() -> Result<Self> {
        let start = std::env::current_dir().context("the current folder can't be read")?;
        let root = workspace(&start).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("no workspace at or above {}", start.display()))
                .next("run it inside a clone of Wayfare")
        })?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => start.join(target),
            None => root.join("target"),
        };
        let sh = Shell::new()?;
        sh.change_dir(&root);
        Ok(Here { root, target, tools: tools::on_path(), docker_answers: OnceCell::new(), sh })
    }

    pub fn has(&self, tool: &str) -> bool {
        self.tools.contains_key(tool)
    }

    /// Asked once, and only by the plans that would make use of it: an absent daemon answers slowly.
    pub fn docker_answers(&self) -> bool {
        *self.docker_answers.get_or_init(|| {
            let ask = cmd!(self.sh, "docker version --format").arg("{{.Server.Version}}");
            self.has("docker") && ask.quiet().ignore_stderr().read().is_ok()
        })
    }

    /// The path as people see it: from the root of the clone where it is inside.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// A program that this workspace builds.
    pub fn built(&self, program: &str, release: bool) -> PathBuf {
        let profile = if release { "release" } else { "debug" };
        self.target.join(profile).join(program)
    }

    /// A file or folder of our own making, which nobody misses when it is gone.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.target.join("xtask").join(name)
    }

    pub fn evidence(&self) -> PathBuf {
        self.target.join("evidence")
    }

    /// The commit that is checked out and whether files differ from it; none outside a git clone.
    pub fn commit(&self) -> Option<(String, bool)> {
        let sh = &self.sh;
        let commit = cmd!(sh, "git rev-parse HEAD").quiet().ignore_stderr().read().ok()?;
        let status = cmd!(sh, "git status --porcelain").quiet().ignore_stderr().read().ok()?;
        Some((commit, !status.is_empty()))
    }
}

fn workspace(start: &Path) -> Option<PathBuf> {
    let is_root = |folder: &&Path| {
        std::fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("[workspace]"))
    };
    start.ancestors().find(is_root).map(Path::to_owned)
}

#[cfg(test)]
impl Here {
    /// A machine that is the same wherever the tests run.
    pub fn pretend(tools: &[&str]) -> Self {
        let root = PathBuf::from("/clone");
        let sh = Shell::new().expect("a shell");
        sh.change_dir(&root);
        let path = |name: &&str| (name.to_string(), PathBuf::from("/usr/bin").join(name));
        Here {
            target: root.join("target"),
            root,
            tools: tools.iter().map(path).collect(),
            docker_answers: OnceCell::from(tools.contains(&"docker")),
            sh,
        }
    }
}
