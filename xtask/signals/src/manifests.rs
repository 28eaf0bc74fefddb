//! Queries of the cluster: what a rollout is judged by.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::query::{self, Query};

const FOLDER: &str = "k8s/components/analysis";

/// # Errors
/// A manifest that can't be read.
pub fn queries(root: &Path) -> Result<Vec<Query>> {
    let mut found = Vec::new();
    for (path, file) in query::files(root, FOLDER, ".yaml")? {
        let text = std::fs::read_to_string(file)?;
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).with_context(|| format!("{path} can't be read"))?;
        let metrics = documents.iter().filter_map(|it| it.pointer("/spec/metrics")?.as_array()).flatten();
        found.extend(metrics.filter_map(|metric| {
            let name = metric.get("name")?.as_str()?;
            let query = metric.pointer("/provider/prometheus/query")?.as_str()?;
            Some(Query::new(format!("{path}: {name}"), filled(query)))
        }));
    }
    Ok(found)
}

/// `{{args.new}}` stands for any value.
fn filled(query: &str) -> String {
    let mut parts = query.split("{{");
    let start = parts.next().unwrap_or_default().to_owned();
    parts.fold(start, |text, rest| text + "any" + rest.split_once("}}").map_or(rest, |(_, after)| after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_filled_in() {
        assert_eq!(filled(r#"a{n="{{args.new}}"} / b{n="{{args.stable}}"}"#), r#"a{n="any"} / b{n="any"}"#);
    }
}
