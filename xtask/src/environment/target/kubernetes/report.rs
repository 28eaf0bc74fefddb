//! What runs in the cluster, for `status`.

use anyhow::Result;
use serde_json::Value;

use super::Kubernetes;
use super::objects::{component, kind, name};
use super::progress::{self, Progress};
use crate::environment::status::{Instance, Replicas, Report};
use crate::image::Image;

impl Kubernetes {
    pub fn report(&self) -> Result<Report> {
        let (cluster, record) = (self.cluster()?, self.record()?);
        let mut found = cluster.list("deployments,statefulsets,pods")?;
        // Without Argo Rollouts there is no such kind.
        found.extend(cluster.list("rollouts.argoproj.io").unwrap_or_default());
        let service =
            found.iter().find(|one| ["Deployment", "Rollout"].contains(&kind(one)) && component(one) == "api");
        let now = record.now.map(|applied| applied.version);
        let instances = found.iter().filter(|one| kind(one) == "Pod" && component(one) != "migrate");
        Ok(Report {
            target: "kubernetes",
            address: self.settings.address.clone(),
            version: service.and_then(|one| text(&one["metadata"]["labels"]["app.kubernetes.io/version"])),
            image: now.as_ref().map(|now| now.image.clone()),
            digest: service.and_then(|one| digest(&one["spec"]["template"]["spec"]["containers"][0]["image"])),
            commit: now.map(|now| now.revision),
            replicas: service.map_or(Replicas { wanted: 0, ready: 0 }, replicas),
            instances: instances.map(|pod| self.instance(pod)).collect(),
            step: service.and_then(step),
            previous: record.before.map(|applied| applied.version),
            last_deployment: record.last,
        })
    }

    fn instance(&self, pod: &Value) -> Instance {
        let is_replica = component(pod) == "api" && progress::is_ready(pod);
        let state = match (progress::is_ready(pod), progress::broken(pod)) {
            (true, _) => "ready".to_owned(),
            (false, Some(why)) => why,
            (false, None) => text(&pod["status"]["phase"]).unwrap_or_default().to_lowercase(),
        };
        let commit = is_replica.then(|| self.commit_of(name(pod)).ok()).flatten();
        Instance { service: component(pod).to_owned(), name: name(pod).to_owned(), commit, state }
    }
}

fn replicas(workload: &Value) -> Replicas {
    let count = |value: &Value| value.as_u64().unwrap_or(0) as usize;
    Replicas { wanted: count(&workload["spec"]["replicas"]), ready: count(&workload["status"]["readyReplicas"]) }
}

fn step(workload: &Value) -> Option<String> {
    match progress::of(workload) {
        Progress::Done => None,
        Progress::Waiting(what) | Progress::Failed(what) => Some(what),
    }
}

fn digest(image: &Value) -> Option<String> {
    match Image::from(text(image)?) {
        Image::Pinned(reference) => Some(reference.digest.to_string()),
        Image::Local(_) => None,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
