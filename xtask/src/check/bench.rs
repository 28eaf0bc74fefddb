//! `bench`: speed, measured by the crate `wayfare-bench`, and the page's by a browser. What is measured and how is their
//! business.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::web;
use crate::build::page;
use crate::build::{self, Profile};

/// Benchmark requests against alternative implementations.
#[derive(Args)]
pub struct Bench {
    #[arg(value_enum, default_value = "api")]
    what: What,
    /// Fewer and shorter runs: a functional check, not a measurement
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The service: CPU time per request
    Api,
    /// The routing engine: CPU time per query, compared with OSRM and Valhalla
    City,
    /// The web page: first paint, largest paint, blocking time and moving buses, with the CPU
    /// throttled to a quarter
    Web,
}

impl Stage for Bench {
    const NAME: &'static str = "bench";
    const EXAMPLE: &'static str = "bench api --quick";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let (name, prepare) = match self.what {
            What::Api => ("api", vec![build::wayfare(machine, Profile::Release)]),
            What::City => ("city", vec![agree(machine)]),
            What::Web => {
                ("web", vec![page::packages(machine), page::page(machine), build::wayfare(machine, Profile::Release)])
            }
        };
        let figures = machine.scratch(&format!("bench-{name}.json"));
        let measure = match self.what {
            What::Web => web::bench(machine, &figures, self.quick),
            What::Api | What::City => self.measure(machine, name, &figures),
        };
        let steps = prepare.into_iter().chain([measure, keep(figures)]);
        Ok(Plan::new(&format!("bench {name}"), steps))
    }
}

impl Bench {
    fn measure(&self, machine: &Machine, name: &str, figures: &Path) -> Step {
        let quick = self.quick.then_some("--quick");
        let package = cmd!(
            machine.sh,
            "cargo run --release --locked --package wayfare-bench -- {name} {quick...} --json {figures}"
        );
        Step::run("measure", package)
            .why("budgets are in CPU time, which depends least on other load of the machine")
            .showing_data()
            .within(2 * 3600)
            .leaves(figures)
            .next("see its messages above; `cargo xtask doctor` shows which tool of another implementation is missing")
    }
}

fn keep(figures: PathBuf) -> Step {
    Step::task("keep the results", move |ctx| {
        let text = std::fs::read_to_string(&figures)?;
        ctx.data.insert("figures".into(), serde_json::from_str(&text)?);
        Ok(())
    })
    .why("they are part of this commit's evidence")
}

/// Fast answers count for nothing unless they are right.
fn agree(machine: &Machine) -> Step {
    Step::run("compare with the oracle", cmd!(machine.sh, "cargo test --locked --package city --lib oracle"))
        .why("bus journeys for a thousand pairs, and in random towns, have to equal those of a slow exact search")
        .counting_tests()
        .within(1800)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::exit::Exit;
    use stages::script;

    #[test]
    fn the_figures_are_taken_from_release_builds() {
        let machine = Machine::pretend(&["cargo"]);
        let plan = plan_for(&["bench", "api", "--quick"], &machine).unwrap();
        let commands: Vec<_> = plan.steps.iter().filter_map(|step| step.command(&machine.root)).collect();
        assert_eq!(
            commands,
            [
                "cargo build --locked --package wayfare --release",
                "cargo run --release --locked --package wayfare-bench -- api --quick --json target/xtask/bench-api.json",
            ]
        );
    }

    #[test]
    fn the_page_is_measured_as_it_is_served_and_over_budget_has_its_own_code() {
        let machine = Machine::pretend(&["cargo", "node", "chromium"]);
        let plan = plan_for(&["bench", "web", "--quick"], &machine).unwrap();
        let text = script::text(&plan, &machine);
        assert!(text.contains("cargo build --locked --package wayfare --release"), "{text}");
        assert!(text.contains("WAYFARE_QUICK=true") && text.contains("target/release/wayfare"), "{text}");
        assert!(plan.steps.iter().any(|step| step.failure.exit == Exit::OverBudget));
    }

    #[test]
    fn the_engine_is_compared_with_its_oracle_before_it_is_timed() {
        let machine = Machine::pretend(&["cargo"]);
        let plan = plan_for(&["bench", "city"], &machine).unwrap();
        let commands: Vec<_> = plan.steps.iter().filter_map(|step| step.command(&machine.root)).collect();
        assert_eq!(
            commands,
            [
                "cargo test --locked --package city --lib oracle",
                "cargo run --release --locked --package wayfare-bench -- city --json target/xtask/bench-city.json",
            ]
        );
    }
}
