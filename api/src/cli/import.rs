//! `wayfare city import`: from public data to a city file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use city::Sources;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Subcommand)]
pub enum CityVerb {
    /// Make a city file from OpenStreetMap, timetables and a grid of people
    #[command(
        after_help = "Example:\n  wayfare city import --osm town.osm.pbf --gtfs buses.zip --out town.wf && wayfare serve --city town.wf"
    )]
    Import(Import),
}

#[derive(Args)]
pub struct Import {
    /// OpenStreetMap extract, .osm.pbf
    #[arg(long, value_name = "FILE")]
    osm: PathBuf,
    /// GTFS timetable, .zip; may be given several times
    #[arg(long, value_name = "FILE")]
    gtfs: Vec<PathBuf>,
    /// People: a CSV table with columns lat, lon, population; without it they are estimated from buildings
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Time zone of the city, such as Europe/Rome; that of its first timetable, or else of its place, when left out
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// What the city is called; the name of the extract when left out
    #[arg(long)]
    name: Option<String>,
    /// City file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Import {
    /// Writes the city file and tells what was taken, what was dropped, and why.
    ///
    /// # Errors
    /// An input that can't be read or holds nothing of use; a file that can't be written.
    pub fn run(self) -> anyhow::Result<String> {
        let osm = read(&self.osm)?;
        let feeds = self.gtfs.iter().map(|f| read(f)).collect::<anyhow::Result<Vec<_>>>()?;
        let people = self.people.as_deref().map(read).transpose()?;
        let given = self.name.unwrap_or_else(|| called(&self.osm));
        let sources = Sources {
            name: &given,
            osm: &osm,
            feeds: feeds.iter().map(Vec::as_slice).collect(),
            people: people.as_deref(),
            zone: self.zone.as_deref(),
        };
        // Streets, each timetable, people, networks, and the file.
        let bar = bar(4 + feeds.len() as u64);
        let mut begun = false;
        let (city, report) = city::import(&sources, |stage| {
            bar.inc(u64::from(begun));
            begun = true;
            bar.set_message(stage.to_owned());
        })
        .with_context(|| format!("{} can't become a city", self.osm.display()))?;
        bar.inc(1);
        bar.set_message("file");
        let bytes = city.save();
        write(&self.out, &bytes)?;
        bar.finish_and_clear();
        let (out, size) = (self.out.display(), bytes.len() as f64 / 1e6);
        let (name, zone) = (city.name(), city.zone_name());
        Ok(format!("{report}\n{name}, in {zone}: {size:.1} MB in {out}\nnext: wayfare serve --city {out}\n"))
    }
}

fn bar(stages: u64) -> ProgressBar {
    // Draws on standard error, and only on a terminal.
    let bar = ProgressBar::new(stages);
    let style = ProgressStyle::with_template("{spinner} {bar:24} {pos}/{len} {msg} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("can't read {} (is the path right?)", file.display()))
}

/// Beside it first, then moved: whoever reads the old file reads it whole.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let aside = file.with_extension("part");
    fs::write(&aside, bytes)
        .and_then(|()| fs::rename(&aside, file))
        .with_context(|| format!("can't write {}; give another file with --out", file.display()))
}

/// `porto-alegre.osm.pbf` → `porto-alegre`
fn called(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}
