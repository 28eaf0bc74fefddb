//! The pods that there will be: of the objects themselves, and those that a controller makes for one of them.

use serde_json::Value;

use crate::object::{Labels, Object, labels, list};
use crate::selector;

#[derive(Debug)]
pub struct Pod {
    pub labels: Labels,
    /// `None` where a controller chooses the ports.
    pub ports: Option<Vec<Port>>,
}

#[derive(Debug)]
pub struct Port {
    pub name: Option<String>,
    pub number: u64,
}

pub fn of(objects: &[Object]) -> Vec<Pod> {
    objects.iter().filter_map(|object| own(object).or_else(|| foreign(object))).collect()
}

fn own(object: &Object) -> Option<Pod> {
    let template = object.template()?;
    let labels = labels(template.pointer("/metadata/labels").unwrap_or(&Value::Null));
    Some(Pod { labels, ports: Some(object.containers().flat_map(ports).collect()) })
}

/// As the controllers document the labels of what they make.
fn foreign(object: &Object) -> Option<Pod> {
    let one = |key: &str, value: &str| Labels::from([(key.to_owned(), value.to_owned())]);
    let labels = match object.kind() {
        "Gateway" => one("gateway.networking.k8s.io/gateway-name", object.name()),
        "Issuer" => one("acme.cert-manager.io/http01-solver", "true"),
        "PostgresCluster" => labels(object.at("/spec/metadata/labels")),
        _ => return None,
    };
    Some(Pod { labels, ports: None })
}

pub fn ports(container: &Value) -> impl Iterator<Item = Port> {
    list(container.get("ports").unwrap_or(&Value::Null)).filter_map(|port| {
        let name = port.get("name").and_then(Value::as_str).map(str::to_owned);
        Some(Port { name, number: port.get("containerPort")?.as_u64()? })
    })
}

impl Pod {
    pub fn is_taken_by(&self, selector: &Value) -> bool {
        selector::takes(selector, &self.labels)
    }

    /// Whether it listens there; a name is that of a container's port.
    pub fn listens_at(&self, port: &Value) -> bool {
        self.ports.as_ref().is_none_or(|ports| ports.iter().any(|own| own.is(port)))
    }
}

impl Port {
    pub fn is(&self, port: &Value) -> bool {
        match port {
            Value::String(name) => self.name.as_ref() == Some(name),
            number => number.as_u64() == Some(self.number),
        }
    }
}
