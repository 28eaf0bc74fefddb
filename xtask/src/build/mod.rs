//! `build`: the binary that is deployed, on this machine, and a service started from it. Images are built elsewhere.

pub mod demo;
pub mod page;
pub mod sandbox;

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

pub use stages::profile::Profile;

/// Build `wayfare` with the release profile.
#[derive(Args)]
pub struct Build {}

impl Stage for Build {
    const NAME: &'static str = "build";
    const EXAMPLE: &'static str = "build";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let build = wayfare(machine, Profile::Release)
            .why("the binary to measure and deploy, built from the current Cargo.lock");
        Ok(Plan::new("build", [build.leaves(machine.built("wayfare", Profile::Release))]))
    }
}

/// The step that other stages start with.
pub fn wayfare(machine: &Machine, profile: Profile) -> Step {
    let (name, words): (_, &[_]) = match profile {
        Profile::Debug => ("build", &[]),
        Profile::Quick => ("quick build", &["--profile", "quick"]),
        Profile::Release => ("build for release", &["--release"]),
    };
    Step::run(name, cmd!(machine.sh, "cargo build --locked --package wayfare {words...}"))
        .why("the binary has to match this source")
        .next("cargo build --package wayfare")
}
