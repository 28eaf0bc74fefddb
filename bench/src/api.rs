//! `api`: the whole table, or one part of it.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::ValueEnum;

use crate::{lab::Lab, orders, reads, report::Report, start, versions, wayfare};

/// xtask's code for "over budget".
const BOUND_MISSED: u8 = 7;

#[derive(clap::Args)]
pub struct Args {
    /// Two rounds of a quarter of the requests: shows that everything works, but with wide spreads
    #[arg(long)]
    quick: bool,
    /// Also write rows, samples and versions to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure this part alone
    #[arg(long)]
    only: Option<Part>,
    #[command(flatten)]
    service: wayfare::Args,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    Reads,
    Orders,
    Start,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let wanted = |part| args.only.is_none_or(|only| only == part);
    let (rounds, scale) = if args.quick { (2, 4) } else { (5, 1) };
    let binary = args.service.binary()?;
    let before = versions::stolen()?;
    let lab = Lab::new(&[])?;
    let mut report = Report::default();
    if wanted(Part::Start) {
        start::measure(&binary, &mut report)?;
        start::measure_xtask(&mut report)?;
    }
    if wanted(Part::Reads) || wanted(Part::Orders) {
        wayfare::migrate_and_seed(&binary, &lab)?;
        let service = wayfare::serve(&binary, &lab)?;
        if wanted(Part::Reads) {
            reads::measure(&lab, &service, rounds, scale, &mut report)?;
        }
        if wanted(Part::Orders) {
            orders::measure(&lab, &service, rounds, scale, &mut report)?;
        }
    }
    report.notes.push(stolen_since(before)?);
    report.versions = versions::all(lab.folder.path())?;
    report.print()?;
    if let Some(file) = &args.json {
        report.write(file)?;
    }
    Ok(verdict(&report))
}

pub fn verdict(report: &Report) -> ExitCode {
    if report.all_reached() { ExitCode::SUCCESS } else { ExitCode::from(BOUND_MISSED) }
}

pub fn stolen_since((stolen, all): (u64, u64)) -> Result<String> {
    let (stolen_now, all_now) = versions::stolen()?;
    let share = (stolen_now - stolen) as f64 * 100.0 / (all_now - all).max(1) as f64;
    Ok(format!("the hypervisor kept {share:.1}% of the CPU time for others meanwhile"))
}
