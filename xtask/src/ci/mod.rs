//! `ci`: the stages in the order in which they fail cheapest, each by the command that a person would type.
//!
//! The same list is run on a laptop and by a pipeline; the last stage asks whether the others really ran.

mod evidence;
mod notify;

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::evidence::holds;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, SILENT_DOCKER};
use stages::plan::{Plan, Step, slug};
use xshell::cmd;

use crate::plan_for;

pub use self::evidence::Evidence;
pub use self::notify::Notify;

/// Run every stage that a change has to pass, and verify their records.
#[derive(Args)]
pub struct Ci {
    /// Continue with later stages after a failure
    #[arg(long)]
    keep_going: bool,
    /// Start with this stage; the records of earlier stages have to exist
    #[arg(long, value_name = "STAGE", conflicts_with = "resume")]
    from: Option<String>,
    /// Skip stages that already passed on this commit
    #[arg(long)]
    resume: bool,
    /// Skip stages that no file changed since REV can affect
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Fail if Docker isn't running
    #[arg(long)]
    require_docker: bool,
}

/// A stage of `ci` and of every pipeline.
pub struct Part {
    pub words: &'static [&'static str],
    why: &'static str,
    /// What it can't do without: where one is missing, `ci` leaves it out and says so.
    pub tools: &'static [&'static str],
    /// What a pipeline adds: there, nothing may be left out for want of a tool.
    pub in_pipelines: &'static [&'static str],
    /// A pipeline stops it after that.
    pub minutes: u32,
    /// It judges texts and pipelines, too.
    reads_prose: bool,
}

/// What no program reads, besides `*.md`. The API's document is not in it: tests read that.
const PROSE: [&str; 5] = [".devcontainer/", ".github/", "docs/adr/", "docs/images/", "pipelines/"];

pub const PARTS: &[Part] = &[
    Part::new(&["doctor"], "report missing tools before a stage fails", 10).in_pipelines(&["--install"]),
    Part::new(&["lint"], "takes seconds and finds most mistakes", 20).reading_prose(),
    Part::new(&["scan", "secrets", "sast"], "secrets and dangerous code, before they are shared", 10)
        .with(&["detect-secrets", "semgrep"])
        .reading_prose(),
    Part::new(&["test"], "the product's behaviour, on each database", 40).in_pipelines(&["--require-docker"]),
    Part::new(&["test", "security"], "access control against attacks", 10),
    Part::new(&["test", "web"], "the web page, in a browser", 15).with(&["node"]),
    Part::new(&["test", "fuzz"], "unexpected requests", 15).with(&["schemathesis"]),
    Part::new(&["image", "build"], "the deployed image, built from source", 30).with(&["docker"]),
    Part::new(&["test", "compose"], "the containers together, and no request lost when one stops", 25)
        .with(&["docker-compose"])
        .in_pipelines(&["--require-docker"]),
    Part::new(&["test", "image"], "the image from build to run", 15).with(&["cosign"]),
    Part::new(&["test", "deploy"], "successive deployments, and no request lost", 15)
        .with(&["cosign", "docker-compose"])
        .in_pipelines(&["--require-docker"]),
];

/// The name of the last stage.
pub const PROOF: &str = "evidence";

impl Stage for Ci {
    const NAME: &'static str = "ci";
    const EXAMPLE: &'static str = "ci --from test --keep-going";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let first = self.first()?;
        let changed = self.since.as_ref().map(|rev| machine.changed_since(rev)).transpose()?;
        let mut steps = Vec::new();
        for (index, part) in PARTS.iter().enumerate() {
            let step =
                self.step(part, machine)?.skip_if(index < first, "before --from: its record is verified at the end");
            let step = step.skip_if(self.resume && holds(machine, &slug(&part.name())), "it passed on this commit");
            let spared = changed.as_ref().is_some_and(|files| !part.is_affected(files));
            steps.push(step.skip_if(spared, "no changed file affects it"));
        }
        steps.push(self.proof(machine, changed.as_deref())?);
        let plan = Plan::new("ci", steps);
        Ok(if self.keep_going { plan.keep_going() } else { plan })
    }
}

impl Ci {
    fn first(&self) -> Result<usize> {
        let Some(from) = &self.from else { return Ok(0) };
        let names: Vec<_> = PARTS.iter().map(Part::name).chain([PROOF.to_owned()]).collect();
        names.iter().position(|name| name == from || slug(name) == *from).ok_or_else(|| {
            let message = format!("`ci` has no stage `{from}`");
            Failure::new(Exit::Usage, message).next(format!("one of: {}", names.join(", "))).into()
        })
    }

    fn step(&self, part: &Part, machine: &Machine) -> Result<Step> {
        let wants_docker = self.require_docker && part.in_pipelines.contains(&"--require-docker");
        let words: Vec<_> = part.words.iter().copied().chain(wants_docker.then_some("--require-docker")).collect();
        let step = stage(&part.name(), &words, part.why, machine)?;
        let step = step.wanting(part.tools, machine.requires_parts, machine);
        Ok(step.skip_if(!wants_docker && !part.can_run(machine), SILENT_DOCKER))
    }

