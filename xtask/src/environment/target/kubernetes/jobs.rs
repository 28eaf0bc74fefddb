//! Jobs of a deployment: the migration, and the demo city.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use stages::ctx::Ctx;
use stages::exit::Failure;

use super::Kubernetes;
use super::kubectl::Cluster;
use super::objects::{self, Phase, name, of_phase};
use super::progress;

const POLL: Duration = Duration::from_millis(700);
/// Longer than the Job's own `activeDeadlineSeconds`.
const WITHIN: u64 = 330;

impl Kubernetes {
    pub fn run_migration(&self, ctx: &mut Ctx) -> Result<()> {
        of_phase(&self.rendered()?.objects, Phase::Migration).iter().try_for_each(|job| self.run_job(ctx, job))
    }

    /// By the migration's own pod, with other arguments.
    pub fn run_seed(&self, ctx: &mut Ctx, password: &str) -> Result<()> {
        let jobs = of_phase(&self.rendered()?.objects, Phase::Migration);
        let job = jobs.into_iter().find(|job| name(job) == "migrate").context("the overlay has no Job `migrate`")?;
        self.run_job(ctx, &seeding(job, password))?;
        self.cluster()?.delete(&["job/seed".into()])
    }

    /// A Job can't be changed, so the last one goes first.
    fn run_job(&self, ctx: &mut Ctx, job: &Value) -> Result<()> {
        let (cluster, job_name) = (self.cluster()?, name(job));
        let delete = ["delete", "job", job_name, "--ignore-not-found", "--cascade=foreground", "--timeout=60s"];
        cluster.ask(&delete)?;
        cluster.apply(std::slice::from_ref(job), &[])?;
        let end = ctx.wait_for(job_name, WITHIN, || {
            std::thread::sleep(POLL);
            let job = cluster.find("job", job_name).ok()??;
            progress::job(&job).or_else(|| cannot_start(cluster, job_name).map(Err))
        })?;
        if let Err(why) = end {
            let selector = format!("job-name={job_name}");
            ctx.heard(&cluster.ask(&["logs", "--selector", &selector, "--tail", "20"]).unwrap_or_default());
            bail!(Failure::check(format!("the Job {job_name} failed: {why}")));
        }
        Ok(())
    }
}

fn cannot_start(cluster: &Cluster, job: &str) -> Option<String> {
    let selector = format!("job-name={job}");
    let text = cluster.ask(&["get", "pods", "--selector", &selector, "--output", "json"]).ok()?;
    let pods: Value = serde_json::from_str(&text).ok()?;
    let mut pods = pods["items"].as_array()?.iter();
    pods.find_map(|pod| progress::broken(pod).filter(|_| pod["status"]["phase"] == "Pending"))
}

fn seeding(mut job: Value, password: &str) -> Value {
    job["metadata"]["name"] = "seed".into();
    job["metadata"]["labels"][objects::COMPONENT] = "seed".into();
    let template = &mut job["spec"]["template"];
    template["metadata"]["labels"][objects::COMPONENT] = "seed".into();
    let container = &mut template["spec"]["containers"][0];
    container["args"] = json!(["seed", "--if-empty"]);
    container["env"] = json!([{ "name": "WAYFARE_SEED_PASSWORD", "value": password }]);
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeding_is_the_migration_with_other_arguments() {
        let job = json!({ "metadata": { "name": "migrate", "labels": {} },
            "spec": { "template": { "metadata": { "labels": {} }, "spec": { "containers": [{ "image": "a", "args": ["migrate"] }] } } } });
        let seed = seeding(job, "secret");
        assert_eq!(name(&seed), "seed");
        assert_eq!(seed["spec"]["template"]["metadata"]["labels"][objects::COMPONENT], "seed");
        assert_eq!(seed["spec"]["template"]["spec"]["containers"][0]["args"], json!(["seed", "--if-empty"]));
    }
}
