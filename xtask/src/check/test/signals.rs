//! `test signals`: what watches the service, watched: faults, a real Prometheus and Alertmanager, and a receiver.

use anyhow::Result;
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use crate::build::{self, Profile};
use crate::check::monitor;

const PARTS: [&str; 3] = ["alertmanager", "prometheus", "promtool"];

/// Where parts are required, a missing one isn't left out: it fails.
pub fn plan(machine: &Machine, is_required: bool) -> Result<Plan> {
    let (binary, folder) = (machine.built("wayfare", Profile::Debug), machine.scratch("prove"));
    let prove = monitor::signals(machine, &["prove"]).arg("--binary").arg(binary).arg("--data").arg(folder);
    let prove = Step::run("alerts arrive", prove.env("PATH", &machine.path))
        .why("each fault fires its alert, which reaches a receiver and ends")
        .within(1200)
        .showing_messages()
        .next("target/xtask/prove has the files and the logs of Prometheus, Alertmanager and the service");
    let wanting = |step: Step| step.wanting(&PARTS, is_required, machine);
    let steps = [monitor::mutate(machine), build::wayfare(machine, Profile::Debug).essential(), prove];
    Ok(Plan::new("test signals", steps.map(wanting)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_part_it_is_left_out_with_a_word_and_required_it_is_needed() {
        let machine = Machine::pretend(&["cargo", "promtool", "prometheus"]);
        let steps = plan(&machine, false).unwrap().steps;
        let why = |step: &Step| step.skipped.clone().unwrap_or_default();
        assert!(steps.iter().all(|step| why(step).starts_with("not installed: alertmanager: ")));
        let steps = plan(&machine, true).unwrap().steps;
        assert!(steps.iter().all(|step| step.skipped.is_none() && step.needs.tools.contains(&"alertmanager")));
    }
}
