//! `rollback`: the version before, by the same way as a deployment, but for the tables, which stay as they are.

use anyhow::{Context, Result};
use clap::Args;
use stages::cli::Stage;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::Plan;

use super::deploy::{Rollout, image};
use super::release::{Release, Strategy};
use super::{Environment, gitops};
use crate::image::{Image, Signed};

/// Roll an environment back to its previous version without downtime.
///
/// Migrations aren't rolled back: each leaves the previous version working. A second rollback
/// returns to the version that ran until now.
#[derive(Args)]
pub struct Rollback {
    /// Version to roll back to: an image reference with digest; unsigned environments also accept a
    /// local tag [default: the previous version]
    #[arg(value_name = "IMAGE")]
    image: Option<String>,
    /// A folder of k8s/overlays
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Confirm the rollback of a protected environment
    #[arg(long)]
    yes: bool,
    /// Don't touch the cluster: revert the last deployment on the branch that Argo CD follows
    #[arg(long, conflicts_with = "image")]
    gitops: bool,
    #[command(flatten)]
    signed: Signed,
}

impl Stage for Rollback {
    const NAME: &'static str = "rollback";
    const EXAMPLE: &'static str = "rollback --env dev wayfare:local";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let environment = Environment::named(&self.env, machine)?;
        if self.gitops {
            return gitops::rollback(&environment, self.yes, &self.signed, machine);
        }
        gitops::is_not_delivered(&environment, machine)?;
        let image = match &self.image {
            Some(named) => image(Some(named), &environment, machine)?,
            None => before(&environment, machine)?,
        };
        let release = Release::new(image, Strategy::Rolling, &environment)?.without_migration();
        let rollout = Rollout { environment, release, seed: false, tour: false };
        let steps = rollout.steps(self.yes, &self.signed, machine)?;
        Ok(Plan::new(&format!("rollback --env {}", self.env), steps))
    }
}

fn before(environment: &Environment, machine: &Machine) -> Result<Image> {
    let nothing = || {
        Failure::check(format!("no previous version of {} is known", environment.name))
            .next("name one: cargo xtask rollback --env … REPOSITORY@sha256:…")
    };
    Ok(environment.target.versions(machine)?.before.with_context(nothing)?.image)
}

#[cfg(test)]
mod tests {
    use stages::script;

    use super::*;
    use crate::plan_for;

    #[test]
    fn a_rollback_changes_no_tables() {
        let machine = Machine::pretend(&["docker"]);
        let text = |words: &[&str]| script::text(&plan_for(words, &machine).unwrap(), &machine);
        assert!(text(&["deploy", "--env", "dev"]).contains(" migrate\n"));
        let text = text(&["rollback", "--env", "dev", "wayfare:local"]);
        assert!(!text.contains(" migrate\n") && text.contains(" postgres redis\n"), "{text}");
    }

    #[test]
    fn without_an_earlier_version_there_is_nothing_to_roll_back_to() {
        let machine = Machine::pretend(&["docker"]);
        let failure = Failure::from_any(plan_for(&["rollback", "--env", "dev"], &machine).err().unwrap());
        assert!(failure.message.contains("no previous version of dev"), "{failure}");
    }
}
