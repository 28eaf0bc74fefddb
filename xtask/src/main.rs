//! `cargo xtask`: everything that is done to Wayfare. This file is the list of stages.
//!
//! To add one: its file in the folder of its kind of work, and its line in `STAGES`. How a plan is run is the business of
//! the crate `stages`, in `engine`.

mod build;
mod check;
mod ci;
mod environment;
mod gate;
mod image;
mod write;

use anyhow::Result;
use stages::cli::{self, Entry, Group};
use stages::machine::Machine;
use stages::plan::Plan;

pub const STAGES: &[Entry] = &[
    Entry::of::<environment::Up>(Group::Run),
    Entry::of::<environment::Deploy>(Group::Run),
    Entry::of::<environment::Rollback>(Group::Run),
    Entry::of::<environment::Status>(Group::Run),
    Entry::of::<environment::Diff>(Group::Run),
    Entry::of::<environment::Down>(Group::Run),
    Entry::of::<check::Doctor>(Group::Run),
    Entry::of::<build::Build>(Group::Check),
    Entry::of::<check::Lint>(Group::Check),
    Entry::of::<check::Test>(Group::Check),
    Entry::of::<check::Scan>(Group::Check),
    Entry::of::<check::Coverage>(Group::Check),
    Entry::of::<check::Load>(Group::Check),
    Entry::of::<check::Bench>(Group::Check),
    Entry::of::<image::Images>(Group::Check),
    Entry::of::<ci::Ci>(Group::Check),
    Entry::of::<write::Openapi>(Group::Keep),
    Entry::of::<write::Screenshots>(Group::Keep),
    Entry::of::<write::Reference>(Group::Keep),
    Entry::of::<write::Pipelines>(Group::Keep),
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
