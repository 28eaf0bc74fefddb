//! `status`: what runs in an environment, as a table and, with `--json`, as data.

use std::fmt::Write;

use anyhow::{Result, ensure};
use clap::Args;
use serde::Serialize;
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::Environment;
use super::release::{Attempt, Outcome, Version};
use crate::image::Image;

/// Show what runs in an environment: version, digest, commit, replicas and the last deployment.
///
/// Fails when an environment doesn't serve what was deployed to it.
#[derive(Args)]
pub struct Status {
    /// A folder of k8s/overlays
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
}

impl Stage for Status {
    const NAME: &'static str = "status";
    const EXAMPLE: &'static str = "status --env dev";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let environment = Environment::named(&self.env, machine)?;
        let target = environment.target.clone();
        let name = environment.name.clone();
        let status = Step::task("status", move |ctx| show(ctx, &name, target.status(ctx.machine)?))
            .why("the actual state of the target")
            .next("see the logs of the service; `cargo xtask rollback --env …` returns to the previous version");
        let steps = environment.target.reach(machine).into_iter().chain([status]);
        Ok(Plan::new(&format!("status --env {}", self.env), steps).without_evidence())
    }
}

/// What a target reports.
#[derive(Debug, Serialize)]
pub struct Report {
    pub target: &'static str,
    pub address: String,
    /// Of the release: the image's label.
    pub version: Option<String>,
    pub image: Option<Image>,
    /// Of the image that runs.
    pub digest: Option<String>,
    pub commit: Option<String>,
    pub replicas: Replicas,
    pub instances: Vec<Instance>,
    /// Where a deployment stands that is under way.
    pub step: Option<String>,
    pub previous: Option<Version>,
    pub last_deployment: Option<Attempt>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Replicas {
    pub wanted: usize,
    pub ready: usize,
}

/// A container or a pod.
#[derive(Debug, PartialEq, Serialize)]
pub struct Instance {
    pub service: String,
    pub name: String,
    /// By its own word.
    pub commit: Option<String>,
    pub state: String,
}

impl Report {
    /// What keeps it from serving what was deployed, each in a sentence.
    fn faults(&self) -> Vec<String> {
        let Replicas { wanted, ready } = self.replicas;
        let other = |it: &&Instance| it.commit.is_some() && it.commit != self.commit;
        let others = self.instances.iter().filter(other).map(|it| format!("{} is of another commit", it.name));
        let is_under_way = self.last_deployment.as_ref().is_some_and(|it| it.outcome == Outcome::UnderWay);
        let claims = [
            (self.image.is_none(), "nothing is deployed here".to_owned()),
            (ready < wanted, format!("{ready} of {wanted} replicas are ready")),
            (is_under_way, "a deployment is in progress or was interrupted".to_owned()),
        ];
        claims.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault).chain(others).collect()
    }

    fn table(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let Replicas { wanted, ready } = self.replicas;
        let image = self.image.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        let previous = self.previous.as_ref().map(|it| format!("{} ({})", it.image, it.revision));
        let last = self.last_deployment.as_ref();
        let last = last.map(|it| format!("{} {} ({})", it.started, it.outcome.word(), it.revision));
        let rows = [
            ("address", self.address.clone()),
            ("version", text(&self.version)),
            ("image", image),
            ("digest", text(&self.digest)),
            ("commit", text(&self.commit)),
            ("replicas", format!("{ready} of {wanted} ready")),
            ("step", text(&self.step)),
            ("previous", text(&previous)),
            ("last deployment", text(&last)),
        ];
        let mut table = String::new();
        for (name, value) in rows {
            let _ = writeln!(table, "{name:<16} {value}");
        }
        for it in &self.instances {
            let commit = it.commit.as_deref().unwrap_or("-");
            let _ = writeln!(table, "  {:<8} {:<28} {:<12} {commit}", it.service, it.name, it.state);
        }
        table
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::UnderWay => "under way",
            Outcome::Passed => "passed",
            Outcome::RolledBack => "rolled back",
            Outcome::Failed => "failed",
        }
    }
}

fn show(ctx: &mut Ctx, name: &str, report: Report) -> Result<()> {
    if !ctx.screen.look.json {
        report.table().lines().for_each(|line| ctx.screen.data(line));
    }
    let faults = report.faults();
    ctx.data.insert("environment".into(), name.into());
    ctx.data.insert("status".into(), serde_json::to_value(&report)?);
    ctx.data.insert("faults".into(), faults.clone().into());
    ensure!(faults.is_empty(), Failure::check(faults.join("; ")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::release::Strategy;

    fn report() -> Report {
        let instance = |name: &str| Instance {
            service: "api".into(),
            name: name.into(),
            commit: Some("abc".into()),
            state: "ready".into(),
        };
        Report {
            target: "docker",
            address: "http://127.0.0.1:8081".into(),
            version: Some("0.1.0".into()),
            image: Some(Image::Local("wayfare:local".into())),
            digest: Some("sha256:12".into()),
            commit: Some("abc".into()),
            replicas: Replicas { wanted: 2, ready: 2 },
            instances: vec![instance("api-1"), instance("api-2")],
            step: None,
            previous: None,
            last_deployment: None,
        }
    }

    #[test]
    fn each_way_not_to_serve_what_was_deployed_is_a_fault() {
        let faults = |spoil: fn(&mut Report)| {
            let mut report = report();
            spoil(&mut report);
            report.faults()
        };
        assert_eq!(faults(|_| ()), Vec::<String>::new());
        assert_eq!(faults(|it| it.image = None), ["nothing is deployed here"]);
        assert_eq!(faults(|it| it.replicas.ready = 1), ["1 of 2 replicas are ready"]);
        assert_eq!(faults(|it| it.instances[1].commit = Some("other".into())), ["api-2 is of another commit"]);
        let under_way = faults(|it| {
            it.last_deployment = Some(Attempt {
                image: Image::Local("wayfare:local".into()),
                revision: "abc".into(),
                strategy: Strategy::Rolling,
                started: "2026-11-21T05:12:01Z".into(),
                outcome: Outcome::UnderWay,
            });
        });
        assert_eq!(under_way, ["a deployment is in progress or was interrupted"]);
    }

    #[test]
    fn the_table_has_every_figure_that_the_document_has() {
        let table = report().table();
        let expected = ["version          0.1.0", "digest           sha256:12", "commit           abc"];
        assert!(expected.iter().all(|row| table.lines().any(|line| line == *row)), "{table}");
        assert!(table.contains("replicas         2 of 2 ready\n"), "{table}");
        assert!(table.contains("  api      api-2                        ready        abc\n"), "{table}");
    }
}
