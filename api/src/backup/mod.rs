//! Backups of the embedded form: the SQLite file, the pictures and a manifest, each in a folder of
//! its own. `wayfare backup` is the command line of it; docs/disaster-recovery.md says when to use
//! what.
//!
//! Not here: PostgreSQL, which pgBackRest keeps (`cargo xtask backup --host`), and the signing key,
//! which no restore needs: it ends all sessions.

pub mod carry;
pub mod copy;
pub mod folder;
pub mod manifest;
pub mod restore;
pub mod settle;
pub mod shelf;
pub mod verify;

use std::{fmt, path::PathBuf};

use crate::config::Config;

/// Why a verb ended, with the exit code that says which kind it is; the same codes as `cargo xtask`.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Failure {
    /// What is there is damaged, or can't be made.
    pub fn damaged(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// A folder or file that isn't there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { code: 4, message: message.into() }
    }

    /// To protect what is there.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { code: 5, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The file that is backed up.
///
/// # Errors
/// PostgreSQL, and SQLite in memory.
fn database(config: &Config) -> Result<PathBuf, Failure> {
    config.sqlite_file().ok_or_else(|| {
        Failure::usage(
            "`wayfare backup` copies a SQLite file, and WAYFARE_DATABASE_URL names another database; for \
             PostgreSQL: cargo xtask backup --host FILE",
        )
    })
}

/// Where the pictures are, unless they are in S3.
fn pictures(config: &Config) -> Option<PathBuf> {
    config.images.is_none().then(|| config.data_dir.join("images"))
}
