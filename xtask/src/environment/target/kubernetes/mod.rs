//! Kubernetes: an environment is a namespace of a cluster.
//!
//! What is rolled out is the environment's overlay with its images; rolling updates are Kubernetes' own, blue-green and
//! canary Argo Rollouts'. A rollback applies again what was applied for the version before: the cluster remembers it.

mod checks;
mod diff;
mod jobs;
mod kubectl;
mod loaded;
mod lock;
mod objects;
mod progress;
mod record;
mod remove;
mod render;
mod report;
mod roll;
mod rollback;
mod secrets;
mod steps;

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::ffi::OsString;
use std::rc::Rc;

use anyhow::{Result, ensure};
use serde::Deserialize;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, OVERLAYS};
use stages::plan::Step;

use self::kubectl::{Cluster, kubectl, printed};
pub use self::loaded::{Loaded, loaded, loaded_file};
use self::lock::Lock;
use self::record::{Applied, Record};
use super::Target;
use crate::environment::release::{Release, Strategy, Versions};
use crate::environment::status::Report;
use crate::image::{Account, Image};

/// The table `[kubernetes]` of `env.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The contexts of kubectl by which this environment may be changed.
    contexts: Vec<String>,
    namespace: String,
    /// Where clients reach it.
    address: String,
    /// Seconds without progress after which a deployment is rolled back.
    #[serde(default = "two_minutes")]
    ready_within: u64,
    /// Create the Secret that the overlay names but doesn't contain, if no one else provides it.
    #[serde(default)]
    generate_secrets: bool,
}

fn two_minutes() -> u64 {
    120
}

#[derive(Clone)]
pub struct Kubernetes {
    name: String,
    settings: Settings,
    /// Where WAYFARE_KUBE_CONTEXT names one: else kubectl's current one.
    context: Option<String>,
    path: OsString,
    cluster: Rc<OnceCell<Cluster>>,
    /// What the steps of one plan apply.
    rendered: Rc<RefCell<Option<Applied>>>,
}

impl Kubernetes {
    pub fn new(name: &str, settings: Settings, machine: &Machine) -> Self {
        Kubernetes {
            name: name.to_owned(),
            settings,
            context: machine.variable("WAYFARE_KUBE_CONTEXT").map(str::to_owned),
            path: machine.path.clone(),
            cluster: Rc::default(),
            rendered: Rc::default(),
        }
    }

    /// Asked for once, and only by what talks to it.
    fn cluster(&self) -> Result<&Cluster> {
        if let Some(cluster) = self.cluster.get() {
            return Ok(cluster);
        }
        let context = match &self.context {
            Some(context) => context.clone(),
            None => self.current_context(),
        };
        self.listed(&context)?;
        let (namespace, path) = (self.settings.namespace.clone(), self.path.clone());
        Ok(self.cluster.get_or_init(|| Cluster { context, namespace, path }))
    }

    fn current_context(&self) -> String {
        let mut command = kubectl(&self.path);
        command.args(["config", "current-context"]);
        printed(command, "").unwrap_or_default()
    }

    fn listed(&self, context: &str) -> Result<()> {
        let contexts = &self.settings.contexts;
        let next = format!("kubectl config use-context, or WAYFARE_KUBE_CONTEXT=…: one of {}", contexts.join(", "));
        let none = || Failure::new(Exit::Unreachable, "kubectl has no current context").next(next.clone());
        ensure!(!context.is_empty(), none());
        let message = format!("{OVERLAYS}/{}/env.toml doesn't list the context {context}", self.name);
        ensure!(contexts.iter().any(|one| one == context), Failure::new(Exit::Refused, message).next(next));
        Ok(())
    }

    fn record(&self) -> Result<Record> {
        Record::read(self.cluster()?)
    }
}

impl Target for Kubernetes {
    fn kind(&self) -> &'static str {
        "kubernetes"
    }

    fn strategies(&self) -> &'static [Strategy] {
        &[Strategy::Rolling, Strategy::BlueGreen, Strategy::Canary]
    }

    fn address(&self) -> String {
        self.settings.address.clone()
    }

    fn reach(&self, _machine: &Machine) -> Vec<Step> {
        vec![steps::reach(self)]
    }

    fn fetch(&self, image: &Image, _account: &Account, _machine: &Machine) -> Step {
        steps::fetch(self, image)
    }

    fn prepare(&self, release: &Release, _machine: &Machine) -> Vec<Step> {
        steps::prepare(self, release)
    }

    fn migrate(&self, release: &Release, _machine: &Machine) -> Vec<Step> {
        steps::migrate(self, release)
    }

    fn roll(&self, release: &Release, _machine: &Machine) -> Vec<Step> {
        steps::roll(self, release)
    }

    fn seed(&self, _release: &Release, _machine: &Machine) -> Step {
        steps::seed(self)
    }

    fn diff(&self, release: &Release, _machine: &Machine) -> Vec<Step> {
        steps::diff(self, release)
    }

    fn remove(&self, keeps_data: bool, _machine: &Machine) -> Vec<Step> {
        vec![steps::remove(self, keeps_data)]
    }

    fn lock(&self) -> Result<Box<dyn Any>> {
        let cluster = self.cluster()?;
        // Where there is no namespace yet, there is nothing to keep out of.
        if cluster.find("namespace", &cluster.namespace)?.is_none() {
            return Ok(Box::new(()));
        }
        Ok(Box::new(Lock::take(cluster)?))
    }

    fn recover(&self, ctx: &mut Ctx) -> Result<()> {
        let record = self.record()?;
        let back = if record.under_way.is_some() { self.put_back(ctx) } else { Ok(()) };
        // Where nothing ran before, nothing could serve again.
        if record.now.is_none() { Ok(()) } else { back }
    }

    fn begin(&self, _ctx: &mut Ctx, _release: &Release) -> Result<()> {
        self.begins()
    }

    fn smoke(&self, ctx: &mut Ctx, _release: &Release) -> Result<()> {
        self.smoke_test(ctx)
    }

    fn finish(&self, _ctx: &mut Ctx, _release: &Release) -> Result<()> {
        self.keep()
    }

    fn roll_back(&self, ctx: &mut Ctx) -> Result<()> {
        self.put_back(ctx)
    }

    fn versions(&self, _machine: &Machine) -> Result<Versions> {
        let record = self.record()?;
        let version = |applied: Option<Applied>| applied.map(|applied| applied.version);
        Ok(Versions { now: version(record.now), before: version(record.before) })
    }

    fn status(&self, _machine: &Machine) -> Result<Report> {
        self.report()
    }

    fn left(&self, keeps_data: bool, _machine: &Machine) -> Result<Vec<String>> {
        self.still_there(keeps_data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_context_that_the_environment_lists_may_be_used() {
        let text = "contexts = ['kind-wayfare']\nnamespace = 'wayfare-dev'\naddress = 'http://127.0.0.1:30080'";
        let kubernetes = Kubernetes::new("dev", toml::from_str(text).unwrap(), &Machine::pretend(&[]));
        assert!(kubernetes.listed("kind-wayfare").is_ok());
        let failure = Failure::from_any(kubernetes.listed("prod").unwrap_err());
        assert_eq!(failure.exit, Exit::Refused);
        assert_eq!(failure.message, "k8s/overlays/dev/env.toml doesn't list the context prod");
        assert_eq!(Failure::from_any(kubernetes.listed("").unwrap_err()).exit, Exit::Unreachable);
    }
}
