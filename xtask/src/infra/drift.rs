//! `infra drift`: whether somebody changed by hand what Terraform applied.

use anyhow::{Result, ensure};
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::plan::{Change, Shown, make};
use super::terraform::{Root, Terraform};
use super::{Which, stage};

pub fn plan(which: &Which, machine: &Machine) -> Result<Plan> {
    let terraform = Terraform::new(which, Root::Environment, machine)?.apart("drift");
    let own = terraform.clone();
    // Terraform's own exit code for a difference (2) comes without one, too, where only a data source was read again.
    let judge = Step::task("compare", move |ctx| judge(ctx, &Shown::read(&own.shown_plan())?))
        .why("each resource as it is, beside what was applied")
        .next("cargo xtask infra plan shows how it would be put right");
    let steps = terraform.prepare(machine).into_iter().chain(make(&terraform, &["-refresh-only"], machine));
    Ok(Plan::new(&stage("drift", which), steps.chain([judge])))
}

fn judge(ctx: &mut Ctx, shown: &Shown) -> Result<()> {
    let drifted = drifted(shown);
    ctx.data.insert("drifted".into(), drifted.clone().into());
    let message = format!("changed outside Terraform: {}", drifted.join(", "));
    ensure!(drifted.is_empty(), Failure::new(Exit::Drifted, message));
    Ok(())
}

fn drifted(shown: &Shown) -> Vec<String> {
    let sentence = |change: &Change| {
        let how = if change.destroys() { "deleted" } else { "changed" };
        change.word().map(|_| format!("{} ({how})", change.address))
    };
    shown.resource_drift.iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_or_deleted_by_hand_is_named() {
        let change = |address: &str, action: &str| {
            format!(r#"{{"address":"{address}","type":"t","change":{{"actions":["{action}"]}}}}"#)
        };
        let list = [change("aws_vpc.this", "update"), change("aws_route.out", "delete"), change("aws_eip.a", "no-op")];
        let shown = serde_json::from_str(&format!(r#"{{"resource_drift":[{}]}}"#, list.join(","))).unwrap();
        assert_eq!(drifted(&shown), ["aws_vpc.this (changed)", "aws_route.out (deleted)"]);
        assert!(drifted(&serde_json::from_str("{}").unwrap()).is_empty());
    }
}
