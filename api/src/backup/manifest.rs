//! What a backup holds and what a restore needs beside it, as `manifest.json`. It has the names of
//! secrets, never a value.

use std::{collections::BTreeMap, fs::File, io, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::Instant;

pub const FILE: &str = "manifest.json";
pub const SCHEMA: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: u32,
    /// Everything that was committed by then is in it.
    pub made_at: Instant,
    pub version: String,
    /// The program that made it: its digest.
    pub program: Digest,
    pub migrations: Vec<String>,
    pub database: Digest,
    /// By table.
    pub rows: BTreeMap<String, i64>,
    pub last_order: Option<LastOrder>,
    /// By file name.
    pub pictures: BTreeMap<String, Digest>,
    /// Where the pictures are when they aren't files: they are not in this backup.
    pub pictures_elsewhere: Option<String>,
    /// The configuration in force: name, value, where it came from. Secrets are `***`.
    pub settings: Vec<[String; 3]>,
    /// Names of the secrets that were set: whoever restores has to have them.
    pub secrets: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastOrder {
    pub id: String,
    pub placed_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub bytes: u64,
    pub sha256: String,
}

impl Digest {
    /// # Errors
    /// A file that can't be read.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        let bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
        let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { bytes, sha256 })
    }
}

impl Manifest {
    pub fn orders(&self) -> i64 {
        self.rows.get("orders").copied().unwrap_or(0)
    }
}
