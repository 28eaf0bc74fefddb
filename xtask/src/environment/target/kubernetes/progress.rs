//! How far a roll-out is, from what the API server says of workloads and pods.

use serde_json::Value;

use super::objects::{kind, name};

#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    Done,
    Waiting(String),
    Failed(String),
}

/// Of a Deployment, a StatefulSet or an Argo Rollout.
pub fn of(workload: &Value) -> Progress {
    if !is_observed(workload) {
        return Progress::Waiting(format!("{}: not seen by its controller yet", name(workload)));
    }
    match kind(workload) {
        "Rollout" => of_rollout(workload),
        "Deployment" => of_deployment(workload),
        _ => of_replicas(workload, "updatedReplicas"),
    }
}

/// A Rollout that takes its pods from a Deployment has to have seen that one's last change, too.
pub fn with_reference(workload: &Value, found: &[Value]) -> Progress {
    let reference = &workload["spec"]["workloadRef"]["name"];
    let referred = found.iter().find(|one| kind(one) == "Deployment" && one["metadata"]["name"] == *reference);
    let seen = &workload["status"]["workloadObservedGeneration"];
    let seen = seen.as_u64().or_else(|| seen.as_str()?.parse().ok());
    // Which it will never be seen in.
    let is_invalid = text(&workload["status"]["message"]).starts_with("InvalidSpec");
    match referred {
        Some(referred) if !is_invalid && seen < referred["metadata"]["generation"].as_u64() => {
            Progress::Waiting(format!("{}: the new version not seen by its controller yet", name(workload)))
        }
        _ => of(workload),
    }
}

/// Argo writes the generation as text.
fn is_observed(workload: &Value) -> bool {
    let observed = &workload["status"]["observedGeneration"];
    let observed = observed.as_u64().or_else(|| observed.as_str()?.parse().ok());
    observed >= workload["metadata"]["generation"].as_u64()
}

fn of_deployment(deployment: &Value) -> Progress {
    for condition in conditions(deployment) {
        let says = |what: &str, status: &str| condition["type"] == what && condition["status"] == status;
        if says("Progressing", "False") || says("ReplicaFailure", "True") {
            return Progress::Failed(format!("{}: {}", name(deployment), text(&condition["message"])));
        }
    }
    of_replicas(deployment, "updatedReplicas")
}

fn of_replicas(workload: &Value, updated: &str) -> Progress {
    let wanted = workload["spec"]["replicas"].as_u64().unwrap_or(1);
    let count = |field: &str| workload["status"][field].as_u64().unwrap_or(0);
    let (new, available, all) = (count(updated), count("availableReplicas"), count("replicas"));
    let is_done = new == wanted && available >= wanted && all == wanted;
    // A StatefulSet that was never changed counts no updated replicas in old versions; its revision says the same.
    if is_done {
        return Progress::Done;
    }
    Progress::Waiting(format!("{}: {new} of {wanted} new, {available} available, {all} in all", name(workload)))
}

fn of_rollout(rollout: &Value) -> Progress {
    let status = &rollout["status"];
    let message = text(&status["message"]);
    let step = status["currentStepIndex"].as_u64().map(|step| {
        let steps = rollout["spec"]["strategy"]["canary"]["steps"].as_array().map_or(0, Vec::len);
        format!(", step {step} of {steps}")
    });
    let step = step.unwrap_or_default();
    match status["phase"].as_str() {
        Some("Healthy") if status["stableRS"] == status["currentPodHash"] => Progress::Done,
        Some("Degraded") => Progress::Failed(format!("{}: {message}", name(rollout))),
        phase => Progress::Waiting(format!("{}: {}{step} {message}", name(rollout), phase.unwrap_or("pending"))),
    }
}

/// A pod that will not get ready by waiting, and why.
pub fn broken(pod: &Value) -> Option<String> {
    if pod["status"]["phase"] == "Failed" && !is_of_a_job(pod) {
        return Some(format!("{} has ended: {}", name(pod), text(&pod["status"]["message"])));
    }
    let lists = ["initContainerStatuses", "containerStatuses"];
    let containers = lists.iter().flat_map(|list| pod["status"][list].as_array().into_iter().flatten());
    for container in containers {
        let waiting = &container["state"]["waiting"];
        let reason = text(&waiting["reason"]);
        // Once may be the node's fault: a network policy takes a moment until it knows a new pod.
        let ends_again = reason == "CrashLoopBackOff" && container["restartCount"].as_u64().unwrap_or(0) > 1;
        if ends_again || HOPELESS.contains(&reason) {
            return Some(format!("{}: {reason}: {}", name(pod), text(&waiting["message"])));
        }
    }
    None
}

const HOPELESS: [&str; 7] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
];

/// Why a pod has no node.
pub fn unschedulable(pod: &Value) -> Option<String> {
    let condition = conditions(pod).find(|condition| condition["reason"] == "Unschedulable")?;
    Some(format!("{}: {}", name(pod), text(&condition["message"])))
}

