//! What runs, by Docker's word and the replicas' own.

use anyhow::{Context, Result};
use stages::machine::Machine;

use super::Docker;
use super::containers::{asked_for_commit, containers, docker, label_of, port};
use crate::environment::Target;
use crate::environment::release::{Outcome, Version};
use crate::environment::status::{Instance, Replicas, Report};
use crate::image::Image;

const READY: &str = "ready";

impl Docker {
    pub fn report(&self, machine: &Machine) -> Result<Report> {
        let known = self.known()?;
        let last = self.last()?;
        let instances = self.instances(machine)?;
        let ready = instances.iter().filter(|it| it.service == "api" && it.state == READY).count();
        let is_under_way = last.as_ref().is_some_and(|it| it.outcome == Outcome::UnderWay);
        Ok(Report {
            target: self.kind(),
            address: self.address(),
            version: known.now.as_ref().and_then(|now| self.release_of(now, machine)),
            digest: known.now.as_ref().and_then(|now| digest(&now.image, machine)),
            image: known.now.as_ref().map(|now| now.image.clone()),
            commit: known.now.map(|now| now.revision),
            replicas: Replicas { wanted: self.settings.replicas, ready },
            instances,
            step: is_under_way.then(|| "rolling".to_owned()),
            previous: known.before,
            last_deployment: last,
        })
    }

    /// An image that Docker no longer has says nothing.
    fn release_of(&self, now: &Version, machine: &Machine) -> Option<String> {
        label_of(machine, &now.image.to_string(), "org.opencontainers.image.version").ok().flatten()
    }

    fn instances(&self, machine: &Machine) -> Result<Vec<Instance>> {
        let mut all = Vec::new();
        for service in ["api", "worker", "web", "postgres", "redis"] {
            for container in containers(machine, self, service, &[])? {
                all.push(instance(service, &container, machine)?);
            }
        }
        Ok(all)
    }
}

fn instance(service: &str, container: &str, machine: &Machine) -> Result<Instance> {
    let about = docker(machine, &["inspect", "--format", "{{.Name}} {{.State.Status}}", container])?;
    let (name, state) = about.split_once(' ').context("Docker reports no state")?;
    let commit = if service == "api" { port(machine, container).and_then(asked_for_commit).ok() } else { None };
    let state = if commit.is_some() { READY } else { state };
    let name = name.trim_start_matches('/').to_owned();
    Ok(Instance { service: service.to_owned(), name, commit, state: state.to_owned() })
}

fn digest(image: &Image, machine: &Machine) -> Option<String> {
    match image {
        Image::Pinned(reference) => Some(reference.digest.to_string()),
        Image::Local(name) => docker(machine, &["image", "inspect", "--format", "{{.Id}}", name]).ok(),
    }
}
