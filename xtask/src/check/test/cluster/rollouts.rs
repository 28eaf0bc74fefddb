//! One version after the other: good ones stay, bad ones are rolled back by themselves, and people don't notice either.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::http;
use stages::plan::Step;

use super::{ENVIRONMENT, Ran, WEB_IMAGE, claim, images, kubectl, kubectl_json, port, soon, under_load, xtask};

pub fn first() -> Vec<Step> {
    let first = claim("a first deployment serves", |ctx| {
        let ran = deploy(ctx, "one", &["--seed"])?.ends_with(Exit::Ok)?;
        let port = port(ctx.machine);
        soon(ctx, "the NodePort answers", |_| (http::get(port, "/api/shops").ok()?.status == 200).then_some(()))?;
        kept(ctx, "first deployment", &ran);
        serves(ctx, "one")
    })
    .why("everything that it needs is made, in the right order")
    .changes("the environment kind in the cluster")
    .essential();
    let unchanged = claim("a deployment of what runs changes nothing", |ctx| {
        let before = templates(ctx)?;
        let ran = deploy(ctx, "one", &[])?.ends_with(Exit::Ok)?;
        let after = templates(ctx)?;
        ensure!(before == after, Failure::check(format!("other pods run: {before:?} before, {after:?} after")));
        kept(ctx, "unchanged", &ran);
        Ok(())
    })
    .why("what is there is left alone");
    let shown =
        claim("`status` and `diff` say what runs and what would change", shown).why("before and after a deployment");
    vec![first, unchanged, shown]
}

/// Of which the service's pods are made. How many there are is the autoscaler's business.
fn templates(ctx: &Ctx) -> Result<BTreeSet<String>> {
    let path = "jsonpath={.items[*].metadata.labels.pod-template-hash}";
    let hashes = kubectl(ctx, &["get", "pods", "--selector", "app.kubernetes.io/component=api", "--output", path])?;
    Ok(hashes.split(' ').map(str::to_owned).collect())
}

pub fn steps() -> Vec<Step> {
    vec![
        good("rolling", "two"),
        bad("rolling", "silent", "two"),
        claim("`rollback` brings back the version before", |ctx| {
            let ran = under_load(ctx, "rollback", |ctx| {
                xtask(ctx, &["rollback", "--env", ENVIRONMENT])?.ends_with(Exit::Ok)
            })?;
            kept(ctx, "rollback", &ran);
            serves(ctx, "one")
        })
        .why("by what the cluster remembers of it"),
    ]
}

/// Of version one, which runs before and after.
pub fn interrupted_steps() -> Vec<Step> {
    vec![
        bad("rolling", "broken", "one"),
        claim("of two deployments at once one is refused", two_at_once).why("they would mix"),
        claim("Ctrl-C in the middle brings back what ran", |ctx| interrupted(ctx, Signal::INT))
            .why("after an interruption the old version is wanted"),
        claim("after a kill in the middle the next one recovers", |ctx| interrupted(ctx, Signal::KILL))
            .why("machines stop"),
    ]
}

pub fn good(strategy: &'static str, version: &'static str) -> Step {
    claim(&format!("{strategy}: version {version} replaces the old one, and no request fails"), move |ctx| {
        let what = format!("{strategy} to {version}");
        let ran = under_load(ctx, &what, |ctx| deploy(ctx, version, &["--strategy", strategy])?.ends_with(Exit::Ok))?;
        kept(ctx, &what, &ran);
        serves(ctx, version)
    })
    .why("replicas end only when others answer")
}

pub fn bad(strategy: &'static str, version: &'static str, old: &'static str) -> Step {
    claim(&format!("{strategy}: version {version} is rolled back by itself, and no request fails"), move |ctx| {
        let what = format!("{strategy} to {version}");
        let ran =
            under_load(ctx, &what, |ctx| deploy(ctx, version, &["--strategy", strategy])?.ends_with(Exit::RolledBack))?;
        kept(ctx, &what, &ran);
        ensure!(ran.messages.contains("4999") || version != "silent", Failure::check("it lacks the pod's last lines"));
        serves(ctx, old)
    })
    .why("exit code 6, with the pod's last lines, and the old version serves")
}

pub fn deploy(ctx: &Ctx, version: &str, more: &[&str]) -> Result<Ran> {
    let words = words(ctx, version)?;
    let words: Vec<_> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
    xtask(ctx, &words)
}

