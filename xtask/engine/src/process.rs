//! One child process: in a group of its own, read line by line, with an end that is always reached.
//!
//! The group is what is signalled, so that what the child started ends with it. Nothing is decided here about
//! what an exit code means.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::evidence::Tests;
use crate::plan::{Invocation, Output};
use crate::screen::Screen;

pub const LAST_LINES: usize = 20;
const POLL: Duration = Duration::from_millis(10);
/// How long a child may take to end after it was asked to: a server lets its clients finish for 15 s.
const GRACE: Duration = Duration::from_secs(20);
/// How long to wait for output that a grandchild still holds open.
const DRAIN: Duration = Duration::from_secs(2);

/// Set by Ctrl-C (and by SIGTERM, as CI sends it); the code that acts on it resets it.
static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

pub fn catch_interrupts() -> Result<()> {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, INTERRUPTED.clone())?;
    }
    Ok(())
}

pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// The run has acted on it.
pub fn forget_interrupt() {
    INTERRUPTED.store(false, Ordering::Relaxed);
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Exited(i32),
    TimedOut,
    Interrupted,
}

pub struct Running {
    child: Child,
    group: Pid,
    heard: Arc<Mutex<Heard>>,
    is_shown: bool,
    readers: Vec<JoinHandle<()>>,
}

/// What was read so far.
struct Heard {
    log: File,
    last: VecDeque<String>,
    tests: Tests,
}

impl Running {
    pub fn start(what: &Invocation, path: &OsStr, output: &Output, log: &Path, screen: &Arc<Screen>) -> Result<Self> {
        let mut log = File::create(log).with_context(|| format!("can't write {}", log.display()))?;
        let stdout = match output {
            Output::File(file) => Stdio::from(File::create(file)?),
            Output::Log | Output::Messages | Output::Data => Stdio::piped(),
        };
        writeln!(log, "$ {} {}", what.program, what.args.join(" "))?;
        let mut command = Command::new(&what.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_about_xtask(name)) {
            command.env_remove(name);
        }
        let mut child = command
            .args(&what.args)
            .env("PATH", path)
            .envs(what.env.iter().map(|(key, value)| (key, value)))
            .current_dir(&what.dir)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("can't start {}", what.program))?;
        let heard = Arc::new(Mutex::new(Heard { log, last: VecDeque::new(), tests: Tests::default() }));
        let is_shown = matches!(output, Output::Messages | Output::Data);
        let show = is_shown.then(|| screen.clone());
        let out = child.stdout.take().map(|pipe| read(pipe, heard.clone(), show.clone(), *output == Output::Data));
        let err = child.stderr.take().map(|pipe| read(pipe, heard.clone(), show, false));
        let group = Pid::from_child(&child);
        Ok(Running { child, group, heard, is_shown, readers: out.into_iter().chain(err).collect() })
    }

    /// Waits for the end; a child that is late or in the way of Ctrl-C is stopped.
    pub fn finish(&mut self, within: Duration, mut tick: impl FnMut()) -> Result<End> {
        let deadline = Instant::now() + within;
        let end = loop {
            if let Some(status) = self.child.try_wait()? {
                break End::Exited(code(status));
            }
            if interrupted() {
                self.stop()?;
                break End::Interrupted;
            }
            if Instant::now() >= deadline {
                self.stop()?;
                break End::TimedOut;
            }
            tick();
            thread::sleep(POLL);
        };
        self.drain();
        Ok(end)
    }

    /// Asks the group to end, and ends it when it doesn't; a further Ctrl-C cuts the grace short.
    pub fn stop(&mut self) -> Result<i32> {
        forget_interrupt();
        self.signal(Signal::TERM);
        let deadline = Instant::now() + GRACE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.drain();
                return Ok(code(status));
            }
            if Instant::now() >= deadline || interrupted() {
                self.signal(Signal::KILL);
                let status = self.child.wait()?;
                return Ok(code(status));
            }
            thread::sleep(POLL);
        }
    }

    /// The code with which it ended by itself, if it did.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten().map(code)
    }

    /// The last lines, unless people saw them already.
    pub fn unseen_lines(&self) -> Vec<String> {
        if self.is_shown {
            return Vec::new();
        }
        lock(&self.heard).last.iter().cloned().collect()
    }

    pub fn tests(&self) -> Tests {
        lock(&self.heard).tests
    }

    /// A process group that is gone needs no signal.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.group, signal);
    }

    /// Readers end when the last writer does. What outlives the child for longer than that is a leftover.
    fn drain(&mut self) {
        let deadline = Instant::now() + DRAIN;
        while self.readers.iter().any(|reader| !reader.is_finished()) {
            if Instant::now() >= deadline {
                self.signal(Signal::KILL);
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Whatever way the owner is left, nothing keeps running.
impl Drop for Running {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// `cargo run` sets variables about our own package. Build scripts watch them (ring's does): passed on, they would
/// make each `cargo xtask` rebuild what a plain `cargo build` has just built, and the other way round.
fn is_about_xtask(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let named = ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || named.contains(&name.as_ref())
}

/// A shell's way to tell a signal: 128 and its number.
fn code(status: ExitStatus) -> i32 {
    status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}

fn lock(heard: &Mutex<Heard>) -> std::sync::MutexGuard<'_, Heard> {
    heard.lock().expect("a reader never panics")
}

fn read(
    pipe: impl Read + Send + 'static,
    heard: Arc<Mutex<Heard>>,
    show: Option<Arc<Screen>>,
    is_data: bool,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while pipe.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&bytes);
            let line = text.trim_end_matches(['\n', '\r']);
            lock(&heard).take(line);
            if let Some(screen) = &show {
                screen.child(line, is_data);
            }
            bytes.clear();
        }
    })
}

