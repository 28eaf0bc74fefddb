//! What an environment runs on. A target deploys a release, reports what runs, and removes it; the verbs above it
//! (`deploy`, `rollback`, `status`, `diff`, `down`) are written once and know this trait alone.
//!
//! # How to add a target
//!
//! 1. A folder beside `docker` (`kubernetes/`) with the table of `env.toml` that states it, a `#[derive(Deserialize)]`
//!    struct `Settings` with `deny_unknown_fields`, and a type that implements [`Target`]. Only it may name the target's
//!    programs (`docker`, `kubectl`).
//! 2. Two lines in `environment/mod.rs`: the field of `Settings` (`kubernetes: Option<kubernetes::Settings>`), and its
//!    place in the list of `Settings::target`. The fields are explained in docs/environments.md; a test asks for that.
//! 3. `strategies` names what it can do; any other `--strategy` is refused before a plan is made.
//!
//! # What a deployment asks of it, in order
//!
//! | asked | may | when it fails |
//! |---|---|---|
//! | `reach` | look | nothing was touched |
//! | `lock` | refuse while another change is under way | nothing was touched |
//! | `recover` | roll back a deployment that was cut off: killed, a machine that stopped | |
//! | `fetch` | have the verified image where it is needed | nothing was touched |
//! | `prepare` | make what is needed beside what serves: secrets, images, rendered and validated manifests | nothing was touched |
//! | `begin` | remember what serves, so that `roll_back` can find it after a crash | nothing was touched |
//! | `migrate` | start databases, change their tables; only look at them where `release.migrates` is false | `roll_back` |
//! | `roll` | put the new version in place of the old one, which stays until `finish` | `roll_back` |
//! | `smoke` | ask, by the clients' way, whether the release's commit serves | `roll_back` |
//! | `finish` | remember the release as the one that serves, remove the old version | `roll_back` |
//!
//! `roll_back` ends with the old version serving (exit code 6), or with an error where nothing ran before. Steps carry
//! their own reason, time limit and next thing to do; a step that people read in a dry run is better than a task.

pub mod docker;
pub mod kubernetes;

use std::any::Any;

use anyhow::Result;
use stages::ctx::Ctx;
use stages::machine::Machine;
use stages::plan::Step;

use super::release::{Release, Strategy, Versions};
use super::status::Report;
use crate::image::{Account, Image};

pub trait Target {
    /// The name of its table in `env.toml`.
    fn kind(&self) -> &'static str;

    fn strategies(&self) -> &'static [Strategy];

    /// Where clients reach it: `http://host:port`.
    fn address(&self) -> String;

    /// It answers, and what it is asked with is there.
    fn reach(&self, machine: &Machine) -> Vec<Step>;

    /// `account` is who may ask the registry.
    fn fetch(&self, image: &Image, account: &Account, machine: &Machine) -> Step;

    fn prepare(&self, release: &Release, machine: &Machine) -> Vec<Step>;

    fn migrate(&self, release: &Release, machine: &Machine) -> Vec<Step>;

    fn roll(&self, release: &Release, machine: &Machine) -> Vec<Step>;

    /// Fills an empty database with the demo city.
    fn seed(&self, release: &Release, machine: &Machine) -> Step;

    /// What asks the service for its metrics, where the target has that beside it.
    fn monitoring(&self, _release: &Release, _machine: &Machine) -> Option<Step> {
        None
    }

    /// Steps that show, on stdout, how what runs would change; nothing is touched, and no secret is shown.
    fn diff(&self, release: &Release, machine: &Machine) -> Vec<Step>;

    /// Takes away everything, or all but the data and what belongs to it.
    fn remove(&self, keeps_data: bool, machine: &Machine) -> Vec<Step>;

    /// Held until what it returns is dropped.
    fn lock(&self) -> Result<Box<dyn Any>>;

    fn recover(&self, ctx: &mut Ctx) -> Result<()>;

    fn begin(&self, ctx: &mut Ctx, release: &Release) -> Result<()>;

    fn smoke(&self, ctx: &mut Ctx, release: &Release) -> Result<()>;

    fn finish(&self, ctx: &mut Ctx, release: &Release) -> Result<()>;

    fn roll_back(&self, ctx: &mut Ctx) -> Result<()>;

    /// What serves, and what did before. A question: `rollback` asks it while it makes its plan.
    fn versions(&self, machine: &Machine) -> Result<Versions>;

    fn status(&self, machine: &Machine) -> Result<Report>;

    /// By kind and name, what of it is there: `container wayfare-dev-api-1`.
    fn left(&self, keeps_data: bool, machine: &Machine) -> Result<Vec<String>>;
}
