//! `evidence show` and `evidence verify`.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::{Args, ValueEnum};
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::evidence::{Found, Record, examine, table};
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step, slug};
use stages::screen::duration;

/// Show the records of earlier runs, or verify that they are of this commit.
#[derive(Args)]
pub struct Evidence {
    #[arg(value_enum)]
    what: What,
    /// Stages whose records are meant [default: those that `ci` runs on this machine]
    stages: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The last run of each stage on this machine
    Show,
    /// Fail on records that are missing, of another commit, empty, or without their files
    Verify,
}

impl Stage for Evidence {
    const NAME: &'static str = "evidence";
    const EXAMPLE: &'static str = "evidence verify lint test";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let stages = if self.stages.is_empty() {
            super::expected(machine)
        } else {
            self.stages.iter().map(|name| slug(name)).collect()
        };
        let (name, step) = match self.what {
            What::Show => ("evidence show", Step::task("show", show).why("the last run of each stage on this machine")),
            What::Verify => (
                "evidence verify",
                Step::task("verify", move |ctx| check(ctx, &stages))
                    .why("a stage counts only if its record is of this commit")
                    .needs(&["git"]),
            ),
        };
        Ok(Plan::new(name, [step]).without_evidence())
    }
}

fn show(ctx: &mut Ctx) -> Result<()> {
    let mut shown = Vec::new();
    for record in all(ctx.machine)? {
        if !ctx.screen.look.json {
            ctx.screen.data(&line(&record));
        }
        shown.push(serde_json::to_value(record)?);
    }
    anyhow::ensure!(!shown.is_empty(), Failure::check("no stage has run here yet").next("cargo xtask ci"));
    ctx.data.insert("records".into(), shown.into());
    Ok(())
}

fn line(record: &Record) -> String {
    let commit = record.commit.as_deref().map_or("no commit", |commit| &commit[..commit.len().min(9)]);
    let dirty = if record.dirty { "+changes" } else { "" };
    let (stage, result, time) = (&record.stage, record.result.word(), duration(record.seconds));
    format!("{stage:<14} {result:<12} {commit}{dirty:<9} {} {time:>12}", record.started)
}

/// The oldest first.
fn all(machine: &Machine) -> Result<Vec<Record>> {
    let Ok(entries) = std::fs::read_dir(machine.evidence()) else {
        return Ok(Vec::new());
    };
    let mut records = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            records.push(Record::load(&path)?);
        }
    }
    records.sort_by(|a, b| a.started.cmp(&b.started));
    Ok(records)
}

fn check(ctx: &mut Ctx, stages: &[String]) -> Result<()> {
    let Found { stages: found, faults } = examine(ctx.machine, stages)?;
    for record in found.iter().filter_map(|(_, record)| record.as_ref()) {
        ctx.screen.say(&line(record));
    }
    table::publish(&table::markdown(&found, &faults))?;
    for fault in &faults {
        ctx.screen.say(&format!("  {fault}"));
    }
    ctx.data.insert("faults".into(), faults.clone().into());
    let bad: BTreeSet<_> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    let failure = Failure::check(format!("{} of {} records don't hold", bad.len(), stages.len()));
    let first = bad.first().map_or(String::new(), |stage| stage.replace('-', " "));
    anyhow::ensure!(faults.is_empty(), failure.next(format!("cargo xtask {first}")));
    Ok(())
}
