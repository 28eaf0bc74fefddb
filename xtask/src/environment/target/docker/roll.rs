//! From one version to the next without a failed request: the new one first runs without traffic, then beside the old one,
//! and only when it answers does the old one end. Until the smoke test has passed the old one is kept.

use std::time::SystemTime;

use anyhow::{Result, ensure};
use serde_json::json;
use stages::ctx::Ctx;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::http;
use stages::machine::Machine;
use stages::process;

use super::containers::{
    answers, asked, containers, docker, end, image_of, label_of, one_more, ready, remove, runs, said,
};
use super::state::UnderWay;
use super::{Docker, Settings};
use crate::environment::release::{Attempt, Outcome, Release, Version};

/// What runs the service's image.
const ROLLED: [&str; 2] = ["api", "worker"];

impl Docker {
    /// What there is, before anything is touched; a container that has ended already is removed.
    pub fn begun(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        let machine = ctx.machine;
        let revision = revision(machine, release)?;
        let now = self.known()?.now;
        let was = self.of_service(machine, &["--filter", "status=running"])?;
        let all = self.of_service(machine, &[])?;
        all.iter().filter(|it| !was.contains(it)).try_for_each(|it| remove(machine, it))?;
        let web = self.web_now(machine)?.map(|web| image_of(machine, &web)).transpose()?;
        let started = timestamp(SystemTime::now());
        let attempt = Attempt {
            image: release.image.clone(),
            revision: revision.clone(),
            strategy: release.strategy,
            started,
            outcome: Outcome::UnderWay,
        };
        self.begins(&UnderWay { was, web }, &attempt)?;
        let before = now.as_ref().map_or("nothing".to_owned(), |now| format!("{} ({})", now.revision, now.image));
        ctx.screen.say(&format!("  from {before}"));
        ctx.screen.say(&format!("  to   {revision} ({})", release.image));
        ctx.data.insert("environment".into(), self.environment.clone().into());
        ctx.data.insert("image".into(), serde_json::to_value(&release.image)?);
        ctx.data.insert("revision".into(), revision.into());
        ctx.data.insert("previous".into(), serde_json::to_value(now)?);
        Ok(())
    }

    /// On the real database, at a port of its own, by no name that the web tier knows.
    pub fn pre_flight(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        let (machine, name) = (ctx.machine, self.pre_flight_name());
        let words = ["run", "--detach", "--no-deps", "--name", &name, "--publish", "127.0.0.1::5000", "api"];
        said(self.compose_of(release, machine, &words))?;
        self.check(ctx, release, &name)?;
        remove(machine, &name)
    }

    /// It is ready and serves the release's commit. Its port.
    fn check(&self, ctx: &mut Ctx, release: &Release, container: &str) -> Result<u16> {
        let port = ready(ctx, container, self.settings.ready_within)?;
        let revision = revision(ctx.machine, release)?;
        asked(ctx, container, port, &revision)?;
        Ok(port)
    }

    /// All new ones beside the old ones, one after the other: the web tier passes over one that is silent, and only one.
    pub fn replicas(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        let machine = ctx.machine;
        let old = containers(machine, self, "api", &[])?;
        for _ in 0..self.settings.replicas {
            let new = one_more(machine, self, release, "api")?;
            self.check(ctx, release, &new)?;
        }
        old.iter().try_for_each(|old| self.end(machine, old))
    }

    /// Two for a moment: each takes other events.
    pub fn worker(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        let machine = ctx.machine;
        let old = containers(machine, self, "worker", &[])?;
        one_more(machine, self, release, "worker")?;
        old.iter().try_for_each(|old| self.end(machine, old))
    }

    fn end(&self, machine: &Machine, container: &str) -> Result<()> {
        ensure!(!process::interrupted(), Failure::new(Exit::Interrupted, "interrupted"));
        end(machine, container)
    }

    /// Compose replaces it where its image or its settings differ, and leaves it alone where they don't.
    pub fn replace_web(&self, ctx: &mut Ctx, _: &Release) -> Result<()> {
        let machine = ctx.machine;
        let old = self.web_now(machine)?;
        docker(machine, &["tag", &self.web("next"), &self.web("running")])?;
        self.bring_web(ctx)?;
        let kept = self.web_now(machine)? == old;
        ctx.data.insert("web".into(), if kept { "kept" } else { "replaced" }.into());
        Ok(())
    }

