//! What runs where: each pipeline is a start and jobs, each job a machine and lines of `cargo xtask`, made from the stages of
//! `ci`.
//!
//! Nothing here knows how GitHub or Jenkins write it down.

use stages::plan::slug;

use crate::ci::{self, PARTS, Part};

pub struct Pipeline {
    /// The name of its workflow, its file and its block in the Jenkinsfile.
    pub name: &'static str,
    pub why: &'static str,
    pub starts: Starts,
    pub jobs: Vec<Job>,
    /// Said at the end, whatever the jobs did.
    pub tells: Option<Line>,
}

pub struct Job {
    pub name: &'static str,
    pub machine: Machine,
    /// It begins when that one has passed; one that needs none begins at once.
    pub needs: Option<&'static str>,
    /// Run the later lines although one failed.
    pub keeps_going: bool,
    /// It looks at every commit, not at the last one alone.
    pub whole_history: bool,
    pub lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Machine {
    Usual,
    /// The environment's own, or the usual one: then staging ends with the job.
    Staging,
    /// The environment's own, and only where there is one; somebody has to approve.
    Production,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Starts {
    /// A pull request, and what is merged into `main`.
    OnChange,
    /// Once, at night.
    AtNight,
    /// A tag that says a version.
    OnTag,
}

/// One command line of `cargo xtask`.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    pub words: Vec<String>,
    pub minutes: u32,
    /// Asked after a failure, too: it tells what is missing.
    pub tells: bool,
    /// What it finds in its environment, which no other line does.
    pub given: &'static [Given],
    /// A tool that neither the machine nor `doctor --install` has.
    pub tool: Option<Tool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given {
    /// Who may push to the registry.
    Registry,
    /// Who may ask it.
    Reader,
    /// What signs the image, where nobody vouches for the job itself.
    SigningKey,
    /// What the signature is checked with, where it isn't the job's own name.
    VerifyingKey,
    /// Who is told, and the key that signs the message.
    Webhook,
    /// Whether there is a production.
    Production,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tool {
    Cosign,
    Trivy,
}

impl Line {
    fn new(name: &str, words: &[&str], minutes: u32) -> Self {
        let words = words.iter().map(ToString::to_string).collect();
        Line { name: name.to_owned(), words, minutes, tells: false, given: &[], tool: None }
    }

    /// A stage whose name is its command.
    fn stage(command: &str, minutes: u32) -> Self {
        Self::new(command, &command.split(' ').collect::<Vec<_>>(), minutes)
    }

    fn telling(self) -> Self {
        Line { tells: true, ..self }
    }

    fn given(self, given: &'static [Given]) -> Self {
        Line { given, ..self }
    }

    fn with(self, tool: Tool) -> Self {
        Line { tool: Some(tool), ..self }
    }

    pub fn command(&self) -> String {
        format!("cargo xtask {}", self.words.join(" "))
    }
}

/// GitHub ends a job after six hours.
#[cfg(test)]
const LONGEST: u32 = 360;
/// Where Jenkins and GitHub keep which machine is production's, if there is one.
pub const PRODUCTION: &str = "WAYFARE_PRODUCTION_RUNNER";

impl Job {
    fn new(name: &'static str, lines: impl IntoIterator<Item = Line>) -> Self {
        let lines = proven(lines.into_iter());
        Job { name, machine: Machine::Usual, needs: None, keeps_going: false, whole_history: false, lines }
    }

    fn keeping_going(self) -> Self {
        Job { keeps_going: true, ..self }
    }

    fn with_history(self) -> Self {
        Job { whole_history: true, ..self }
    }

    fn on(self, machine: Machine) -> Self {
        Job { machine, ..self }
    }

    fn behind(self, job: &'static str) -> Self {
        Job { needs: Some(job), ..self }
    }

    /// All lines at their longest, and time for the checkout and the cache.
    pub fn minutes(&self) -> u32 {
        self.lines.iter().map(|line| line.minutes).sum::<u32>() + 15
    }

    /// The records of its lines.
    fn records(&self) -> impl Iterator<Item = String> {
        self.lines.iter().filter(|line| !line.tells).map(|line| slug(&line.name))
    }
}

pub fn all() -> Vec<Pipeline> {
    vec![verify(), nightly(), release()]
}

fn verify() -> Pipeline {
    Pipeline {
        name: "verify",
        why: "what a change has to pass: `cargo xtask ci`, stage by stage",
        starts: Starts::OnChange,
        jobs: vec![Job::new("verify", parts(registry))],
        tells: None,
    }
}

fn nightly() -> Pipeline {
    let longer: More = |part| match part.words {
        ["test", "fuzz"] => (&["--max-examples", "200"], 60),
        _ => all_tools(part),
    };
    let tools = || Line::new("doctor", &["doctor", "--install", "--from-source"], WITH_TOOLS);
    let jobs = [
        Job::new("stages", parts(longer)),
        Job::new("coverage", [tools(), Line::stage("coverage", 60)]),
        Job::new("load", [Line::stage("load", 30)]),
        Job::new("image", [Line::stage("image reproduce", 120)]),
        Job::new("scan", [tools(), Line::stage("scan", 20).with(Tool::Trivy)]).with_history(),
    ];
    Pipeline {
        name: "nightly",
        why: "the same with ten times the made-up requests, and what takes long; all failures are wanted, not the first",
        starts: Starts::AtNight,
        jobs: jobs.map(Job::keeping_going).into(),
        tells: None,
    }
    .telling()
}

fn release() -> Pipeline {
    let deployment = |name: &'static str, line: &str| {
        let find = Line::stage("image find", 10).given(&[Given::Reader]);
        let given = &[Given::Reader, Given::VerifyingKey];
        // The record is the environment's, however it was called.
        let record = line.split(' ').take(3).collect::<Vec<_>>().join(" ");
        let deploy = Line::new(&record, &line.split(' ').collect::<Vec<_>>(), 60).with(Tool::Cosign).given(given);
        Job::new(name, [find, deploy])
    };
    let staging = deployment("staging", "deploy --env staging --seed --tour").on(Machine::Staging).behind("release");
    let production = deployment("production", "deploy --env prod --yes").on(Machine::Production).behind("staging");
    Pipeline {
        name: "release",
        why: "what a tag has to pass before its image may be had, then to staging, and when somebody approves to production",
        starts: Starts::OnTag,
        jobs: vec![Job::new("release", parts(as_pushed).chain(at_release())).with_history(), staging, production],
        tells: None,
    }
    .telling()
}

impl Pipeline {
    /// At the end a webhook is told what each job did, or that it didn't run.
    fn telling(self) -> Self {
        let records = |production: bool| {
            let jobs = self.jobs.iter().filter(move |job| (job.machine == Machine::Production) == production);
            let mut records: Vec<_> = Vec::new();
            for record in jobs.flat_map(Job::records) {
                if !records.contains(&record) {
                    records.push(record);
                }
            }
            records
        };
        let asked = records(false);
        let where_set: Vec<_> = records(true).into_iter().filter(|record| !asked.contains(record)).collect();
        let mut words: Vec<_> = ["notify", "--pipeline", self.name].map(str::to_owned).into();
        words.extend(where_set.iter().flat_map(|record| ["--if-set".to_owned(), format!("{PRODUCTION}={record}")]));
        words.extend(asked);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let given: &[Given] =
            if where_set.is_empty() { &[Given::Webhook] } else { &[Given::Webhook, Given::Production] };
        let tells = Some(Line::new("notify", &words, 5).telling().given(given));
        Pipeline { tells, ..self }
    }
}

/// What a pipeline adds to a stage's words, and the most minutes that it may take then.
type More = fn(&Part) -> (&'static [&'static str], u32);

/// To compile what comes from source.
const WITH_TOOLS: u32 = 40;

/// Every stage of `ci`, as a pipeline calls it.
fn parts(more: More) -> impl Iterator<Item = Line> {
    PARTS.iter().map(move |part| {
        let (added, minutes) = more(part);
        let line = Line::new(&part.name(), &[part.words, part.in_pipelines, added].concat(), minutes);
        if part.tools.contains(&"cosign") { line.with(Tool::Cosign) } else { line }
    })
}

/// Debian has it ready-made, GitHub's machines don't: without it `test image` would leave out what it is for.
fn registry(part: &Part) -> (&'static [&'static str], u32) {
    match part.words {
        ["doctor"] => (&["--from-source", "docker-registry"], WITH_TOOLS),
        _ => (&[], part.minutes),
    }
}

