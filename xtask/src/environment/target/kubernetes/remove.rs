//! The end of an environment, and what of it is still there.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use stages::ctx::Ctx;

use super::Kubernetes;
use super::objects::{OURS, id, name};

const WITHIN: u64 = 180;
const WITHOUT_DATA: &str =
    "deployments,rollouts,jobs,horizontalpodautoscalers,poddisruptionbudgets,services,configmaps";

impl Kubernetes {
    /// With its data the whole namespace goes; else what serves goes, and databases, volumes and secrets stay.
    pub fn take_away(&self, ctx: &mut Ctx, keeps_data: bool) -> Result<()> {
        let cluster = self.cluster()?;
        if keeps_data {
            let kinds = self.kinds_without_data()?;
            return cluster.ask(&["delete", &kinds, "--selector", OURS, "--wait", "--timeout=120s"]).map(drop);
        }
        cluster.ask(&["delete", "namespace", &cluster.namespace, "--ignore-not-found", "--wait=false"])?;
        ctx.wait_for("the namespace ends", WITHIN, || {
            std::thread::sleep(Duration::from_secs(1));
            cluster.find("namespace", &cluster.namespace).ok()?.is_none().then_some(())
        })
    }

    pub fn still_there(&self, keeps_data: bool) -> Result<Vec<String>> {
        let cluster = self.cluster()?;
        if keeps_data {
            return Ok(cluster.list(&self.kinds_without_data()?)?.iter().map(id).collect());
        }
        let namespace = cluster.find("namespace", &cluster.namespace)?;
        let volumes: Value = serde_json::from_str(&cluster.ask(&["get", "persistentvolumes", "--output", "json"])?)?;
        // A volume that its class retains is Released: its data still exists.
        let bound = volumes["items"].as_array().into_iter().flatten().filter(|volume| {
            volume["spec"]["claimRef"]["namespace"] == *cluster.namespace && volume["status"]["phase"] == "Bound"
        });
        Ok(namespace.iter().map(id).chain(bound.map(|volume| format!("persistentvolume/{}", name(volume)))).collect())
    }

    fn kinds_without_data(&self) -> Result<String> {
        let has_rollouts = self.cluster()?.knows("rollouts", "argoproj.io")?;
        Ok(if has_rollouts { WITHOUT_DATA.to_owned() } else { WITHOUT_DATA.replace("rollouts,", "") })
    }
}
