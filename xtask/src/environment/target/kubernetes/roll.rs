//! The workloads: applied, and waited for until each is rolled out, or one of its pods shows that it never will be.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};

use super::Kubernetes;
use super::objects::{self, Phase, component, kind, name, of_phase};
use super::progress::{self, Progress};

const POLL: Duration = Duration::from_millis(700);
/// What Argo Rollouts adds to the selector of a Service, and doesn't take away with the Rollout.
const ARGO: &str = "rollouts-pod-template-hash";

impl Kubernetes {
    pub fn roll_out(&self, ctx: &mut Ctx) -> Result<()> {
        let objects = self.rendered()?.objects;
        self.roll_out_objects(ctx, &objects)
    }

    pub fn roll_out_objects(&self, ctx: &mut Ctx, objects: &[Value]) -> Result<()> {
        let workloads = of_phase(objects, Phase::Workload);
        let has_rollouts = has_rollout(&workloads);
        let had_rollouts = self.rollouts()?;
        match (has_rollouts, self.record()?.now) {
            (true, Some(now)) if had_rollouts.is_empty() => {
                // Argo Rollouts takes over the version that runs: only then is there something to compare the new one with.
                self.replace(ctx, &with_versions_of(&workloads, &now.objects))?;
            }
            (false, _) => {
                self.let_deployments_grow(&had_rollouts)?;
                self.replace(ctx, &workloads)?;
                return self.disband(&had_rollouts, objects);
            }
            _ => {}
        }
        self.replace(ctx, &workloads)
    }

    /// As long as there is a Rollout, it takes the pods away from the Deployment that it refers to.
    fn let_deployments_grow(&self, rollouts: &[Value]) -> Result<()> {
        let patch = r#"{"spec":{"workloadRef":{"scaleDown":"never"}}}"#;
        rollouts.iter().try_for_each(|rollout| {
            let words = ["patch", &objects::id(rollout), "--type", "merge", "--patch", patch];
            self.cluster()?.ask(&words).map(drop)
        })
    }

    /// Those that have no replicas begin with as many as their autoscaler keeps.
    fn replace(&self, ctx: &mut Ctx, workloads: &[Value]) -> Result<()> {
        let cluster = self.cluster()?;
        let has_none = |target: &str| {
            let (kind, name) = target.split_once('/').unwrap_or_default();
            cluster.find(kind, name).is_ok_and(|found| found.is_none_or(|it| it["spec"]["replicas"] == 0))
        };
        let mut empty = objects::autoscaled(workloads);
        empty.retain(|(target, _)| has_none(target));
        cluster.apply(workloads, &[])?;
        for (target, least) in empty {
            cluster.ask(&["scale", &target, "--replicas", &least.to_string()])?;
        }
        let is_rolled = |object: &&Value| ["Deployment", "Rollout"].contains(&kind(object));
        let rolled: Vec<_> = workloads.iter().filter(is_rolled).cloned().collect();
        self.wait_for(ctx, &rolled)
    }

    fn rollouts(&self) -> Result<Vec<Value>> {
        let cluster = self.cluster()?;
        if cluster.knows("rollouts", "argoproj.io")? { cluster.list("rollouts.argoproj.io") } else { Ok(Vec::new()) }
    }

