//! What is said of an image: where it ran, since when, and what was tried there.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stages::evidence::Record;
use stages::exit::{Exit, Failure};

use crate::image::Reference;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    pub environment: String,
    pub image: Reference,
    /// UTC, RFC 3339.
    pub deployed: String,
    pub smoke_test: bool,
    /// The tests of docs/tour.md that passed there.
    pub tour: u64,
    /// Each objective of slo.toml under load, and whether it held.
    pub load: Value,
}

impl Proof {
    /// Of the records that `deploy --tour` and `load` left; an error where one is missing or didn't pass.
    pub fn of(environment: &str, address: &str, deployed: &Record, load: Option<&Record>) -> Result<Self> {
        let deploy = format!("cargo xtask deploy --env {environment} --seed --tour");
        let lacks = |what: &str, next: &str| Failure::check(what.to_owned()).next(next.to_owned());
        ensure!(deployed.result == Exit::Ok, lacks("the last deployment there didn't pass", &deploy));
        let step = |name: &str| deployed.steps.iter().find(|step| step.name == name && step.result == Some(Exit::Ok));
        let image = deployed.data.get("image").and_then(Value::as_str).context("its record names no image")?;
        let tour = step("tour").and_then(|step| step.tests).map_or(0, |tests| tests.passed);
        ensure!(tour > 0, lacks("docs/tour.md wasn't taken there", &deploy));
        let judge = format!("cargo xtask load --to {address}");
        let load = load.filter(|load| load.started > deployed.started && load.data.get("to") == Some(&address.into()));
        let load = load.with_context(|| lacks("no load went there since", &judge))?;
        ensure!(load.result == Exit::Ok, lacks("it didn't keep slo.toml's promises under load", &judge));
        Ok(Proof {
            environment: environment.to_owned(),
            image: image.parse().map_err(anyhow::Error::msg)?,
            deployed: deployed.started.clone(),
            smoke_test: step("smoke test").is_some(),
            tour,
            load: load.data.get("objectives").cloned().unwrap_or_default(),
        })
    }

    /// As `cosign verify-attestation` prints them: an envelope each line, whose payload is the statement.
    pub fn of_statements(text: &str) -> Result<Vec<Self>> {
        text.lines().filter(|line| !line.trim().is_empty()).map(of_envelope).collect()
    }
}

fn of_envelope(line: &str) -> Result<Proof> {
    let envelope: Value = serde_json::from_str(line).context("cosign printed something that isn't JSON")?;
    let payload = envelope["payload"].as_str().context("an envelope has a payload")?;
    let mut statement: Value = serde_json::from_slice(&BASE64_STANDARD.decode(payload)?)?;
    serde_json::from_value(statement["predicate"].take()).context("the record isn't as it was written")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
    use stages::evidence::{StepRecord, Tests};

    use super::*;

    const AT: &str = "http://127.0.0.1:8082";

    fn image() -> String {
        format!("registry.example/wayfare@sha256:{}", "a".repeat(64))
    }

    fn step(name: &str, passed: u64) -> StepRecord {
        let tests = (passed > 0).then_some(Tests { passed, failed: 0, ignored: 0 });
        StepRecord { name: name.into(), result: Some(Exit::Ok), tests, ..StepRecord::default() }
    }

    fn record(started: &str, data: Value, steps: Vec<StepRecord>) -> Record {
        let data: BTreeMap<String, Value> = serde_json::from_value(data).unwrap();
        let text = json!({ "schema": 1, "stage": "a", "result": "passed", "exit": 0, "commit": null, "dirty": false,
            "started": started, "seconds": 1.0, "steps": steps, "tools": {}, "data": data });
        serde_json::from_value(text).unwrap()
    }

    fn records() -> (Record, Record) {
        let deployed =
            record("2026-11-28T10:00:00Z", json!({ "image": image() }), vec![step("smoke test", 0), step("tour", 9)]);
        (deployed, record("2026-11-28T11:00:00Z", json!({ "to": AT, "objectives": [] }), Vec::new()))
    }

    #[test]
    fn what_was_deployed_toured_and_kept_its_promises_under_load_has_a_proof() {
        let (deployed, load) = records();
        let proof = Proof::of("staging", AT, &deployed, Some(&load)).unwrap();
        assert_eq!((proof.image.to_string(), proof.tour, proof.smoke_test), (image(), 9, true));
        let payload = BASE64_STANDARD.encode(json!({ "predicate": proof }).to_string());
        let text = format!("{}\n", json!({ "payload": payload }));
        assert_eq!(Proof::of_statements(&text).unwrap(), [proof]);
    }

    #[test]
    fn what_lacks_one_of_them_has_none_and_is_told_the_command() {
        let (deployed, load) = records();
        let next = |deployed: &Record, load: Option<&Record>| {
            Failure::from_any(Proof::of("staging", AT, deployed, load).unwrap_err()).next.unwrap()
        };
        let with = |spoil: fn(&mut Record)| {
            let mut spoilt = (deployed.clone(), load.clone());
            spoil(&mut spoilt.0);
            next(&spoilt.0, Some(&spoilt.1))
        };
        assert!(with(|it| it.result = Exit::RolledBack).ends_with("--seed --tour"));
        assert!(with(|it| drop(it.steps.pop())).ends_with("--seed --tour"));
        assert_eq!(next(&deployed, None), format!("cargo xtask load --to {AT}"));
        let early = Record { started: "2026-11-28T09:00:00Z".into(), ..load.clone() };
        assert!(next(&deployed, Some(&early)).contains("load --to"));
        let elsewhere = record("2026-11-28T11:00:00Z", json!({ "to": "http://127.0.0.1:1" }), Vec::new());
        assert!(next(&deployed, Some(&elsewhere)).contains("load --to"));
        let failed = Record { result: Exit::OverBudget, ..load.clone() };
        assert!(next(&deployed, Some(&failed)).contains("load --to"));
    }
}
