//! `test deploy`: one version after the other while people ask, and what must not get in or must not stay.
//!
//! What isn't tried: signatures without a key, a web tier that has to be replaced, a machine that stops, and a migration that
//! the old version can't work with.

use anyhow::Result;
use stages::machine::{Machine, SILENT_DOCKER};
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::plan_for;

const PARTS: [&str; 5] = ["docker", "docker-compose", "docker-registry", "skopeo", "cosign"];

/// Where parts are required, a missing one isn't left out: it fails.
pub fn plan(machine: &Machine, is_required: bool, as_pushed: bool) -> Result<Plan> {
    let is_silent = !is_required && !machine.docker_answers();
    let wanting = |step: Step| step.wanting(&PARTS, is_required, machine).skip_if(is_silent, SILENT_DOCKER);
    let steps = steps(machine, as_pushed)?.into_iter().map(wanting);
    Ok(Plan::new("test deploy", steps))
}

fn steps(machine: &Machine, as_pushed: bool) -> Result<[Step; 3]> {
    let stage = |name: &str, words: &[&str]| -> Result<Step> {
        Ok(Step::run(name, cmd!(machine.sh, "cargo xtask {words...}"))
            .around(plan_for(words, machine)?)
            .within(2 * 3600))
    };
    let build: Vec<_> = ["image", "build"].into_iter().chain(as_pushed.then_some("--release")).collect();
    let image = stage("image", &build)?.why("the test uses an image of this source");
    let sbom = stage("SBOM", &["image", "sbom"])?.why("it is signed, too");
    let tests = cmd!(machine.sh, "cargo test --package xtask --locked --test deploy");
    let tests = Step::run("deployed", tests.env("WAYFARE_TEST_IMAGE", machine.target.join("image")))
        .why("deployments under constant traffic: the next version, one that never becomes ready, Ctrl-C, a kill")
        .changes("starts a registry and a test environment, and removes them")
        .counting_tests()
        .within(1200)
        .next("cargo xtask test deploy; docker ps shows what is left of a killed run");
    Ok([image, sbom, tests])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_part_it_is_left_out_with_a_word_and_required_it_fails() {
        let machine = Machine::pretend(&["cargo", "docker", "docker-compose", "docker-registry", "skopeo"]);
        let steps = plan(&machine, false, false).unwrap().steps;
        let why = |step: &Step| step.skipped.clone().unwrap_or_default();
        assert!(steps.iter().all(|step| why(step).starts_with("not installed: cosign: ")));
        let steps = plan(&machine, true, false).unwrap().steps;
        assert!(steps.iter().all(|step| step.skipped.is_none() && step.needs.tools.contains(&"cosign")));
    }
}
