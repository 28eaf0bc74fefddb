//! What is brought to an environment, and what is remembered of it there.

use anyhow::{Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use stages::exit::{Exit, Failure};

use super::Environment;
use crate::image::Image;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// One replica after the other
    Rolling,
    /// All new replicas start next to the old ones, then traffic is switched once
    BlueGreen,
    /// A growing share of the requests, with an analysis after each step
    Canary,
}

#[derive(Clone, Debug)]
pub struct Release {
    pub image: Image,
    pub strategy: Strategy,
    /// Not for an older version: it doesn't know the tables' later changes, and works with them as they are.
    pub migrates: bool,
}

impl Release {
    /// Refused where the environment's target can't do it that way.
    pub fn new(image: Image, strategy: Strategy, environment: &Environment) -> Result<Self> {
        let target = &environment.target;
        let word = |strategy: &Strategy| strategy.to_possible_value().map(|it| it.get_name().to_owned());
        let known: Vec<_> = target.strategies().iter().filter_map(word).collect();
        let refused = || {
            let (name, kind, way) = (&environment.name, target.kind(), word(&strategy).unwrap_or_default());
            Failure::new(Exit::Refused, format!("{name} runs on {kind}, which has no {way} deployment"))
                .next(format!("--strategy {}", known.join(" or ")))
        };
        ensure!(target.strategies().contains(&strategy), refused());
        Ok(Release { image, strategy, migrates: true })
    }

    /// Back to an earlier version.
    pub fn without_migration(self) -> Self {
        Release { migrates: false, ..self }
    }
}

/// What serves, or did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub image: Image,
    /// The commit that the image is of.
    pub revision: String,
    /// UTC, RFC 3339.
    pub since: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    pub now: Option<Version>,
    pub before: Option<Version>,
}

/// A deployment, whatever became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub image: Image,
    pub revision: String,
    pub strategy: Strategy,
    /// When it began: UTC, RFC 3339.
    pub started: String,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    UnderWay,
    Passed,
    RolledBack,
    /// Nothing ran before that could serve again.
    Failed,
}
