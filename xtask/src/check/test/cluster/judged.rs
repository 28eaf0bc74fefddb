//! Blue-green and canary: a version is judged by what Prometheus measured of it, and one that isn't measured doesn't stay.

use anyhow::Result;
use stages::ctx::Ctx;
use stages::exit::Exit;
use stages::machine::CLUSTER_STAND_IN;
use stages::plan::Step;

use super::rollouts::{bad, deploy, good, kept, serves};
use super::{apply, claim, images, kubectl, noted_load, soon};

pub fn steps() -> Vec<Step> {
    ["blue-green", "canary"].into_iter().flat_map(of).collect()
}

/// Begins and ends with version one, by rolling, and without Prometheus.
fn of(strategy: &'static str) -> [Step; 7] {
    let blind =
        claim(&format!("{strategy}: without Prometheus a version isn't judged, and is rolled back"), move |ctx| {
            let ran = deploy(ctx, "two", &["--strategy", strategy])?.ends_with(Exit::RolledBack)?;
            kept(ctx, &format!("{strategy} without Prometheus"), &ran);
            serves(ctx, "one")
        });
    let faulty =
        claim(&format!("{strategy}: a version that breaks the objectives is rolled back by itself"), move |ctx| {
            let (ran, share) = noted_load(ctx, |ctx| deploy(ctx, "faulty", &["--strategy", strategy]))?;
            let ran = ran.ends_with(Exit::RolledBack)?;
            kept(ctx, &format!("{strategy} to faulty"), &ran);
            ctx.data.insert(format!("availability: {strategy} to faulty"), share.into());
            serves(ctx, "two")
        });
    [
        blind.why("no data is no good news"),
        claim(&format!("{strategy}: Prometheus is there"), prometheus).why("what judges the next ones"),
        good(strategy, "two"),
        bad(strategy, "silent", "two"),
        faulty.why("it is ready, and answers with errors: only what is measured shows it"),
        good("rolling", "one"),
        claim(&format!("after {strategy}: Prometheus goes"), no_prometheus).why("the next one begins without it"),
    ]
}

/// How Prometheus finds pods. The stand-in's is Debian's, which is built without Kubernetes' discovery: its node tells the same
/// by HTTP, under the same labels.
const DISCOVERY: &str = "kubernetes_sd_configs: [{ role: pod, namespaces: { names: [wayfare-kind] } }]";
const DISCOVERY_OF_STAND_IN: &str =
    "http_sd_configs: [{ url: http://10.200.0.1:9099/pods/wayfare-kind, refresh_interval: 2s }]";

fn prometheus(ctx: &mut Ctx) -> Result<()> {
    let image = images::prometheus_reference(ctx.machine)?;
    let is_stand_in = ctx.machine.variable(CLUSTER_STAND_IN).is_some();
    let discovery = if is_stand_in { DISCOVERY_OF_STAND_IN } else { DISCOVERY };
    let objects = include_str!("prometheus.yaml").replace("PROMETHEUS", &image).replace("DISCOVERY", discovery);
    soon(ctx, "its namespace can be made", |ctx| apply(ctx, &objects).ok())?;
    let ready = ["--namespace", "monitoring", "rollout", "status", "deployment/prometheus", "--timeout=120s"];
    kubectl(ctx, &ready).map(drop)
}

fn no_prometheus(ctx: &mut Ctx) -> Result<()> {
    kubectl(ctx, &["delete", "namespace", "monitoring", "--wait", "--timeout=120s"]).map(drop)
}
