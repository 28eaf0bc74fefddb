//! Objects and pods say what they belong to, by the names that Kubernetes recommends.

use serde_json::Value;

use crate::Set;
use crate::object::{Labels, Object, labels};

const WANTED: [&str; 5] = ["name", "instance", "component", "part-of", "managed-by"];

pub fn offences(_: &Set, object: &Object) -> Vec<String> {
    let own = missing(&object.labels()).map(|label| format!("it has no label {label}"));
    let Some(template) = object.template() else { return own.collect() };
    let of_pods = labels(template.pointer("/metadata/labels").unwrap_or(&Value::Null));
    own.chain(missing(&of_pods).map(|label| format!("its pods have no label {label}"))).collect()
}

fn missing(labels: &Labels) -> impl Iterator<Item = String> + use<> {
    let wanted = WANTED.map(|it| format!("app.kubernetes.io/{it}"));
    wanted.into_iter().filter(|it| !labels.contains_key(it)).collect::<Vec<_>>().into_iter()
}
