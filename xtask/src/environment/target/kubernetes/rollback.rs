//! What is written down before anything is touched, and the way back to it.

use std::time::{Instant, SystemTime};

use anyhow::{Result, bail};
use serde_json::json;
use stages::ctx::Ctx;
use stages::evidence::timestamp;
use stages::exit::Failure;

use super::Kubernetes;
use super::objects::{self, Phase, id, ids, of_phase};
use super::record::UnderWay;
use crate::environment::release::{Attempt, Outcome};

impl Kubernetes {
    pub fn begins(&self) -> Result<()> {
        let (applied, mut record) = (self.rendered()?, self.record()?);
        let runs = record.now.as_ref().map(|now| ids(&now.objects)).unwrap_or_default();
        let adds = objects::disposable(&objects::repeatable(&applied.objects), &runs);
        record.environment.clone_from(&self.name);
        record.under_way = Some(UnderWay { adds });
        record.last = Some(Attempt {
            image: applied.version.image,
            revision: applied.version.revision,
            strategy: applied.strategy,
            started: timestamp(SystemTime::now()),
            outcome: Outcome::UnderWay,
        });
        record.write(self.cluster()?)
    }

    /// From here on it is what runs; what no version needs any more goes.
    pub fn keep(&self) -> Result<()> {
        let (mut applied, record) = (self.rendered()?, self.record()?);
        applied.objects = objects::repeatable(&applied.objects);
        let versions = [&record.now, &record.before].into_iter().flatten();
        let had: Vec<_> = versions.flat_map(|version| version.objects.clone()).collect();
        let mut kept = ids(&applied.objects);
        let record = record.serves(applied);
        // Settings of the version before are there for its rollback; its workloads would serve beside the new ones.
        let settings = record.before.iter().flat_map(|before| of_phase(&before.objects, Phase::Settings));
        kept.extend(settings.map(|object| id(&object)));
        record.write(self.cluster()?)?;
        self.cluster()?.delete(&objects::disposable(&had, &kept))
    }

    /// What ran before a deployment that isn't over runs again. An error where nothing ran.
    pub fn put_back(&self, ctx: &mut Ctx) -> Result<()> {
        let (start, cluster, mut record) = (Instant::now(), self.cluster()?, self.record()?);
        let Some(under_way) = record.under_way.take() else { return Ok(()) };
        let Some(now) = record.now.clone() else {
            let workloads: Vec<_> = under_way.adds.into_iter().filter(|id| is_workload(id)).collect();
            cluster.delete(&workloads)?;
            record.ended(Outcome::Failed).write(cluster)?;
            bail!(Failure::check("there was no previous version, and nothing runs now"));
        };
        cluster.apply(&of_phase(&now.objects, Phase::Settings), &[])?;
        self.roll_out_objects(ctx, &now.objects)?;
        cluster.delete(&under_way.adds)?;
        self.says_commit(ctx, &now.version.revision)?;
        self.smoke_test(ctx)?;
        record.ended(Outcome::RolledBack).write(cluster)?;
        ctx.data.insert("rolled_back_seconds".into(), json!(start.elapsed().as_secs_f64().round()));
        Ok(())
    }
}

fn is_workload(id: &str) -> bool {
    let kinds = ["deployment.", "rollout.", "horizontalpodautoscaler.", "poddisruptionbudget."];
    kinds.iter().any(|kind| id.starts_with(kind))
}
