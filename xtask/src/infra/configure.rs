//! `infra configure`: the environment's machines by Ansible, from the inventory that Terraform's outputs make.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::contract::Contract;
use super::terraform::{Root, Terraform};
use super::{Which, stage};

#[derive(Args)]
pub struct Configure {
    #[command(flatten)]
    which: Which,
    /// Show what would change, and change nothing
    #[arg(long)]
    check: bool,
    /// Machines that Terraform didn't make: an Ansible inventory with a group `wayfare`
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// Passed to ansible-playbook: --limit HOST, --tags nginx, --extra-vars …
    #[arg(last = true, value_name = "ARGUMENTS")]
    rest: Vec<String>,
}

impl Configure {
    pub fn plan(&self, machine: &Machine) -> Result<Plan> {
        let terraform = Terraform::new(&self.which, Root::Environment, machine)?;
        let made = terraform.folder.join("inventory.json");
        let inventory = self.inventory.as_ref().map_or(made.clone(), |file| machine.sh.current_dir().join(file));
        let steps = self.inventory.is_none().then(|| write_inventory(&terraform, made));
        let steps = steps.into_iter().chain([self.play(&inventory, machine)]);
        Ok(Plan::new(&stage("configure", &self.which), steps))
    }

    fn play(&self, inventory: &PathBuf, machine: &Machine) -> Step {
        let check = self.check.then_some("--check");
        let rest = &self.rest;
        let play = cmd!(machine.sh, "ansible-playbook --inventory {inventory} --diff {check...} {rest...} site.yml");
        // Its configuration is read from the folder that it is started in.
        machine.sh.change_dir("infra/ansible");
        let step = Step::run("playbook", play).why("each role says what has to be; what is so already is left alone");
        machine.sh.change_dir(&machine.root);
        let step = if self.check { step } else { step.changes("packages, files and services of the machines") };
        step.needs(&["ansible-playbook"])
            .showing_messages()
            .within(3600)
            .explaining(explain)
            .next("the task that failed is above; the play is safe to run again")
    }
}

fn write_inventory(terraform: &Terraform, file: PathBuf) -> Step {
    let outputs = terraform.folder.join("outputs.json");
    let step = Step::task("inventory", move |ctx| {
        let contract = Contract::read(&outputs)?;
        ensure!(
            !contract.machines.is_empty(),
            Failure::new(Exit::Usage, format!("{} has no machine: it runs on a cluster", contract.environment))
                .next("`machine` in infra.tfvars, or --inventory FILE")
        );
        ctx.machine.sh.write_file(&file, serde_json::to_string_pretty(&contract.inventory())?)?;
        Ok(())
    });
    step.why("from Terraform's outputs, so that nothing is copied by hand").next("cargo xtask infra outputs --env …")
}

/// Ansible's own codes: 4 says that a host didn't answer, 2 that a task failed.
fn explain(code: i32, text: &str) -> Option<Failure> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let failure = |exit, sentence: &str, next: &str| Some(Failure::new(exit, sentence).next(next));
    if has(&["Permission denied (publickey", "Host key verification failed"]) {
        let sentence = "the machine doesn't accept this SSH key, or isn't the machine that it was";
        return failure(
            Exit::Refused,
            sentence,
            "ssh-add the key of infra.tfvars; `ssh-keygen -R` for a machine made anew",
        );
    }
    if has(&["No space left on device", "don't have enough free space"]) {
        return failure(Exit::Failed, "the machine's disk is full", "a larger disk_gb in infra.tfvars, then apply");
    }
    if has(&["Failed to fetch", "Could not resolve", "Temporary failure resolving"]) {
        return failure(
            Exit::Unreachable,
            "the machine can't reach its package mirror",
            "its network; then run it again",
        );
    }
    if code == 4 || has(&["UNREACHABLE!"]) {
        let next = "is it still starting? is your address in ssh_from? then run it again";
        return failure(Exit::Unreachable, "a machine can't be reached, or went away", next);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::script;

    #[test]
    fn a_check_changes_nothing_and_an_inventory_of_ones_own_needs_no_terraform() {
        let machine = Machine::pretend(&["ansible-playbook"]);
        let words = ["infra", "configure", "--env", "dev", "--inventory", "hosts.yml", "--check"];
        let plan = plan_for(&words, &machine).unwrap();
        assert_eq!(plan.steps.len(), 1);
        let text = script::text(&plan, &machine);
        assert!(text.contains("(cd infra/ansible && ") && text.contains("--diff --check"), "{text}");
        assert!(plan.steps[0].changes.is_none());
    }

    #[test]
    fn what_goes_wrong_on_a_machine_has_its_code() {
        let exit = |code, text| explain(code, text).map(|failure| failure.exit);
        assert_eq!(
            exit(4, "UNREACHABLE! => ssh: admin@192.0.2.1: Permission denied (publickey)."),
            Some(Exit::Refused)
        );
        assert_eq!(exit(4, "UNREACHABLE! => Connection timed out"), Some(Exit::Unreachable));
        assert_eq!(exit(2, "E: Failed to fetch http://deb.debian.org/…"), Some(Exit::Unreachable));
        assert_eq!(exit(2, "OSError: [Errno 28] No space left on device"), Some(Exit::Failed));
        assert_eq!(exit(2, "fatal: [host]: FAILED! => something new"), None);
    }
}
