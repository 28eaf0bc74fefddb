//! A machine with Docker, the one that this runs on: compose.yaml under the environment's own project name.

mod changes;
mod containers;
mod report;
mod roll;
pub mod secrets;
mod state;
mod steps;

use std::any::Any;
use std::path::PathBuf;

use anyhow::Result;
use serde::Deserialize;
use stages::ctx::Ctx;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::{Cmd, cmd};

use super::Target;
use crate::environment::release::{Release, Strategy, Versions};
use crate::environment::status::Report;
use crate::image::{Account, Image};

/// The table `[docker]` of `env.toml`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    port: u16,
    #[serde(default = "two")]
    replicas: usize,
    #[serde(default = "a_minute")]
    ready_within: u64,
}

fn two() -> usize {
    2
}

fn a_minute() -> u64 {
    60
}

#[derive(Clone)]
pub struct Docker {
    environment: String,
    settings: Settings,
    /// What Docker marks everything with that belongs to it.
    project: String,
    /// What outlives a clone.
    state: PathBuf,
}

impl Docker {
    pub fn new(environment: &str, settings: Settings, machine: &Machine) -> Self {
        Docker {
            environment: environment.to_owned(),
            settings,
            project: format!("wayfare-{environment}"),
            state: machine.state.join(environment),
        }
    }

    fn secrets(&self) -> PathBuf {
        self.state.join("secrets")
    }

    /// The web tier's image: what runs, and what was made to run next.
    fn web(&self, which: &str) -> String {
        format!("{}-web:{which}", self.project)
    }

    /// compose.yaml as it is in this clone.
    fn compose<'a>(&self, machine: &'a Machine, words: &[&str]) -> Cmd<'a> {
        let project = &self.project;
        cmd!(machine.sh, "docker compose --project-name {project} {words...}")
            .env("WAYFARE_PORT", self.settings.port.to_string())
            .env("WAYFARE_REPLICAS", self.settings.replicas.to_string())
            .env("WAYFARE_SECRETS", self.secrets())
            .env("WAYFARE_WEB_IMAGE", self.web("running"))
    }

    /// The same with the release's image.
    fn compose_of<'a>(&self, release: &Release, machine: &'a Machine, words: &[&str]) -> Cmd<'a> {
        self.compose(machine, words).env("WAYFARE_IMAGE", release.image.to_string())
    }
}

impl Target for Docker {
    fn kind(&self) -> &'static str {
        "docker"
    }

    fn strategies(&self) -> &'static [Strategy] {
        &[Strategy::Rolling]
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.settings.port)
    }

    fn reach(&self, machine: &Machine) -> Vec<Step> {
        steps::daemon(machine).into()
    }

    fn fetch(&self, image: &Image, account: &Account, machine: &Machine) -> Step {
        steps::fetch(image, account, machine)
    }

    fn prepare(&self, release: &Release, machine: &Machine) -> Vec<Step> {
        self.prepared(release, machine).into()
    }

    fn migrate(&self, release: &Release, machine: &Machine) -> Vec<Step> {
        self.migrated(release, machine)
    }

    fn roll(&self, release: &Release, _: &Machine) -> Vec<Step> {
        self.rolled(release).into()
    }

    fn seed(&self, release: &Release, machine: &Machine) -> Step {
        self.seeded(release, machine)
    }

    fn monitoring(&self, release: &Release, machine: &Machine) -> Option<Step> {
        Some(self.monitored(release, machine))
    }

    fn diff(&self, release: &Release, machine: &Machine) -> Vec<Step> {
        self.changes(release, machine)
    }

    fn remove(&self, keeps_data: bool, machine: &Machine) -> Vec<Step> {
        self.removed(keeps_data, machine)
    }

    fn lock(&self) -> Result<Box<dyn Any>> {
        Ok(Box::new(self.locked()?))
    }

    fn recover(&self, ctx: &mut Ctx) -> Result<()> {
        self.recovered(ctx)
    }

    fn begin(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        self.begun(ctx, release)
    }

    fn smoke(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        self.smoked(ctx, release)
    }

    fn finish(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        self.finished(ctx, release)
    }

    fn roll_back(&self, ctx: &mut Ctx) -> Result<()> {
        self.rolled_back(ctx)
    }

    fn versions(&self, _: &Machine) -> Result<Versions> {
        self.known()
    }

    fn status(&self, machine: &Machine) -> Result<Report> {
        self.report(machine)
    }

    fn left(&self, keeps_data: bool, machine: &Machine) -> Result<Vec<String>> {
        self.leftovers(keeps_data, machine)
    }
}
