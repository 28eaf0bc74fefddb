//! Rows 4 and 5: how soon the embedded service answers, what it holds when idle, and what a call of xtask costs.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{
    contest::Spread,
    http, lab,
    process::{self, Process},
    report::{Bound, Report, Row},
};

const TIMES: usize = 7;

pub fn measure(binary: &Path, report: &mut Report) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("wayfare-bench-").tempdir()?;
    process::output(embedded(binary, &folder).arg("migrate"))?;
    process::output(embedded(binary, &folder).args(["seed", "--if-empty"]))?;
    let starts = (0..TIMES).map(|_| start(binary, &folder)).collect::<Result<Vec<Start>>>()?;
    let mut row = |what: &str, unit, limit, of: fn(&Start) -> f64| {
        let ours = Spread::of(starts.iter().map(of).collect());
        report.rows.push(Row { what: what.into(), unit, ours, rival: None, bound: Bound::Under(limit) });
    };
    row("embedded: start to the first 200 on /readyz", "ms", 150.0, |start| start.ready_ms);
    row("embedded: idle memory, resident", "MiB", 40.0, |start| start.resident_mib);
    row("embedded: idle memory, proportional", "MiB", 40.0, |start| start.proportional_mib);
    Ok(())
}

pub fn measure_xtask(report: &mut Report) -> Result<()> {
    let help = || Command::new("cargo").args(["xtask", "--help"]).current_dir(lab::root()).output();
    ensure!(help()?.status.success(), "`cargo xtask --help` failed");
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        help()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let what = "warm `cargo xtask --help`".into();
    report.rows.push(Row { what, unit: "ms", ours: Spread::of(times), rival: None, bound: Bound::Under(300.0) });

    let tree = ["tree", "-p", "xtask", "-e", "normal,build", "--prefix", "none", "--format", "{p}"];
    let tree = process::output(Command::new("cargo").args(tree).current_dir(lab::root()))?;
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let ours = Spread::of(vec![(crates.len() - 1) as f64]);
    let what = "xtask's dependency tree".into();
    report.rows.push(Row { what, unit: "crates", ours, rival: None, bound: Bound::Under(50.0) });
    Ok(())
}

struct Start {
    ready_ms: f64,
    resident_mib: f64,
    proportional_mib: f64,
}

fn start(binary: &Path, folder: &TempDir) -> Result<Start> {
    let address = lab::free()?;
    let mut command = embedded(binary, folder);
    command.arg("serve").env("WAYFARE_LISTEN", address.to_string());
    let request = http::get("/readyz");
    let started = Instant::now();
    let process = Process::start("embedded", &command, folder.path(), Signal::SIGTERM)?;
    while !http::once(address, &request).is_ok_and(|answer| answer.status == 200) {
        ensure!(started.elapsed() < Duration::from_secs(30), "no 200 on /readyz within 30 s");
        thread::sleep(Duration::from_millis(1));
    }
    let ready_ms = started.elapsed().as_secs_f64() * 1e3;
    // Idle means after the work of starting, which goes on a little behind the first answer, and after what it took was
    // given back.
    thread::sleep(Duration::from_secs(3));
    let memory = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.id()))?;
    let mib = |field: &str| -> Result<f64> {
        let line = memory.lines().find(|line| line.starts_with(field)).context("no such line in smaps_rollup")?;
        Ok(line.split_whitespace().nth(1).context("no value")?.parse::<f64>()? / 1024.0)
    };
    Ok(Start { ready_ms, resident_mib: mib("Rss:")?, proportional_mib: mib("Pss:")? })
}

/// As a newcomer gets it: nothing is set but the folder.
fn embedded(binary: &Path, folder: &TempDir) -> Command {
    let mut command = Command::new(binary);
    command.env("WAYFARE_DATA_DIR", folder.path().join("data"));
    command
}
