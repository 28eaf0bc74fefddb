//! Evidence: the record that a run leaves under `target/evidence`, and what is read from it.
//!
//! A record says what happened, not what was meant to: it is written from what the steps returned.

pub mod table;
mod verify;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::machine::Machine;

pub use verify::{Found, examine, holds};

/// Raised when a reader of an old record could misunderstand a new one.
pub const SCHEMA: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub schema: u32,
    pub stage: String,
    pub result: Exit,
    pub exit: u8,
    /// None outside a git clone.
    pub commit: Option<String>,
    /// Files differed from the commit.
    pub dirty: bool,
    /// UTC, RFC 3339.
    pub started: String,
    pub seconds: f64,
    pub steps: Vec<StepRecord>,
    /// Version of each tool that a step needed.
    pub tools: BTreeMap<String, String>,
    /// What the stage found out, in a shape of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A step that ran has a `result`, one that was left out says why in `skipped`, and one behind a failure has neither.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Exit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Of the child process; 128 and the signal's number when one ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Tests>,
    /// SHA-256 of each file that it left, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tests {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl Tests {
    /// Adds what a `test result:` line of the Rust test harness says; any other line says nothing.
    pub fn count(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        for part in counts.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next().and_then(|n| n.parse::<u64>().ok()), words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    pub fn and(self, more: Self) -> Self {
        Tests {
            passed: self.passed + more.passed,
            failed: self.failed + more.failed,
            ignored: self.ignored + more.ignored,
        }
    }

    pub fn ran(&self) -> u64 {
        self.passed + self.failed
    }
}

impl fmt::Display for Tests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed", self.passed)?;
        for (count, word) in [(self.failed, "failed"), (self.ignored, "ignored")] {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        Ok(())
    }
}

impl Record {
    /// None where no step ran tests.
    pub fn tests(&self) -> Option<Tests> {
        self.steps.iter().filter_map(|step| step.tests).reduce(Tests::and)
    }

    pub fn save(&self, machine: &Machine, slug: &str) -> Result<std::path::PathBuf> {
        let file = machine.evidence().join(format!("{slug}.json"));
        machine.sh.write_file(&file, serde_json::to_string_pretty(self)? + "\n")?;
        Ok(file)
    }

    pub fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no record", file.display()))
    }

    /// A record with every field that a reader may meet.
    pub fn sample() -> Self {
        let text =
            |words: &[(&str, &str)]| words.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let step = StepRecord {
            name: "on SQLite".into(),
            command: Some(
                "WAYFARE_TEST_BACKEND=sqlite cargo test --workspace --exclude wayfare-load --locked --no-fail-fast"
                    .into(),
            ),
            result: Some(Exit::Ok),
            exit_code: Some(0),
            seconds: 84.512,
            tests: Some(Tests { passed: 312, failed: 0, ignored: 2 }),
            log: Some("target/xtask/logs/test-on-sqlite.log".into()),
            ..StepRecord::default()
        };
        let skipped = StepRecord {
            name: "on PostgreSQL and Redis".into(),
            skipped: Some("Docker isn't running: start it".into()),
            ..StepRecord::default()
        };
        Record {
            schema: SCHEMA,
            stage: "test".into(),
            result: Exit::Ok,
            exit: 0,
            commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
            dirty: false,
            started: "2026-11-21T05:12:01Z".into(),
            seconds: 84.641,
            steps: vec![step, skipped],
            tools: text(&[("cargo", "1.95.0")]),
            data: BTreeMap::new(),
            error: None,
            next: None,
        }
    }
}

/// SHA-256 of a file, in hexadecimal.
pub fn digest(file: &Path) -> Result<String> {
    let mut reader = std::fs::File::open(file).with_context(|| format!("can't read {}", file.display()))?;
    let (mut hash, mut buffer) = (hmac_sha256::Hash::new(), vec![0; 1 << 16]);
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            length => hash.update(&buffer[..length]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// RFC 3339 in UTC, to the second.
pub fn timestamp(instant: SystemTime) -> String {
    DateTime::<Utc>::from(instant).to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_timestamp_is_in_utc_to_the_second() {
        let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!([at(0), at(1_795_237_921)], ["1970-01-01T00:00:00Z", "2026-11-21T05:12:01Z"]);
    }

    #[test]
    fn only_result_lines_are_counted() {
        let mut tests = Tests::default();
        tests.count("running 12 tests");
        tests.count("test the_last_item_sells_once ... ok");
        tests.count(
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s",
        );
        assert_eq!(tests, Tests { passed: 10, failed: 2, ignored: 1 });
        assert_eq!(tests.to_string(), "10 passed, 2 failed, 1 ignored");
    }

    #[test]
    fn a_digest_is_the_one_that_sha256sum_prints() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc");
        std::fs::write(&file, "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(&file).unwrap(), expected);
    }
}
