//! The operations, as the OpenAPI document of the running service has them.

use serde_json::Value;

pub struct Operation {
    pub id: String,
    pub method: reqwest::Method,
    /// With `{names}` in it.
    pub path: String,
    /// Whether somebody has to be signed in.
    pub wants_token: bool,
    /// Whether the body names a shop, an order or an account.
    pub names_object: bool,
}

impl Operation {
    /// Whether the address or the body says which object it is about.
    pub fn has_object(&self) -> bool {
        self.path.contains('{') || self.names_object
    }
}

pub fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let guests = Value::Object(Default::default());
            let alternatives = operation["security"].as_array().cloned().unwrap_or_default();
            found.push(Operation {
                id: operation["operationId"].as_str().expect("every operation has an id").to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                wants_token: !alternatives.is_empty() && !alternatives.contains(&guests),
                names_object: names_object(document, operation),
            });
        }
    }
    found
}

fn names_object(document: &Value, operation: &Value) -> bool {
    let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
    content.map(|(_, media)| &media["schema"]).any(|schema| {
        let name = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()).unwrap_or_default();
        let properties = document["components"]["schemas"][name]["properties"].as_object();
        properties.into_iter().flatten().any(|(property, _)| property.ends_with("_id"))
    })
}
