//! `scan`: secrets, dangerous code and known vulnerabilities, by existing scanners and our own rules, with one gate.
//!
//! A scanner that is missing, failed or is ineffective is reported as not evaluated, never as passed.

mod planted;
mod scanners;

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use self::scanners::{Kind, Scanner};
use crate::gate::{self, Allowed, sarif};

/// Scan for secrets, dangerous code and known vulnerabilities; fail on findings that aren't
/// accepted in xtask/allowed.toml.
#[derive(Args)]
pub struct Scan {
    /// Kinds of scan [default: all]
    #[arg(value_enum)]
    kinds: Vec<Kind>,
}

impl Stage for Scan {
    const NAME: &'static str = "scan";
    const EXAMPLE: &'static str = "scan secrets sast";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let kinds = if self.kinds.is_empty() { Kind::value_variants() } else { &self.kinds };
        let (scanners, looks): (Vec<_>, Vec<_>) = kinds.iter().flat_map(|kind| kind.scanners(machine)).unzip();
        let name: Vec<_> =
            [Self::NAME.to_owned()].into_iter().chain(self.kinds.iter().map(|kind| kind.name())).collect();
        let steps = [planted::plant(machine)].into_iter().chain(looks.into_iter().flatten()).chain([judge(scanners)]);
        // One that isn't there says nothing about the others.
        Ok(Plan::new(&name.join(" "), steps).keep_going())
    }
}

fn judge(scanners: Vec<Scanner>) -> Step {
    Step::task("gate", move |ctx| {
        let path = ctx.machine.root.join(gate::ALLOWED);
        let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
        let allowed = Allowed::read(&text)?;
        let faults = allowed.faults(&timestamp(SystemTime::now())[..10]);
        faults.iter().for_each(|fault| ctx.screen.say(&format!("  {fault}")));
        let (mut blocking, mut blind) = (faults.len(), Vec::new());
        ctx.data.insert("accepted".into(), json!({ "faults": faults }));
        for scanner in &scanners {
            match verdict(ctx, scanner, &allowed) {
                Ok(stops) => blocking += stops,
                Err(error) => blind.push(format!("{}: {error}", scanner.name)),
            }
        }
        blind.iter().for_each(|scanner| ctx.screen.say(&format!("  not evaluated: {scanner}")));
        ensure!(blocking == 0, Failure::check(format!("{blocking} of them stop it")));
        ensure!(
            blind.is_empty(),
            Failure::new(Exit::NotJudged, format!("{} of {} saw nothing", blind.len(), scanners.len()))
        );
        Ok(())
    })
    .why("high and critical findings fail, unless accepted with an owner and an expiry date")
    .next(format!(
        "fix what is named; a harmless finding can be accepted in {} with owner, reason and expiry date; a scanner's log says \
         why it saw nothing",
        gate::ALLOWED
    ))
}

/// Reports the findings, and how many of them fail the run.
fn verdict(ctx: &mut Ctx, scanner: &Scanner, allowed: &Allowed) -> Result<usize> {
    let judged = scanner.findings().map(|findings| allowed.judge(findings));
    let told = match &judged {
        Ok(verdict) => json!({ "findings": verdict.findings.len(), "stop": verdict.blocking, "lines": verdict.lines }),
        Err(error) => json!({ "not_judged": error.to_string() }),
    };
    ctx.data.insert(scanner.name.into(), told);
    let verdict = judged?;
    for line in verdict.lines.iter().take(verdict.blocking) {
        ctx.screen.say(&format!("  {line}"));
    }
    let accepted = verdict.findings.iter().filter(|(_, by)| by.is_some()).count();
    if accepted > 0 {
        ctx.screen.say(&format!("  {}: {accepted} accepted in {}", scanner.name, gate::ALLOWED));
    }
    let file = ctx.machine.reports().join("scan").join(format!("{}.sarif", scanner.name));
    let document = sarif::document(scanner.name, &verdict.findings);
    ctx.machine.sh.write_file(&file, serde_json::to_string_pretty(&document)? + "\n")?;
    Ok(verdict.blocking)
}

#[cfg(test)]
mod tests {
    use stages::plan::Missing;

    use super::*;
    use crate::plan_for;

    #[test]
    fn a_scanner_that_is_not_there_is_a_step_that_is_not_judged() {
        let machine = Machine::pretend(&["cargo", "git", "semgrep"]);
        let plan = plan_for(&["scan"], &machine).unwrap();
        assert!(plan.keeps_going && plan.steps.iter().all(|step| step.skipped.is_none()));
        let scanners = plan.steps.iter().filter(|step| step.process().is_some());
        assert!(scanners.clone().all(|step| step.needs.missing == Missing::NotEvaluated));
        let are_there = |step: &&Step| step.needs.tools.iter().all(|tool| machine.has(tool));
        assert_eq!(
            scanners.filter(are_there).map(|step| &*step.name).collect::<Vec<_>>(),
            ["semgrep's rules", "semgrep"]
        );
    }

    #[test]
    fn what_was_asked_for_is_in_the_name_of_the_record() {
        let machine = Machine::pretend(&["cargo", "git", "semgrep", "detect-secrets"]);
        let plan = plan_for(&["scan", "secrets", "sast"], &machine).unwrap();
        assert_eq!(plan.slug(), "scan-secrets-sast");
        let names: Vec<_> = plan.steps.iter().map(|step| &*step.name).collect();
        let secrets = ["detect-secrets", "detect-secrets finds a planted key"];
        assert_eq!(names, ["plant mistakes to be found", secrets[0], secrets[1], "semgrep's rules", "semgrep", "gate"]);
    }
}
