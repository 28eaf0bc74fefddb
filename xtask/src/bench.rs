//! `bench`: speed, measured by the crate `wayfare-bench`. What is measured and how is that crate's business.

use anyhow::Result;
use clap::{Args, ValueEnum};
use xshell::cmd;

use crate::build;
use crate::cli::Stage;
use crate::here::Here;
use crate::plan::{Plan, Step};

/// Measure what a request costs, beside other ways to do the same.
#[derive(Args)]
pub struct Bench {
    #[arg(value_enum, default_value = "api")]
    what: What,
    /// Fewer and shorter runs: to see that it works, not how fast it is
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The service: processor time for each request
    Api,
    /// The city engine: processor time for each question, beside OSRM and Valhalla
    City,
}

impl Stage for Bench {
    const NAME: &'static str = "bench";
    const EXAMPLE: &'static str = "bench api --quick";

    fn plan(&self, here: &Here) -> Result<Plan> {
        let (name, prepare) = match self.what {
            What::Api => ("api", build::wayfare(here, true)),
            What::City => ("city", agree(here)),
        };
        let [measure, keep] = self.measure(here, name);
        Ok(Plan::new(&format!("bench {name}"), [prepare, measure, keep]))
    }
}

impl Bench {
    fn measure(&self, here: &Here, name: &str) -> [Step; 2] {
        let (quick, figures) = (self.quick.then_some("--quick"), here.scratch(&format!("bench-{name}.json")));
        let package =
            cmd!(here.sh, "cargo run --release --locked --package wayfare-bench -- {name} {quick...} --json {figures}");
        let measure = Step::run("measure", package)
            .why("the budgets are figures of processor time, which other work on the machine disturbs least")
            .showing_data()
            .within(2 * 3600)
            .leaves(&figures)
            .next("read its messages above; `cargo xtask doctor` says which rival's tool is missing");
        let keep = Step::task("keep the figures", move |ctx| {
            let text = std::fs::read_to_string(&figures)?;
            ctx.data.insert("figures".into(), serde_json::from_str(&text)?);
            Ok(())
        });
        [measure, keep.why("they belong to this commit's evidence")]
    }
}

/// Fast answers count for nothing unless they are right.
fn agree(here: &Here) -> Step {
    Step::run("compare with the oracle", cmd!(here.sh, "cargo test --locked --package city --lib oracle"))
        .why("the journeys by bus of a thousand pairs, and those of random towns, are those of a slow exact search")
        .counting_tests()
        .within(1800)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan_for;

    #[test]
    fn the_figures_are_taken_from_release_builds() {
        let here = Here::pretend(&["cargo"]);
        let plan = plan_for(&["bench", "api", "--quick"], &here).unwrap();
        let commands: Vec<_> = plan.steps.iter().filter_map(|step| step.command(&here.root)).collect();
        assert_eq!(
            commands,
            [
                "cargo build --locked --package wayfare --release",
                "cargo run --release --locked --package wayfare-bench -- api --quick --json target/xtask/bench-api.json",
            ]
        );
    }

    #[test]
    fn the_engine_is_compared_with_its_oracle_before_it_is_timed() {
        let here = Here::pretend(&["cargo"]);
        let plan = plan_for(&["bench", "city"], &here).unwrap();
        let commands: Vec<_> = plan.steps.iter().filter_map(|step| step.command(&here.root)).collect();
        assert_eq!(
            commands,
            [
                "cargo test --locked --package city --lib oracle",
                "cargo run --release --locked --package wayfare-bench -- city --json target/xtask/bench-city.json",
            ]
        );
    }
}
