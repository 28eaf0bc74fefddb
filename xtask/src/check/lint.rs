//! `lint`: everything that can be judged without a test. It changes nothing.

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::{manifests, monitor, tidy, web};
use crate::backup;
use crate::image;
use crate::write::{openapi, pipelines, reference};

/// Run all static checks: formatting, lints, generated files, repository rules and dependencies.
#[derive(Args)]
pub struct Lint {}

impl Stage for Lint {
    const NAME: &'static str = "lint";
    const EXAMPLE: &'static str = "lint";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let format = Step::run("format", cmd!(machine.sh, "cargo fmt --all --check"))
            .why("uniform formatting keeps diffs small")
            .next("cargo fmt --all");
        let clippy =
            Step::run("clippy", cmd!(machine.sh, "cargo clippy --workspace --all-targets --locked -- -D warnings"))
                .why("find lint warnings before the review")
                .next("cargo clippy --workspace --all-targets --fix, or fix what it names");
        let deny = Step::run("dependencies", cmd!(machine.sh, "cargo deny --workspace check bans licenses sources"))
            .why("licences, sources and duplicates of dependencies; `scan` looks for known vulnerabilities")
            .optional("cargo-deny", machine)
            .next("deny.toml lists what is allowed, and the reason for each exception");
        let cheap = [format, tidy::step(), reference::check_step(), backup::check_step()]
            .into_iter()
            .chain(pipelines::check_steps(machine));
        let steps = cheap
            .chain([image::check_step(machine), deny])
            .chain(monitor::check_steps(machine))
            .chain(manifests::check_steps(machine))
            .chain(web::lint(machine))
            .chain([clippy])
            .chain(openapi::steps(machine, true))
            // It starts the binary that was built for the document.
            .chain([monitor::on_the_service(machine)]);
        // Someone who fixes one offence wants to see the others, too.
        Ok(Plan::new("lint", steps).keep_going())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;
    use crate::{plan_for, script_of};

    #[test]
    fn a_machine_with_cargo_alone_is_told_what_it_leaves_out() {
        expect_file!["../../snapshots/lint.txt"].assert_eq(&script_of(&["lint"], &["cargo", "git"]));
    }

    #[test]
    fn lint_goes_on_after_the_first_offence() {
        assert!(plan_for(&["lint"], &Machine::pretend(&["cargo", "git"])).unwrap().keeps_going);
    }
}
