//! `screenshots`: pictures of every page, as the README shows them.

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::build::page::{packages, page};
use crate::build::{self, Profile};

/// Take screenshots of every page: phone and desktop, light and dark.
#[derive(Args)]
pub struct Screenshots {}

impl Stage for Screenshots {
    const NAME: &'static str = "screenshots";
    const EXAMPLE: &'static str = "screenshots";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let wayfare = machine.built("wayfare", Profile::Debug);
        let shoot =
            Step::run("screenshots", cmd!(machine.sh, "npm --prefix web run screenshots").env("WAYFARE_BIN", wayfare))
                .why("pictures for the README, and for reviewing changes of the design")
                .changes("docs/images/*.png")
                .optional("node", machine)
                .optional("chromium", machine);
        Ok(Plan::new("screenshots", [packages(machine), page(machine), build::wayfare(machine, Profile::Debug), shoot]))
    }
}
