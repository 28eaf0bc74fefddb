//! A clone to run in, and the stand-ins on its PATH.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A child that is born while another thread writes a program holds that file open for an instant, and a file that is
/// open for writing can't be started. So one at a time.
static BIRTH: Mutex<()> = Mutex::new(());

pub struct Clone {
    folder: TempDir,
}

impl Clone {
    /// An empty workspace without a single tool, and with the environment that `up --compose` brings.
    pub fn bare() -> Self {
        let clone = Clone { folder: tempfile::tempdir().unwrap() };
        fs::write(clone.path("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
        fs::create_dir(clone.path("bin")).unwrap();
        let local = clone.path("k8s/overlays/local");
        fs::create_dir_all(&local).unwrap();
        fs::write(local.join("env.toml"), "local = true\nsigned = false\n[docker]\nport = 8999\n").unwrap();
        clone
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a program of that name on the PATH.
    pub fn with(self, name: &str, script: &str) -> Self {
        write_program(&self.path("bin").join(name), script);
        self
    }

    /// Puts a program where cargo would have built it.
    pub fn with_built(self, name: &str, script: &str) -> Self {
        let file = self.path("target/debug").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        write_program(&file, script);
        self
    }

    pub fn xtask(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(words.split(' '))
            .current_dir(self.folder.path())
            .env("PATH", self.path("bin"))
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("NO_COLOR")
            .env_remove("WAYFARE_NOTIFY_SECRET")
            .env_remove("WAYFARE_NOTIFY_URL")
            .env_remove("WAYFARE_REQUIRE_PARTS")
            .env_remove("WAYFARE_SEED_PASSWORD");
        command
    }

    pub fn run(&self, words: &str) -> Ran {
        Ran::of(start(self.xtask(words)).wait_with_output().unwrap())
    }
}

pub fn start(mut command: Command) -> Child {
    let _one_at_a_time = BIRTH.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn write_program(file: &Path, script: &str) {
    // The PATH of the test has no tools: the stand-ins bring the usual one.
    let _one_at_a_time = BIRTH.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let text = format!("#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\n{script}\n");
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

/// Waits for something that is sure to come; the limit only ends a test that has failed.
pub fn until<T>(what: &str, question: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(300), "never: {what}");
        std::thread::yield_now();
    }
}

/// A whole line in a file, once it is there.
pub fn line_in(file: &Path) -> String {
    until(&file.display().to_string(), || {
        let text = fs::read_to_string(file).ok()?;
        text.split_once('\n').map(|(line, _)| line.to_owned())
    })
}

/// A process without a waiting parent may stay as a zombie: that counts as dead.
pub fn is_dead(pid: &str) -> bool {
    let mut ps = Command::new("ps");
    ps.args(["-o", "stat=", "-p", pid]);
    let state = start(ps).wait_with_output().unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    state.trim().is_empty() || state.trim().starts_with('Z')
}