    fn bring_web(&self, ctx: &mut Ctx) -> Result<()> {
        said(self.compose(ctx.machine, &["up", "--detach", "--no-deps", "web"]))?;
        let Settings { port, ready_within, .. } = self.settings;
        let answers = || http::get(port, "/healthz").ok().filter(|answer| answer.status == 200);
        ctx.wait_for("the web tier", ready_within, || answers().map(drop))
    }

    /// Whether clients get what was deployed, through the web tier.
    pub fn smoked(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        let machine = ctx.machine;
        let page = answers(self.settings.port)?;
        let was = self.under_way()?.unwrap_or_default().was;
        let mut replicas = Vec::new();
        for container in containers(machine, self, "api", &[])?.iter().filter(|id| !was.contains(id)) {
            let port = self.check(ctx, release, container)?;
            let same = page == http::get(port, "/")?.body;
            ensure!(same, Failure::check("the web tier serves another page than the image's"));
            replicas
                .push(json!({ "container": container[..12], "port": port, "revision": revision(machine, release)? }));
        }
        ensure!(!replicas.is_empty(), Failure::check("no new replica runs"));
        let workers = containers(machine, self, "worker", &[])?;
        workers.iter().filter(|id| !was.contains(id)).try_for_each(|worker| runs(machine, worker, "0"))?;
        ctx.data.insert("replicas".into(), replicas.into());
        Ok(())
    }

    /// From here on it is what runs; the old ones, which have ended, are removed.
    pub fn finished(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        let machine = ctx.machine;
        let was = self.under_way()?.unwrap_or_default().was;
        self.describe(release, machine)?;
        let (image, since) = (release.image.clone(), timestamp(SystemTime::now()));
        self.serves(Version { image, revision: revision(machine, release)?, since })?;
        // One that stays doesn't run, and goes with the next deployment.
        was.iter().for_each(|old| drop(remove(machine, old)));
        Ok(())
    }

    /// Where nothing ran before, nothing can serve again: that is no reason not to go on.
    pub fn recovered(&self, ctx: &mut Ctx) -> Result<()> {
        match self.under_way()? {
            Some(left) => self.rolled_back(ctx).or_else(|error| if left.was.is_empty() { Ok(()) } else { Err(error) }),
            None => Ok(()),
        }
    }

    /// The old ones serve again, and what is new is removed. An error where there are no old ones.
    pub fn rolled_back(&self, ctx: &mut Ctx) -> Result<()> {
        let machine = ctx.machine;
        let Some(UnderWay { was, web }) = self.under_way()? else { return Ok(()) };
        let pre_flight = format!("name=^{}$", self.pre_flight_name());
        let left = docker(machine, &["ps", "--all", "--quiet", "--filter", &pre_flight])?;
        left.lines().try_for_each(|it| remove(machine, it))?;
        self.start_again(ctx, &was)?;
        match (web, self.web_now(machine)?) {
            (Some(was), _) => {
                docker(machine, &["tag", &was, &self.web("running")])?;
                self.bring_web(ctx)?;
            }
            (None, Some(new)) => remove(machine, &new)?,
            (None, None) => {}
        }
        for new in self.of_service(machine, &[])?.iter().filter(|id| !was.contains(id)) {
            end(machine, new)?;
            remove(machine, new)?;
        }
        self.is_over(if was.is_empty() { Outcome::Failed } else { Outcome::RolledBack })?;
        ensure!(!was.is_empty(), Failure::check("there was no previous version, and nothing runs now"));
        answers(self.settings.port).map(drop)
    }

    fn start_again(&self, ctx: &mut Ctx, was: &[String]) -> Result<()> {
        let api = containers(ctx.machine, self, "api", &[])?;
        for old in was {
            docker(ctx.machine, &["start", old])?;
            if api.contains(old) {
                ready(ctx, old, self.settings.ready_within)?;
            }
        }
        Ok(())
    }

    fn web_now(&self, machine: &Machine) -> Result<Option<String>> {
        Ok(containers(machine, self, "web", &[])?.into_iter().next())
    }

    fn of_service(&self, machine: &Machine, more: &[&str]) -> Result<Vec<String>> {
        let found = ROLLED.iter().map(|service| containers(machine, self, service, more));
        Ok(found.collect::<Result<Vec<_>>>()?.concat())
    }

    fn pre_flight_name(&self) -> String {
        format!("{}-pre-flight", self.project)
    }
}

/// The commit that the image says it is of.
fn revision(machine: &Machine, release: &Release) -> Result<String> {
    let label = label_of(machine, &release.image.to_string(), "org.opencontainers.image.revision")?;
    label.ok_or_else(|| Failure::check(format!("{} doesn't say of which commit it is", release.image)).into())
}
