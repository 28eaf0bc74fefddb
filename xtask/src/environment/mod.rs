//! Where the product runs: on this machine in the foreground (`up`), or in an environment.
//!
//! An environment is a folder of k8s/overlays. Its `env.toml` states what differs there and nothing else; one table of it
//! says what the environment runs on, its target. `deploy`, `rollback`, `status`, `diff` and `down` are written once, on
//! this type: none of them knows Docker or Kubernetes.

mod data_dir;
mod deploy;
mod diff;
mod down;
mod gitops;
mod promotion;
mod release;
mod rollback;
mod status;
mod target;
mod up;

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, OVERLAYS};
use stages::plan::Step;

pub use self::target::kubernetes::{Loaded, loaded, loaded_file};
use self::target::{docker, kubernetes};

pub use self::deploy::Deploy;
pub use self::diff::Diff;
pub use self::down::Down;
pub use self::promotion::{Attest, Promote};
pub use self::rollback::Rollback;
pub use self::status::Status;
pub use self::target::Target;
pub use self::up::Up;

#[derive(Clone)]
pub struct Environment {
    pub name: String,
    /// Only an image by its digest, and only one that `image verify` accepts.
    pub signed: bool,
    /// Changes need `--yes`, and seeding known passwords is refused.
    pub protected: bool,
    /// For local development: `up` starts it.
    pub local: bool,
    /// The variable in which a pipeline keeps the label of the machine that deploys it.
    pub runner: Option<String>,
    /// The environment in which a version has to have proven itself.
    pub promotes_from: Option<String>,
    /// For how long, of which there has to be a signed record. None: no record is required.
    pub soak_minutes: Option<u64>,
    pub target: Rc<dyn Target>,
}

/// `env.toml`; docs/environments.md explains each field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default = "yes")]
    signed: bool,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    local: bool,
    runner: Option<String>,
    promotes_from: Option<String>,
    soak_minutes: Option<u64>,
    docker: Option<docker::Settings>,
    kubernetes: Option<kubernetes::Settings>,
}

fn yes() -> bool {
    true
}

impl Settings {
    /// Each table is a kind of target: exactly one may be there.
    fn target(&mut self, name: &str, machine: &Machine) -> Result<Rc<dyn Target>> {
        let docker = self.docker.take().map(|settings| docker::Docker::new(name, settings, machine));
        let kubernetes = self.kubernetes.take().map(|settings| kubernetes::Kubernetes::new(name, settings, machine));
        let targets =
            [docker.map(|it| Rc::new(it) as Rc<dyn Target>), kubernetes.map(|it| Rc::new(it) as Rc<dyn Target>)];
        let mut stated = targets.into_iter().flatten();
        let target = stated.next().context("it has no target: add a table [docker] or [kubernetes]")?;
        ensure!(stated.next().is_none(), "it has two targets: an environment has exactly one");
        Ok(target)
    }
}

impl Environment {
    pub fn named(name: &str, machine: &Machine) -> Result<Self> {
        let unknown = || {
            let known: Vec<_> = machine.environments.keys().map(String::as_str).collect();
            let next = format!("one of {}; or add a folder to {OVERLAYS}", known.join(", "));
            Failure::new(Exit::Usage, format!("there is no environment `{name}`")).next(next)
        };
        let text = machine.environments.get(name).ok_or_else(unknown)?;
        Self::read(name, text, machine).with_context(|| format!("{OVERLAYS}/{name}/env.toml"))
    }

    fn read(name: &str, text: &str, machine: &Machine) -> Result<Self> {
        let mut settings: Settings = toml::from_str(text)?;
        let target = settings.target(name, machine)?;
        let Settings { signed, protected, local, runner, promotes_from, soak_minutes, .. } = settings;
        let name = name.to_owned();
        ensure!(
            soak_minutes.is_none() || (promotes_from.is_some() && signed),
            "soak_minutes wants promotes_from, and signed images: the record is beside them"
        );
        Ok(Environment { name, signed, protected, local, runner, promotes_from, soak_minutes, target })
    }

    pub fn all(machine: &Machine) -> Result<Vec<Self>> {
        machine.environments.keys().map(|name| Self::named(name, machine)).collect()
    }

