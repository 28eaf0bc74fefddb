//! `infra doctor`: credentials, account, region and quotas, before anything is touched.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::destroy::ask;
use super::plan::Shown;
use super::terraform::{Root, Terraform, value};
use super::{Which, stage};

/// A quota of AWS, and the types of resources that use one of it each.
const QUOTAS: [(&str, &str, &str, &[&str]); 4] = [
    ("elastic addresses", "ec2", "L-0263D0A3", &["aws_eip"]),
    ("networks", "vpc", "L-F678F1CE", &["aws_vpc"]),
    ("clusters", "eks", "L-1194D53C", &["aws_eks_cluster"]),
    ("databases", "rds", "L-7B6409FD", &["aws_db_instance"]),
];

pub fn plan(which: &Which, machine: &Machine) -> Result<Plan> {
    let account = Terraform::new(which, Root::Account, machine)?;
    let own = account.clone();
    let verdict = Step::task("account", move |ctx| judge(ctx, &own)).why("the right account, and room in it");
    let steps = account.prepare(machine).into_iter().chain(ask(&account, machine)).chain([verdict]);
    Ok(Plan::new(&stage("doctor", which), steps))
}

/// What the plan creates of each; without a plan there is nothing to compare.
pub fn quotas(plan: &Path) -> Result<Value> {
    if !plan.exists() {
        return Ok(json!({}));
    }
    let shown = Shown::read(plan)?;
    let needed = |types: &[&str]| shown.resource_changes.iter().filter(|it| types.contains(&it.kind.as_str())).count();
    let entry = |(name, service, code, types): &(&str, &str, &str, &[&str])| {
        let needed = needed(types);
        (needed > 0).then(|| ((*name).to_owned(), json!({ "service": service, "code": code, "needed": needed })))
    };
    Ok(QUOTAS.iter().filter_map(entry).collect::<serde_json::Map<_, _>>().into())
}

#[derive(Deserialize)]
struct Quota {
    limit: f64,
    needed: f64,
}

fn judge(ctx: &mut Ctx, account: &Terraform) -> Result<()> {
    let text = fs::read_to_string(account.shown_plan()).context("the account's answer isn't there")?;
    let answer: Value = serde_json::from_str(&text)?;
    let output = |name: &str| answer.pointer(&format!("/planned_values/outputs/{name}/value")).cloned();
    let found = output("account").unwrap_or_default();
    let stated = value(&account.stated()?, "account")?;
    ctx.screen.say(&format!("  account {found}, of which infra.tfvars states {stated}"));
    ensure!(
        found == json!(stated),
        Failure::new(Exit::Refused, format!("the credentials are of account {found}, infra.tfvars states {stated}"))
            .next("AWS_PROFILE of the right account, or `account` in infra.tfvars")
    );
    let quotas: std::collections::BTreeMap<String, Quota> =
        serde_json::from_value(output("quotas").unwrap_or(json!({})))?;
    if quotas.is_empty() {
        ctx.screen.say("  quotas aren't compared: there is no plan yet");
    }
    let short: Vec<_> =
        quotas.iter().filter(|(_, it)| it.limit < it.needed).map(|(name, it)| sentence(name, it)).collect();
    ensure!(
        short.is_empty(),
        Failure::check(short.join("; ")).next("ask for more in the console's Service Quotas; it takes hours")
    );
    Ok(())
}

fn sentence(name: &str, quota: &Quota) -> String {
    format!("the account may have {} {name}, and the plan needs {}", quota.limit, quota.needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_those_that_the_plan_needs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        assert_eq!(quotas(&file).unwrap(), json!({}));
        let eip = r#"{"address":"a","type":"aws_eip","change":{"actions":["create"]}}"#;
        fs::write(&file, format!(r#"{{"resource_changes":[{eip},{eip}]}}"#)).unwrap();
        let expected = json!({ "elastic addresses": { "service": "ec2", "code": "L-0263D0A3", "needed": 2 } });
        assert_eq!(quotas(&file).unwrap(), expected);
    }
}
