//! A secret stands in no ConfigMap, in no variable and in no file of the repository.

use serde_json::Value;

use crate::Set;
use crate::object::{Object, entries, list};

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    let held = |fields: &Value| entries(fields).any(|(_, value)| value.as_str().is_some_and(|it| !it.is_empty()));
    let kept = object.kind() == "Secret" && (held(object.at("/data")) || held(object.at("/stringData")));
    let kept = kept.then(|| "it holds a secret, and is in the repository".to_owned());
    let map = if object.kind() == "ConfigMap" { object.at("/data") } else { &Value::Null };
    let map = entries(map).map(|(key, value)| (key.as_str(), value));
    let own = object.containers().flat_map(|it| list(it.get("env").unwrap_or(&Value::Null)));
    let own = own.filter_map(|it| Some((it.get("name")?.as_str()?, it.get("value")?)));
    let open = map.chain(own).filter(|(key, value)| is_secret(set, key, value.as_str().unwrap_or_default()));
    // Never the value.
    let open = open.map(|(key, _)| format!("{key} is a secret, and stands here for all to read"));
    kept.into_iter().chain(open).collect()
}

fn is_secret(set: &Set, key: &str, value: &str) -> bool {
    let names = ["PASSWORD", "SECRET", "TOKEN", "PRIVATE_KEY", "API_KEY"];
    let key = key.to_uppercase();
    let by_name = set.facts.secrets.contains(&key) || names.iter().any(|name| key.contains(name));
    // An address without a password may stand anywhere.
    let is_address = value.contains("://");
    let is_file = key.ends_with("_FILE") && value.starts_with('/');
    has_password(value)
        || value.contains("PRIVATE KEY-----")
        || (by_name && !is_address && !is_file && !value.is_empty())
}

/// `scheme://user:password@host`.
fn has_password(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}
