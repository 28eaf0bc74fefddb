//! Porto Alegre as a city file: imported and loaded by processes of their own, whose processor time and memory nothing
//! else touches.

use std::{fs, path::Path, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use city::{City, Sources, import};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::{
    contest::Spread,
    process,
    report::{Bound, Report, Row},
};

const TIMES: usize = 3;
const MIB: f64 = 1_048_576.0;

pub struct Town {
    pub folder: PathBuf,
    pub map: PathBuf,
    pub feeds: Vec<PathBuf>,
    pub city: City,
}

#[derive(clap::Args)]
pub struct ImportArgs {
    #[arg(long)]
    map: PathBuf,
    #[arg(long)]
    feed: Vec<PathBuf>,
    #[arg(long)]
    out: PathBuf,
}

#[derive(clap::Args)]
pub struct LoadArgs {
    #[arg(long)]
    file: PathBuf,
}

/// What a process spent until it said so: seconds, and bytes of memory.
#[derive(Serialize, Deserialize)]
struct Spent {
    seconds: f64,
    bytes: f64,
}

impl Town {
    pub fn porto_alegre(folder: &Path, report: &mut Report) -> Result<Self> {
        let map = folder.join("poa.osm.pbf");
        let feeds: Vec<PathBuf> = ["poa-eptc", "poa-trensurb"].map(|f| folder.join(format!("{f}.gtfs.zip"))).into();
        let scratch = tempfile::tempdir()?;
        let file = made(&map, &feeds, &scratch, Some(report))?;
        let bytes = fs::read(&file)?;
        let loads = (0..TIMES).map(|_| told(&["load-city", "--file"], [&file])).collect::<Result<Vec<Spent>>>()?;
        let spread = |of: fn(&Spent) -> f64| Spread::of(loads.iter().map(of).collect());
        let mut row = |what: &str, unit, ours, bound| {
            report.rows.push(Row { what: what.into(), unit, ours, rival: None, bound });
        };
        row("Porto Alegre: load the city file", "ms of CPU", spread(|s| s.seconds * 1e3), Bound::Under(200.0));
        let most = 3.0 * bytes.len() as f64 / MIB;
        row("memory of the loaded city (file × 3)", "MiB", spread(|s| s.bytes / MIB), Bound::Under(most));
        Ok(Self { folder: folder.into(), map, feeds, city: City::load(&bytes)? })
    }
}

/// The city file of a map and its feeds, with rows about making it where a report is given.
pub fn made(map: &Path, feeds: &[PathBuf], scratch: &TempDir, report: Option<&mut Report>) -> Result<PathBuf> {
    let out = scratch.path().join("city.wf");
    let mut arguments = vec![PathBuf::from("--map"), map.into(), "--out".into(), out.clone()];
    feeds.iter().for_each(|feed| arguments.extend(["--feed".into(), feed.clone()]));
    let times = if report.is_some() { TIMES } else { 1 };
    let imports = (0..times).map(|_| told(&["import-city"], &arguments)).collect::<Result<Vec<Spent>>>()?;
    if let Some(report) = report {
        let mut row = |what: &str, unit, of: fn(&Spent) -> f64, most| {
            let ours = Spread::of(imports.iter().map(of).collect());
            report.rows.push(Row { what: what.into(), unit, ours, rival: None, bound: Bound::Under(most) });
        };
        row("Porto Alegre: import streets and both feeds", "s of CPU", |s| s.seconds, 10.0);
        row("memory of that import at its peak", "MiB", |s| s.bytes / MIB, 400.0);
    }
    Ok(out)
}

fn told<'a>(command: &[&str], arguments: impl IntoIterator<Item = &'a PathBuf>) -> Result<Spent> {
    let text = process::output(Command::new(std::env::current_exe()?).args(command).args(arguments))?;
    Ok(serde_json::from_str(&text)?)
}

pub fn import_alone(args: &ImportArgs) -> Result<()> {
    let map = fs::read(&args.map).with_context(|| format!("can't read {}", args.map.display()))?;
    let feeds = args.feed.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    let feeds = feeds.iter().map(Vec::as_slice).collect();
    let (city, _) = import(&Sources { name: "town", osm: &map, feeds, ..Sources::default() }, |_| {})?;
    fs::write(&args.out, city.save())?;
    let used = getrusage(UsageWho::RUSAGE_SELF)?;
    tell(processor_seconds()?, used.max_rss() as f64 * 1024.0)
}

pub fn load_alone(args: &LoadArgs) -> Result<()> {
    let start = resident()?;
    let bytes = fs::read(&args.file)?;
    let begun = processor_seconds()?;
    let city = City::load(&bytes)?;
    let seconds = processor_seconds()? - begun;
    drop(bytes);
    let held = resident()? - start;
    std::hint::black_box(&city);
    tell(seconds, held)
}

fn tell(seconds: f64, bytes: f64) -> Result<()> {
    println!("{}", serde_json::to_string(&Spent { seconds, bytes })?);
    Ok(())
}

fn processor_seconds() -> Result<f64> {
    let now = nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?;
    Ok(std::time::Duration::from(now).as_secs_f64())
}

fn resident() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find(|line| line.starts_with("Rss:")).context("no Rss in smaps_rollup")?;
    Ok(line.split_whitespace().nth(1).context("no value")?.parse::<f64>()? * 1024.0)
}
