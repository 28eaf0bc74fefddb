//! Whether two renderings are the same objects: the chart's and Kustomize's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::Object;

/// Each difference in a sentence; none when both say the same.
pub fn differences(one: &[Object], other: &[Object]) -> Vec<String> {
    let (one, other) = (by_title(one), by_title(other));
    let titles = one.keys().chain(other.keys().filter(|it| !one.contains_key(*it)));
    titles.flat_map(|title| difference(title, one.get(title), other.get(title))).collect()
}

fn difference(title: &str, one: Option<&Value>, other: Option<&Value>) -> Vec<String> {
    match (one, other) {
        (Some(one), Some(other)) => fields("", one, other).iter().map(|it| format!("{title}: {it}")).collect(),
        (Some(_), None) => vec![format!("{title}: only the first has it")],
        _ => vec![format!("{title}: only the second has it")],
    }
}

fn fields(path: &str, one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            let get = |map: &serde_json::Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or(Value::Null);
            keys.flat_map(|key| fields(&format!("{path}/{key}"), &get(a, key), &get(b, key))).collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.flat_map(|(index, (a, b))| fields(&format!("{path}/{index}"), a, b)).collect()
        }
        _ if one == other => Vec::new(),
        _ => vec![format!("{path} is {one} and {other}")],
    }
}

fn by_title(objects: &[Object]) -> BTreeMap<String, Value> {
    let names = hashed(objects);
    let plain = objects.iter().map(|object| Object(renamed(&object.0, &names)));
    plain.map(|object| (object.title(), without_the_tool(object.0))).collect()
}

/// What has a hash of its content in its name, by its plain one: each tool has its own hash, and one alone has a Job's.
fn hashed(objects: &[Object]) -> BTreeMap<String, String> {
    let maps = objects.iter().filter(|it| ["ConfigMap", "Secret", "Job"].contains(&it.kind()));
    let plain = |name: &str| {
        let (start, hash) = name.rsplit_once('-')?;
        (hash.len() == 10).then(|| (name.to_owned(), start.to_owned()))
    };
    maps.filter_map(|it| plain(it.name())).collect()
}

fn renamed(value: &Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => names.get(text).unwrap_or(text).clone().into(),
        Value::Array(items) => items.iter().map(|it| renamed(it, names)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), renamed(value, names)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// Which tool manages it differs, which version it is of stands where the tool knows it, and Argo CD asks Kustomize.
fn without_the_tool(mut value: Value) -> Value {
    let of_the_tool = |key: &str| {
        let labels = ["app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart"];
        labels.contains(&key) || key.starts_with("argocd.argoproj.io/")
    };
    for (parent, field) in
        [("/metadata", "labels"), ("/metadata", "annotations"), ("/spec/template/metadata", "labels")]
    {
        let Some(parent) = value.pointer_mut(parent).and_then(Value::as_object_mut) else { continue };
        let Some(fields) = parent.get_mut(field).and_then(Value::as_object_mut) else { continue };
        fields.retain(|key, _| !of_the_tool(key));
        if fields.is_empty() {
            parent.remove(field);
        }
    }
    if let Some(metadata) = value.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn the_same_with_other_hashes_and_another_tool_is_the_same() {
        let one = "{kind: ConfigMap, metadata: {name: a-c7dm4tdf9t, labels: {app.kubernetes.io/managed-by: Helm}}}
---
{kind: Pod, metadata: {name: b}, spec: {from: a-c7dm4tdf9t}}";
        let other = one.replace("c7dm4tdf9t", "0123456789").replace("Helm", "kustomize");
        assert_eq!(differences(&parse(one).unwrap(), &parse(&other).unwrap()), Vec::<String>::new());
    }

    #[test]
    fn each_difference_is_named_with_its_path() {
        let one = parse("{kind: A, metadata: {name: a}, spec: {ports: [{port: 1}], x: 1}}\n---\n{kind: B}").unwrap();
        let other = parse("{kind: A, metadata: {name: a}, spec: {ports: [{port: 2}]}}\n---\n{kind: C}").unwrap();
        assert_eq!(
            differences(&one, &other),
            [
                "A a: /spec/ports/0/port is 1 and 2",
                "A a: /spec/x is 1 and null",
                "B : only the first has it",
                "C : only the second has it",
            ]
        );
    }
}
