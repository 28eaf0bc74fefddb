//! What is planted for the scanners, under `target/`: one that finds nothing there is blind, and isn't believed elsewhere.
//!
//! None of it is kept in the repository, where others' scanners would find it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use stages::machine::Machine;
use stages::plan::Step;

use super::scanners::folder;

/// A crate that isn't there, in a lock file.
const LOCK: &str = r#"version = 4

[[package]]
name = "planted"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"
"#;

/// The only advisory of a database of our own, in RustSec's form.
const ADVISORY: &str = r#"```toml
[advisory]
id = "RUSTSEC-2026-9999"
package = "planted"
date = "2026-11-21"

[versions]
patched = [">= 1.0.1"]
```

# It is planted

A scanner has to find it.
"#;

/// It runs as root.
const DOCKERFILE: &str = "FROM debian:12\nUSER root\nCMD [\"true\"]\n";

/// A folder with a key in it that opens nothing.
pub fn key(machine: &Machine) -> PathBuf {
    at(machine, "key")
}

/// A lock file, and the database that knows what is wrong with it.
pub fn vulnerability(machine: &Machine) -> (PathBuf, PathBuf) {
    (at(machine, "vulnerability/Cargo.lock"), at(machine, "vulnerability/advisories"))
}

/// A folder with an insecure Dockerfile.
pub fn mistake(machine: &Machine) -> PathBuf {
    at(machine, "mistake")
}

fn at(machine: &Machine, name: &str) -> PathBuf {
    folder(machine).join("planted").join(name)
}

pub fn plant(machine: &Machine) -> Step {
    let (reports, key, (lock, advisories), mistake) =
        (folder(machine), key(machine), vulnerability(machine), mistake(machine));
    Step::task("plant mistakes to be found", move |ctx| {
        ctx.machine.sh.remove_path(&reports)?;
        ctx.machine.sh.remove_path(ctx.machine.reports().join("scan"))?;
        // Written in pieces, so that this source isn't found.
        let (kind, noise) = (["PRIVATE", "KEY"].join(" "), "MIIEpAIBAAKCAQEA7bq5wT0n".repeat(8));
        write(&key.join("key.pem"), &format!("-----BEGIN RSA {kind}-----\n{noise}\n-----END RSA {kind}-----\n"))?;
        write(&lock, LOCK)?;
        write(&advisories.join("crates/planted/RUSTSEC-2026-9999.md"), ADVISORY)?;
        write(&mistake.join("Dockerfile"), DOCKERFILE)
    })
    .why("an old report, or that of an ineffective scanner, must not count")
    .essential()
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    Ok(fs::write(file, text)?)
}
