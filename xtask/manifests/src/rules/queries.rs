//! An analysis asks for metrics that the service exports, by labels that they have, and nothing passes without data.

use serde_json::Value;

use crate::Set;
use crate::object::Object;

const OURS: [&str; 3] = ["wayfare_", "http_server_", "db_client_"];
/// Labels that Prometheus adds to a scrape, by components/monitoring.
const BY_SCRAPE: [&str; 4] = ["namespace", "pod", "rollouts_pod_template_hash", "le"];

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    if object.kind() != "AnalysisTemplate" {
        return Vec::new();
    }
    let metrics = object.list("/spec/metrics").flat_map(|metric| {
        let name = metric.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        of_metric(set, metric).into_iter().map(move |what| format!("{name} {what}"))
    });
    metrics.collect()
}

fn of_metric(set: &Set, metric: &Value) -> Vec<String> {
    let query = metric.pointer("/provider/prometheus/query").and_then(Value::as_str).unwrap_or_default();
    let condition = metric.get("successCondition").and_then(Value::as_str).unwrap_or_default();
    let guard = (!condition.contains("len(result) > 0")).then(|| "passes without data".to_owned());
    // With a failure condition as well, a result that meets neither condition would pause instead of rolling back.
    let waits = metric.get("failureCondition").map(|_| "may be undecided, and then waits".to_owned());
    unknown(set, query).into_iter().chain(guard).chain(waits).collect()
}

fn unknown(set: &Set, query: &str) -> Vec<String> {
    let asked = selectors(query);
    if asked.is_empty() {
        return vec!["asks for no metric of ours".to_owned()];
    }
    let wrong = |(name, labels): (&str, Vec<&str>)| {
        let Some(own) =
            ["", "_count", "_sum", "_bucket"].iter().find_map(|end| set.facts.metrics.get(name.strip_suffix(end)?))
        else {
            return vec![format!("queries {name}, which isn't exported")];
        };
        let foreign = labels.into_iter().filter(|it| !own.contains(*it) && !BY_SCRAPE.contains(it));
        foreign.map(|label| format!("asks {name} for the label {label}, which it doesn't have")).collect()
    };
    let operations = operations(query).filter(|it| !set.facts.operations.contains(*it));
    let operations = operations.map(|it| format!("asks for the operation {it}, which the API doesn't have"));
    asked.into_iter().flat_map(wrong).chain(operations.collect::<Vec<_>>()).collect()
}

/// Each metric of ours with the labels that it is chosen by.
fn selectors(query: &str) -> Vec<(&str, Vec<&str>)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(is_word) {
        let word_and_rest = &rest[start..];
        let end = word_and_rest.find(|c: char| !is_word(c)).unwrap_or(word_and_rest.len());
        let (word, after) = word_and_rest.split_at(end);
        rest = after;
        if OURS.iter().any(|ours| word.starts_with(ours)) {
            let inside = after.strip_prefix('{').map_or("", until_the_brace);
            found.push((word, label_names(inside)));
        }
    }
    found
}

/// A value may hold braces itself: `"{{args.new}}"`.
fn until_the_brace(text: &str) -> &str {
    let mut is_quoted = false;
    let end = text.find(|c| {
        is_quoted ^= c == '"';
        c == '}' && !is_quoted
    });
    &text[..end.unwrap_or(text.len())]
}

/// A value is quoted: what stands outside of quotes is names and signs.
fn label_names(inside: &str) -> Vec<&str> {
    let outside = inside.split('"').step_by(2);
    outside
        .map(|it| it.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .filter(|it| !it.is_empty())
        .collect()
}

fn operations(query: &str) -> impl Iterator<Item = &str> {
    let values = query.split("http_route").skip(1).filter_map(|rest| rest.split('"').nth(1));
    values.flat_map(|value| value.split('|'))
}
