//! `backup.toml`: how databases are kept, wherever they are.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use stages::machine::Machine;

pub const FILE: &str = "backup.toml";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub schedule: Schedule,
    pub archive: Archive,
    pub format: Format,
    pub repositories: Vec<Repository>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    pub full: String,
    pub incremental_minute: u8,
    pub verify: String,
    pub drill: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    pub timeout_seconds: u32,
    pub queue_max: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    pub cipher: Cipher,
    pub compression: String,
    pub bundle: bool,
}

/// A repository without a cipher can't be written down.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Cipher {
    #[serde(rename = "aes-256-cbc")]
    Aes256Cbc,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    pub name: String,
    pub kind: Kind,
    pub keep_days: u32,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    S3,
    Azure,
    Gcs,
}

impl Policy {
    pub fn read(machine: &Machine) -> Result<Self> {
        let text = std::fs::read_to_string(machine.root.join(FILE)).context(FILE)?;
        Self::parse(&text)
    }

    pub fn parse(text: &str) -> Result<Self> {
        let policy: Policy = toml::from_str(text).context(FILE)?;
        ensure!(!policy.repositories.is_empty(), "{FILE}: without a repository nothing is kept");
        ensure!(policy.schedule.incremental_minute < 60, "{FILE}: an hour has 60 minutes");
        for repository in &policy.repositories {
            ensure!(repository.keep_days > 0, "{FILE}: {} keeps nothing", repository.name);
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub const OURS: &str = include_str!("../../../backup.toml");

    #[test]
    fn it_promises_what_is_asked_for_and_no_repository_is_without_a_cipher() {
        let policy = Policy::parse(OURS).unwrap();
        let kept: Vec<_> = policy.repositories.iter().map(|it| (it.name.as_str(), it.keep_days)).collect();
        assert_eq!(kept, [("s3", 30), ("azure", 90), ("gcs", 7 * 365 + 2)]);
        assert!(Policy::parse(&OURS.replace("aes-256-cbc", "none")).is_err());
        assert!(Policy::parse(&OURS.replace("keep_days = 30", "keep_days = 0")).is_err());
    }
}
