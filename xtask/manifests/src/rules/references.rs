//! A name leads to something: in the same set, or to what a controller makes of it.

use serde_json::Value;

use crate::Set;
use crate::object::{Object, under};

/// What `deploy` makes of the secrets that it keeps.
const BY_DEPLOY: &str = "wayfare-secrets";

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    let spec = object.at("/spec");
    let mut wanted = vec![
        ("ConfigMap", names(spec, "configMapRef", "name")),
        ("ConfigMap", names(spec, "configMap", "name")),
        ("ConfigMap", names(spec, "configMapKeyRef", "name")),
        ("Secret", names(spec, "secret", "secretName")),
        ("Secret", names(spec, "secretRef", "name")),
        ("Secret", names(spec, "secretKeyRef", "name")),
        ("ServiceAccount", texts(spec, "serviceAccountName")),
        ("AnalysisTemplate", texts(spec, "templateName")),
        ("Service", texts(spec, "serviceName")),
    ];
    for key in ["activeService", "previewService", "canaryService", "stableService"] {
        wanted.push(("Service", texts(spec, key)));
    }
    if object.kind() == "HTTPRoute" {
        wanted.push(("Gateway", names(object.at("/spec"), "parentRefs", "name")));
    }
    let lost = |kind: &str, name: &str| !is_there(set, kind, name);
    let missing = wanted.into_iter().flat_map(|(kind, names)| names.into_iter().map(move |name| (kind, name)));
    let missing =
        missing.filter(|(kind, name)| lost(kind, name)).map(|(kind, name)| format!("there is no {kind} {name}"));
    missing.chain(target(set, object)).collect()
}

fn names<'a>(spec: &'a Value, key: &str, name: &str) -> Vec<&'a str> {
    let found = under(spec, key).into_iter();
    let each = found.flat_map(|it| it.as_array().map_or(vec![it], |items| items.iter().collect()));
    each.filter_map(|it| it.get(name)?.as_str()).collect()
}

fn texts<'a>(spec: &'a Value, key: &str) -> Vec<&'a str> {
    under(spec, key).into_iter().filter_map(Value::as_str).collect()
}

fn is_there(set: &Set, kind: &str, name: &str) -> bool {
    let made = kind == "Secret" && (name == BY_DEPLOY || is_made(set, name));
    made || set.named(kind, name).is_some()
}

/// The operators' secrets have the names that their documents say.
fn is_made(set: &Set, name: &str) -> bool {
    let of_users = |cluster: &Object| {
        let mut users = cluster.list("/spec/users").filter_map(|it| it.get("name")?.as_str());
        users.any(|user| name == format!("{}-pguser-{user}", cluster.name()))
    };
    set.named("ExternalSecret", name).is_some() || set.of_kind("PostgresCluster").any(of_users)
}

/// What is scaled, or whose pods a rollout takes.
fn target(set: &Set, object: &Object) -> Option<String> {
    let reference =
        ["/spec/scaleTargetRef", "/spec/workloadRef"].into_iter().map(|it| object.at(it)).find(|it| !it.is_null())?;
    let text = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default();
    let found = set.named(text("kind"), text("name")).is_some();
    (!found).then(|| format!("there is no {} {}", text("kind"), text("name")))
}