fn words(ctx: &Ctx, version: &str) -> Result<Vec<String>> {
    let image = images::version(ctx.machine, version)?;
    Ok(["deploy", "--env", ENVIRONMENT, &image].map(str::to_owned).into())
}

/// How long it took, and its rollback where there was one.
pub fn kept(ctx: &mut Ctx, what: &str, ran: &Ran) {
    let rolled_back = ran.record["data"]["rolled_back_seconds"].clone();
    ctx.data.insert(format!("seconds: {what}"), json!({ "in all": ran.seconds, "rolling back": rolled_back }));
}

/// Every replica that people reach is of that version.
pub fn serves(ctx: &Ctx, version: &str) -> Result<()> {
    let pods = kubectl_json(ctx, &["get", "pods", "--selector", "app.kubernetes.io/component=api"])?;
    let image = images::version(ctx.machine, version)?;
    let images: Vec<_> = pods["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null())
        .map(|pod| pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default())
        .collect();
    let is_all = images.len() >= 3 && images.iter().all(|one| *one == image);
    ensure!(is_all, Failure::check(format!("version {version} is {image}, and there run {}", images.join(", "))));
    Ok(())
}

fn shown(ctx: &mut Ctx) -> Result<()> {
    let status = xtask(ctx, &["status", "--env", ENVIRONMENT])?.ends_with(Exit::Ok)?;
    let said = &status.record["data"]["status"];
    ensure!(said["commit"] == "one", Failure::check(format!("status says {said}")));
    let diff = |image: &str| xtask(ctx, &["diff", "--env", ENVIRONMENT, image])?.ends_with(Exit::Ok);
    let (same, other) = (diff(&images::version(ctx.machine, "one")?)?, diff(&images::version(ctx.machine, "two")?)?);
    let changes = |ran: &Ran| ran.record["data"]["changes"].as_u64();
    let message = || format!("the same: {:?} changes, another image: {:?}", changes(&same), changes(&other));
    // The service and its worker.
    ensure!(changes(&same) == Some(0) && changes(&other) == Some(2), Failure::check(message()));
    Ok(())
}

fn two_at_once(ctx: &mut Ctx) -> Result<()> {
    let mut first = started(ctx, "two")?;
    soon(ctx, "the first has the lock", |ctx| {
        let lease =
            kubectl(ctx, &["get", "lease", "wayfare-deployment", "--ignore-not-found", "--output", "name"]).ok()?;
        (!lease.is_empty()).then_some(())
    })?;
    let second = deploy(ctx, "one", &[])?;
    let code = first.wait()?.code();
    second.ends_with(Exit::Refused)?.says("another operation is in progress")?;
    ensure!(code == Some(0), Failure::check(format!("the first one ended with {code:?}")));
    serves(ctx, "two")?;
    deploy(ctx, "one", &[])?.ends_with(Exit::Ok).map(drop)
}

/// In the moment at which a pod of the new version is there.
fn interrupted(ctx: &mut Ctx, signal: Signal) -> Result<()> {
    let image = images::version(ctx.machine, "two")?;
    let start = Instant::now();
    let code = under_load(ctx, &format!("{signal:?}"), |ctx| {
        let mut running = started(ctx, "two")?;
        soon(ctx, "a new pod", |ctx| {
            let pods = kubectl_json(ctx, &["get", "pods", "--selector", "app.kubernetes.io/component=api"]).ok()?;
            let mut pods = pods["items"].as_array()?.iter();
            pods.any(|pod| pod["spec"]["containers"][0]["image"] == image).then_some(())
        })?;
        kill_process_group(Pid::from_child(&running), signal)?;
        let code = running.wait()?.code();
        if signal == Signal::KILL {
            // The next one, of a version that can't begin: first what was cut off is rolled back, then itself.
            deploy(ctx, "broken", &[])?.ends_with(Exit::RolledBack)?;
        }
        Ok(code)
    })?;
    let expected = if signal == Signal::INT { Some(Exit::Interrupted as i32) } else { None };
    ensure!(code == expected, Failure::check(format!("it ended with {code:?}")));
    ctx.data.insert(format!("seconds: {signal:?}"), start.elapsed().as_secs().into());
    serves(ctx, "one")
}

/// In a process group of its own, as a terminal has it.
fn started(ctx: &Ctx, version: &str) -> Result<std::process::Child> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(words(ctx, version)?)
        .arg("--json")
        .env("PATH", &ctx.machine.path)
        .env(WEB_IMAGE, images::web(ctx.machine)?)
        .current_dir(&ctx.machine.root);
    Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()?)
}
