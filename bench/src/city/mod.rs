//! `city`: the engine beside OSRM and Valhalla on the same streets, the same feed and the same pairs.
//!
//! Not here: the service over HTTP, and whether bus answers are exact, which the engine's own tests say.

mod agree;
mod contest;
mod growth;
mod peer;
mod town;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;

pub use town::{ImportArgs, LoadArgs, import_alone, load_alone};

use crate::{api, report::Report, versions};
use town::Town;

#[derive(clap::Args)]
pub struct Args {
    /// One pass over a tenth of the pairs: shows that everything works, but is too noisy to judge by
    #[arg(long)]
    quick: bool,
    /// Also write rows, notes and versions to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The folder of real towns; without it the demo city is measured, and no peers
    #[arg(long, env = "WAYFARE_CITY_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let (pairs, passes) = if args.quick { (100, 1) } else { (1000, 5) };
    let before = versions::stolen()?;
    let mut report = Report::default();
    match &args.data {
        Some(folder) => {
            let town = Town::porto_alegre(folder, &mut report)?;
            contest::measure(&town, pairs, passes, &mut report)?;
            growth::measure(Some(&town), passes, &mut report)?;
        }
        None => {
            report.notes.push(
                "WAYFARE_CITY_DATA names no folder: the demo city was measured, and no peers, which read real maps"
                    .into(),
            );
            contest::alone(&city::City::demo(city::DEMO_SEED), pairs, passes, &mut report)?;
            growth::measure(None, passes, &mut report)?;
        }
    }
    report.notes.push(api::stolen_since(before)?);
    report.versions = versions::of_city(args.data.is_some())?;
    report.print()?;
    if let Some(file) = &args.json {
        report.write(file)?;
    }
    Ok(api::verdict(&report))
}
