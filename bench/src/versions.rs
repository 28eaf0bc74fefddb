//! What took part, and how loaded the machine was: figures without these can't be compared.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{lab, postgres, process};

/// Packages of the rivals whose versions a reader will ask for.
const TELLING: [&str; 12] = [
    "fastapi",
    "uvicorn",
    "uvloop",
    "sqlalchemy",
    "asyncpg",
    "flask",
    "gunicorn",
    "psycopg",
    "redis",
    "opentelemetry-sdk",
    "osrm-bindings",
    "pyvalhalla",
];

pub fn all(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut versions = vec![
        ("machine".into(), machine()?),
        (
            "file system of the database".into(),
            said(Command::new("findmnt").args(["-no", "FSTYPE", "-T"]).arg(folder))?,
        ),
        ("rustc".into(), said(Command::new("rustc").arg("--version").current_dir(lab::root()))?),
        ("poem (bare)".into(), locked_crate("poem")?),
        ("PostgreSQL".into(), said(Command::new(postgres::program("postgres")?).arg("--version"))?),
        ("Redis".into(), said(Command::new("redis-server").arg("--version"))?),
    ];
    for peer in ["fastapi", "flask"] {
        let python = lab::target()?.join("peers").join(peer).join("bin/python");
        if python.exists() {
            versions
                .push((peer.into(), format!("{}, {}", said(Command::new(python).arg("--version"))?, packages(peer)?)));
        }
    }
    Ok(versions)
}

/// What took part in measuring the engine.
pub fn of_city(peers: bool) -> Result<Vec<(String, String)>> {
    let rustc = said(Command::new("rustc").arg("--version").current_dir(lab::root()))?;
    let mut versions = vec![("machine".into(), machine()?), ("rustc".into(), rustc)];
    if peers {
        versions.push(("peers".into(), packages("streets")?));
    }
    Ok(versions)
}

/// Time that the hypervisor kept from this machine since it started, and all time, in ticks.
pub fn stolen() -> Result<(u64, u64)> {
    let text = fs::read_to_string("/proc/stat")?;
    let ticks: Vec<u64> =
        text.lines().next().context("empty /proc/stat")?.split_whitespace().skip(1).flat_map(str::parse).collect();
    Ok((ticks[7], ticks[..8].iter().sum()))
}

fn machine() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let number = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    Ok(format!("{number} × {model}, Linux {}, load at the end {}", kernel.trim(), load.join(" ")))
}

fn said(command: &mut Command) -> Result<String> {
    Ok(process::output(command)?.trim().to_owned())
}

fn locked_crate(name: &str) -> Result<String> {
    let lock = fs::read_to_string(lab::root().join("Cargo.lock"))?;
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).context("not in Cargo.lock")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

fn packages(peer: &str) -> Result<String> {
    let lock = fs::read_to_string(lab::root().join(format!("bench/peers/{peer}/requirements.lock")))?;
    let telling = lock.lines().filter_map(|line| line.split_once("==")).filter(|(name, _)| TELLING.contains(name));
    let list: Vec<String> =
        telling.map(|(name, version)| format!("{name} {}", version.trim_end_matches([' ', '\\']))).collect();
    Ok(list.join(", "))
}