    /// The one of this machine that runs on that kind of target.
    pub fn local(kind: &str, machine: &Machine) -> Result<Self> {
        let mut all = Self::all(machine)?.into_iter();
        let missing = || {
            let message = format!("no environment of this clone is local and has a table [{kind}]");
            Failure::new(Exit::Usage, message).next(format!("{OVERLAYS}/NAME/env.toml with `local = true`"))
        };
        Ok(all.find(|it| it.local && it.target.kind() == kind).ok_or_else(missing)?)
    }

    /// A change of a protected environment needs a confirmation.
    pub fn confirmed(&self, yes: bool, effect: &str) -> Option<Step> {
        let refused = format!("{} is protected: {effect}", self.name);
        let confirm = Step::task("confirmed", move |_| {
            ensure!(yes, Failure::new(Exit::Refused, refused.clone()).next("the same with --yes"));
            Ok(())
        });
        let why = format!("{OVERLAYS}/{}/env.toml says that it is protected", self.name);
        self.protected.then(|| confirm.why(why))
    }

    /// Held until the plan is gone.
    fn locked(&self) -> Step {
        let (target, held) = (self.target.clone(), RefCell::default());
        let lock = Step::task("lock", move |_| {
            *held.borrow_mut() = Some(target.lock()?);
            Ok(())
        });
        lock.why("one deployment at a time").changes("locks the environment until the end of the run")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_environments_is_one_and_no_two_share_an_address() {
        let machine = Machine::pretend(&[]);
        let all = Environment::all(&machine).unwrap_or_else(|error| panic!("{error:#}"));
        let mut addresses: Vec<_> = all.iter().map(|it| it.target.address()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert!(addresses.len() >= 4 && addresses.len() == all.len(), "{addresses:?}");
    }

    #[test]
    fn an_unknown_environment_tells_the_known_ones_and_an_unknown_field_is_refused() {
        let mut machine = Machine::pretend(&[]);
        let failure = Failure::from_any(Environment::named("attic", &machine).err().unwrap());
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.next.unwrap().starts_with("one of dev, kind, local, prod, staging"));
        let mut told = |text: &str| {
            machine.environments.insert("attic".into(), text.into());
            format!("{:#}", Environment::named("attic", &machine).err().unwrap())
        };
        let misspelt = told("singed = false\n[docker]\nport = 9000\n");
        assert!(misspelt.starts_with("k8s/overlays/attic/env.toml: ") && misspelt.contains("singed"), "{misspelt}");
        assert!(told("signed = false\n").contains("has no target"));
    }

    #[test]
    fn only_what_may_be_unsigned_says_so_and_production_is_protected() {
        let machine = Machine::pretend(&[]);
        let of = |name: &str| Environment::named(name, &machine).unwrap();
        assert!(!of("dev").signed && of("staging").signed && of("prod").signed && of("prod").protected);
    }

    #[test]
    fn versions_come_from_environments_that_exist() {
        let machine = Machine::pretend(&[]);
        for environment in Environment::all(&machine).unwrap() {
            if let Some(from) = environment.promotes_from {
                Environment::named(&from, &machine).unwrap();
            }
        }
    }

    #[test]
    fn up_finds_the_local_environment_of_a_kind_of_target() {
        let machine = Machine::pretend(&[]);
        assert_eq!(Environment::local("docker", &machine).unwrap().target.kind(), "docker");
        assert_eq!(Failure::from_any(Environment::local("moon", &machine).err().unwrap()).exit, Exit::Usage);
    }

    #[test]
    fn every_field_is_explained() {
        let page = include_str!("../../../docs/environments.md");
        let fields = ["signed", "protected", "local", "runner", "promotes_from", "soak_minutes"]
            .map(|name| format!("| `{name}` |"));
        let of_docker = ["port", "replicas", "ready_within"].map(|name| format!("| `[docker]` `{name}` |"));
        let of_kubernetes = ["contexts", "namespace", "address", "ready_within", "generate_secrets"]
            .map(|name| format!("| `[kubernetes]` `{name}` |"));
        for field in fields.iter().chain(&of_docker).chain(&of_kubernetes) {
            assert!(page.contains(field), "{field}");
        }
    }
}
