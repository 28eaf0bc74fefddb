//! `manifests`: every environment is rendered with every strategy, and checked as a whole: by its
//! schemas, and by the rules of the crate `manifests`, which no schema knows.

mod api;
mod chart;
mod render;
mod schema;

use std::fs;

use anyhow::{Context, Result};
use clap::Args;
use manifests::{Facts, analysis};
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use crate::write::same_text;

/// Generate Kubernetes manifests, or check all of them.
#[derive(Args)]
pub struct Manifests {
    /// Write nothing; render every environment and the chart, and check them
    #[arg(long)]
    check: bool,
    /// Also validate with an API server that .ci/cluster builds from Go modules; takes minutes the
    /// first time
    #[arg(long, requires = "check")]
    api: bool,
}

impl Stage for Manifests {
    const NAME: &'static str = "manifests";
    const EXAMPLE: &'static str = "manifests --check";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        if self.check {
            let api = self.api.then(|| api::step(machine));
            return Ok(Plan::new("manifests --check", check_steps(machine).into_iter().chain(api)).keep_going());
        }
        let write = Step::task("write the analysis", |ctx| {
            let file = ctx.machine.root.join(analysis::FILE);
            fs::write(file, generated(ctx.machine)?).with_context(|| format!("can't write {}", analysis::FILE))
        });
        let write = write.why("rollouts use the objectives of slo.toml").changes(analysis::FILE);
        Ok(Plan::new("manifests", [write]))
    }
}

/// For `lint`.
pub fn check_steps(machine: &Machine) -> Vec<Step> {
    let analysis = Step::task("analysis is up to date", |ctx| {
        let kept = fs::read_to_string(ctx.machine.root.join(analysis::FILE)).unwrap_or_default();
        same_text(analysis::FILE, &kept, &generated(ctx.machine)?)
    })
    .why("rollouts use the objectives of slo.toml")
    .next(format!("cargo xtask manifests, then commit {}", analysis::FILE));
    let render = Step::task("Kustomize", |ctx| render::render_all(ctx.machine))
        .why("each environment with each strategy, as deployed")
        .optional("kubectl", machine)
        .next("fix the named manifest in k8s/");
    let rules = Step::task("manifests", judge)
        .why("a selector without pods, a port without a listener, a secret in a ConfigMap: a schema can't detect these")
        .optional("kubectl", machine)
        .next("fix the named manifest in k8s/; the rules are in xtask/manifests/src/rules");
    [analysis, render, rules].into_iter().chain(schema::steps(machine)).chain([chart::step(machine)]).collect()
}

fn generated(machine: &Machine) -> Result<String> {
    let slo = fs::read_to_string(machine.root.join("slo.toml")).context("can't read slo.toml")?;
    analysis::template(&slo)
}

fn judge(ctx: &mut Ctx) -> Result<()> {
    let facts = Facts::of(&ctx.machine.root)?;
    let mut found = Vec::new();
    let mut objects = 0;
    for rendering in render::all(ctx.machine) {
        let all = rendering.objects(ctx.machine)?;
        objects += all.len();
        let offences = manifests::offences(&all, &facts);
        found.extend(offences.into_iter().map(|offence| format!("{}: {offence}", rendering.name)));
    }
    ctx.data.insert("objects".into(), objects.into());
    tell(ctx, &found)
}

fn tell(ctx: &mut Ctx, found: &[String]) -> Result<()> {
    for sentence in found {
        ctx.screen.say(&format!("  {sentence}"));
    }
    ctx.data.insert("offences".into(), found.into());
    match found.len() {
        0 => Ok(()),
        1 => Err(Failure::check("1 offence").into()),
        count => Err(Failure::check(format!("{count} offences")).into()),
    }
}
