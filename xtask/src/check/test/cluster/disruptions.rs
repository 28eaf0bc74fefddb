//! What happens to pods and nodes, while people ask.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::plan::Step;

use super::{CROWD, claim, kubectl, kubectl_json, soon, under_load, under_load_of};

/// Without PostgreSQL nothing can be answered: the overlay for trying has one, production has replicas of it.
const DELETED: [&str; 4] = ["api", "web", "worker", "cache"];

/// On a busy machine no pod gets as much CPU as an autoscaler acts at.
pub fn scaling() -> Step {
    claim("the autoscaler sees CPU and adds replicas under load", scaled)
        .why("as many as are asked for, and no more")
        .changes("adds replicas")
}

pub fn steps() -> Vec<Step> {
    let deleted = claim("no request fails when a pod of any kind is deleted", deleted)
        .why("one of the service, of the web tier, the worker and Redis")
        .changes("deletes pods, which come again");
    let drained = claim("no request fails while a node is drained", drained)
        .why("as many replicas stay as their budgets say")
        .changes("evicts the service's and the web tier's pods");
    let killed = claim("no request fails when a replica of the service is killed", killed)
        .why("what it was asked is asked another one")
        .changes("kills a pod, which comes again");
    vec![deleted, killed, drained]
}

/// The service's or the web tier's: which of them needs more depends on the machine.
fn scaled(ctx: &mut Ctx) -> Result<()> {
    let seen = under_load_of(ctx, CROWD, "scaling", |ctx| {
        soon(ctx, "more replicas", |ctx| {
            let scalers = kubectl_json(ctx, &["get", "horizontalpodautoscalers"]).ok()?;
            scalers["items"].as_array()?.iter().find_map(cpu_of_scaled)
        })
    })?;
    ctx.data.insert("cpu_percent".into(), seen.into());
    Ok(())
}

/// What it saw, where it asks for more than the least.
fn cpu_of_scaled(scaler: &Value) -> Option<u64> {
    let cpu = scaler["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"].as_u64()?;
    (scaler["status"]["desiredReplicas"].as_u64()? > scaler["spec"]["minReplicas"].as_u64()?).then_some(cpu)
}

fn deleted(ctx: &mut Ctx) -> Result<()> {
    replaced(ctx, "deleted pods", &DELETED, &["--wait"])
}

/// As when its node goes: it says nothing to anybody, and what it was asked stays without an answer.
fn killed(ctx: &mut Ctx) -> Result<()> {
    replaced(ctx, "killed pod", &["api"], &["--force", "--grace-period=0"])
}

fn replaced(ctx: &mut Ctx, name: &str, components: &[&str], how: &[&str]) -> Result<()> {
    under_load(ctx, name, |ctx| {
        for component in components {
            let selector = format!("app.kubernetes.io/component={component}");
            let pods = kubectl_json(ctx, &["get", "pods", "--selector", &selector])?;
            let pod = &pods["items"][0]["metadata"];
            let [name, uid] = ["name", "uid"].map(|field| pod[field].as_str().unwrap_or_default());
            kubectl(ctx, &[&["delete", "pod", name], how].concat())?;
            soon(ctx, &format!("{component} is ready again"), |ctx| {
                all_ready(ctx, &selector, uid).ok()?.then_some(())
            })?;
        }
        Ok(())
    })
}

/// The one that is gone may come again under its name, never with its uid.
fn all_ready(ctx: &Ctx, selector: &str, gone: &str) -> Result<bool> {
    let pods = kubectl_json(ctx, &["get", "pods", "--selector", selector])?;
    let pods = pods["items"].as_array().context("a list")?;
    let is_ready = |pod: &Value| {
        let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
        conditions.into_iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
    };
    Ok(!pods.is_empty() && pods.iter().all(|pod| pod["metadata"]["uid"] != gone && is_ready(pod)))
}

/// Where there is one node alone, the pods that its budgets protect have nowhere to go: the drain is refused, and they stay.
fn drained(ctx: &mut Ctx) -> Result<()> {
    let pods = kubectl_json(ctx, &["get", "pods", "--selector", "app.kubernetes.io/component=api"])?;
    let node = pods["items"][0]["spec"]["nodeName"].as_str().context("it runs somewhere")?.to_owned();
    let nodes = kubectl_json(ctx, &["get", "nodes"])?["items"].as_array().map_or(0, Vec::len);
    let drain = [
        "drain",
        &node,
        "--ignore-daemonsets",
        "--delete-emptydir-data",
        "--timeout=40s",
        "--pod-selector",
        "app.kubernetes.io/component in (api, web)",
    ];
    let ended = under_load(ctx, "drained node", |ctx| Ok(kubectl(ctx, &drain)));
    kubectl(ctx, &["uncordon", &node])?;
    let ended = ended?;
    ensure!(
        ended.is_ok() || nodes == 1,
        Failure::check(format!("{:#}", ended.err().unwrap_or_else(|| anyhow::anyhow!(""))))
    );
    for component in ["api", "web"] {
        let selector = format!("app.kubernetes.io/component={component}");
        soon(ctx, &format!("{component} is ready again"), |ctx| all_ready(ctx, &selector, "").ok()?.then_some(()))?;
    }
    Ok(())
}
