//! How a run ends: one enum of exit codes, and the failure that carries one of them.
//!
//! A failure says what happened and what to do next; it holds no colours and no log lines.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Every way in which a run can end. In records it is its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    ToolMissing = 3,
    Unreachable = 4,
    Refused = 5,
    RolledBack = 6,
    OverBudget = 7,
    NotJudged = 8,
    Drifted = 9,
    TimedOut = 124,
    Interrupted = 130,
}

impl Exit {
    pub const ALL: [Exit; 12] = [
        Exit::Ok,
        Exit::Failed,
        Exit::Usage,
        Exit::ToolMissing,
        Exit::Unreachable,
        Exit::Refused,
        Exit::RolledBack,
        Exit::OverBudget,
        Exit::NotJudged,
        Exit::Drifted,
        Exit::TimedOut,
        Exit::Interrupted,
    ];

    /// The meaning of the code, as `--help` and the reference page print it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Exit::Ok => "ok",
            Exit::Failed => "a check failed",
            Exit::Usage => "usage error: invalid arguments",
            Exit::ToolMissing => "a required tool is missing (see `cargo xtask doctor`)",
            Exit::Unreachable => "unreachable: host, port or folder",
            Exit::Refused => "refused, to protect existing state",
            Exit::RolledBack => "rolled back: the old version serves again",
            Exit::OverBudget => "over budget: slower or bigger than allowed",
            Exit::NotJudged => "not evaluated: a scanner or its database is missing",
            Exit::Drifted => "drifted: resources differ from what was applied",
            Exit::TimedOut => "a step timed out",
            Exit::Interrupted => "interrupted by Ctrl-C",
        }
    }

    /// One word for tables and records.
    pub const fn word(self) -> &'static str {
        match self {
            Exit::Ok => "passed",
            Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::ToolMissing => "tool missing",
            Exit::Unreachable => "unreachable",
            Exit::Refused => "refused",
            Exit::RolledBack => "rolled back",
            Exit::OverBudget => "over budget",
            Exit::NotJudged => "not evaluated",
            Exit::Drifted => "drifted",
            Exit::TimedOut => "timed out",
            Exit::Interrupted => "interrupted",
        }
    }

    /// What a child that is this program meant by its code; any other number is a failed check.
    pub fn of_code(code: i32) -> Exit {
        Self::ALL.into_iter().find(|exit| *exit as i32 == code).unwrap_or(Exit::Failed)
    }

    pub fn table() -> String {
        let mut text = String::new();
        for exit in Self::ALL {
            text += &format!("  {:>3}  {}\n", exit as u8, exit.meaning());
        }
        text
    }
}

impl From<Exit> for &'static str {
    fn from(exit: Exit) -> Self {
        exit.word()
    }
}

impl TryFrom<String> for Exit {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|exit| exit.word() == word);
        found.ok_or_else(|| format!("`{word}` isn't the result of a run"))
    }
}

/// Why a run ended early, and the next thing to do.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub message: String,
    pub next: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Failure { exit, message, next: None }
    }

    pub fn check(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub fn next(mut self, remedy: impl Into<String>) -> Self {
        self.next = Some(remedy.into());
        self
    }

    /// An error without a code: a failed check, with its whole chain of causes.
    pub fn from_any(error: anyhow::Error) -> Self {
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(other) => Self::check(format!("{other:#}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_as_itself() {
        for exit in Exit::ALL {
            assert_eq!(Exit::of_code(exit as i32), exit);
        }
        assert_eq!(Exit::of_code(101), Exit::Failed);
    }

    #[test]
    fn a_failure_keeps_its_code_on_the_way_through_anyhow() {
        let error = anyhow::Error::from(Failure::new(Exit::Refused, "no").next("--yes"));
        let failure = Failure::from_any(error);
        assert_eq!((failure.exit, failure.next.as_deref()), (Exit::Refused, Some("--yes")));
    }
}
