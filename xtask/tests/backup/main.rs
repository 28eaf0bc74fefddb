//! Backups of a real PostgreSQL by a real pgBackRest into three emulated clouds: made while orders come in, rehearsed,
//! restored to a point in time, damaged and cut off.
//!
//! `cargo xtask test backup` runs them. One test after the other: a machine has two cores.

mod database;
mod emulators;
mod faults;
mod shop;
mod story;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The root of this clone.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `cargo xtask backup`, with a state folder of the test's own.
pub fn backup(state: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("backup").args(words).current_dir(root()).env("WAYFARE_STATE_DIR", state);
    command.output().unwrap()
}

/// The record of a verb that goes well.
#[track_caller]
pub fn passed(state: &Path, words: &[&str]) -> Value {
    let done = backup(state, &[words, &["--json"]].concat());
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{words:?}: {said}\n{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_str(&said).unwrap()
}

/// What a verb says that ends with this code.
#[track_caller]
pub fn refused(state: &Path, code: i32, words: &[&str]) -> String {
    let done = backup(state, words);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{words:?}: {said}");
    said
}

pub fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}
