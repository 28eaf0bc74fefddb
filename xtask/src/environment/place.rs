//! An environment: a folder of k8s/overlays that says only what differs there, and where its things are on this machine.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, OVERLAYS};
use xshell::{Cmd, cmd};

/// `env.toml`; docs/environments.md explains each field.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    #[serde(default = "yes")]
    pub signed: bool,
    #[serde(default)]
    pub asks_first: bool,
    /// A machine with Docker. Another kind of place is another table.
    pub docker: Docker,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docker {
    pub door: u16,
    #[serde(default = "two")]
    pub replicas: usize,
    #[serde(default = "a_minute")]
    pub ready_within: u64,
}

fn yes() -> bool {
    true
}

fn two() -> usize {
    2
}

fn a_minute() -> u64 {
    60
}

/// An environment on this machine.
#[derive(Clone)]
pub struct Place {
    pub name: String,
    pub environment: Environment,
    /// What Docker calls everything that belongs to it.
    pub project: String,
    /// What outlives a clone.
    pub state: PathBuf,
}

impl Place {
    pub fn named(name: &str, machine: &Machine) -> Result<Self> {
        let unknown = || {
            let known: Vec<_> = machine.environments.keys().map(String::as_str).collect();
            let next = format!("one of {}; or a folder of {OVERLAYS} of its own", known.join(", "));
            Failure::new(Exit::Usage, format!("there is no environment `{name}`")).next(next)
        };
        let text = machine.environments.get(name).ok_or_else(unknown)?;
        let environment = toml::from_str(text).with_context(|| format!("{OVERLAYS}/{name}/env.toml"))?;
        let (project, state) = (format!("wayfare-{name}"), machine.state.join(name));
        Ok(Place { name: name.to_owned(), environment, project, state })
    }

    pub fn secrets(&self) -> PathBuf {
        self.state.join("secrets")
    }

    /// The web tier's image: what runs, and what was made to run next.
    pub fn web(&self, which: &str) -> String {
        format!("{}-web:{which}", self.project)
    }

    /// compose.yaml as it is here, with that image.
    pub fn compose<'a>(&self, machine: &'a Machine, image: &str, words: &[&str]) -> Cmd<'a> {
        let (project, docker) = (&self.project, &self.environment.docker);
        cmd!(machine.sh, "docker compose --project-name {project} {words...}")
            .env("WAYFARE_DOOR", docker.door.to_string())
            .env("WAYFARE_IMAGE", image)
            .env("WAYFARE_REPLICAS", docker.replicas.to_string())
            // Any that are free: nobody has to know them.
            .env("WAYFARE_REPLICA_PORTS", "")
            .env("WAYFARE_SECRETS", self.secrets())
            .env("WAYFARE_WEB_IMAGE", self.web("running"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_environments_is_one_and_no_two_share_a_door() {
        let machine = Machine::pretend(&[]);
        let mut doors: Vec<_> = machine
            .environments
            .keys()
            .map(|name| {
                Place::named(name, &machine).unwrap_or_else(|error| panic!("{error:#}")).environment.docker.door
            })
            .collect();
        assert!(doors.len() >= 3 && !doors.contains(&8080), "that one is `up --compose`'s: {doors:?}");
        doors.sort_unstable();
        doors.dedup();
        assert_eq!(doors.len(), machine.environments.len());
    }

    #[test]
    fn an_unknown_environment_tells_the_known_ones_and_an_unknown_field_is_refused() {
        let mut machine = Machine::pretend(&[]);
        let failure = Failure::from_any(Place::named("attic", &machine).err().unwrap());
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.next.unwrap().starts_with("one of dev, prod, staging"));
        machine.environments.insert("attic".into(), "singed = false\n[docker]\ndoor = 9000\n".into());
        let told = format!("{:#}", Place::named("attic", &machine).err().unwrap());
        assert!(told.starts_with("k8s/overlays/attic/env.toml: ") && told.contains("singed"), "{told}");
    }

    #[test]
    fn only_what_may_be_unsigned_says_so_and_production_asks() {
        let machine = Machine::pretend(&[]);
        let of = |name: &str| Place::named(name, &machine).unwrap().environment;
        assert!(!of("dev").signed && of("staging").signed && of("prod").signed && of("prod").asks_first);
    }

    #[test]
    fn every_field_is_explained() {
        let page = include_str!("../../../docs/environments.md");
        for field in ["signed", "asks_first", "door", "replicas", "ready_within"] {
            assert!(
                page.contains(&format!("| `{field}` |")) || page.contains(&format!("| `[docker]` `{field}` |")),
                "{field}"
            );
        }
    }
}
