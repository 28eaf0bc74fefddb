//! `cargo xtask`: everything that is done to Wayfare. This file is the list of stages.
//!
//! To add one: its file in the folder of its kind of work, and its line in `STAGES`. How a plan is run is the business of
//! the crate `stages`, in `engine`.

mod backup;
mod build;
mod check;
mod ci;
mod cluster;
mod environment;
mod gate;
mod image;
mod infra;
mod write;

use anyhow::Result;
use stages::cli::{self, Entry, Group};
use stages::machine::Machine;
use stages::plan::Plan;

pub const STAGES: &[Entry] = &[
    Entry::of::<environment::Up>(Group::Run),
    Entry::of::<environment::Deploy>(Group::Run),
    Entry::of::<environment::Rollback>(Group::Run),
    Entry::of::<environment::Attest>(Group::Run),
    Entry::of::<environment::Promote>(Group::Run),
    Entry::of::<environment::Status>(Group::Run),
    Entry::of::<environment::Diff>(Group::Run),
    Entry::of::<environment::Down>(Group::Run),
    Entry::of::<cluster::Cluster>(Group::Run),
    Entry::of::<backup::Backup>(Group::Run),
    Entry::of::<infra::Infra>(Group::Run),
    Entry::of::<check::Doctor>(Group::Run),
    Entry::of::<build::Build>(Group::Check),
    Entry::of::<check::Lint>(Group::Check),
    Entry::of::<check::Test>(Group::Check),
    Entry::of::<check::Scan>(Group::Check),
    Entry::of::<check::Coverage>(Group::Check),
    Entry::of::<check::Load>(Group::Check),
    Entry::of::<check::Bench>(Group::Check),
    Entry::of::<check::Monitor>(Group::Check),
    Entry::of::<image::Images>(Group::Check),
    Entry::of::<ci::Ci>(Group::Check),
    Entry::of::<write::Openapi>(Group::Keep),
    Entry::of::<write::Screenshots>(Group::Keep),
    Entry::of::<write::Reference>(Group::Keep),
    Entry::of::<write::Pipelines>(Group::Keep),
    Entry::of::<check::Manifests>(Group::Keep),
    Entry::of::<check::Tidy>(Group::Keep),
    Entry::of::<ci::Evidence>(Group::Keep),
    Entry::of::<ci::Notify>(Group::Keep),
];

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(cli::main(STAGES) as u8)
}

/// The plan of a stage that another one contains, by its command line.
pub fn plan_for(words: &[&str], machine: &Machine) -> Result<Plan> {
    cli::plan_for(STAGES, words, machine)
}

/// The plan of a command line on a machine that has these tools, as text that is the same on every system.
#[cfg(test)]
pub fn script_of(words: &[&str], tools: &[&str]) -> String {
    let machine = Machine::pretend(tools);
    let text = plan_for(words, &machine).map(|plan| stages::script::text(&plan, &machine)).unwrap();
    let remedies = stages::tools::table().keys().map(|tool| (stages::tools::remedy(tool), tool));
    remedies.fold(text, |text, (remedy, tool)| text.replace(&remedy, tool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        stages::cli::command(STAGES).debug_assert();
    }

    #[test]
    fn every_example_is_a_command_line_that_plans() {
        let machine = Machine::pretend(&["cargo", "git", "docker", "python3", "schemathesis"]);
        for entry in STAGES {
            let words: Vec<_> = entry.example.split(' ').collect();
            assert_eq!(words[0], entry.name);
            plan_for(&words, &machine).unwrap();
        }
    }

    /// Every kind of plan: the examples, what `ci` runs, and what cleans up behind itself.
    fn plans() -> Vec<Plan> {
        let machine =
            Machine::pretend(&["cargo", "git", "docker", "docker-compose", "schemathesis", "skopeo", "cosign"]);
        let image = format!("registry.example/wayfare@sha256:{}", "0".repeat(64));
        let lines = [
            "test compose",
            "test image",
            "test deploy",
            "image measure",
            "image reproduce",
            "image find --user ann --tag one",
            "notify --pipeline nightly lint",
            "up --compose --monitoring",
        ];
        let signed = ["deploy --env staging --seed --tour", "rollback --env prod --yes", "image verify --user ann"];
        let signed = signed.map(|line| format!("{line} {image}"));
        let examples = STAGES.iter().map(|entry| entry.example.to_owned());
        let lines = examples.chain(lines.map(str::to_owned)).chain(signed);
        let plan = |line: String| plan_for(&line.split(' ').collect::<Vec<_>>(), &machine).unwrap();
        lines.map(plan).collect()
    }

    #[test]
    fn what_a_step_cleans_up_or_rolls_back_is_a_step_of_the_same_plan_and_no_two_steps_share_a_name() {
        fn check(plan: &Plan) {
            assert!(plan.dangling().is_empty(), "{}: {:?}", plan.stage, plan.dangling());
            let mut names: Vec<_> = plan.steps.iter().map(|step| &step.name).collect();
            names.sort();
            assert!(names.windows(2).all(|two| two[0] != two[1]), "{}: {names:?}", plan.stage);
            plan.steps.iter().filter_map(|step| step.inside()).for_each(check);
        }
        plans().iter().for_each(check);
    }

    #[test]
    fn every_step_says_why_and_needs_only_tools_of_the_table() {
        let machine = Machine::pretend(&["cargo", "git", "docker", "python3", "schemathesis", "cargo-deny"]);
        for entry in STAGES {
            let words: Vec<_> = entry.example.split(' ').collect();
            for step in plan_for(&words, &machine).unwrap().steps {
                assert!(!step.why.is_empty(), "{} {}", entry.name, step.name);
                for tool in stages::ctx::needs(&step) {
                    assert!(stages::tools::table().contains_key(tool), "tools.toml lacks {tool}");
                }
            }
        }
    }
}
