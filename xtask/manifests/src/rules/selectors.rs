//! A selector finds pods: one that finds none is no error to Kubernetes.

use serde_json::Value;

use crate::Set;
use crate::object::{Object, labels, list, under};
use crate::selector::{has_all, takes};

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    match object.kind() {
        "Deployment" | "StatefulSet" => own_pods(object),
        "Service" => service(set, object.at("/spec/selector")).into_iter().collect(),
        "PodDisruptionBudget" | "PodMonitor" => finds(set, object.at("/spec/selector")).into_iter().collect(),
        "NetworkPolicy" => policy(set, object),
        _ => Vec::new(),
    }
}

/// Its selector takes its own pods, and so does whatever spreads them.
fn own_pods(object: &Object) -> Vec<String> {
    let template = object.at("/spec/template");
    let own = labels(template.pointer("/metadata/labels").unwrap_or(&Value::Null));
    let selectors = [object.at("/spec/selector")].into_iter().chain(under(template, "labelSelector"));
    selectors
        .filter(|it| !takes(it, &own))
        .map(|it| format!("its pods don't have the labels of its selector {it}"))
        .collect()
}

fn service(set: &Set, selector: &Value) -> Option<String> {
    let found = set.pods.iter().any(|pod| has_all(selector, &pod.labels));
    (!selector.is_null() && !found).then(|| format!("its selector {selector} finds no pod"))
}

fn finds(set: &Set, selector: &Value) -> Option<String> {
    let found = set.pods.iter().any(|pod| pod.is_taken_by(selector));
    (!found).then(|| format!("its selector {selector} finds no pod"))
}

fn policy(set: &Set, object: &Object) -> Vec<String> {
    let peers = ["ingress", "egress"].map(|way| object.at(&format!("/spec/{way}")));
    let peers = peers.into_iter().flat_map(|rules| under(rules, "from").into_iter().chain(under(rules, "to")));
    // The pods of another namespace aren't known here.
    let ours = peers.flat_map(list).filter(|peer| peer.get("namespaceSelector").is_none());
    let selectors = ours.filter_map(|peer| peer.get("podSelector"));
    [object.at("/spec/podSelector")].into_iter().chain(selectors).filter_map(|it| finds(set, it)).collect()
}
