//! `infra plan`: what would change, what that costs, and what it would destroy.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::costs::Costs;
use super::terraform::{Root, Terraform};
use super::{Confirmed, Which, stage};

pub fn plan(which: &Which, machine: &Machine) -> Result<Plan> {
    let terraform = Terraform::new(which, Root::Environment, machine)?;
    let steps = terraform.prepare(machine).into_iter().chain(make(&terraform, &[], machine));
    let own = terraform.clone();
    let summary =
        Step::task("summary", move |ctx| tell(ctx, &own)).why("what a person has to read before it is applied");
    Ok(Plan::new(&stage("plan", which), steps.chain([summary])))
}

/// The plan as a file, and as JSON.
pub fn make(terraform: &Terraform, extra: &[&str], machine: &Machine) -> [Step; 2] {
    let variables = format!("-var-file={}", terraform.variables().display());
    let out = format!("-out={}", terraform.plan_file().display());
    let words = ["plan"].iter().chain(extra).copied();
    let words: Vec<_> = words.chain(["-input=false", "-lock-timeout=20s", &variables, &out]).collect();
    let plan = terraform.run("plan", &words, machine).why("asks, and changes nothing").leaves(terraform.plan_file());
    let file = terraform.plan_file().display().to_string();
    let show = terraform.run("show", &["show", "-json", &file], machine).why("the same plan, to be judged");
    [plan, show.into_file(terraform.shown_plan())]
}

#[derive(Deserialize)]
pub struct Shown {
    #[serde(default)]
    pub resource_changes: Vec<Change>,
    #[serde(default)]
    pub resource_drift: Vec<Change>,
    #[serde(default)]
    pub planned_values: Value,
}

#[derive(Deserialize)]
pub struct Change {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    change: Actions,
}

#[derive(Deserialize)]
struct Actions {
    actions: Vec<String>,
}

/// What holds data, or without which data can't be read.
const HOLDS_DATA: [&str; 10] = [
    "aws_db_instance",
    "aws_ebs_volume",
    "aws_ecr_repository",
    "aws_eks_cluster",
    "aws_elasticache_replication_group",
    "aws_instance",
    "aws_kms_key",
    "aws_s3_bucket",
    "azurerm_storage_account",
    "google_storage_bucket",
];

impl Shown {
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|_| {
            Failure::new(Exit::Usage, "there is no plan").next("cargo xtask infra plan --env …, and read it")
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} isn't what Terraform shows", file.display()))
    }

    /// How many of each: create, update, replace, delete.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for word in self.resource_changes.iter().filter_map(Change::word) {
            *counts.entry(word).or_default() += 1;
        }
        counts
    }

    pub fn data_lost(&self) -> Vec<&str> {
        let lost = self.resource_changes.iter().filter(|it| it.destroys() && HOLDS_DATA.contains(&it.kind.as_str()));
        lost.map(|it| it.address.as_str()).collect()
    }
}

impl Change {
    pub fn destroys(&self) -> bool {
        self.change.actions.iter().any(|action| action == "delete")
    }

    pub fn word(&self) -> Option<&'static str> {
        let actions: Vec<_> = self.change.actions.iter().map(String::as_str).collect();
        match actions.as_slice() {
            ["create"] => Some("create"),
            ["update"] => Some("update"),
            ["delete"] => Some("delete"),
            [_, _] => Some("replace"),
            _ => None,
        }
    }
}

fn tell(ctx: &mut Ctx, terraform: &Terraform) -> Result<()> {
    let shown = Shown::read(&terraform.shown_plan())?;
    let costs = Costs::read(&ctx.machine.root)?;
    let counts = shown.counts();
    for change in &shown.resource_changes {
        if let Some(word) = change.word() {
            ctx.screen.data(&format!("  {word:<8} {}", change.address));
        }
    }
    let bill = costs.bill(&shown.planned_values);
    ctx.screen.data(&format!("\n{}", bill.table(&costs)));
    let lost = shown.data_lost();
    for address in &lost {
        ctx.screen.data(&format!("  DESTROYS DATA: {address}"));
    }
    let words: Vec<_> = counts.iter().map(|(word, count)| format!("{count} to {word}")).collect();
    let sentence = match words.is_empty() {
        true => "nothing to change".to_owned(),
        false => format!("{}; next: cargo xtask {}", words.join(", "), stage("apply", &terraform.which())),
    };
    ctx.screen.data(&format!("  {sentence}"));
    ctx.data.insert("changes".into(), serde_json::to_value(counts)?);
    ctx.data.insert("data_lost".into(), lost.into());
    ctx.data.insert("monthly".into(), serde_json::to_value(bill)?);
    Ok(())
}

/// A plan that destroys data needs two confirmations: that it is meant, and what it is meant for.
pub fn refuse_loss(shown: &Shown, confirmed: &Confirmed) -> Result<()> {
    let lost = shown.data_lost();
    let named = confirmed.really_destroy.as_deref();
    let name = &confirmed.which.env;
    let is_confirmed = confirmed.yes && named == Some(name);
    ensure!(
        lost.is_empty() || is_confirmed,
        Failure::new(Exit::Refused, format!("this destroys data: {}", lost.join(", ")))
            .next(format!("if that is meant: the same with --yes --really-destroy {name}"))
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: &str, actions: &str) -> Shown {
        let text = format!(
            r#"{{"resource_changes":[{{"address":"module.m.{kind}.this","type":"{kind}","change":{{"actions":{actions}}}}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn confirmed(yes: bool, named: Option<&str>) -> Confirmed {
        let which = Which { env: "dev".into(), offline: false };
        Confirmed { which, yes, really_destroy: named.map(str::to_owned) }
    }

    #[test]
    fn a_plan_that_destroys_data_needs_yes_and_the_name_of_this_environment() {
        for actions in [r#"["delete"]"#, r#"["delete","create"]"#, r#"["create","delete"]"#] {
            let plan = shown("aws_db_instance", actions);
            for (yes, named) in [(false, None), (true, None), (false, Some("dev")), (true, Some("prod"))] {
                let failure = Failure::from_any(refuse_loss(&plan, &confirmed(yes, named)).unwrap_err());
                assert_eq!(failure.exit, Exit::Refused);
                assert!(failure.message.contains("module.m.aws_db_instance.this"), "{}", failure.message);
            }
            refuse_loss(&plan, &confirmed(true, Some("dev"))).unwrap();
        }
    }

    #[test]
    fn a_plan_that_destroys_no_data_needs_no_confirmation_of_loss() {
        refuse_loss(&shown("aws_route", r#"["delete"]"#), &confirmed(false, None)).unwrap();
        refuse_loss(&shown("aws_db_instance", r#"["update"]"#), &confirmed(false, None)).unwrap();
    }

    #[test]
    fn changes_are_counted_by_what_happens() {
        assert_eq!(shown("a", r#"["delete","create"]"#).counts(), BTreeMap::from([("replace", 1)]));
        assert_eq!(shown("a", r#"["no-op"]"#).counts(), BTreeMap::new());
        assert_eq!(shown("a", r#"["read"]"#).counts(), BTreeMap::new());
    }
}
