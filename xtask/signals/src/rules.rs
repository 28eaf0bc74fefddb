//! The rules of monitoring/rules and their tests, as Prometheus and promtool read them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::query::{self, Query};

pub const FOLDER: &str = "monitoring/rules";
const TESTS: &str = "_test.yaml";

#[derive(Deserialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Rule {
    #[serde(default)]
    pub alert: Option<String>,
    #[serde(default)]
    pub record: Option<String>,
    pub expr: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    #[serde(skip)]
    pub file: String,
}

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(default)]
    input_series: Vec<Input>,
    #[serde(default)]
    alert_rule_test: Vec<Case>,
}

#[derive(Deserialize)]
struct Input {
    series: String,
}

#[derive(Deserialize)]
struct Case {
    alertname: String,
    #[serde(default)]
    exp_alerts: Vec<serde_json::Value>,
}

/// What the tests say.
#[derive(Debug, Default)]
pub struct Tests {
    /// How often each alert fires in a test, and how often it keeps quiet.
    pub cases: BTreeMap<String, (usize, usize)>,
    /// The series that they make up.
    pub series: Vec<Query>,
}

/// # Errors
/// A file that isn't as Prometheus wants it.
pub fn read(root: &Path) -> Result<Vec<Rule>> {
    let mut found = Vec::new();
    for (path, file) in query::files(root, FOLDER, ".yaml")? {
        if path.ends_with(TESTS) {
            continue;
        }
        let text = std::fs::read_to_string(file)?;
        let file: File = serde_saphyr::from_str(&text).with_context(|| format!("{path} can't be read"))?;
        let rules = file.groups.into_iter().flat_map(|group| group.rules);
        found.extend(rules.map(|rule| Rule { file: path.clone(), ..rule }));
    }
    Ok(found)
}

/// # Errors
/// A file that isn't as promtool wants it.
pub fn tests(root: &Path) -> Result<Tests> {
    let mut found = Tests::default();
    for (path, file) in query::files(root, FOLDER, TESTS)? {
        let text = std::fs::read_to_string(file)?;
        let file: TestFile = serde_saphyr::from_str(&text).with_context(|| format!("{path} can't be read"))?;
        for test in file.tests {
            found.series.extend(
                test.input_series.iter().map(|input| Query { is_series: true, ..Query::new(&path, &input.series) }),
            );
            for case in test.alert_rule_test {
                let (firing, quiet) = found.cases.entry(case.alertname).or_default();
                *(if case.exp_alerts.is_empty() { quiet } else { firing }) += 1;
            }
        }
    }
    Ok(found)
}

impl Rule {
    pub fn name(&self) -> &str {
        self.alert.as_deref().or(self.record.as_deref()).unwrap_or_default()
    }

    pub fn query(&self) -> Query {
        let mut query = Query::new(format!("{}: {}", self.file, self.name()), &self.expr);
        query.shows = self.annotations.values().chain(self.labels.values()).flat_map(|text| shown(text)).collect();
        query.adds = self.labels.keys().cloned().collect();
        query
    }
}

/// `{{ $labels.instance }}` shows `instance`.
fn shown(text: &str) -> Vec<String> {
    let names = text.split("$labels.").skip(1);
    names
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next())
        .map(str::to_owned)
        .collect()
}