    /// Once the Deployment's pods are ready they are found, too, and only then the Rollout's go.
    fn disband(&self, rollouts: &[Value], objects: &[Value]) -> Result<()> {
        let cluster = self.cluster()?;
        for service in objects.iter().filter(|object| kind(object) == "Service") {
            let found = cluster.find("service", name(service))?.unwrap_or_default();
            if !found["spec"]["selector"][ARGO].is_null() {
                let patch = format!(r#"{{"spec":{{"selector":{{"{ARGO}":null}}}}}}"#);
                cluster.ask(&["patch", "service", name(service), "--type", "merge", "--patch", &patch])?;
            }
        }
        let ids: Vec<_> = rollouts.iter().map(objects::id).collect();
        cluster.delete(&ids)
    }

    /// `ready_within` counts from the last time that something changed.
    pub fn wait_for(&self, ctx: &mut Ctx, workloads: &[Value]) -> Result<()> {
        let (mut last, mut since) = (String::new(), Instant::now());
        let kinds = ["deployments,statefulsets,pods", "deployments,statefulsets,pods,rollouts"];
        let kinds = kinds[usize::from(has_rollout(workloads))];
        loop {
            let found = self.cluster()?.list(kinds)?;
            let what = match stage_of(workloads, &found) {
                Progress::Done => return Ok(()),
                Progress::Failed(why) => return Err(self.with_last_lines(ctx, &found, workloads, why)),
                Progress::Waiting(what) => what,
            };
            if what != last {
                ctx.screen.say(&format!("  {what}"));
                (last, since) = (what, Instant::now());
            }
            // A canary that pauses waits for its measurements, and has its own limit.
            if !last.contains(": Paused") && since.elapsed().as_secs() > self.settings.ready_within {
                let why = found.iter().find_map(progress::unschedulable).unwrap_or(last);
                let why = format!("no progress within {} s: {why}", self.settings.ready_within);
                return Err(self.with_last_lines(ctx, &found, workloads, why));
            }
            ensure!(!stages::process::interrupted(), Failure::new(Exit::Interrupted, "interrupted"));
            std::thread::sleep(POLL);
        }
    }

    /// Of the pod that is the cause, where there is one.
    fn with_last_lines(&self, ctx: &mut Ctx, found: &[Value], workloads: &[Value], why: String) -> anyhow::Error {
        let suspects = suspects(found, workloads);
        let is_broken = |pod: &&&Value| progress::broken(pod).is_some();
        let waits = || suspects.iter().find(|pod| !progress::is_ready(pod));
        if let Some(pod) = suspects.iter().find(is_broken).or_else(waits)
            && let Ok(cluster) = self.cluster()
        {
            ctx.heard(&cluster.logs(name(pod)));
        }
        Failure::check(why).into()
    }
}

fn has_rollout(workloads: &[Value]) -> bool {
    workloads.iter().any(|object| kind(object) == "Rollout")
}

/// The workloads as they are wanted, with the pods of the version that runs.
fn with_versions_of(workloads: &[Value], running: &[Value]) -> Vec<Value> {
    let as_it_runs =
        |wanted: &Value| running.iter().find(|it| objects::id(it) == objects::id(wanted) && kind(it) == "Deployment");
    workloads.iter().map(|wanted| as_it_runs(wanted).unwrap_or(wanted).clone()).collect()
}

/// Of several workloads: the first failure, else the first that is waited for.
fn stage_of(workloads: &[Value], found: &[Value]) -> Progress {
    let mut waiting = Vec::new();
    for workload in workloads {
        let now = found.iter().find(|object| kind(object) == kind(workload) && name(object) == name(workload));
        match now.map(|now| progress::with_reference(now, found)) {
            Some(Progress::Done) => {}
            Some(Progress::Waiting(what)) => waiting.push(what),
            Some(failed) => return failed,
            None => waiting.push(format!("{}: not there yet", name(workload))),
        }
    }
    if waiting.is_empty() {
        return Progress::Done;
    }
    match suspects(found, workloads).iter().find_map(|pod| progress::broken(pod)) {
        Some(why) => Progress::Failed(why),
        None => Progress::Waiting(waiting.join("; ")),
    }
}

/// Pods of the components that are rolled out, with an image that is rolled out: an old one's trouble is no fault of the new version.
fn suspects<'a>(found: &'a [Value], workloads: &[Value]) -> Vec<&'a Value> {
    let template = |object: &Value| {
        let spec = &object["spec"]["template"]["spec"];
        (component(object).to_owned(), spec["containers"][0]["image"].clone())
    };
    let rolled: Vec<_> = workloads.iter().map(template).collect();
    let pods = found.iter().filter(|object| kind(object) == "Pod");
    pods.filter(|pod| rolled.contains(&(component(pod).to_owned(), pod["spec"]["containers"][0]["image"].clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(component: &str, image: &str, reason: &str) -> Value {
        json!({ "kind": "Pod", "metadata": { "name": format!("{component}-pod"), "labels": { objects::COMPONENT: component } },
            "spec": { "containers": [{ "image": image }] },
            "status": { "containerStatuses": [{ "restartCount": 2, "state": { "waiting": { "reason": reason } } }] } })
    }

    fn deployment(image: &str) -> Value {
        json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "api", "generation": 1, "labels": { objects::COMPONENT: "api" } },
            "spec": { "replicas": 1, "template": { "spec": { "containers": [{ "image": image }] } } },
            "status": { "observedGeneration": 1, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 1 } })
    }

    #[test]
    fn a_broken_pod_of_the_new_version_ends_the_wait_and_one_of_the_old_version_does_not() {
        let wanted = [deployment("api@sha256:new")];
        let found = |image: &str| vec![wanted[0].clone(), pod("api", image, "CrashLoopBackOff")];
        assert!(
            matches!(stage_of(&wanted, &found("api@sha256:new")), Progress::Failed(why) if why.contains("CrashLoopBackOff"))
        );
        assert!(matches!(stage_of(&wanted, &found("api@sha256:old")), Progress::Waiting(_)));
        assert!(matches!(stage_of(&wanted, &[]), Progress::Waiting(what) if what == "api: not there yet"));
    }
}
