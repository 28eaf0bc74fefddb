//! From one version to the next without a request that fails: the new one is tried where nobody asks it, then stands beside
//! the old one, and only when it answers does the old one end. Until the last question is answered the old one is kept.

use std::time::SystemTime;

use anyhow::{Result, ensure};
use serde_json::json;
use stages::ctx::Ctx;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::http;
use stages::machine::Machine;
use stages::process;

use super::docker::{answers, asked, containers, docker, end, image_of, one_more, ready, remove, runs, said};
use super::place::Place;
use super::state::{UnderWay, Version};

/// What runs the service's image.
const ROLLED: [&str; 2] = ["api", "worker"];

#[derive(Clone)]
pub struct Roll {
    pub place: Place,
    pub image: String,
}

impl Roll {
    /// What there is, before anything is touched; a container that doesn't run is nobody's any more.
    pub fn begin(&self, ctx: &mut Ctx) -> Result<()> {
        let (machine, place) = (ctx.machine, &self.place);
        let (revision, running) = (self.revision(machine)?, place.running()?);
        let runs = self.rolled(machine, &["--filter", "status=running"])?;
        self.rolled(machine, &[])?.iter().filter(|it| !runs.contains(it)).try_for_each(|it| remove(machine, it))?;
        let web = self.web_now(machine)?.map(|web| image_of(machine, &web)).transpose()?;
        place.begins(&UnderWay { was: runs, web })?;
        let before =
            running.now.as_ref().map_or("nothing".to_owned(), |now| format!("{} ({})", now.revision, now.image));
        ctx.screen.say(&format!("  from {before}"));
        ctx.screen.say(&format!("  to   {revision} ({})", self.image));
        ctx.data.insert("environment".into(), place.name.clone().into());
        ctx.data.insert("image".into(), self.image.clone().into());
        ctx.data.insert("revision".into(), revision.into());
        ctx.data.insert("previous".into(), serde_json::to_value(running.now)?);
        Ok(())
    }

    /// On the real database, at a port of its own, by no name that the web tier knows.
    pub fn trial(&self, ctx: &mut Ctx) -> Result<()> {
        let (machine, name) = (ctx.machine, self.trial_name());
        let words = ["run", "--detach", "--no-deps", "--name", &name, "--publish", "127.0.0.1::5000", "api"];
        said(self.place.compose(machine, &self.image, &words))?;
        self.check(ctx, &name)?;
        remove(machine, &name)
    }

    /// Answers as the one of its image. The port.
    fn check(&self, ctx: &mut Ctx, container: &str) -> Result<u16> {
        let port = ready(ctx, container, self.place.environment.docker.ready_within)?;
        let revision = self.revision(ctx.machine)?;
        asked(ctx, container, port, &revision)?;
        Ok(port)
    }

    /// All new ones beside the old ones, one after the other: whom the web tier finds silent, it passes over once.
    pub fn replicas(&self, ctx: &mut Ctx) -> Result<()> {
        let machine = ctx.machine;
        let old = containers(machine, &self.place, "api", &[])?;
        for _ in 0..self.place.environment.docker.replicas {
            let new = one_more(machine, &self.place, &self.image, "api")?;
            self.check(ctx, &new)?;
        }
        old.iter().try_for_each(|old| self.end(machine, old))
    }

    /// Two for a moment: each takes other events.
    pub fn worker(&self, ctx: &mut Ctx) -> Result<()> {
        let machine = ctx.machine;
        let old = containers(machine, &self.place, "worker", &[])?;
        one_more(machine, &self.place, &self.image, "worker")?;
        old.iter().try_for_each(|old| self.end(machine, old))
    }

    fn end(&self, machine: &Machine, container: &str) -> Result<()> {
        ensure!(!process::interrupted(), Failure::new(Exit::Interrupted, "interrupted"));
        end(machine, container)
    }

    /// Compose replaces it where its image or its settings are others, and leaves it alone where they aren't.
    pub fn web(&self, ctx: &mut Ctx) -> Result<()> {
        let machine = ctx.machine;
        let old = self.web_now(machine)?;
        docker(machine, &["tag", &self.place.web("next"), &self.place.web("running")])?;
        self.bring_web(ctx)?;
        let kept = self.web_now(machine)? == old;
        ctx.data.insert("web".into(), if kept { "kept" } else { "replaced" }.into());
        Ok(())
    }

