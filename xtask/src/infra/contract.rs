//! The contract between Terraform and what comes after: one output, typed, and the inventory that is made of it.
//! infra/outputs.schema.json says the same for other programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::terraform::{Root, Terraform};
use super::{Which, stage};

pub const VERSION: u32 = 1;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    version: u32,
    pub environment: String,
    region: String,
    account: String,
    pub domain: String,
    tags: BTreeMap<String, String>,
    pub machines: Vec<Host>,
    cluster: Option<Cluster>,
    database: Option<Database>,
    redis: Option<Endpoint>,
    registry: BTreeMap<String, String>,
    pub backups: Backups,
    signals: BTreeMap<String, String>,
    dns: Dns,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    pub name: String,
    pub address: String,
    private_address: String,
    pub ssh_user: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Cluster {
    name: String,
    endpoint: String,
    firewall: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Database {
    endpoint: String,
    /// Where its owner's password is kept, which isn't here.
    owner_arn: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    endpoint: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Backups {
    pub bucket: String,
    pub region: String,
    pub days: u32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Dns {
    zone: String,
    name_servers: Vec<String>,
    certificate: String,
}

impl Contract {
    /// From `terraform output -json`.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|_| {
            Failure::check("nothing was applied yet: there are no outputs").next("cargo xtask infra apply --env …")
        })?;
        Self::of(&serde_json::from_str(&text)?)
    }

    fn of(outputs: &Value) -> Result<Self> {
        let value = outputs
            .pointer("/contract/value")
            .cloned()
            .context("there is no output `contract`: nothing was applied")?;
        let contract: Contract =
            serde_json::from_value(value).context("the outputs aren't what infra/outputs.schema.json says")?;
        anyhow::ensure!(contract.version == VERSION, "the outputs are of version {}, not {VERSION}", contract.version);
        Ok(contract)
    }

    /// For Ansible: what it knows of a machine is what Terraform said, and nothing is copied by hand.
    pub fn inventory(&self) -> Value {
        let host =
            |host: &Host| (host.name.clone(), json!({ "ansible_host": host.address, "ansible_user": host.ssh_user }));
        let hosts: serde_json::Map<_, _> = self.machines.iter().map(host).collect();
        json!({ "wayfare": { "hosts": hosts, "vars": {
            "wayfare_environment": self.environment,
            "wayfare_domain": self.domain,
            "backup_s3_bucket": self.backups.bucket,
            "backup_s3_region": self.backups.region,
            "backup_days": self.backups.days,
        } } })
    }
}

pub fn plan(which: &Which, machine: &Machine) -> Result<Plan> {
    let terraform = Terraform::new(which, Root::Environment, machine)?.apart("outputs");
    let all = terraform.prepare(machine).into_iter().chain(steps(&terraform, machine));
    Ok(Plan::new(&stage("outputs", which), all))
}

pub fn steps(terraform: &Terraform, machine: &Machine) -> [Step; 2] {
    let file = terraform.folder.join("outputs.json");
    let output = terraform.run("outputs", &["output", "-json"], machine).why("what the state says").into_file(&file);
    let check = Step::task("contract", move |ctx| {
        let contract = serde_json::to_value(Contract::read(&file)?)?;
        if !ctx.screen.look.json {
            ctx.screen.data(&serde_json::to_string_pretty(&contract)?);
        }
        ctx.data.insert("contract".into(), contract);
        Ok(())
    });
    [output, check.why("what comes after relies on its form").next("infra/terraform/environment/outputs.tf")]
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn outputs() -> Value {
        json!({ "contract": { "value": {
            "version": 1, "environment": "dev", "region": "eu-central-1", "account": "000000000000",
            "domain": "dev.example.org", "tags": { "owner": "a@example.org" },
            "machines": [{ "name": "wayfare-dev", "address": "192.0.2.1", "private_address": "10.0.0.1", "ssh_user": "admin" }],
            "cluster": null, "database": null, "redis": null, "registry": {},
            "backups": { "bucket": "b", "region": "eu-central-1", "days": 30 }, "signals": {},
            "dns": { "zone": "Z", "name_servers": ["a"], "certificate": "arn" }
        } } })
    }

    #[test]
    fn the_inventory_is_made_of_the_outputs() {
        let inventory = Contract::of(&outputs()).unwrap().inventory();
        assert_eq!(inventory["wayfare"]["hosts"]["wayfare-dev"]["ansible_host"], "192.0.2.1");
        assert_eq!(inventory["wayfare"]["vars"]["wayfare_domain"], "dev.example.org");
    }

    #[test]
    fn outputs_of_another_form_are_refused() {
        let told = |change: &dyn Fn(&mut Value)| {
            let mut outputs = outputs();
            change(&mut outputs["contract"]["value"]);
            format!("{:#}", Contract::of(&outputs).unwrap_err())
        };
        assert!(told(&|it| it["extra"] = json!(1)).contains("unknown field `extra`"));
        assert!(told(&|it| it["backups"]["days"] = json!("thirty")).contains("invalid type"));
        assert!(told(&|it| it["version"] = json!(2)).contains("version 2"));
        assert!(told(&|it| drop(it.as_object_mut().unwrap().remove("domain"))).contains("missing field `domain`"));
        assert!(format!("{:#}", Contract::of(&json!({})).unwrap_err()).contains("nothing was applied"));
    }

    /// The schema is for other programs; what it lists is what this one reads.
    #[test]
    fn the_schema_lists_the_same_fields() {
        let schema: Value = serde_json::from_str(include_str!("../../../infra/outputs.schema.json")).unwrap();
        let mut listed: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        let value = serde_json::to_value(Contract::of(&outputs()).unwrap()).unwrap();
        let mut read: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        let mut required: Vec<_> = serde_json::from_value::<Vec<String>>(schema["required"].clone()).unwrap();
        [&mut listed, &mut read, &mut required].into_iter().for_each(|list| list.sort());
        assert_eq!((&listed, &required), (&read, &read));
        assert_eq!(schema["additionalProperties"], false);
    }
}
