//! What runs where: each pipeline is a start and lines of `cargo xtask`, made from the stages of `ci`.
//!
//! Nothing here knows how GitHub or Jenkins write it down. No pipeline deploys: there is no place to deploy to yet.

use crate::ci::{self, PARTS, Part};
use crate::plan::slug;

pub struct Pipeline {
    /// The name of its workflow, its file and its block in the Jenkinsfile.
    pub name: &'static str,
    pub why: &'static str,
    pub starts: Starts,
    /// Run the later stages although one failed.
    pub keeps_going: bool,
    /// It looks at every commit, not at the last one alone.
    pub whole_history: bool,
    pub lines: Vec<Line>,
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
    /// What signs the image, where nobody vouches for the job itself.
    SigningKey,
    /// What the signature is checked with, where it isn't the job's own name.
    VerifyingKey,
    /// Who is told, and the key that signs the message.
    Webhook,
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

impl Pipeline {
    /// All lines at their longest, and time for the checkout and the cache; GitHub ends a job after six hours.
    pub fn minutes(&self) -> u32 {
        (self.lines.iter().map(|line| line.minutes).sum::<u32>() + 15).min(360)
    }
}

pub fn all() -> Vec<Pipeline> {
    let verify = Pipeline {
        name: "verify",
        why: "what a change has to pass: `cargo xtask ci`, stage by stage",
        starts: Starts::OnChange,
        keeps_going: false,
        whole_history: false,
        lines: proven(parts(registry)),
    };
    let longer: fn(&Part) -> &'static [&'static str] =
        |part| if part.words == ["test", "fuzz"] { &["--max-examples", "200"] } else { all_tools(part) };
    let nightly = Pipeline {
        name: "nightly",
        why: "the same with ten times the made-up requests, and what takes long; all failures are wanted, not the first",
        starts: Starts::AtNight,
        keeps_going: true,
        whole_history: true,
        lines: told("nightly", proven(parts(longer).chain(at_night()))),
    };
    let release = Pipeline {
        name: "release",
        why: "what a tag has to pass before its image may be had; nothing is deployed, since there is no place yet",
        starts: Starts::OnTag,
        keeps_going: false,
        whole_history: true,
        lines: told("release", proven(parts(as_pushed).chain(at_release()))),
    };
    vec![verify, nightly, release]
}

/// Every stage of `ci`, as a pipeline calls it.
fn parts(more: fn(&Part) -> &'static [&'static str]) -> impl Iterator<Item = Line> {
    PARTS.iter().map(move |part| {
        let words = [part.words, part.in_pipelines, more(part)].concat();
        // The longer form gets the longer time.
        let minutes = if more(part).is_empty() { part.minutes } else { part.minutes * 4 };
        let line = Line::new(&part.name(), &words, minutes);
        if part.tools.contains(&"cosign") { line.with(Tool::Cosign) } else { line }
    })
}

/// Debian has it ready-made, GitHub's machines don't: without it `test image` would leave out what it is for.
fn registry(part: &Part) -> &'static [&'static str] {
    if part.words == ["doctor"] { &["--from-source", "docker-registry"] } else { &[] }
}

/// What is compiled first: not for every change.
fn all_tools(part: &Part) -> &'static [&'static str] {
    if part.words == ["doctor"] { &["--from-source"] } else { &[] }
}

/// What is tried is then what is pushed.
fn as_pushed(part: &Part) -> &'static [&'static str] {
    match part.words {
        ["image", "build"] | ["test", "compose" | "image"] => &["--release"],
        _ => all_tools(part),
    }
}

/// What is too long for every change.
fn at_night() -> [Line; 4] {
    [
        Line::stage("scan", 20).with(Tool::Trivy),
        Line::stage("coverage", 60),
        Line::stage("load", 30),
        Line::stage("image reproduce", 120),
    ]
}

/// The image: built from source, judged, and only then pushed and signed; what may be deployed is what was verified.
fn at_release() -> [Line; 6] {
    [
        Line::stage("scan", 20).with(Tool::Trivy),
        Line::stage("image sbom", 10),
        Line::stage("image scan", 20),
        Line::stage("image push", 15).given(&[Given::Registry]),
        Line::stage("image sign", 10).given(&[Given::Registry, Given::SigningKey]),
        Line::stage("image verify", 10).given(&[Given::Registry, Given::VerifyingKey]),
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

/// At the end a webhook is told what the proof was told, where one is set.
fn told(pipeline: &'static str, lines: Vec<Line>) -> Vec<Line> {
    let asked: Vec<_> = lines.iter().filter(|line| !line.tells).map(|line| slug(&line.name)).collect();
    let words = ["notify", "--pipeline", pipeline].into_iter().chain(asked.iter().map(String::as_str));
    let notify = Line::new("notify", &words.collect::<Vec<_>>(), 5).telling().given(&[Given::Webhook]);
    lines.into_iter().chain([notify]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan_for;
    use crate::here::Here;

    #[test]
    fn every_line_is_a_command_line_that_plans_and_leaves_the_record_that_the_proof_asks_for() {
        let here = Here::pretend(&["cargo", "git", "docker", "docker-compose", "python3", "schemathesis"]);
        for line in all().iter().flat_map(|pipeline| &pipeline.lines) {
            let words: Vec<_> = line.words.iter().map(String::as_str).collect();
            let plan = plan_for(&words, &here).unwrap();
            assert!(line.tells || plan.slug() == slug(&line.name), "{}", line.name);
        }
    }

    #[test]
    fn every_pipeline_begins_with_the_stages_of_ci_in_its_order_and_proves_all_of_its_own() {
        let stages: Vec<_> = PARTS.iter().map(Part::name).collect();
        for pipeline in all() {
            let names: Vec<_> = pipeline.lines.iter().map(|line| line.name.clone()).collect();
            assert_eq!(names[..stages.len()], stages, "{}", pipeline.name);
            let proof = pipeline.lines.iter().find(|line| line.name == ci::PROOF).unwrap();
            let asked: Vec<_> = pipeline.lines.iter().filter(|line| !line.tells).map(|line| slug(&line.name)).collect();
            assert_eq!(proof.words[2..], asked, "{}", pipeline.name);
        }
    }
}
