//! What the framework leaves out of the OpenAPI document: request bodies take no unknown fields, and null for a field that
//! may be left out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The document, finished.
pub fn finish(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).expect("the framework writes JSON");
    let mut inputs = BTreeSet::new();
    for operation in
        document["paths"].as_object().into_iter().flatten().flat_map(|(_, item)| item.as_object()).flatten()
    {
        collect(&operation.1["requestBody"], &document, &mut inputs);
    }
    for name in inputs {
        describe_input(&mut document["components"]["schemas"][name]);
    }
    serde_json::to_string_pretty(&document).expect("a JSON value can be written")
}

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
