//! Questions to Docker about an environment's containers, and orders to it.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::http;
use stages::machine::Machine;
use xshell::{Cmd, cmd};

use super::Docker;
use crate::environment::release::Release;

/// Longer than the service takes to end what is under way.
const GRACE: &str = "25";

pub fn docker(machine: &Machine, words: &[&str]) -> Result<String> {
    said(cmd!(machine.sh, "docker {words...}"))
}

/// What it printed; or an error with its last words.
pub fn said(command: Cmd<'_>) -> Result<String> {
    let what = command.to_string();
    let output = command.quiet().ignore_status().output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let last = || text(&output.stderr).lines().last().unwrap_or_default().to_owned();
    ensure!(output.status.success(), Failure::check(format!("`{what}`: {}", last())));
    Ok(text(&output.stdout))
}

/// All of a service, running or not; a trial isn't one of them.
pub fn containers(machine: &Machine, target: &Docker, service: &str, more: &[&str]) -> Result<Vec<String>> {
    let (project, service) = (label("project", &target.project), label("service", service));
    let words = ["ps", "--all", "--quiet", "--no-trunc", "--filter", &project, "--filter", &service];
    let listed = docker(machine, &[&words[..], &["--filter", &label("oneoff", "False")], more].concat())?;
    Ok(listed.lines().map(str::to_owned).collect())
}

fn label(what: &str, value: &str) -> String {
    format!("label=com.docker.compose.{what}={value}")
}

/// The id of the image that it was made from.
pub fn image_of(machine: &Machine, container: &str) -> Result<String> {
    docker(machine, &["inspect", "--format", "{{.Image}}", container])
}

/// What an image's label says, if it has it.
pub fn label_of(machine: &Machine, image: &str, label: &str) -> Result<Option<String>> {
    let format = format!("{{{{index .Config.Labels \"{label}\"}}}}");
    let value = docker(machine, &["image", "inspect", "--format", &format, image])?;
    Ok(Some(value).filter(|value| !value.is_empty() && value != "<no value>"))
}

pub fn end(machine: &Machine, container: &str) -> Result<()> {
    docker(machine, &["stop", "--time", GRACE, container]).map(drop)
}

pub fn remove(machine: &Machine, container: &str) -> Result<()> {
    docker(machine, &["rm", "--force", "--volumes", container]).map(drop)
}

/// Waits until it says that requests can be served. One that ends, or begins anew meanwhile, is not waited for.
pub fn ready(ctx: &mut Ctx, container: &str, seconds: u64) -> Result<u16> {
    let machine = ctx.machine;
    let looked = Cell::new(Instant::now());
    let answer = |port: u16, restarts: &str| match http::get(port, "/readyz") {
        Ok(answer) if answer.status == 200 => Some(Ok(port)),
        _ if looked.get().elapsed() < Duration::from_secs(1) => None,
        _ => {
            looked.set(Instant::now());
            runs(machine, container, restarts).err().map(Err)
        }
    };
    let begun = || {
        let restarts = docker(machine, &["inspect", "--format", "{{.RestartCount}}", container])?;
        runs(machine, container, &restarts)?;
        Ok((port(machine, container)?, restarts))
    };
    let answered = begun().and_then(|(port, restarts)| ctx.wait_for("ready", seconds, || answer(port, &restarts))?);
    answered.map_err(|error| told(ctx, container, error))
}

/// With the last lines of its log.
fn told(ctx: &mut Ctx, container: &str, error: anyhow::Error) -> anyhow::Error {
    let logs = cmd!(ctx.machine.sh, "docker logs --tail 20 {container}").quiet().ignore_status().output();
    if let Ok(logs) = logs {
        ctx.heard(&(String::from_utf8_lossy(&logs.stdout) + &*String::from_utf8_lossy(&logs.stderr)));
    }
    error
}

/// An error for one that has ended, or has begun anew more often than that.
pub fn runs(machine: &Machine, container: &str, restarts: &str) -> Result<()> {
    let format = "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}";
    let state = docker(machine, &["inspect", "--format", format, container])?;
    let words: Vec<_> = state.split(' ').collect();
    let has_ended = || Failure::check(format!("it exited with {}", words.get(1).unwrap_or(&"?")));
    ensure!(words[0] == "running" && words.get(2) == Some(&restarts), has_ended());
    Ok(())
}

/// Where this machine reaches its port 5000.
pub fn port(machine: &Machine, container: &str) -> Result<u16> {
    let told = docker(machine, &["port", container, "5000"])?;
    told.rsplit(':').next().and_then(|port| port.parse().ok()).with_context(|| format!("{container} has no port"))
}

/// It is of that commit by its own word, and gives people what they come for.
pub fn asked(ctx: &mut Ctx, container: &str, port: u16, revision: &str) -> Result<()> {
    let says = asked_for_commit(port);
    let message = |says: &str| format!("the image is of commit {revision}, but the running service reports {says}");
    let checked = match says {
        Ok(says) if says != revision => Err(Failure::check(message(&says)).into()),
        Ok(_) => answers(port).map(drop),
        Err(error) => Err(error),
    };
    checked.map_err(|error| told(ctx, container, error))
}

pub fn asked_for_commit(port: u16) -> Result<String> {
    let http::Answer { status, body } = http::get(port, "/readyz")?;
    ensure!(status == 200, Failure::check(format!("/readyz responds with {status}")));
    let ready: Value = serde_json::from_str(&body).context("/readyz doesn't respond with JSON")?;
    Ok(ready["revision"].as_str().context("/readyz reports no revision")?.to_owned())
}

/// The page, which it returns, and the shops.
pub fn answers(port: u16) -> Result<String> {
    let get = |path: &str| -> Result<http::Answer> {
        let answer = http::get(port, path).with_context(|| format!("GET {path}"))?;
        ensure!(answer.status == 200, Failure::check(format!("GET {path} responds with {}", answer.status)));
        Ok(answer)
    };
    get("/api/shops")?;
    Ok(get("/")?.body)
}

/// One more of a service, beside those that are there; compose leaves those alone.
pub fn one_more(machine: &Machine, target: &Docker, release: &Release, service: &str) -> Result<String> {
    let before = containers(machine, target, service, &[])?;
    let scale = format!("{service}={}", before.len() + 1);
    let words = ["up", "--detach", "--no-deps", "--no-recreate", "--scale", &scale, service];
    said(target.compose_of(release, machine, &words))?;
    let after = containers(machine, target, service, &[])?;
    let new = after.into_iter().find(|container| !before.contains(container));
    new.ok_or_else(|| Failure::new(Exit::Failed, format!("compose didn't start another {service}")).into())
}
