//! What runs where: each pipeline is a start and jobs, each job a machine and lines of `cargo xtask`, made from the stages of
//! `ci`.
//!
//! Nothing here knows how GitHub or Jenkins write it down.

use anyhow::Result;
use stages::exit::Failure;
use stages::plan::slug;

use crate::ci::{self, PARTS, Part};
use crate::environment::Environment;

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
    pub name: String,
    pub host: Host,
    /// It begins when that one has passed; one that needs none begins at once.
    pub needs: Option<String>,
    /// Run the later lines although one failed.
    pub keeps_going: bool,
    /// It looks at every commit, not at the last one alone.
    pub whole_history: bool,
    /// The image goes from the job that built it to the one that publishes it.
    pub image: Option<Handover>,
    pub lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Handover {
    Leaves,
    Takes,
}

/// The image that was built, and the list of what is in it, below `target`.
pub const IMAGE: [&str; 2] = ["image/oci", "reports/sbom.cdx.json"];

/// The machine that a job runs on.
#[derive(Clone, Debug, PartialEq)]
pub enum Host {
    Usual,
    Runner(Runner),
}

/// An environment's own machine, by the variable that has its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Runner {
    pub environment: String,
    pub variable: String,
    /// Only where there is such a machine, and after an approval; otherwise the default one is used, and the
    /// environment ends with the job.
    pub protected: bool,
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
    /// Runs after a failure, too: it reports what is missing.
    pub tells: bool,
    /// What it finds in its environment, which no other line does.
    pub given: Vec<Given>,
    /// A tool that neither the machine nor `doctor --install` has.
    pub tool: Option<Tool>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Who may push to the registry.
    Registry,
    /// Who may ask it.
    Reader,
    /// The key that signs the image, where the job has no identity of its own.
    SigningKey,
    /// What the signature is checked with, where it isn't the job's own name.
    VerifyingKey,
    /// Where notifications go, and the key that signs them.
    Webhook,
    /// Whether there is a machine of that name.
    Runner(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tool {
    Cosign,
    Trivy,
}

impl Line {
    fn new(name: &str, words: &[&str], minutes: u32) -> Self {
        let words = words.iter().map(ToString::to_string).collect();
        Line { name: name.to_owned(), words, minutes, tells: false, given: Vec::new(), tool: None }
    }

    /// A stage whose name is its command.
    fn stage(command: &str, minutes: u32) -> Self {
        Self::new(command, &command.split(' ').collect::<Vec<_>>(), minutes)
    }

    fn telling(self) -> Self {
        Line { tells: true, ..self }
    }

    fn given(self, given: &[Given]) -> Self {
        Line { given: given.to_vec(), ..self }
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

impl Job {
    fn new(name: &str, lines: impl IntoIterator<Item = Line>) -> Self {
        let lines = proven(lines.into_iter());
        Job {
            name: name.to_owned(),
            host: Host::Usual,
            needs: None,
            keeps_going: false,
            whole_history: false,
            image: None,
            lines,
        }
    }

    fn keeping_going(self) -> Self {
        Job { keeps_going: true, ..self }
    }

    fn with_history(self) -> Self {
        Job { whole_history: true, ..self }
    }

    fn handing_over(self, image: Handover) -> Self {
        Job { image: Some(image), ..self }
    }

    fn on(self, runner: Runner) -> Self {
        Job { host: Host::Runner(runner), ..self }
    }

    fn behind(self, job: &str) -> Self {
        Job { needs: Some(job.to_owned()), ..self }
    }

    /// The variable without which it doesn't run.
    fn condition(&self) -> Option<&str> {
        match &self.host {
            Host::Runner(runner) if runner.protected => Some(&runner.variable),
            Host::Runner(_) | Host::Usual => None,
        }
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

pub const NAMES: [&str; 3] = ["verify", "nightly", "release"];

pub fn all(environments: &[Environment]) -> Result<Vec<Pipeline>> {
    Ok(vec![verify(), nightly(), release(environments)?])
}

fn verify() -> Pipeline {
    Pipeline {
        name: "verify",
        why: "the stages that every change has to pass, as `cargo xtask ci`",
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
        Job::new(
            "cluster",
            [tools(), Line::new("test cluster", &["test", "cluster", "--require-docker", "--all"], 150)],
        ),
        Job::new(
            "platform",
            [tools(), Line::stage("test signals", 30), Line::stage("test infra", 60), Line::stage("test backup", 30)],
        ),
        Job::new("image", [Line::stage("image reproduce", 120)]),
        Job::new("scan", [tools(), Line::stage("scan", 20).with(Tool::Trivy)]).with_history(),
    ];
    Pipeline {
        name: "nightly",
        why: "the same with ten times the generated requests, and the long stages; continues after failures",
        starts: Starts::AtNight,
        jobs: jobs.map(Job::keeping_going).into(),
        tells: None,
    }
    .telling()
}

fn release(environments: &[Environment]) -> Result<Pipeline> {
    let build = Job::new("build", parts(as_pushed).chain(judged())).with_history().handing_over(Handover::Leaves);
    let publish = Job::new("publish", published()).behind("build").handing_over(Handover::Takes);
    let deployed = in_order(environments)?;
    let jobs = deployed.iter().map(|(environment, runner)| deployment(environment, runner, &deployed));
    Ok(Pipeline {
        name: "release",
        why: "the stages that a tagged commit has to pass, then the push of its image and the deployments, to a protected \
              environment after an approval",
        starts: Starts::OnTag,
        jobs: [build, publish].into_iter().chain(jobs).collect(),
        tells: None,
    }
    .telling())
}

type Deployed<'a> = (&'a Environment, &'a String);

/// Those that have a runner, each after the one from which it takes versions.
fn in_order(environments: &[Environment]) -> Result<Vec<Deployed<'_>>> {
    let mut waiting: Vec<_> = environments.iter().filter_map(|it| Some((it, it.runner.as_ref()?))).collect();
    let mut placed: Vec<Deployed> = Vec::new();
    while !waiting.is_empty() {
        let waits = |from: &String| waiting.iter().any(|(it, _)| it.name == *from);
        let next = waiting.iter().position(|(it, _)| !it.promotes_from.as_ref().is_some_and(waits));
        let circle = || Failure::check("`promotes_from` of the environments forms a cycle");
        placed.push(waiting.remove(next.ok_or_else(circle)?));
    }
    Ok(placed)
}

fn deployment(environment: &Environment, runner: &str, deployed: &[Deployed]) -> Job {
    let Environment { name, protected, .. } = environment;
    let runner = Runner { environment: name.clone(), variable: runner.to_owned(), protected: *protected };
    let find = Line::stage("image find", 10).given(&[Given::Reader]);
    // The record is the environment's, however it was called.
    let record = format!("deploy --env {name}");
    let line = format!("{record} {}", if *protected { "--yes" } else { "--seed --tour" });
    let deploy = Line::new(&record, &line.split(' ').collect::<Vec<_>>(), 60);
    let deploy = deploy.with(Tool::Cosign).given(&[Given::Reader, Given::VerifyingKey]);
    let from = environment.promotes_from.as_ref().filter(|from| deployed.iter().any(|(it, _)| it.name == **from));
    Job::new(name, [find, deploy]).on(runner).behind(from.map_or("publish", String::as_str))
}

impl Pipeline {
    /// At the end a webhook gets each job's result, or that it didn't run.
    fn telling(self) -> Self {
        let asked = records(self.jobs.iter().filter(|job| job.condition().is_none()));
        let mut words: Vec<_> = ["notify", "--pipeline", self.name].map(str::to_owned).into();
        let mut given = vec![Given::Webhook];
        for (job, variable) in self.jobs.iter().filter_map(|job| Some((job, job.condition()?))) {
            given.push(Given::Runner(variable.to_owned()));
            let where_set = records([job].into_iter()).into_iter().filter(|record| !asked.contains(record));
            words.extend(where_set.flat_map(|record| ["--if-set".to_owned(), format!("{variable}={record}")]));
        }
        words.extend(asked);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        Pipeline { tells: Some(Line::new("notify", &words, 5).telling().given(&given)), ..self }
    }
}

/// Each once.
fn records<'a>(jobs: impl Iterator<Item = &'a Job>) -> Vec<String> {
    let mut records = Vec::new();
    for record in jobs.flat_map(Job::records) {
        if !records.contains(&record) {
            records.push(record);
        }
    }
    records
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
        ["test", "compose" | "image" | "deploy" | "cluster"] => (&["--release"], part.minutes),
        _ => all_tools(part),
    }
}

/// What was built from source is judged before it is handed on.
fn judged() -> [Line; 3] {
    [Line::stage("scan", 20).with(Tool::Trivy), Line::stage("image sbom", 5), Line::stage("image scan", 10)]
}

/// The only lines that may write to the registry and sign, in a job that builds and tests nothing of the product.
fn published() -> [Line; 3] {
    [
        Line::stage("image push", 10).given(&[Given::Registry]).with(Tool::Cosign),
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
    use stages::machine::Machine;

    use super::*;
    use crate::plan_for;

    const DIGEST: &str = "sha256:5a6c74fa94907ffd5c671022a4e571dfcb633dfdca202ad23e1d3053e2f994bb";

    fn pipelines() -> Vec<Pipeline> {
        all(&Environment::all(&Machine::pretend(&[])).unwrap()).unwrap()
    }

    fn jobs(pipelines: &[Pipeline]) -> impl Iterator<Item = &Job> {
        pipelines.iter().flat_map(|pipeline| &pipeline.jobs)
    }

    /// A clone with a commit and an image that was built and pushed, as the lines of a release find it.
    fn released(folder: &std::path::Path) -> Machine {
        let tools = ["cargo", "git", "docker", "docker-compose", "kind", "kubectl", "python3", "schemathesis"];
        let machine = Machine { root: folder.into(), target: folder.join("target"), ..Machine::pretend(&tools) };
        machine.sh.change_dir(folder);
        let sh = &machine.sh;
        let index = format!(r#"{{ "manifests": [{{ "digest": "{DIGEST}" }}] }}"#);
        sh.write_file(machine.target.join("image/oci/index.json"), index).unwrap();
        sh.write_file(machine.target.join("image/pushed"), format!("registry.example/wayfare@{DIGEST}\n")).unwrap();
        let git = |words: &[&str]| xshell::cmd!(sh, "git {words...}").quiet().ignore_stdout().run().unwrap();
        git(&["init", "--quiet"]);
        git(&["-c", "user.name=a", "-c", "user.email=a", "commit", "--quiet", "--allow-empty", "--message", "a"]);
        machine
    }

    #[test]
    fn every_line_is_a_command_line_that_plans_and_leaves_the_record_that_the_proof_asks_for() {
        let folder = tempfile::tempdir().unwrap();
        let machine = released(folder.path());
        let all = pipelines();
        let tells = all.iter().filter_map(|pipeline| pipeline.tells.as_ref());
        for line in jobs(&all).flat_map(|job| &job.lines).chain(tells) {
            let words: Vec<_> = line.words.iter().map(String::as_str).collect();
            let plan = plan_for(&words, &machine).unwrap_or_else(|error| panic!("{}: {error:#}", line.name));
            assert!(line.tells || plan.slug() == slug(&line.name), "{}", line.name);
        }
    }

    #[test]
    fn every_pipeline_begins_with_the_stages_of_ci_in_its_order_and_each_job_proves_all_of_its_own() {
        let stages: Vec<_> = PARTS.iter().map(Part::name).collect();
        let all = pipelines();
        for pipeline in &all {
            let names: Vec<_> = pipeline.jobs[0].lines.iter().map(|line| line.name.clone()).collect();
            assert_eq!(names[..stages.len()], stages, "{}", pipeline.name);
        }
        for job in jobs(&all) {
            let proof = job.lines.iter().find(|line| line.name == ci::PROOF).unwrap();
            assert_eq!(proof.words[2..], job.records().collect::<Vec<_>>(), "{}", job.name);
        }
        assert_eq!(all.iter().map(|pipeline| pipeline.name).collect::<Vec<_>>(), NAMES);
    }

    #[test]
    fn what_may_push_or_sign_builds_and_tests_nothing() {
        let may = |line: &Line| line.given.iter().any(|it| matches!(it, Given::Registry | Given::SigningKey));
        let all = pipelines();
        let strong: Vec<_> = jobs(&all).filter(|job| job.lines.iter().any(may)).collect();
        assert_eq!(strong.iter().map(|job| &*job.name).collect::<Vec<_>>(), ["publish"]);
        let names: Vec<_> = strong[0].lines.iter().map(|line| &*line.name).collect();
        assert_eq!(names, ["image push", "image sign", "image verify", ci::PROOF]);
    }

    #[test]
    fn no_job_takes_longer_than_github_allows() {
        for job in jobs(&pipelines()) {
            assert!(job.minutes() <= LONGEST, "{}: {}", job.name, job.minutes());
        }
    }

    #[test]
    fn at_the_end_every_record_is_asked_for_and_one_behind_a_condition_only_where_that_is_set() {
        let release = pipelines().pop().unwrap();
        let words = release.tells.unwrap().words.join(" ");
        let start = "notify --pipeline release --if-set WAYFARE_PRODUCTION_RUNNER=deploy-env-prod doctor ";
        assert!(words.starts_with(start), "{words}");
        for record in release.jobs.iter().flat_map(Job::records) {
            assert!(words.contains(&record), "{record}");
        }
    }

    #[test]
    fn an_environment_with_a_runner_is_a_job_behind_the_one_that_it_takes_versions_from() {
        let mut machine = Machine::pretend(&[]);
        let jobs = |machine: &Machine| -> Result<Vec<String>> {
            let jobs = release(&Environment::all(machine)?)?.jobs.into_iter();
            Ok(jobs.map(|job| format!("{} < {}", job.needs.unwrap_or_default(), job.name)).collect())
        };
        assert_eq!(jobs(&machine).unwrap(), [" < build", "build < publish", "publish < staging", "staging < prod"]);
        let text =
            |from: &str, port: u16| format!("runner = \"X\"\npromotes_from = \"{from}\"\n[docker]\nport = {port}\n");
        machine.environments.insert("attic".into(), text("prod", 9001));
        assert_eq!(jobs(&machine).unwrap()[2..], ["publish < staging", "staging < prod", "prod < attic"]);
        machine.environments.insert("staging".into(), text("attic", 9002));
        assert!(jobs(&machine).unwrap_err().to_string().contains("forms a cycle"));
    }
}
