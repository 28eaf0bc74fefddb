//! Each variable is one that the program takes, each flag is one of its flags, and a secret's file is mounted.

use serde_json::Value;

use crate::Set;
use crate::object::{Object, entries, list};
use crate::pods;

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    if object.kind() == "ConfigMap" && object.name() == "flags" {
        let unknown = entries(object.at("/data")).map(|(key, _)| key);
        let unknown = unknown.filter(|key| *key != "log" && !set.facts.flags.contains(*key));
        return unknown.map(|key| format!("there is no flag {key}")).collect();
    }
    let ours = object.containers().filter(|it| set.facts.ports.contains_key(name(it)));
    ours.flat_map(|container| of_container(set, object, container)).collect()
}

fn name(container: &Value) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn of_container(set: &Set, object: &Object, container: &Value) -> Vec<String> {
    let variables = variables(set, container);
    let unknown = variables.iter().filter(|(key, _)| !is_known(set, name(container), key));
    let unknown = unknown.map(|(key, _)| format!("{} knows no variable {key}", name(container)));
    let files = variables.iter().filter(|(key, _)| key.ends_with("_FILE"));
    let lost = files.filter(|(_, file)| !is_mounted(object, container, file));
    let lost = lost.map(|(key, file)| format!("{key} is {file}, which no secret is mounted for"));
    unknown.chain(lost).chain(unreachable(container, &variables)).collect()
}

/// Where it listens by a variable, and what takes requests doesn't say so.
fn unreachable(container: &Value, variables: &[(String, String)]) -> Vec<String> {
    let own: Vec<_> = pods::ports(container).collect();
    let listens = variables.iter().filter(|(key, _)| key.ends_with("_LISTEN"));
    let port = |address: &str| address.rsplit_once(':')?.1.parse::<u64>().ok();
    let closed = listens.filter_map(|(key, address)| Some((key, port(address)?)));
    let closed = closed.filter(|(_, port)| !own.is_empty() && own.iter().all(|own| own.number != *port));
    closed.map(|(key, port)| format!("{key} is at the port {port}, which {} doesn't have", name(container))).collect()
}

/// Its own and those of the ConfigMaps that it takes whole.
fn variables(set: &Set, container: &Value) -> Vec<(String, String)> {
    let field = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let own = list(container.get("env").unwrap_or(&Value::Null));
    let own = own.map(|it| (field(it, "name"), field(it, "value")));
    let maps = list(container.get("envFrom").unwrap_or(&Value::Null));
    let maps = maps.filter_map(|it| it.pointer("/configMapRef/name")?.as_str());
    let taken = maps.filter_map(|name| set.named("ConfigMap", name)).flat_map(|map| entries(map.at("/data")));
    own.chain(taken.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))).collect()
}

fn is_known(set: &Set, container: &str, key: &str) -> bool {
    // The specification of OpenTelemetry's own.
    if key.starts_with("OTEL_") {
        return true;
    }
    if container == "web" {
        return set.facts.web_settings.contains(key);
    }
    let as_file = key.strip_suffix("_FILE").is_some_and(|key| set.facts.secrets.contains(key));
    as_file || set.facts.settings.contains(key)
}

fn is_mounted(object: &Object, container: &Value, file: &str) -> bool {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mounts = list(container.get("volumeMounts").unwrap_or(&Value::Null));
    let mut mounts = mounts.filter(|it| it.get("mountPath").and_then(Value::as_str) == Some(folder));
    mounts.any(|mount| {
        let volumes = list(object.at("/spec/template/spec/volumes"));
        let mut volumes = volumes.filter(|it| it.get("name") == mount.get("name"));
        volumes.any(|it| it.get("secret").is_some())
    })
}
