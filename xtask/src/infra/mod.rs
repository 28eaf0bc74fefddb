//! `infra`: what an environment stands on, by Terraform (cloud) and Ansible (machines). What is wanted is in infra/ and in
//! the environment's infra.tfvars; this only drives both, reads their plans and refuses what would lose data.

mod apply;
mod configure;
mod contract;
mod costs;
mod destroy;
mod doctor;
mod drift;
mod explain;
mod plan;
mod terraform;

use anyhow::Result;
use clap::{Args, Subcommand};
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::Plan;

/// Create, change, compare and remove what an environment runs on: Terraform for the cloud, Ansible for machines.
#[derive(Args)]
pub struct Infra {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check credentials, region, account and quotas before anything is touched
    #[command(disable_help_flag = true)]
    Doctor(Which),
    /// Create the bucket for Terraform states, once for an account
    #[command(disable_help_flag = true)]
    Bootstrap(Which),
    /// Show what would change, what that costs a month, and keep the plan for `apply`
    #[command(disable_help_flag = true)]
    Plan(Which),
    /// Apply the plan that was shown, and no other
    #[command(disable_help_flag = true)]
    Apply(Confirmed),
    /// Remove everything, then prove by its tags that nothing is left
    #[command(disable_help_flag = true)]
    Destroy(Confirmed),
    /// Print what `configure` and deployments need to know, checked against infra/outputs.schema.json
    #[command(disable_help_flag = true)]
    Outputs(Which),
    /// Compare what is there with what was applied; exit code 9 when they differ
    #[command(disable_help_flag = true)]
    Drift(Which),
    /// Install and configure the environment's machines by Ansible
    #[command(disable_help_flag = true)]
    Configure(configure::Configure),
}

#[derive(Args, Clone)]
pub struct Which {
    /// A folder of k8s/overlays with an infra.tfvars
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Rehearse without a cloud: the providers' real schemas, and files under target/ instead of resources
    #[arg(long)]
    offline: bool,
}

#[derive(Args, Clone)]
pub struct Confirmed {
    #[command(flatten)]
    which: Which,
    /// Confirm the change
    #[arg(long)]
    yes: bool,
    /// Confirm the loss of data, by the environment's name
    #[arg(long, value_name = "ENVIRONMENT")]
    really_destroy: Option<String>,
}

impl Stage for Infra {
    const NAME: &'static str = "infra";
    const EXAMPLE: &'static str = "infra plan --env dev --offline";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        match &self.what {
            What::Doctor(which) => doctor::plan(which, machine),
            What::Bootstrap(which) => apply::bootstrap(which, machine),
            What::Plan(which) => plan::plan(which, machine),
            What::Apply(confirmed) => apply::plan(confirmed, machine),
            What::Destroy(confirmed) => destroy::plan(confirmed, machine),
            What::Outputs(which) => contract::plan(which, machine),
            What::Drift(which) => drift::plan(which, machine),
            What::Configure(configure) => configure.plan(machine),
        }
    }
}

/// The name of the run, as it is typed.
fn stage(verb: &str, which: &Which) -> String {
    let offline = if which.offline { " --offline" } else { "" };
    format!("infra {verb} --env {}{offline}", which.env)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::script;

    fn text(line: &str) -> String {
        let machine = Machine::pretend(&["terraform", "ansible-playbook"]);
        script::text(&plan_for(&line.split(' ').collect::<Vec<_>>(), &machine).unwrap(), &machine)
    }

    #[test]
    fn only_apply_and_destroy_change_anything_in_the_cloud() {
        for verb in ["doctor", "plan", "outputs", "drift"] {
            let text = text(&format!("infra {verb} --env dev"));
            assert!(!text.contains(" apply ") && !text.contains("-destroy"), "{text}");
        }
        assert!(text("infra destroy --env dev").contains("plan -destroy"));
    }

    #[test]
    fn apply_takes_the_plan_that_was_shown_and_makes_none() {
        let text = text("infra apply --env dev --yes");
        assert!(text.contains(" apply ") && text.contains("infra/dev/environment.tfplan"), "{text}");
        assert!(!text.contains("environment plan "), "{text}");
    }

    #[test]
    fn offline_uses_the_stand_in_and_nothing_of_the_account() {
        let text = text("infra plan --env dev --offline");
        assert!(text.contains(".ci/terraform/install") && text.contains("WAYFARE_STAND_IN_CLOUD="), "{text}");
    }
}
