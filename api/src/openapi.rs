//! What the framework leaves out of the OpenAPI document, and what it writes so that validators and generators of clients
//! stumble. The document is OpenAPI 3.0.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What is documented where an operation takes several media types: generators know one.
const ANY_BYTES: &str = "application/octet-stream";

/// The document, finished.
pub fn finish(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).expect("the framework writes JSON");
    let mut inputs = BTreeSet::new();
    for operation in operations(&document) {
        collect(&operation["requestBody"], &document, &mut inputs);
    }
    for name in inputs {
        describe_input(&mut document["components"]["schemas"][name]);
    }
    // The document's own address is the service's.
    document["servers"] = json!([{ "url": "/" }]);
    operations_mut(&mut document).for_each(describe_operation);
    plain(&mut document);
    serde_json::to_string_pretty(&document).expect("a JSON value can be written")
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(_, item)| item.as_object()).flatten().map(|(_, operation)| operation)
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(_, item)| item.as_object_mut()).flatten().map(|(_, operation)| operation)
}

/// A request body takes no unknown fields, and null for a field that may be left out.
fn describe_input(schema: &mut Value) {
    schema["additionalProperties"] = json!(false);
    let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, field) in schema["properties"].as_object_mut().into_iter().flatten() {
        if required.iter().any(|r| r == name) {
            continue;
        }
        if field.get("$ref").is_some() {
            *field = json!({ "allOf": [field.take()] });
        }
        field["nullable"] = json!(true);
    }
}

fn describe_operation(operation: &mut Value) {
    // Said, and not only left out: who reads the document need not know that there is no default for all.
    if operation.get("security").is_none() {
        operation["security"] = json!([]);
    }
    if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
        // Every client sends one by itself.
        parameters.retain(|parameter| parameter["name"] != "User-Agent");
    }
    let types = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    if let Some(types) = types.filter(|types| types.len() > 1 && types.contains_key(ANY_BYTES)) {
        types.retain(|media_type, _| media_type == ANY_BYTES);
    }
    // 204 beside a stream is a client's sign not to come back; the operation's description tells of it.
    if operation.pointer("/responses/200/content/text~1event-stream").is_some()
        && let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut)
    {
        responses.remove("204");
    }
}

/// Puts what stands beside a reference beside `allOf`, where generators look for it, and JSON's media type without a
/// charset, which it doesn't have.
fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(members)) = fields.get_mut("allOf")
                && members.iter().any(|member| member.get("$ref").is_some())
            {
                let (references, beside): (Vec<_>, Vec<_>) =
                    std::mem::take(members).into_iter().partition(|member| member.get("$ref").is_some());
                *members = references;
                let beside = beside.into_iter().filter_map(|member| member.as_object().cloned()).flatten();
                for (key, value) in beside {
                    fields.entry(key).or_insert(value);
                }
            }
            if let Some(content) = fields.remove("application/json; charset=utf-8") {
                fields.insert("application/json".to_owned(), content);
            }
            fields.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// The names of all schemas that `value` refers to, at whatever depth.
fn collect(value: &Value, document: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
                let schema = &document["components"]["schemas"][name];
                if schema["type"] == "object" && names.insert(name.to_owned()) {
                    collect(schema, document, names);
                }
            }
            fields.values().for_each(|v| collect(v, document, names));
        }
        Value::Array(items) => items.iter().for_each(|v| collect(v, document, names)),
        _ => {}
    }
}
