//! An object of Kubernetes as plain data, and the questions that several rules ask of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

pub type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq)]
pub struct Object(pub Value);

/// Every document of a stream of YAML that has something in it.
///
/// # Errors
/// What isn't YAML, with its line.
pub fn parse(yaml: &str) -> Result<Vec<Object>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).context("this isn't YAML")?;
    Ok(documents.into_iter().filter(|it| !it.is_null()).map(Object).collect())
}

impl Object {
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// `Deployment api`, as a sentence names it.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    pub fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    pub fn list(&self, pointer: &str) -> impl Iterator<Item = &Value> {
        list(self.at(pointer))
    }

    pub fn labels(&self) -> Labels {
        labels(self.at("/metadata/labels"))
    }

    /// The pods that it makes, where it is one that makes some.
    pub fn template(&self) -> Option<&Value> {
        let makes = ["Deployment", "StatefulSet", "DaemonSet", "Job"].contains(&self.kind());
        makes.then(|| self.at("/spec/template"))
    }

    pub fn containers(&self) -> impl Iterator<Item = &Value> {
        let pod = self.template().unwrap_or(&Value::Null);
        ["/spec/initContainers", "/spec/containers"]
            .into_iter()
            .flat_map(|pointer| list(pod.pointer(pointer).unwrap_or(&Value::Null)))
    }
}

pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

pub fn labels(value: &Value) -> Labels {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    entries(value).filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect()
}

/// Every value under a key, however deep.
pub fn under<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    let deeper = |value: &'a Value| under(value, key);
    match value {
        Value::Array(items) => items.iter().flat_map(deeper).collect(),
        Value::Object(fields) => {
            let own = fields.get(key);
            own.into_iter().chain(fields.values().flat_map(deeper)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_documents_are_none() {
        let objects = parse("---\nkind: A\nmetadata: {name: a}\n---\n# nothing\n---\nkind: B\n").unwrap();
        assert_eq!(objects.iter().map(Object::title).collect::<Vec<_>>(), ["A a", "B "]);
    }

    #[test]
    fn what_lies_deep_is_found() {
        let objects = parse("{kind: A, spec: {a: [{image: x}], image: z}}").unwrap();
        assert_eq!(under(&objects[0].0, "image"), [&Value::from("z"), &Value::from("x")]);
    }
}