/// What is compiled first: not for every change.
fn all_tools(part: &Part) -> (&'static [&'static str], u32) {
    match part.words {
        ["doctor"] => (&["--from-source"], WITH_TOOLS),
        _ => (&[], part.minutes),
    }
}

/// What is tried is then what is pushed.
fn as_pushed(part: &Part) -> (&'static [&'static str], u32) {
    match part.words {
        ["image", "build"] => (&["--release"], 60),
        ["test", "compose" | "image" | "deploy"] => (&["--release"], part.minutes),
        _ => all_tools(part),
    }
}

/// The image: built from source, judged, and only then pushed and signed; what may be deployed is what was verified.
fn at_release() -> [Line; 6] {
    [
        Line::stage("scan", 20).with(Tool::Trivy),
        Line::stage("image sbom", 5),
        Line::stage("image scan", 10),
        Line::stage("image push", 10).given(&[Given::Registry]),
        Line::stage("image sign", 5).given(&[Given::Registry, Given::SigningKey]),
        Line::stage("image verify", 5).given(&[Given::Registry, Given::VerifyingKey]),
    ]
}

/// The stages, then the question whether each of them ran.
fn proven(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let lines: Vec<_> = lines.collect();
    let asked: Vec<_> = lines.iter().map(|line| slug(&line.name)).collect();
    let words: Vec<_> = ["evidence", "verify"].into_iter().chain(asked.iter().map(String::as_str)).collect();
    let proof = Line::new(ci::PROOF, &words, 5).telling();
    lines.into_iter().chain([proof]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::machine::Machine;

    fn jobs(pipelines: &[Pipeline]) -> impl Iterator<Item = &Job> {
        pipelines.iter().flat_map(|pipeline| &pipeline.jobs)
    }

    #[test]
    fn every_line_is_a_command_line_that_plans_and_leaves_the_record_that_the_proof_asks_for() {
        let machine = Machine::pretend(&["cargo", "git", "docker", "docker-compose", "python3", "schemathesis"]);
        let all = all();
        let tells = all.iter().filter_map(|pipeline| pipeline.tells.as_ref());
        for line in jobs(&all).flat_map(|job| &job.lines).chain(tells) {
            let words: Vec<_> = line.words.iter().map(String::as_str).collect();
            let plan = plan_for(&words, &machine).unwrap();
            assert!(line.tells || plan.slug() == slug(&line.name), "{}", line.name);
        }
    }

    #[test]
    fn every_pipeline_begins_with_the_stages_of_ci_in_its_order_and_each_job_proves_all_of_its_own() {
        let stages: Vec<_> = PARTS.iter().map(Part::name).collect();
        let all = all();
        for pipeline in &all {
            let names: Vec<_> = pipeline.jobs[0].lines.iter().map(|line| line.name.clone()).collect();
            assert_eq!(names[..stages.len()], stages, "{}", pipeline.name);
        }
        for job in jobs(&all) {
            let proof = job.lines.iter().find(|line| line.name == ci::PROOF).unwrap();
            assert_eq!(proof.words[2..], job.records().collect::<Vec<_>>(), "{}", job.name);
        }
    }

    #[test]
    fn no_job_takes_longer_than_github_allows() {
        for job in jobs(&all()) {
            assert!(job.minutes() <= LONGEST, "{}: {}", job.name, job.minutes());
        }
    }

    #[test]
    fn at_the_end_every_record_is_asked_for_and_productions_only_where_there_is_one() {
        let release = release();
        let words = release.tells.unwrap().words.join(" ");
        assert!(
            words.starts_with("notify --pipeline release --if-set WAYFARE_PRODUCTION_RUNNER=deploy-env-prod doctor ")
        );
        for record in release.jobs.iter().flat_map(Job::records) {
            assert!(words.contains(&record), "{record}");
        }
    }
}
