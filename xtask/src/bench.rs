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
}

impl Stage for Bench {
    const NAME: &'static str = "bench";
    const EXAMPLE: &'static str = "bench api --quick";

    fn plan(&self, here: &Here) -> Result<Plan> {
        match self.what {
            What::Api => Ok(self.api(here)),
        }
    }
}

impl Bench {
    fn api(&self, here: &Here) -> Plan {
        let (quick, figures) = (self.quick.then_some("--quick"), here.scratch("bench-api.json"));
        let package =
            cmd!(here.sh, "cargo run --release --locked --package wayfare-bench -- api {quick...} --json {figures}");
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
        Plan::new("bench api", [build::wayfare(here, true), measure, keep.why("they belong to this commit's evidence")])
    }
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
}
