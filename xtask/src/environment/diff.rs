//! `diff`: what a deployment would change, and nothing changed.

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::Environment;
use super::deploy::image;
use super::release::{Release, Strategy};

/// Show what a deployment would change in an environment.
#[derive(Args)]
pub struct Diff {
    /// Image reference, as for `deploy`
    #[arg(value_name = "IMAGE")]
    image: Option<String>,
    /// A folder of k8s/overlays
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
}

impl Stage for Diff {
    const NAME: &'static str = "diff";
    const EXAMPLE: &'static str = "diff --env dev wayfare:local";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let environment = Environment::named(&self.env, machine)?;
        let image = image(self.image.as_deref(), &environment, machine)?;
        let release = Release::new(image, Strategy::Rolling, &environment)?;
        let target = &environment.target;
        let steps = target.reach(machine).into_iter().chain([versions(&environment, &release)]);
        Ok(Plan::new(&format!("diff --env {}", self.env), steps.chain(target.diff(&release, machine))))
    }
}

fn versions(environment: &Environment, release: &Release) -> Step {
    let (target, image) = (environment.target.clone(), release.image.clone());
    let versions = Step::task("versions", move |ctx| {
        let now = target.versions(ctx.machine)?.now.map(|version| version.image);
        ctx.screen.say(&format!("  from {}", now.as_ref().map_or("nothing".to_owned(), ToString::to_string)));
        ctx.screen.say(&format!("  to   {image}"));
        ctx.data.insert("from".into(), serde_json::to_value(now)?);
        ctx.data.insert("to".into(), serde_json::to_value(&image)?);
        Ok(())
    });
    versions.why("shows the running image and the new one")
}
