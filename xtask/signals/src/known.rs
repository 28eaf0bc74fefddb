//! Every metric that may be asked for: those that the service exports, those of others' exporters, and the recorded ones.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::exposition::{Exposition, Labels};
use crate::labels;
use crate::rules::Rule;

/// What others export, and what of ours nobody has to ask for.
pub const FILE: &str = "monitoring/exporters.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exporters {
    /// Ours that nothing asks for, each with the reason.
    pub unasked: BTreeMap<String, String>,
    #[serde(rename = "exporter")]
    pub exporters: BTreeMap<String, Exporter>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exporter {
    /// Where its series are documented.
    #[allow(dead_code, reason = "for people who read the file")]
    pub source: String,
    pub metrics: BTreeMap<String, Metric>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// Each series, where they are known: then a value that is asked for has to be one of them.
    #[serde(skip)]
    pub series: Option<Vec<Labels>>,
}

#[derive(Debug, Default)]
pub struct Known(pub BTreeMap<String, Metric>);

impl Known {
    /// What the service and its worker exported while they were used.
    pub fn of_service(found: &Exposition) -> Self {
        let metric = |(name, series): (&String, &Vec<Labels>)| {
            let kind = found.families.get(family(name, &found.families)).cloned().unwrap_or_default();
            let labels = series.iter().flat_map(Labels::keys).cloned().collect();
            (name.clone(), Metric { kind, labels, series: Some(series.clone()) })
        };
        Known(found.series.iter().map(metric).collect())
    }

    pub fn add_exporters(&mut self, exporters: &Exporters) {
        self.0.extend(exporters.exporters.values().flat_map(|exporter| exporter.metrics.clone()));
    }

    /// Recorded series, in the order of their files: one may be made from another.
    ///
    /// # Errors
    /// A rule whose query can't be read.
    pub fn add_recorded(&mut self, rules: &[Rule]) -> Result<()> {
        for rule in rules {
            let Some(name) = &rule.record else { continue };
            let query = promql_parser::parser::parse(&rule.expr).map_err(|why| anyhow::anyhow!("{why}"));
            let query = query.with_context(|| format!("{}: {name}", rule.file))?;
            let mut own = labels::of(&query, self);
            own.extend(rule.labels.keys().cloned());
            let known = self.0.entry(name.clone());
            let metric =
                known.or_insert_with(|| Metric { kind: "gauge".to_owned(), labels: BTreeSet::new(), series: None });
            metric.labels.extend(own);
        }
        Ok(())
    }
}

/// `name_bucket` is of the family `name`.
pub fn family<'a>(name: &'a str, families: &BTreeMap<String, String>) -> &'a str {
    let stems = ["_bucket", "_count", "_sum"].iter().filter_map(|end| name.strip_suffix(end));
    stems.into_iter().find(|stem| families.contains_key(*stem)).unwrap_or(name)
}

impl Exporters {
    /// # Errors
    /// A file that isn't as it should be.
    pub fn read(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("{FILE} can't be read"))
    }
}
