//! `ci`: the stages in the order in which they fail cheapest, each by the command that a person would type.
//!
//! The same list is run on a laptop and by a pipeline; the last stage asks whether the others really ran.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::cli::{self, Stage};
use crate::exit::{Exit, Failure};
use crate::here::Here;
use crate::plan::{Plan, Step, slug};

/// Run every stage that a change has to pass, and prove that each ran.
#[derive(Args)]
pub struct Ci {
    /// Run the later stages although one failed
    #[arg(long)]
    keep_going: bool,
    /// Begin with this stage; the records of those before it have to be there
    #[arg(long, value_name = "STAGE")]
    from: Option<String>,
    /// Fail where Docker doesn't answer
    #[arg(long)]
    require_docker: bool,
}

/// A stage of `ci`: its command line, why it is there, and the tool that it can't do without.
struct Part {
    words: &'static [&'static str],
    why: &'static str,
    tool: Option<&'static str>,
}

const PARTS: &[Part] = &[
    Part { words: &["doctor"], why: "a missing tool is better named now than by a stage", tool: None },
    Part { words: &["lint"], why: "seconds, and most mistakes", tool: None },
    Part { words: &["build"], why: "what is deployed", tool: None },
    Part { words: &["test"], why: "what it promises, on each database", tool: None },
    Part { words: &["test", "web"], why: "what people see, in a browser", tool: Some("node") },
    Part { words: &["test", "fuzz"], why: "what nobody thought of", tool: Some("schemathesis") },
];

impl Stage for Ci {
    const NAME: &'static str = "ci";
    const EXAMPLE: &'static str = "ci --from test --keep-going";

    fn plan(&self, here: &Here) -> Result<Plan> {
        let first = self.first()?;
        let mut steps = Vec::new();
        for (index, part) in PARTS.iter().enumerate() {
            let step = self.step(part, here)?;
            steps.push(step.skip_if(index < first, "before --from: its record is asked for at the end"));
        }
        steps.push(self.proof(here)?);
        let plan = Plan::new("ci", steps);
        Ok(if self.keep_going { plan.keep_going() } else { plan })
    }
}

impl Ci {
    fn first(&self) -> Result<usize> {
        let Some(from) = &self.from else { return Ok(0) };
        let names: Vec<_> = PARTS.iter().map(Part::name).collect();
        names.iter().position(|name| name == from || slug(name) == *from).ok_or_else(|| {
            let message = format!("`ci` has no stage `{from}`");
            Failure::new(Exit::Usage, message).next(format!("one of: {}", names.join(", "))).into()
        })
    }

    fn step(&self, part: &Part, here: &Here) -> Result<Step> {
        let wants_docker = self.require_docker && part.words == ["test"];
        let words: Vec<_> = part.words.iter().copied().chain(wants_docker.then_some("--require-docker")).collect();
        let step = stage(&part.name(), &words, part.why, here)?;
        Ok(part.tool.into_iter().fold(step, |step, tool| step.optional(tool, here)))
    }

    fn proof(&self, here: &Here) -> Result<Step> {
        let expected = expected(here);
        let words = ["evidence", "verify"].into_iter().chain(expected.iter().map(String::as_str));
        stage("evidence", &words.collect::<Vec<_>>(), "green means that it happened, on this commit", here)
    }
}

impl Part {
    fn name(&self) -> String {
        self.words.join(" ")
    }
}

/// The records that a full run leaves on this machine.
pub fn expected(here: &Here) -> Vec<String> {
    let can_run = |part: &&Part| part.tool.is_none_or(|tool| here.has(tool));
    PARTS.iter().filter(can_run).map(|part| slug(&part.name())).collect()
}

fn stage(name: &str, words: &[&str], why: &str, here: &Here) -> Result<Step> {
    let plan = cli::plan_for(words, here)?;
    let next = format!("cargo xtask {}", plan.stage);
    Ok(Step::run(name, cmd!(here.sh, "cargo xtask {words...}"))
        .why(why)
        .showing_data()
        .within(2 * 3600)
        .next(next)
        .around(plan))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan_for;

    #[test]
    fn the_list_of_stages_on_a_machine_that_has_only_cargo() {
        let here = Here::pretend(&["cargo", "git"]);
        let plan = plan_for(&["ci"], &here).unwrap();
        let lines: Vec<_> = plan
            .steps
            .iter()
            .map(|step| {
                format!(
                    "{}{}",
                    step.command(&here.root).unwrap(),
                    if step.skipped.is_some() { " (skipped)" } else { "" }
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "cargo xtask doctor",
                "cargo xtask lint",
                "cargo xtask build",
                "cargo xtask test",
                "cargo xtask test web (skipped)",
                "cargo xtask test fuzz (skipped)",
                "cargo xtask evidence verify doctor lint build test",
            ]
        );
    }

    #[test]
    fn a_later_start_still_asks_for_every_record() {
        let here = Here::pretend(&["cargo", "git", "schemathesis"]);
        let plan = plan_for(&["ci", "--from", "test fuzz"], &here).unwrap();
        let skipped: Vec<_> = plan.steps.iter().map(|step| step.skipped.is_some()).collect();
        assert_eq!(skipped, [true, true, true, true, true, false, false]);
        let proof = plan.steps.last().unwrap().command(&here.root).unwrap();
        assert_eq!(proof, "cargo xtask evidence verify doctor lint build test test-fuzz");
    }

    #[test]
    fn an_unknown_stage_is_a_mistake_of_usage_and_the_known_ones_are_told() {
        let failure =
            Failure::from_any(plan_for(&["ci", "--from", "deploy"], &Here::pretend(&["cargo"])).err().unwrap());
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(failure.next.as_deref(), Some("one of: doctor, lint, build, test, test web, test fuzz"));
    }
}
