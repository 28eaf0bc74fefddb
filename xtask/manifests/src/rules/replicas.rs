//! An autoscaled workload must not state its replicas: each apply would undo the autoscaler's decision.

use crate::Set;
use crate::object::Object;

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    if object.kind() != "HorizontalPodAutoscaler" {
        return Vec::new();
    }
    let of = |object: &Object, reference: &str| {
        let field = |key: &str| object.text(&format!("/spec/{reference}/{key}")).to_owned();
        set.named(&field("kind"), &field("name"))
    };
    let target = of(object, "scaleTargetRef");
    let pods_of = target.and_then(|it| of(it, "workloadRef"));
    let stated = target.into_iter().chain(pods_of).filter(|it| !it.at("/spec/replicas").is_null());
    stated.map(|it| format!("the replicas of {} are stated, and are its own", it.title())).collect()
}