    fn bring_web(&self, ctx: &mut Ctx) -> Result<()> {
        said(self.place.compose(ctx.machine, &self.image, &["up", "--detach", "--no-deps", "web"]))?;
        let (door, within) = (self.place.environment.docker.door, self.place.environment.docker.ready_within);
        let answers = || http::get(door, "/healthz").ok().filter(|answer| answer.status == 200);
        ctx.wait_for("the door", within, || answers().map(drop))
    }

    /// Whether people get what was deployed, by the way that they take.
    pub fn smoke(&self, ctx: &mut Ctx) -> Result<()> {
        let (machine, door) = (ctx.machine, self.place.environment.docker.door);
        let page = answers(door)?;
        let was = self.place.under_way()?.unwrap_or_default().was;
        let mut replicas = Vec::new();
        for container in containers(machine, &self.place, "api", &[])?.iter().filter(|id| !was.contains(id)) {
            let port = self.check(ctx, container)?;
            let same = page == http::get(port, "/")?.body;
            ensure!(same, Failure::check("the web tier's page isn't the one of the image"));
            replicas.push(json!({ "container": container[..12], "port": port, "revision": self.revision(machine)? }));
        }
        ensure!(!replicas.is_empty(), Failure::check("no new replica runs"));
        let workers = containers(machine, &self.place, "worker", &[])?;
        workers.iter().filter(|id| !was.contains(id)).try_for_each(|worker| runs(machine, worker, "0"))?;
        ctx.data.insert("replicas".into(), replicas.into());
        Ok(())
    }

    /// From here on it is what runs; the old ones, which have ended, go.
    pub fn keep(&self, ctx: &mut Ctx) -> Result<()> {
        let (machine, was) = (ctx.machine, self.place.under_way()?.unwrap_or_default().was);
        let since = timestamp(SystemTime::now());
        self.place.serves(Version { image: self.image.clone(), revision: self.revision(machine)?, since })?;
        // One that stays doesn't run, and goes with the next deployment.
        was.iter().for_each(|old| drop(remove(machine, old)));
        Ok(())
    }

    /// The old ones serve again, and what is new goes. An error where there are no old ones.
    pub fn put_back(&self, ctx: &mut Ctx) -> Result<()> {
        let (machine, place) = (ctx.machine, &self.place);
        let Some(UnderWay { was, web }) = place.under_way()? else { return Ok(()) };
        let trial = format!("name=^{}$", self.trial_name());
        docker(machine, &["ps", "--all", "--quiet", "--filter", &trial])?
            .lines()
            .try_for_each(|it| remove(machine, it))?;
        let api = containers(machine, place, "api", &[])?;
        for old in &was {
            docker(machine, &["start", old])?;
            if api.contains(old) {
                ready(ctx, old, place.environment.docker.ready_within)?;
            }
        }
        match (web, self.web_now(machine)?) {
            (Some(was), _) => {
                docker(machine, &["tag", &was, &place.web("running")])?;
                self.bring_web(ctx)?;
            }
            (None, Some(new)) => remove(machine, &new)?,
            (None, None) => {}
        }
        for new in self.rolled(machine, &[])?.iter().filter(|id| !was.contains(id)) {
            end(machine, new)?;
            remove(machine, new)?;
        }
        place.is_over()?;
        ensure!(!was.is_empty(), Failure::check("nothing ran here before, and nothing runs now"));
        answers(place.environment.docker.door).map(drop)
    }

    fn web_now(&self, machine: &Machine) -> Result<Option<String>> {
        Ok(containers(machine, &self.place, "web", &[])?.into_iter().next())
    }

    fn rolled(&self, machine: &Machine, more: &[&str]) -> Result<Vec<String>> {
        let found: Result<Vec<_>> =
            ROLLED.iter().map(|service| containers(machine, &self.place, service, more)).collect();
        Ok(found?.concat())
    }

    fn revision(&self, machine: &Machine) -> Result<String> {
        let format = r#"{{index .Config.Labels "org.opencontainers.image.revision"}}"#;
        let label = docker(machine, &["image", "inspect", "--format", format, &self.image])?;
        let none = || Failure::check(format!("{} doesn't say of which commit it is", self.image));
        ensure!(!label.is_empty() && label != "<no value>", none());
        Ok(label)
    }

    fn trial_name(&self) -> String {
        format!("{}-trial", self.place.project)
    }
}
