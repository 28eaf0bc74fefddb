//! `test infra`: Terraform's files and the mistakes planted in them, an environment's life without a cloud, and a machine made
//! by Ansible in a container.

use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

/// Where parts are required, a missing one isn't left out: it fails.
pub fn plan(machine: &Machine, is_required: bool) -> Plan {
    let install = machine.root.join(".ci/terraform/install");
    let configuration = machine.scratch("infra/terraformrc");
    let stand_in = Step::run("providers", cmd!(machine.sh, "{install} {configuration}"))
        .why("the schemas of the real ones: Terraform's registry isn't asked")
        .within(900)
        .next("PyPI is asked for three packages, once: is it in reach?");
    let tests = Step::run("terraform", cmd!(machine.sh, "cargo test --package xtask --locked --test infra"))
        .why("what is encrypted, private and kept; what a mistake would cost; from nothing to an environment and back")
        .counting_tests()
        .within(1800)
        .next("cargo xtask test infra; infra/terraform/environment/tests has the claims");
    let wanting = |step: Step| step.wanting(&["terraform", "python3"], is_required, machine);
    Plan::new("test infra", [stand_in, tests].map(wanting))
}
