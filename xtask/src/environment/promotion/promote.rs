//! `promote`: which version the next environment would get, whether it may have it, and what would change there.

use anyhow::{Context, Result};
use clap::Args;
use stages::cli::Stage;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::super::Environment;
use super::super::release::{Release, Strategy};
use super::proven;
use crate::image::{Image, Reference, Signed};

/// Show what promoting one environment's version to another would change, and whether that one would take it.
#[derive(Args)]
pub struct Promote {
    /// The environment whose version it is
    #[arg(long, value_name = "ENVIRONMENT")]
    from: String,
    /// The environment that would get it
    #[arg(long, value_name = "ENVIRONMENT")]
    to: String,
    /// Another one than what runs there
    #[arg(value_name = "IMAGE")]
    image: Option<Reference>,
    #[command(flatten)]
    signed: Signed,
}

impl Stage for Promote {
    const NAME: &'static str = "promote";
    const EXAMPLE: &'static str = "promote --from staging --to prod \
        ghcr.io/wayfare/wayfare@sha256:5a6c74fa94907ffd5c671022a4e571dfcb633dfdca202ad23e1d3053e2f994bb";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let from = Environment::named(&self.from, machine)?;
        let to = Environment::named(&self.to, machine)?;
        let takes = to.promotes_from.as_deref();
        let refused = || {
            let message = format!("{} takes no versions from {}", to.name, from.name);
            Failure::new(Exit::Refused, message).next("promotes_from in its env.toml says from where it does")
        };
        anyhow::ensure!(takes == Some(&from.name), refused());
        let image = self.image.clone().map_or_else(|| runs_in(&from, machine), Ok)?;
        let verified = self.signed.steps(machine, &image, |_| None);
        let proven = proven(&to, &image, &self.signed, machine);
        let release = Release::new(image.clone().into(), Strategy::Rolling, &to)?;
        let target = &to.target;
        let diff = target.reach(machine).into_iter().chain(target.diff(&release, machine));
        let yes = if to.protected { " --yes" } else { "" };
        let next = format!("cargo xtask deploy --env {}{yes} {image}", to.name);
        let tell = Step::task("next", move |ctx| {
            ctx.screen.say(&format!("  {next}"));
            ctx.data.insert("image".into(), image.to_string().into());
            ctx.data.insert("next".into(), next.clone().into());
            Ok(())
        });
        let steps = verified.into_iter().chain(proven).chain(diff).chain([tell.why("nothing was changed yet")]);
        Ok(Plan::new(&format!("promote --to {}", self.to), steps))
    }
}

fn runs_in(environment: &Environment, machine: &Machine) -> Result<Reference> {
    let nothing = || Failure::check(format!("nothing runs in {}", environment.name));
    match environment.target.versions(machine)?.now.with_context(nothing)?.image {
        Image::Pinned(image) => Ok(image),
        Image::Local(name) => {
            let message = format!("{} runs {name}, which has no digest", environment.name);
            Err(Failure::new(Exit::Refused, message).into())
        }
    }
}