impl Heard {
    fn take(&mut self, line: &str) {
        // A full disk must not end the run; the lines are still shown.
        let _ = writeln!(self.log, "{line}");
        self.tests.count(line);
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Look;

    fn start(script: &str, log: &tempfile::TempDir) -> Running {
        let what = Invocation {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: Vec::new(),
            dir: log.path().to_owned(),
        };
        let screen = Arc::new(Screen::new(Look::quiet()));
        Running::start(&what, &std::env::var_os("PATH").unwrap(), &Output::Log, &log.path().join("log"), &screen)
            .unwrap()
    }

    #[test]
    fn the_exit_code_and_the_last_lines_are_kept() {
        let log = tempfile::tempdir().unwrap();
        let mut running = start("for i in $(seq 30); do echo line $i; done; exit 7", &log);
        let end = running.finish(Duration::from_secs(30), || ()).unwrap();
        assert_eq!(end, End::Exited(7));
        assert_eq!(running.unseen_lines().len(), LAST_LINES);
        assert_eq!(running.unseen_lines().last().unwrap(), "line 30");
        let written = std::fs::read_to_string(log.path().join("log")).unwrap();
        assert!(written.contains("line 1\n"), "{written}");
    }

    #[test]
    fn a_late_child_is_ended_together_with_what_it_started() {
        let log = tempfile::tempdir().unwrap();
        let mut running = start("sleep 600 & echo $! > child; wait", &log);
        let pid_file = log.path().join("child");
        while !std::fs::read_to_string(&pid_file).is_ok_and(|text| text.ends_with('\n')) {
            thread::yield_now();
        }
        assert_eq!(running.finish(Duration::ZERO, || ()).unwrap(), End::TimedOut);
        let pid: i32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        let gone = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            status.is_empty() || status.contains(") Z ")
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !gone() {
            assert!(Instant::now() < deadline, "process {pid} is still alive");
            thread::yield_now();
        }
    }

    #[test]
    fn tests_are_counted_over_all_binaries() {
        let log = tempfile::tempdir().unwrap();
        let one = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        let mut running = start(&format!("echo '{one}'; echo '{one}'"), &log);
        running.finish(Duration::from_secs(30), || ()).unwrap();
        assert_eq!(running.tests(), Tests { passed: 6, failed: 0, ignored: 2 });
    }
}
