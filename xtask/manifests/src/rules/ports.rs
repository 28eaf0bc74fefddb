//! A port is one that a container listens at, and the containers' are those of the code.

use serde_json::Value;

use crate::Set;
use crate::object::{Object, list, under};
use crate::pods::{Pod, ports};
use crate::selector::has_all;

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    match object.kind() {
        "Service" => service(set, object),
        "NetworkPolicy" => policy(set, object),
        "PodMonitor" => monitor(set, object),
        "HTTPRoute" => object.list("/spec/rules").flat_map(|rule| backends(set, rule)).collect(),
        "Ingress" => ingress(set, object),
        _ => object.containers().flat_map(|it| container(set, it)).collect(),
    }
}

fn service(set: &Set, object: &Object) -> Vec<String> {
    let pods = set.pods.iter().filter(|pod| has_all(object.at("/spec/selector"), &pod.labels));
    let pods: Vec<_> = pods.collect();
    let target = |port: &Value| port.get("targetPort").or(port.get("port")).cloned();
    closed(&pods, object.list("/spec/ports").filter_map(target))
}

/// Who listens at none of them.
fn closed(pods: &[&Pod], ports: impl Iterator<Item = Value>) -> Vec<String> {
    let nobody = |port: &Value| !pods.is_empty() && !pods.iter().any(|pod| pod.listens_at(port));
    ports.filter(nobody).map(|port| format!("no pod that it finds listens at the port {port}")).collect()
}

fn policy(set: &Set, object: &Object) -> Vec<String> {
    let of = |selector: &Value| set.pods.iter().filter(|it| it.is_taken_by(selector)).collect::<Vec<_>>();
    let incoming =
        object.list("/spec/ingress").flat_map(|rule| closed(&of(object.at("/spec/podSelector")), policy_ports(rule)));
    let outgoing = object.list("/spec/egress").flat_map(|rule| {
        let peers = list(rule.get("to").unwrap_or(&Value::Null));
        let ours = peers.filter(|peer| peer.get("namespaceSelector").is_none());
        let pods = ours.filter_map(|peer| peer.get("podSelector")).flat_map(of).collect::<Vec<_>>();
        closed(&pods, policy_ports(rule))
    });
    incoming.chain(outgoing).collect()
}

fn policy_ports(rule: &Value) -> impl Iterator<Item = Value> {
    list(rule.get("ports").unwrap_or(&Value::Null)).filter_map(|port| port.get("port").cloned())
}

fn monitor(set: &Set, object: &Object) -> Vec<String> {
    let pods = set.pods.iter().filter(|it| it.is_taken_by(object.at("/spec/selector")));
    let ports = object.list("/spec/podMetricsEndpoints").filter_map(|it| it.get("port").cloned());
    closed(&pods.collect::<Vec<_>>(), ports)
}

fn backends(set: &Set, rule: &Value) -> Vec<String> {
    let backends = list(rule.get("backendRefs").unwrap_or(&Value::Null));
    backends.filter_map(|it| backend(set, it.get("name")?.as_str()?, it.get("port")?)).collect()
}

fn ingress(set: &Set, object: &Object) -> Vec<String> {
    let services = under(&object.0, "service").into_iter();
    let port = |it: &Value| it.pointer("/port/name").or(it.pointer("/port/number")).cloned();
    services.filter_map(|it| backend(set, it.get("name")?.as_str()?, &port(it)?)).collect()
}

fn backend(set: &Set, name: &str, port: &Value) -> Option<String> {
    let Some(service) = set.named("Service", name) else {
        return Some(format!("there is no Service {name}"));
    };
    let mut ports = service.list("/spec/ports");
    let found = ports.any(|it| it.get("port") == Some(port) || it.get("name") == Some(port));
    (!found).then(|| format!("the Service {name} has no port {port}"))
}

fn container(set: &Set, container: &Value) -> Vec<String> {
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
    let own: Vec<_> = ports(container).collect();
    let asked = ["httpGet", "tcpSocket", "grpc"].into_iter().flat_map(|probe| under(container, probe));
    let asked = asked.filter_map(|probe| probe.get("port"));
    let closed = asked.filter(|port| !own.iter().any(|own| own.is(port)));
    let closed = closed.map(|port| format!("a probe of {name} asks at the port {port}, which it doesn't have"));
    let known = set.facts.ports.get(name);
    let requests = own.iter().filter(|own| own.name.as_deref() == Some("http"));
    let other = requests.zip(known).filter(|(own, known)| own.number != **known);
    let other = other.map(|(own, known)| format!("{name} listens at {known}, not at {}", own.number));
    closed.chain(other).collect()
}
