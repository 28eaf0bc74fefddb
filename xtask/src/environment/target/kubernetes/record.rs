//! What is known of an environment between two deployments, in the cluster itself: a ConfigMap holds what runs, what ran
//! before, and a deployment that isn't over.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::kubectl::Cluster;
use super::objects::{self, OURS};
use crate::environment::release::{Attempt, Outcome, Strategy, Version};

const NAME: &str = "wayfare-deployments";

/// A version with everything that was applied for it, so that it can be applied again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    pub version: Version,
    pub strategy: Strategy,
    pub objects: Vec<Value>,
}

/// As long as this is kept, a deployment isn't over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnderWay {
    /// What it adds to what runs: goes again when it is rolled back.
    pub adds: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub environment: String,
    pub now: Option<Applied>,
    pub before: Option<Applied>,
    pub under_way: Option<UnderWay>,
    /// The last deployment, whatever became of it.
    pub last: Option<Attempt>,
}

impl Record {
    pub fn read(cluster: &Cluster) -> Result<Self> {
        let Some(map) = cluster.find("configmap", NAME)? else { return Ok(Record::default()) };
        Self::from_data(&map["data"]).with_context(|| format!("the ConfigMap {NAME} is damaged or was edited"))
    }

    pub fn write(&self, cluster: &Cluster) -> Result<()> {
        let (label, value) = OURS.split_once('=').unwrap_or_default();
        let labels = json!({ label: value, objects::COMPONENT: "deployments" });
        let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": self.data()?,
            "metadata": { "name": NAME, "labels": labels } });
        cluster.apply(&[map], &[]).map(drop)
    }

    /// What serves from here on; what did until now is remembered.
    pub fn serves(mut self, applied: Applied) -> Self {
        let is_another = self.now.as_ref().is_some_and(|now| now.version.image != applied.version.image);
        if is_another {
            self.before = self.now.take();
        }
        Record { now: Some(applied), under_way: None, ..self }.ended(Outcome::Passed)
    }

    pub fn ended(mut self, outcome: Outcome) -> Self {
        if let Some(last) = &mut self.last {
            last.outcome = outcome;
        }
        self
    }

    fn data(&self) -> Result<Value> {
        let mut data = Map::new();
        data.insert("environment".into(), self.environment.clone().into());
        let mut put = |name: &str, value: Option<String>| value.map(|text| data.insert(name.to_owned(), text.into()));
        put("now", text(self.now.as_ref())?);
        put("before", text(self.before.as_ref())?);
        put("under-way", text(self.under_way.as_ref())?);
        put("last", text(self.last.as_ref())?);
        Ok(data.into())
    }

    fn from_data(data: &Value) -> Result<Self> {
        Ok(Record {
            environment: data["environment"].as_str().unwrap_or_default().to_owned(),
            now: parsed(&data["now"])?,
            before: parsed(&data["before"])?,
            under_way: parsed(&data["under-way"])?,
            last: parsed(&data["last"])?,
        })
    }
}

fn text(what: Option<&impl Serialize>) -> Result<Option<String>> {
    Ok(what.map(serde_json::to_string).transpose()?)
}

fn parsed<T: DeserializeOwned>(value: &Value) -> Result<Option<T>> {
    Ok(value.as_str().map(serde_json::from_str).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(image: &str) -> Applied {
        let version = Version { image: image.to_owned().into(), revision: image.into(), since: "then".into() };
        Applied { version, strategy: Strategy::Rolling, objects: vec![json!({ "kind": image })] }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let under_way = Some(UnderWay { adds: vec!["service/new".into()] });
        let record = Record { environment: "dev".into(), now: Some(applied("a")), before: None, under_way, last: None };
        assert_eq!(Record::from_data(&record.data().unwrap()).unwrap(), record);
        assert_eq!(Record::from_data(&json!({ "environment": "dev" })).unwrap().now, None);
        assert!(Record::from_data(&json!({ "now": "{" })).is_err());
    }

    #[test]
    fn what_ran_before_is_remembered_and_the_same_again_is_no_other_version() {
        let one = Record::default().serves(applied("a"));
        let two = Record { under_way: Some(UnderWay::default()), ..one.clone() }.serves(applied("b"));
        assert_eq!((two.before.clone(), two.under_way.clone()), (Some(applied("a")), None));
        assert_eq!(two.clone().serves(applied("b")), two);
    }
}
