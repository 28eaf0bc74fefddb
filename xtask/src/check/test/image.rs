//! `test image`: the image from its build to its run from a registry, with everything that can go wrong on the way.

use anyhow::Result;
use stages::machine::{Machine, SILENT_DOCKER};
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::image::daemon;
use crate::plan_for;

const NAME: &str = "wayfare:test";
const PARTS: [&str; 4] = ["docker", "docker-registry", "skopeo", "cosign"];

/// Where parts are required, a missing one isn't left out: it fails.
pub fn plan(machine: &Machine, parts_are_required: bool, as_pushed: bool) -> Result<Plan> {
    let build: Vec<_> = ["image", "build", "--tag", NAME].into_iter().chain(as_pushed.then_some("--release")).collect();
    let stages: [(&[&str], &str); 3] = [
        (&build, "the deployed image, built from source"),
        (&["image", "sbom"], "the signed list of its content"),
        (&["image", "measure", NAME], "its size, memory and start-up time, run as in a cluster"),
    ];
    let stages: Result<Vec<_>> = stages.into_iter().map(|(words, why)| stage(machine, words, why)).collect();
    let built = machine.target.join("image");
    let tests = Step::run(
        "pushed, signed, changed",
        cmd!(machine.sh, "cargo test --package xtask --locked --test image").env("WAYFARE_TEST_IMAGE", built),
    )
    .why("with a real registry, network faults, keys and tampered content")
    .changes("starts registries and containers, and removes them")
    .counting_tests()
    .next("cargo xtask test image; each part: docs/operations.md");
    let is_silent = !parts_are_required && machine.has("docker") && !machine.docker_answers();
    let wanting = |step: Step| step.wanting(&PARTS, parts_are_required, machine).skip_if(is_silent, SILENT_DOCKER);
    let steps = [daemon(machine)].into_iter().chain(stages?).chain([tests]).map(wanting);
    Ok(Plan::new("test image", [parts()].into_iter().chain(steps)))
}

/// A record in which everything was left out still says why.
fn parts() -> Step {
    Step::task("parts", |ctx| {
        let missing: Vec<_> = PARTS.iter().filter(|part| !ctx.machine.has(part)).copied().collect();
        ctx.data.insert("missing".into(), missing.into());
        Ok(())
    })
    .why("missing parts are reported, not silently skipped")
}

fn stage(machine: &Machine, words: &[&str], why: &str) -> Result<Step> {
    let plan = plan_for(words, machine)?;
    let step = Step::run(&plan.stage.clone(), cmd!(machine.sh, "cargo xtask {words...}")).why(why).showing_messages();
    Ok(step.within(2 * 3600).next(format!("cargo xtask {}", words.join(" "))).around(plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_part_is_told_and_leaves_it_out() {
        let skipped = |tools: &[&str]| plan(&Machine::pretend(tools), false, false).unwrap().steps.remove(1).skipped;
        assert_eq!(skipped(&["cargo", "docker", "docker-registry", "skopeo", "cosign"]), None);
        let reason = skipped(&["cargo", "docker", "docker-registry", "skopeo"]).unwrap();
        assert!(reason.starts_with("not installed: cosign: "), "{reason}");
        let required = plan(&Machine::pretend(&["cargo", "docker"]), true, false).unwrap();
        assert!(
            required.steps.iter().skip(1).all(|step| step.skipped.is_none() && step.needs.tools.contains(&"cosign"))
        );
    }
}
