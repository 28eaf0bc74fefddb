//! `build`: the binary that is deployed, on this machine. Images are built elsewhere.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::cli::Stage;
use crate::here::Here;
use crate::plan::{Plan, Step};

/// Of Cargo.toml: how long a build may take for how fast it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Profile {
    /// For the tests.
    Debug,
    /// To try: soon built again.
    Quick,
    /// What is pushed and measured.
    Release,
}

impl Profile {
    pub fn release_or(self, release: bool) -> Self {
        if release { Profile::Release } else { self }
    }

    /// Its name in Cargo.toml, and of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Debug => "debug",
            Profile::Quick => "quick",
            Profile::Release => "release",
        }
    }
}

/// Build `wayfare` as it is deployed.
#[derive(Args)]
pub struct Build {}

impl Stage for Build {
    const NAME: &'static str = "build";
    const EXAMPLE: &'static str = "build";

    fn plan(&self, here: &Here) -> Result<Plan> {
        let build =
            wayfare(here, Profile::Release).why("what is measured and deployed, built from Cargo.lock as it stands");
        Ok(Plan::new("build", [build.leaves(here.built("wayfare", Profile::Release))]))
    }
}

/// The step that other stages start with.
pub fn wayfare(here: &Here, profile: Profile) -> Step {
    let (name, words): (_, &[_]) = match profile {
        Profile::Debug => ("build", &[]),
        Profile::Quick => ("quick build", &["--profile", "quick"]),
        Profile::Release => ("build for release", &["--release"]),
    };
    Step::run(name, cmd!(here.sh, "cargo build --locked --package wayfare {words...}"))
        .why("the binary has to be that of this source")
        .next("cargo build --package wayfare")
}
