//! Kubernetes objects as data: what is read from them, and which part of a deployment each belongs to. Nothing here asks a
//! cluster.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

/// The label of everything that an overlay renders.
pub const OURS: &str = "app.kubernetes.io/part-of=wayfare";
pub const COMPONENT: &str = "app.kubernetes.io/component";

/// When an object is applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// An administrator's: the namespace, and who may do what in it.
    Access,
    /// Settings, addresses and databases: what the next version needs and the running one doesn't notice.
    Settings,
    Migration,
    /// What is rolled out.
    Workload,
}

pub fn phase(object: &Value) -> Phase {
    match kind(object) {
        _ if component(object) == "access" => Phase::Access,
        "Job" => Phase::Migration,
        "Deployment" | "Rollout" | "HorizontalPodAutoscaler" | "PodDisruptionBudget" => Phase::Workload,
        _ => Phase::Settings,
    }
}

pub fn of_phase(objects: &[Value], wanted: Phase) -> Vec<Value> {
    objects.iter().filter(|object| phase(object) == wanted).cloned().collect()
}

/// One JSON document after the other, as `kubectl create --dry-run=client` prints them; a list is its items.
pub fn parse(text: &str) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let mut document = document.context("kubectl printed something that isn't JSON")?;
        match document["items"].take() {
            Value::Array(items) if kind(&document) == "List" => objects.extend(items),
            _ => {
                if let Some(fields) = document.as_object_mut() {
                    fields.retain(|name, _| name != "items");
                }
                objects.push(document);
            }
        }
    }
    Ok(objects)
}

pub fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap_or_default()
}

pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// As kubectl takes it: the kind with its group, then the name.
pub fn id(object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let group = version.split_once('/').map_or(String::new(), |(group, version)| format!(".{version}.{group}"));
    format!("{}{group}/{}", kind(object).to_lowercase(), name(object))
}

pub fn ids(objects: &[Value]) -> BTreeSet<String> {
    objects.iter().map(id).collect()
}

pub fn component(object: &Value) -> &str {
    object["metadata"]["labels"][COMPONENT].as_str().unwrap_or_default()
}

/// What an autoscaler of this render scales, and the least that it keeps.
pub fn autoscaled(objects: &[Value]) -> Vec<(String, u64)> {
    let scalers = objects.iter().filter(|object| kind(object) == "HorizontalPodAutoscaler");
    let target = |scaler: &Value| {
        let target = &scaler["spec"]["scaleTargetRef"];
        let least = scaler["spec"]["minReplicas"].as_u64().unwrap_or(1);
        Some((format!("{}/{}", target["kind"].as_str()?, target["name"].as_str()?), least))
    };
    scalers.filter_map(target).collect()
}

/// Where there is an autoscaler, it sets the replicas: an apply that has the field would own it from then on.
pub fn leave_replicas_to_autoscalers(objects: &mut [Value]) {
    let scaled: BTreeSet<_> = autoscaled(objects).into_iter().map(|(target, _)| target).collect();
    for object in objects {
        if scaled.contains(&format!("{}/{}", kind(object), name(object)))
            && let Some(spec) = object["spec"].as_object_mut()
        {
            spec.remove("replicas");
        }
    }
}

/// What is written down of a deployment, to apply it again: no secret, and no migration.
pub fn repeatable(objects: &[Value]) -> Vec<Value> {
    objects.iter().filter(|object| !["Secret", "Job"].contains(&kind(object))).cloned().collect()
}

/// What may be deleted once a version no longer has it: nothing that holds data, and nothing of an administrator's.
pub fn disposable(from: &[Value], kept: &BTreeSet<String>) -> Vec<String> {
    let holds_data = |object: &Value| ["StatefulSet", "PersistentVolumeClaim", "Secret"].contains(&kind(object));
    let candidates = from.iter().filter(|object| !holds_data(object) && phase(object) != Phase::Access);
    candidates.map(id).filter(|id| !kept.contains(id)).collect()
}

/// Every image that the objects name and that isn't fixed by its digest.
pub fn images_without_digest(objects: &[Value]) -> Vec<String> {
    let containers = objects.iter().flat_map(|object| {
        let pod = &object["spec"]["template"]["spec"];
        ["initContainers", "containers"].map(|list| pod[list].as_array().cloned().unwrap_or_default()).concat()
    });
    let images = containers.filter_map(|container| container["image"].as_str().map(str::to_owned));
    images.filter(|image| !image.contains("@sha256:")).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use serde_json::json;

    pub fn object(version: &str, kind: &str, name: &str) -> Value {
        json!({ "apiVersion": version, "kind": kind, "metadata": { "name": name } })
    }

    #[test]
    fn documents_and_lists_are_read_alike() {
        let text =
            r#"{"kind":"Service","metadata":{"name":"a"}} {"kind":"List","items":[{"kind":"Job"},{"kind":"Role"}]}"#;
        let objects = parse(text).unwrap();
        assert_eq!(objects.iter().map(kind).collect::<Vec<_>>(), ["Service", "Job", "Role"]);
        assert!(objects[0].get("items").is_none());
        assert!(parse("{").is_err());
    }

    #[test]
    fn an_id_names_the_group_so_that_no_other_kind_of_that_name_is_meant() {
        assert_eq!(id(&object("apps/v1", "Deployment", "api")), "deployment.v1.apps/api");
        assert_eq!(id(&object("v1", "Service", "api")), "service/api");
    }

    #[test]
    fn only_an_autoscaled_workload_loses_its_number_of_replicas() {
        let mut objects = [
            object("apps/v1", "Deployment", "api"),
            object("apps/v1", "Deployment", "worker"),
            object("autoscaling/v2", "HorizontalPodAutoscaler", "api"),
        ];
        objects[0]["spec"] = json!({ "replicas": 3 });
        objects[1]["spec"] = json!({ "replicas": 1 });
        objects[2]["spec"] = json!({ "minReplicas": 3, "scaleTargetRef": { "kind": "Deployment", "name": "api" } });
        leave_replicas_to_autoscalers(&mut objects);
        assert_eq!(objects[0]["spec"], json!({}));
        assert_eq!(objects[1]["spec"], json!({ "replicas": 1 }));
        assert_eq!(autoscaled(&objects), [("Deployment/api".to_owned(), 3)]);
    }

    #[test]
    fn what_is_recorded_holds_no_secret_and_what_is_deleted_holds_no_data() {
        let mut access = object("v1", "Namespace", "wayfare");
        access["metadata"]["labels"] = json!({ COMPONENT: "access" });
        let objects = [
            object("v1", "Secret", "keys"),
            object("batch/v1", "Job", "migrate"),
            object("v1", "ConfigMap", "old"),
            object("v1", "ConfigMap", "kept"),
            object("apps/v1", "StatefulSet", "postgres"),
            access,
        ];
        let names: Vec<_> = repeatable(&objects).iter().map(|object| name(object).to_owned()).collect();
        assert_eq!(names, ["old", "kept", "postgres", "wayfare"]);
        let kept = ["configmap/kept".to_owned()].into();
        assert_eq!(disposable(&repeatable(&objects), &kept), ["configmap/old"]);
    }

    #[test]
    fn an_image_by_a_tag_is_found_in_any_container() {
        let mut deployment = object("apps/v1", "Deployment", "api");
        deployment["spec"]["template"]["spec"] = json!({
            "initContainers": [{ "image": "wait:1" }],
            "containers": [{ "image": "api@sha256:00" }, { "image": "side:2" }],
        });
        assert_eq!(images_without_digest(&[deployment]), ["wait:1", "side:2"]);
    }
}
