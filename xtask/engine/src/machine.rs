//! What a plan may know about this machine. Plans are functions of arguments and this, and of nothing else.
//!
//! It only looks: nothing here creates, starts or changes anything.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::exit::{Exit, Failure};
use crate::profile::Profile;
use crate::tools;

/// Under `target/`: a Python environment, with packages of Node's in it.
const TOOLS: &str = "tools";
/// Each folder in it is an environment, with what differs there.
pub const OVERLAYS: &str = "k8s/overlays";
/// Names the folder of what stands in for Kind.
pub const CLUSTER_STAND_IN: &str = "WAYFARE_TEST_CLUSTER";
pub const SILENT_DOCKER: &str = "Docker isn't running: start its daemon";

pub struct Machine {
    pub root: PathBuf,
    pub target: PathBuf,
    pub tools: BTreeMap<String, PathBuf>,
    /// Where children find programs: the clone's own tools, then the PATH.
    pub path: OsString,
    pub docker_answers: OnceCell<bool>,
    /// `WAYFARE_REQUIRE_PARTS=1`, the same word as to the service's own tests: what is left out for want of a part has
    /// not run, and fails.
    pub requires_parts: bool,
    /// What our environment variables and those of a pipeline say.
    pub variables: BTreeMap<String, String>,
    /// The text of each environment's file, by the environment's name.
    pub environments: BTreeMap<String, String>,
    /// Where what outlives a clone is kept: an environment's secrets, and what runs there.
    pub state: PathBuf,
    pub sh: Shell,
}

impl Machine {
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
        let own = ["bin", "node_modules/.bin"].map(|folder| target.join(TOOLS).join(folder));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path)))
            .context("the target folder's name has a colon in it")?;
        let tools = tools::on_path(&path);
        let (environments, variables) = (environments(&root), variables());
        let state = state(variables.get("WAYFARE_STATE_DIR"));
        let requires_parts = variables.get("WAYFARE_REQUIRE_PARTS").is_some_and(|value| value == "1");
        let docker_answers = OnceCell::new();
        Ok(Machine { root, target, tools, path, docker_answers, requires_parts, variables, environments, state, sh })
    }

    /// What the environment variable says; an empty one says nothing.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub fn has(&self, tool: &str) -> bool {
        self.tools.contains_key(tool)
    }

    /// Where `doctor --install` puts tools.
    pub fn own_tools(&self) -> PathBuf {
        self.target.join(TOOLS)
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
    pub fn built(&self, program: &str, profile: Profile) -> PathBuf {
        self.target.join(profile.name()).join(program)
    }

    /// A file or folder that we made and that can be deleted at any time.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.target.join("xtask").join(name)
    }

    /// What pipelines keep for other programs to show: SARIF, JUnit, coverage.
    pub fn reports(&self) -> PathBuf {
        self.target.join("reports")
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

    /// The versions that the commit's tags say: `v1.2.3` is 1.2.3.
    pub fn releases(&self) -> Vec<String> {
        let tags = cmd!(self.sh, "git tag --points-at HEAD").quiet().ignore_stderr().read().unwrap_or_default();
        let versions = tags.lines().filter_map(|tag| tag.strip_prefix('v'));
        versions.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect()
    }

    /// When the commit was made, in seconds since 1970: the only clock of what can be built again.
    pub fn commit_time(&self) -> Option<u64> {
        cmd!(self.sh, "git log -1 --format=%ct").quiet().ignore_stderr().read().ok()?.parse().ok()
    }

    /// Files that differ from where this branch left `rev`, committed or not.
    pub fn changed_since(&self, rev: &str) -> Result<Vec<String>> {
        let git = |words: &[&str]| cmd!(self.sh, "git {words...}").quiet().ignore_stderr().read();
        let base = git(&["merge-base", "HEAD", rev]).map_err(|_| {
            Failure::new(Exit::Usage, format!("this clone has no history in common with `{rev}`"))
                .next("git fetch, or another revision; a shallow clone has little history")
        })?;
        let (tracked, new) =
            (git(&["diff", "--name-only", &base])?, git(&["ls-files", "--others", "--exclude-standard"])?);
        Ok(tracked.lines().chain(new.lines()).map(str::to_owned).collect())
    }
}

fn workspace(start: &Path) -> Option<PathBuf> {
    let is_root = |folder: &&Path| {
        std::fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("[workspace]"))
    };
    start.ancestors().find(is_root).map(Path::to_owned)
}

fn variables() -> BTreeMap<String, String> {
    let is_read = |name: &str| name.starts_with("WAYFARE_") || name.starts_with("GITHUB_") || name == "BUILD_URL";
    let all =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    all.filter(|(name, value)| is_read(name) && !value.is_empty()).collect()
}

fn environments(root: &Path) -> BTreeMap<String, String> {
    let folders = std::fs::read_dir(root.join(OVERLAYS)).into_iter().flatten().flatten();
    let text = |folder: std::fs::DirEntry| {
        let name = folder.file_name().into_string().ok()?;
        Some((name, std::fs::read_to_string(folder.path().join("env.toml")).ok()?))
    };
    folders.filter_map(text).collect()
}

/// By the XDG base directory specification, unless set otherwise.
fn state(said: Option<&String>) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let usual = || set("HOME").unwrap_or_default().join(".local/state");
    said.map_or_else(|| set("XDG_STATE_HOME").unwrap_or_else(usual).join("wayfare"), PathBuf::from)
}

impl Machine {
    /// For tests of plans: a machine that is the same wherever they run.
    pub fn pretend(tools: &[&str]) -> Self {
        let root = PathBuf::from("/clone");
        let sh = Shell::new().expect("a shell");
        sh.change_dir(&root);
        let path = |name: &&str| (name.to_string(), PathBuf::from("/usr/bin").join(name));
        Machine {
            target: root.join("target"),
            root,
            tools: tools.iter().map(path).collect(),
            path: OsString::new(),
            docker_answers: OnceCell::from(tools.contains(&"docker")),
            requires_parts: false,
            variables: BTreeMap::new(),
            environments: environments(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")),
            state: PathBuf::from("/state"),
            sh,
        }
    }
}
