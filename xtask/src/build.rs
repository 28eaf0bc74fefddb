//! `build`: the binary that is deployed. Images are built from it elsewhere.

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::cli::Stage;
use crate::here::Here;
use crate::plan::{Plan, Step};

/// Build `wayfare` as it is deployed.
#[derive(Args)]
pub struct Build {}

impl Stage for Build {
    const NAME: &'static str = "build";
    const EXAMPLE: &'static str = "build";

    fn plan(&self, here: &Here) -> Result<Plan> {
        let build = wayfare(here, true).why("what is tested and deployed is built from Cargo.lock as it stands");
        Ok(Plan::new("build", [build.leaves(here.built("wayfare", true))]))
    }
}

/// The step that other stages start with.
pub fn wayfare(here: &Here, release: bool) -> Step {
    let profile = release.then_some("--release");
    let name = if release { "build for release" } else { "build" };
    Step::run(name, cmd!(here.sh, "cargo build --locked --package wayfare {profile...}"))
        .why("the binary has to be that of this source")
        .next("cargo build --package wayfare")
}
