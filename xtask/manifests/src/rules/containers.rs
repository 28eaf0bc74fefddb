//! What a container may use, what Pod Security's level `restricted` requires, and its probes.

use serde_json::{Value, json};

use crate::Set;
use crate::object::Object;

pub fn offences(_: &Set, object: &Object) -> Vec<String> {
    let Some(template) = object.template() else { return Vec::new() };
    let containers = object.containers().flat_map(|it| {
        let name = it.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        of_container(it).into_iter().map(move |what| format!("its container {name} {what}"))
    });
    of_pod(template).into_iter().map(str::to_owned).chain(containers).collect()
}

fn of_pod(template: &Value) -> Vec<&'static str> {
    let is = |pointer: &str, value: Value| template.pointer(pointer) == Some(&value);
    let user = template.pointer("/spec/securityContext/runAsUser").and_then(Value::as_u64);
    let held = [
        (is("/spec/automountServiceAccountToken", json!(false)), "it has the service account's token"),
        (is("/spec/securityContext/runAsNonRoot", json!(true)), "its pods may run as root"),
        (user.is_some_and(|user| user > 0), "it doesn't set the user of its pods"),
        (is("/spec/securityContext/seccompProfile/type", json!("RuntimeDefault")), "it has no seccomp profile"),
        (template.pointer("/spec/hostNetwork").is_none(), "its pods are in the node's network"),
    ];
    held.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

fn of_container(container: &Value) -> Vec<String> {
    let is = |pointer: &str, value: Value| container.pointer(pointer) == Some(&value);
    let held = [
        (is("/securityContext/allowPrivilegeEscalation", json!(false)), "may gain privileges"),
        (is("/securityContext/readOnlyRootFilesystem", json!(true)), "may write to its root"),
        (is("/securityContext/capabilities/drop", json!(["ALL"])), "keeps capabilities"),
    ];
    let held = held.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what.to_owned());
    held.chain(bounds(container)).chain(probes(container)).collect()
}

fn bounds(container: &Value) -> Vec<String> {
    let wanted = ["requests/cpu", "requests/memory", "limits/cpu", "limits/memory"];
    let missing = wanted.into_iter().filter(|it| container.pointer(&format!("/resources/{it}")).is_none());
    missing.map(|it| format!("has no resources/{it}")).collect()
}

/// Who takes requests is asked whether it can.
fn probes(container: &Value) -> Vec<String> {
    let wanted = ["startupProbe", "readinessProbe", "livenessProbe"];
    let missing = wanted.into_iter().filter(|it| container.get("ports").is_some() && container.get(it).is_none());
    missing.map(|it| format!("has ports and no {it}")).collect()
}