    fn proof(&self, machine: &Machine, changed: Option<&[String]>) -> Result<Step> {
        let asked = |part: &&Part| part.can_run(machine) && changed.is_none_or(|files| part.is_affected(files));
        let expected: Vec<_> = PARTS.iter().filter(asked).map(|part| slug(&part.name())).collect();
        let words: Vec<_> = ["evidence", "verify"].into_iter().chain(expected.iter().map(String::as_str)).collect();
        let step = stage(PROOF, &words, "a stage counts only if its record is of this commit", machine)?;
        Ok(step.skip_if(expected.is_empty(), "no stage had to run"))
    }
}

impl Part {
    const fn new(words: &'static [&'static str], why: &'static str, minutes: u32) -> Self {
        Part { words, why, tools: &[], in_pipelines: &[], minutes, reads_prose: false }
    }

    const fn with(self, tools: &'static [&'static str]) -> Self {
        Part { tools, ..self }
    }

    const fn reading_prose(self) -> Self {
        Part { reads_prose: true, ..self }
    }

    const fn in_pipelines(self, words: &'static [&'static str]) -> Self {
        Part { in_pipelines: words, ..self }
    }

    fn can_run(&self, machine: &Machine) -> bool {
        // Docker's plug-ins are nothing without its daemon.
        let works = |tool: &str| machine.has(tool) && (!tool.starts_with("docker") || machine.docker_answers());
        machine.requires_parts || self.tools.iter().all(|tool| works(tool))
    }

    /// Whether one of the files could make it end in another way. A file of an unknown kind affects every stage.
    fn is_affected(&self, files: &[String]) -> bool {
        let is_prose = |file: &String| {
            file.ends_with(".md") || PROSE.iter().any(|folder| file.starts_with(folder)) || file == "LICENSE"
        };
        files.iter().any(|file| self.reads_prose || !is_prose(file))
    }

    pub fn name(&self) -> String {
        self.words.join(" ")
    }
}

/// The records that a full run leaves on this machine.
pub fn expected(machine: &Machine) -> Vec<String> {
    PARTS.iter().filter(|part| part.can_run(machine)).map(|part| slug(&part.name())).collect()
}

fn stage(name: &str, words: &[&str], why: &str, machine: &Machine) -> Result<Step> {
    let plan = plan_for(words, machine)?;
    let next = format!("cargo xtask {}", plan.stage);
    Ok(Step::run(name, cmd!(machine.sh, "cargo xtask {words...}"))
        .why(why)
        .showing_data()
        .within(2 * 3600)
        .next(next)
        .around(plan))
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;
    use crate::script_of;

    #[test]
    fn where_parts_are_required_no_stage_is_left_out() {
        let tools = ["cargo", "git", "docker", "docker-compose", "kind", "kubectl"];
        let machine = Machine { requires_parts: true, ..Machine::pretend(&tools) };
        let plan = plan_for(&["ci"], &machine).unwrap();
        assert!(plan.steps.iter().all(|step| step.skipped.is_none()));
    }

    #[test]
    fn the_list_of_stages_on_a_machine_that_has_only_cargo() {
        expect_file!["../../snapshots/ci.txt"].assert_eq(&script_of(&["ci"], &["cargo", "git"]));
    }

    #[test]
    fn a_later_start_still_asks_for_every_record() {
        let machine = Machine::pretend(&["cargo", "git", "schemathesis"]);
        let plan = plan_for(&["ci", "--from", "test fuzz"], &machine).unwrap();
        let runs: Vec<_> = plan.steps.iter().filter(|step| step.skipped.is_none()).map(|step| &*step.name).collect();
        assert_eq!(runs, ["test fuzz", PROOF]);
        let proof = plan.steps.last().unwrap().command(&machine.root).unwrap();
        assert_eq!(proof, "cargo xtask evidence verify doctor lint test test-security test-fuzz");
    }

    #[test]
    fn the_proof_alone_asks_for_every_record_too() {
        let plan = plan_for(&["ci", "--from", "evidence"], &Machine::pretend(&["cargo", "git"])).unwrap();
        let (proof, before) = plan.steps.split_last().unwrap();
        assert!(proof.skipped.is_none() && before.iter().all(|step| step.skipped.is_some()));
        assert_eq!(
            proof.command(&Machine::pretend(&[]).root).unwrap(),
            "cargo xtask evidence verify doctor lint test test-security"
        );
    }

    #[test]
    fn a_change_of_texts_is_linted_and_one_of_anything_else_is_tested() {
        let affected = |files: &[&str]| -> Vec<String> {
            let files: Vec<_> = files.iter().map(ToString::to_string).collect();
            PARTS.iter().filter(|part| part.is_affected(&files)).map(Part::name).collect()
        };
        let all: Vec<_> = PARTS.iter().map(Part::name).collect();
        assert_eq!(affected(&[]), Vec::<String>::new());
        assert_eq!(affected(&["README.md", "docs/adr/0001.md", ".github/CODEOWNERS"]), ["lint", "scan secrets sast"]);
        assert_eq!(affected(&["README.md", "api/src/config.rs"]), all);
        assert_eq!(affected(&["docs/reference/openapi.json"]), all);
        assert_eq!(affected(&["something.new"]), all);
    }

    #[test]
    fn an_unknown_stage_is_a_mistake_of_usage_and_the_known_ones_are_told() {
        let failure =
            Failure::from_any(plan_for(&["ci", "--from", "deploy"], &Machine::pretend(&["cargo"])).err().unwrap());
        assert_eq!(failure.exit, Exit::Usage);
        let next = failure.next.unwrap();
        assert!(PARTS.iter().all(|part| next.contains(&part.name())) && next.ends_with(PROOF), "{next}");
    }
}
