//! `infra destroy`: back to nothing, with the proof by tags that nothing is left.

use anyhow::{Result, ensure};
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::apply::carry_out;
use super::plan::{Shown, make, refuse_loss};
use super::terraform::{Root, Terraform};
use super::{Confirmed, stage};

pub fn plan(confirmed: &Confirmed, machine: &Machine) -> Result<Plan> {
    let terraform = Terraform::new(&confirmed.which, Root::Environment, machine)?.apart("destroy");
    let account = terraform.of(Root::Account);
    let ask = ask(&account, machine);
    let steps = std::iter::once(is_meant(confirmed))
        .chain(terraform.prepare(machine))
        .chain(make(&terraform, &["-destroy"], machine))
        .chain([is_confirmed(&terraform, confirmed), carry_out(&terraform, machine)])
        .chain(account.prepare(machine).into_iter().skip(usize::from(account.offline)))
        .chain(ask)
        .chain([nothing_is_left(&account)]);
    Ok(Plan::new(&stage("destroy", &confirmed.which), steps))
}

/// Before anything is asked: an environment goes by its name, or not at all.
fn is_meant(confirmed: &Confirmed) -> Step {
    let own = confirmed.clone();
    let step = Step::task("meant", move |_| {
        let name = &own.which.env;
        ensure!(
            own.yes && own.really_destroy.as_ref() == Some(name),
            Failure::new(Exit::Refused, format!("{name} and its data would be gone"))
                .next(format!("if that is meant: the same with --yes --really-destroy {name}"))
        );
        Ok(())
    });
    step.why("there is no way back")
}

fn is_confirmed(terraform: &Terraform, confirmed: &Confirmed) -> Step {
    let (terraform, confirmed) = (terraform.clone(), confirmed.clone());
    let step = Step::task("what goes", move |ctx| {
        let shown = Shown::read(&terraform.shown_plan())?;
        for change in &shown.resource_changes {
            ctx.screen.say(&format!("  {}", change.address));
        }
        refuse_loss(&shown, &confirmed)
    });
    step.why("the list of it, before it goes")
}

/// The account's answers, as the plan of a root that only reads.
pub fn ask(account: &Terraform, machine: &Machine) -> [Step; 2] {
    make(account, &[], machine).map(|mut step| {
        step.name = format!("{} of the account", step.name);
        step
    })
}

fn nothing_is_left(account: &Terraform) -> Step {
    let own = account.clone();
    let step = Step::task("nothing is left", move |ctx| prove(ctx, &own));
    step.why("what is forgotten costs money every hour").next("remove what is named by hand, then run it again")
}

fn prove(ctx: &mut Ctx, account: &Terraform) -> Result<()> {
    let shown = Shown::read(&account.shown_plan())?;
    let (going, left): (Vec<_>, Vec<_>) = resources(&shown).into_iter().partition(|it| goes_by_itself(it));
    for arn in &going {
        ctx.screen.say(&format!("  {arn}: deleted by AWS at the end of its waiting time"));
    }
    ctx.data.insert("left".into(), left.clone().into());
    ctx.data.insert("going".into(), going.into());
    ensure!(left.is_empty(), Failure::check(format!("still there: {}", left.join(", "))));
    Ok(())
}

/// A KMS key is deleted 30 days after it was asked for; until then it has its tags.
fn goes_by_itself(arn: &str) -> bool {
    arn.starts_with("arn:aws:kms:")
}

fn resources(shown: &Shown) -> Vec<String> {
    let list = shown.planned_values.pointer("/outputs/resources/value").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;

    #[test]
    fn what_is_left_is_read_from_the_accounts_answer() {
        let text =
            r#"{"planned_values":{"outputs":{"resources":{"value":["arn:aws:ec2:::vpc/v","arn:aws:kms:::key/k"]}}}}"#;
        let shown: Shown = serde_json::from_str(text).unwrap();
        assert_eq!(resources(&shown), ["arn:aws:ec2:::vpc/v", "arn:aws:kms:::key/k"]);
        assert!(goes_by_itself("arn:aws:kms:::key/k") && !goes_by_itself("arn:aws:s3:::bucket"));
    }

    #[test]
    fn it_is_refused_before_terraform_is_started() {
        let machine = Machine::pretend(&["terraform"]);
        let plan = plan_for(&["infra", "destroy", "--env", "dev"], &machine).unwrap();
        assert_eq!(plan.steps[0].name, "meant");
        assert_eq!(plan.steps.last().unwrap().name, "nothing is left");
    }
}
