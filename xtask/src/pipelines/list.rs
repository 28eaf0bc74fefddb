//! What runs where: each pipeline is a start and lines of `cargo xtask`, made from the stages of `ci`.
//!
//! Nothing here knows how GitHub or Jenkins write it down.

use crate::ci::{self, PARTS, Part};

pub struct Pipeline {
    /// The name of its workflow, its file and its block in the Jenkinsfile.
    pub name: &'static str,
    pub why: &'static str,
    pub starts: Starts,
    /// Run the later stages although one failed.
    pub keeps_going: bool,
    pub lines: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Starts {
    /// A pull request, and what is merged into `main`.
    OnChange,
    /// Once, at night.
    AtNight,
}

/// One command line of `cargo xtask`.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    pub words: Vec<&'static str>,
    pub minutes: u32,
}

impl Line {
    pub fn command(&self) -> String {
        format!("cargo xtask {}", self.words.join(" "))
    }
}

impl Pipeline {
    /// All lines at their longest, and time for the checkout and the cache.
    pub fn minutes(&self) -> u32 {
        self.lines.iter().map(|line| line.minutes).sum::<u32>() + 15
    }
}

pub fn all() -> Vec<Pipeline> {
    let verify = Pipeline {
        name: "verify",
        why: "what a change has to pass: `cargo xtask ci`, stage by stage",
        starts: Starts::OnChange,
        keeps_going: false,
        lines: lines(|_| &[]),
    };
    let nightly = Pipeline {
        name: "nightly",
        why: "the same with ten times the made-up requests; all failures are wanted, not the first",
        starts: Starts::AtNight,
        keeps_going: true,
        lines: lines(|part| if part.words == ["test", "fuzz"] { &["--max-examples", "200"] } else { &[] }),
    };
    vec![verify, nightly]
}

/// Every stage of `ci`, then the question whether each ran.
fn lines(more: fn(&Part) -> &'static [&'static str]) -> Vec<Line> {
    let line = |part: &Part| Line {
        name: part.name(),
        words: [part.words, part.in_pipelines, more(part)].concat(),
        // The longer form gets the longer time.
        minutes: if more(part).is_empty() { part.minutes } else { part.minutes * 4 },
    };
    let proof = Line { name: ci::PROOF.into(), words: vec!["evidence", "verify"], minutes: 5 };
    PARTS.iter().map(line).chain([proof]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan_for;
    use crate::here::Here;

    #[test]
    fn every_line_is_a_command_line_that_plans() {
        let here = Here::pretend(&["cargo", "git", "docker", "python3", "schemathesis"]);
        for line in all().iter().flat_map(|pipeline| &pipeline.lines) {
            plan_for(&line.words, &here).unwrap();
        }
    }

    #[test]
    fn every_pipeline_has_the_stages_of_ci_in_its_order_and_ends_with_the_proof() {
        let stages: Vec<_> = PARTS.iter().map(Part::name).chain([ci::PROOF.to_owned()]).collect();
        for pipeline in all() {
            let names: Vec<_> = pipeline.lines.iter().map(|line| line.name.clone()).collect();
            assert_eq!(names, stages, "{}", pipeline.name);
        }
    }
}