/// How a Job ended; none while it runs.
pub fn job(job: &Value) -> Option<Result<(), String>> {
    let holds = |what: &str| conditions(job).find(|one| one["type"] == what && one["status"] == "True");
    if holds("Complete").is_some() {
        return Some(Ok(()));
    }
    holds("Failed").map(|condition| Err(text(&condition["message"]).to_owned()))
}

pub fn is_ready(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
        && conditions(pod).any(|one| one["type"] == "Ready" && one["status"] == "True")
}

fn is_of_a_job(pod: &Value) -> bool {
    pod["metadata"]["ownerReferences"].as_array().is_some_and(|owners| owners.iter().any(|one| one["kind"] == "Job"))
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["conditions"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(generation: u64, updated: u64, available: u64, all: u64) -> Value {
        json!({ "kind": "Deployment", "metadata": { "name": "api", "generation": generation },
            "spec": { "replicas": 3 },
            "status": { "observedGeneration": 2, "updatedReplicas": updated, "availableReplicas": available, "replicas": all } })
    }

    #[test]
    fn a_deployment_is_done_when_all_are_new_and_available_and_no_old_one_is_left() {
        assert_eq!(of(&deployment(2, 3, 3, 3)), Progress::Done);
        for waiting in [deployment(3, 3, 3, 3), deployment(2, 2, 3, 4), deployment(2, 3, 2, 3), deployment(2, 3, 3, 4)]
        {
            assert!(matches!(of(&waiting), Progress::Waiting(_)), "{waiting}");
        }
    }

    #[test]
    fn a_deadline_or_a_quota_is_a_failure_with_its_message() {
        let mut late = deployment(2, 1, 3, 4);
        late["status"]["conditions"] = json!([{ "type": "Progressing", "status": "False", "message": "too late" }]);
        assert_eq!(of(&late), Progress::Failed("api: too late".into()));
        late["status"]["conditions"] =
            json!([{ "type": "ReplicaFailure", "status": "True", "message": "exceeded quota" }]);
        assert_eq!(of(&late), Progress::Failed("api: exceeded quota".into()));
    }

    #[test]
    fn a_rollout_is_done_when_what_is_new_is_what_is_stable() {
        let rollout = |phase: &str, stable: &str| {
            json!({ "kind": "Rollout", "metadata": { "name": "api", "generation": 7 },
                "spec": { "strategy": { "canary": { "steps": [1, 2, 3] } } },
                "status": { "observedGeneration": "7", "phase": phase, "message": "m", "stableRS": stable,
                    "currentPodHash": "b", "currentStepIndex": 1 } })
        };
        assert_eq!(of(&rollout("Healthy", "b")), Progress::Done);
        assert_eq!(of(&rollout("Degraded", "a")), Progress::Failed("api: m".into()));
        assert_eq!(of(&rollout("Paused", "a")), Progress::Waiting("api: Paused, step 1 of 3 m".into()));
        assert!(matches!(of(&rollout("Healthy", "a")), Progress::Waiting(_)));
    }

    #[test]
    fn a_rollout_of_a_deployment_has_to_have_seen_its_last_change() {
        let rollout = json!({ "kind": "Rollout", "metadata": { "name": "api", "generation": 1 },
            "spec": { "workloadRef": { "name": "api" } },
            "status": { "observedGeneration": "1", "workloadObservedGeneration": "2", "phase": "Healthy" } });
        let changed = |generation: u64| vec![deployment(generation, 0, 0, 0)];
        assert_eq!(with_reference(&rollout, &changed(2)), Progress::Done);
        assert!(matches!(with_reference(&rollout, &changed(3)), Progress::Waiting(_)));
        let mut invalid = rollout.clone();
        invalid["status"]["phase"] = "Degraded".into();
        invalid["status"]["message"] = "InvalidSpec: no".into();
        assert_eq!(with_reference(&invalid, &changed(3)), Progress::Failed("api: InvalidSpec: no".into()));
    }

    #[test]
    fn a_pod_that_waiting_will_not_help_is_broken() {
        let pod = |state: Value, restarts: u64| {
            json!({ "metadata": { "name": "api-1" },
                "status": { "containerStatuses": [{ "state": state, "restartCount": restarts }] } })
        };
        let waiting = |reason: &str| json!({ "waiting": { "reason": reason, "message": "m" } });
        assert_eq!(broken(&pod(waiting("ImagePullBackOff"), 0)).as_deref(), Some("api-1: ImagePullBackOff: m"));
        assert_eq!(broken(&pod(waiting("ContainerCreating"), 0)), None);
        assert_eq!(broken(&pod(waiting("CrashLoopBackOff"), 1)), None, "once may be the node's fault");
        assert!(broken(&pod(waiting("CrashLoopBackOff"), 2)).is_some());
    }

    #[test]
    fn a_job_ends_complete_or_failed_and_until_then_not() {
        let with =
            |what: &str| json!({ "status": { "conditions": [{ "type": what, "status": "True", "message": "m" }] } });
        assert_eq!(job(&with("Complete")), Some(Ok(())));
        assert_eq!(job(&with("Failed")), Some(Err("m".into())));
        assert_eq!(job(&with("Suspended")), None);
    }
}
