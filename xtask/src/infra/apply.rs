//! `infra apply`: the plan that somebody read, and that one only. `infra bootstrap`: the bucket of the states.

use std::fs;

use anyhow::{Result, ensure};
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::plan::{Shown, make, refuse_loss};
use super::terraform::{Root, Terraform};
use super::{Confirmed, Which, contract, stage};

pub fn plan(confirmed: &Confirmed, machine: &Machine) -> Result<Plan> {
    let terraform = Terraform::new(&confirmed.which, Root::Environment, machine)?;
    let steps = terraform.environment.confirmed(confirmed.yes, "what it runs on is changed").into_iter();
    let steps = steps
        .chain([is_the_plan_that_was_read(&terraform, confirmed), carry_out(&terraform, machine)])
        .chain(contract::steps(&terraform, machine));
    Ok(Plan::new(&stage("apply", &confirmed.which), steps))
}

fn is_the_plan_that_was_read(terraform: &Terraform, confirmed: &Confirmed) -> Step {
    let (terraform, confirmed) = (terraform.clone(), confirmed.clone());
    let step = Step::task("plan is current", move |_| {
        let shown = Shown::read(&terraform.shown_plan())?;
        ensure!(
            terraform.plan_file().exists(),
            Failure::new(Exit::Usage, "there is no plan, or it was applied already")
                .next("cargo xtask infra plan --env …")
        );
        if let Some(file) = terraform.changed_since_plan()? {
            let message = format!("{file} has changed since the plan was made");
            return Err(Failure::new(Exit::Refused, message)
                .next("cargo xtask infra plan --env …, and read it")
                .into());
        }
        refuse_loss(&shown, &confirmed)
    });
    step.why("what is applied is what was read")
}

/// Terraform itself refuses a plan that is older than the state.
pub fn carry_out(terraform: &Terraform, machine: &Machine) -> Step {
    let file = terraform.plan_file();
    let name = file.display().to_string();
    let words = ["apply", "-input=false", "-lock-timeout=20s", &name];
    let step = terraform.run("apply", &words, machine).why("this file, without another question");
    step.changes("creates, changes or removes resources in the cloud")
        .within(2 * 3600)
        .showing_messages()
        .next("what was made is in the state: plan again, which shows the rest")
        // Once applied it is nobody's plan any more.
        .then(move |_| Ok(fs::remove_file(&file)?))
}

pub fn bootstrap(which: &Which, machine: &Machine) -> Result<Plan> {
    let terraform = Terraform::new(which, Root::State, machine)?;
    let steps = terraform.prepare(machine).into_iter().chain(make(&terraform, &[], machine));
    Ok(Plan::new(&stage("bootstrap", which), steps.chain([carry_out(&terraform, machine)])))
}
