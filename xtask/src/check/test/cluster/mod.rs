//! `test cluster`: the product on a real Kubernetes, from `cluster up` to `cluster down`: users' Kind, or the stand-in for it.
//!
//! Each step is named by what it claims, and its record says how long it took. What is asked meanwhile is what can be asked
//! twice.

mod deployer;
mod disruptions;
mod images;
mod judged;
mod policies;
mod refusals;
mod rollouts;

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::{CLUSTER_STAND_IN, Machine};
use stages::plan::{Plan, Step};
use stages::tools;
use xshell::cmd;

use super::LOAD;
use super::requests::Load;
use crate::plan_for;

/// What is tried, as it is in k8s/overlays.
pub const ENVIRONMENT: &str = "kind";
pub const NAMESPACE: &str = "wayfare-kind";
/// Few: a machine that is busy with their questions alone rolls nothing out.
const CLIENTS: usize = 2;
/// So many that CPU is what they wait for.
const CROWD: usize = 12;
/// Answers before and after an event: enough that every client has asked many times.
const MANY: usize = 100;
const SOON: u64 = 120;
const UP: &str = "up";
const WEB_IMAGE: &str = "WAYFARE_WEB_IMAGE";

/// The usual story, or all of it: every strategy, with versions that must not stay.
pub fn plan(machine: &Machine, is_required: bool, as_pushed: bool, is_all: bool) -> Result<Plan> {
    let has_cluster = machine.docker_answers() && has_cluster(machine);
    let remedy = format!("{}; WAYFARE_TEST_CLUSTER=.ci/cluster where Kind can't run", tools::remedy("kind"));
    let missing =
        || Failure::new(Exit::ToolMissing, "a cluster is required, and can't be had here").next(remedy.clone());
    ensure!(has_cluster || !is_required, missing());
    let steps = steps(machine, as_pushed, is_all)?.into_iter().map(|step| step.skip_if(!has_cluster, remedy.clone()));
    // Each claim stands by itself: one run reports all that fail.
    Ok(Plan::new("test cluster", steps).keep_going())
}

/// Users' Kind, or the stand-in for it.
fn has_cluster(machine: &Machine) -> bool {
    machine.variable(CLUSTER_STAND_IN).is_some() || machine.has("kind") && machine.has("kubectl")
}

fn steps(machine: &Machine, as_pushed: bool, is_all: bool) -> Result<Vec<Step>> {
    let stage = |name: &str, words: &[&str]| -> Result<Step> {
        Ok(Step::run(name, cmd!(machine.sh, "cargo xtask {words...}")).around(plan_for(words, machine)?).within(3600))
    };
    let build: Vec<_> = ["image", "build"].into_iter().chain(as_pushed.then_some("--release")).collect();
    let image = stage("image", &build)?
        .why("the test uses an image of this source")
        .skip_if(machine.variable("WAYFARE_IMAGE").is_some(), "WAYFARE_IMAGE names an image");
    let up = stage(UP, &["cluster", "up"])?.why("a cluster for this test only").changes("a cluster of its own");
    let down = stage("down", &["cluster", "down"])?.why("nothing of it is left").changes("removes it").cleaning_up(&up);
    let load = Step::task("images in the cluster", images::load).why("nodes take them by their digest");
    let needed = [image, images::build(machine), up, load].map(Step::essential);
    let mut steps = Vec::from(needed);
    steps.extend(rollouts::first());
    steps.push(tour(machine));
    steps.extend(policies::steps());
    steps.push(deployer::step());
    steps.extend(refusals::steps());
    steps.extend(disruptions::steps());
    steps.extend(rollouts::steps());
    if is_all {
        steps.push(disruptions::scaling());
        steps.extend(rollouts::interrupted_steps());
        steps.extend(judged::steps());
    }
    steps.push(
        claim("after `down` nothing of the environment is left", nothing_left).why("what is forgotten costs money"),
    );
    steps.push(down);
    Ok(steps)
}

fn tour(machine: &Machine) -> Step {
    let tour = cmd!(machine.sh, "cargo test --workspace --exclude {LOAD} --locked --test faults tour")
        .env("WAYFARE_TOUR_AT", format!("http://127.0.0.1:{}", port(machine)));
    Step::run("docs/tour.md works through the web tier's NodePort", tour)
        .why("what people do, they can do there")
        .counting_tests()
        .within(1200)
}

fn nothing_left(ctx: &mut Ctx) -> Result<()> {
    xtask(ctx, &["down", "--env", ENVIRONMENT])?.ends_with(Exit::Ok)?;
    let found = kubectl(ctx, &["get", "namespace", NAMESPACE, "--ignore-not-found", "--output", "name"])?;
    ensure!(found.is_empty(), Failure::check(format!("{found} is still there")));
    Ok(())
}

/// A step whose name is what it claims.
fn claim(name: &str, task: impl Fn(&mut Ctx) -> Result<()> + 'static) -> Step {
    Step::task(name, task).next("cargo xtask status --env kind; kubectl --namespace wayfare-kind get events")
}

/// How a command of ours ended.
struct Ran {
    exit: Exit,
    record: Value,
    messages: String,
    seconds: f64,
}

impl Ran {
    fn ends_with(self, exit: Exit) -> Result<Self> {
        let last: Vec<_> = self.messages.lines().rev().take(15).collect();
        let last: Vec<_> = last.into_iter().rev().collect();
        let message = || format!("it ended as {} and not as {}:\n{}", self.exit.word(), exit.word(), last.join("\n"));
        ensure!(self.exit == exit, Failure::check(message()));
        Ok(self)
    }

    fn says(self, what: &str) -> Result<Self> {
        ensure!(self.messages.contains(what), Failure::check(format!("it doesn't say “{what}”:\n{}", self.messages)));
        Ok(self)
    }
}

/// This program, as a person would run it.
fn xtask(ctx: &Ctx, words: &[&str]) -> Result<Ran> {
    xtask_with(ctx, words, &[])
}

fn xtask_with(ctx: &Ctx, words: &[&str], variables: &[(&str, &str)]) -> Result<Ran> {
    let start = Instant::now();
    let program = std::env::current_exe()?;
    let web = images::web(ctx.machine).unwrap_or_default();
    let command = cmd!(ctx.machine.sh, "{program} {words...} --json").env("PATH", &ctx.machine.path);
    let command = command.env(WEB_IMAGE, web).envs(variables.iter().copied());
    let output = command.quiet().ignore_status().output()?;
    Ok(Ran {
        exit: Exit::of_code(output.status.code().unwrap_or(1)),
        record: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        messages: String::from_utf8_lossy(&output.stderr).into_owned(),
        seconds: (start.elapsed().as_secs_f64() * 10.0).round() / 10.0,
    })
}

fn kubectl(ctx: &Ctx, words: &[&str]) -> Result<String> {
    let command = cmd!(ctx.machine.sh, "kubectl --namespace {NAMESPACE} {words...}").env("PATH", &ctx.machine.path);
    let output = command.quiet().ignore_status().output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), Failure::check(format!("kubectl {}: {said}", words.join(" "))));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// In whatever namespace each object names.
fn apply(ctx: &Ctx, objects: &str) -> Result<String> {
    let command = cmd!(ctx.machine.sh, "kubectl apply --server-side --filename -").env("PATH", &ctx.machine.path);
    Ok(command.stdin(objects).quiet().ignore_stderr().read()?)
}

fn kubectl_json(ctx: &Ctx, words: &[&str]) -> Result<Value> {
    serde_json::from_str(&kubectl(ctx, &[words, &["--output", "json"]].concat())?).context("kubectl prints JSON")
}

/// Where the web tier's NodePort answers on this machine.
fn port(machine: &Machine) -> u16 {
    machine.variable("WAYFARE_TEST_CLUSTER_PORT").and_then(|port| port.parse().ok()).unwrap_or(30080)
}

/// People ask all the time while it happens, and each is answered well.
fn under_load<T>(ctx: &mut Ctx, name: &str, happens: impl FnOnce(&mut Ctx) -> Result<T>) -> Result<T> {
    under_load_of(ctx, CLIENTS, name, happens)
}

fn under_load_of<T>(
    ctx: &mut Ctx,
    clients: usize,
    name: &str,
    happens: impl FnOnce(&mut Ctx) -> Result<T>,
) -> Result<T> {
    let load = Load::start(port(ctx.machine), clients);
    answered(ctx, &load, "before it")?;
    let result = happens(ctx);
    let after = answered(ctx, &load, "after it");
    let told = load.end();
    let share = told.answered as f64 / (told.answered + told.failed.len()).max(1) as f64;
    let slowest = told.slowest.as_millis() as u64;
    ctx.data.insert(
        format!("requests: {name}"),
        json!({ "answered": told.answered, "failed": told.failed.len(), "availability": share, "slowest_ms": slowest }),
    );
    let result = result?;
    after?;
    let shown = told.failed.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
    let message = || format!("{} of {} requests failed: {shown}", told.failed.len(), told.answered);
    ensure!(told.failed.is_empty(), Failure::check(message()));
    Ok(result)
}

/// Where some may be answered badly: the share of those that weren't.
fn noted_load<T>(ctx: &mut Ctx, happens: impl FnOnce(&mut Ctx) -> Result<T>) -> Result<(T, f64)> {
    let load = Load::start(port(ctx.machine), CLIENTS);
    answered(ctx, &load, "before it")?;
    let result = happens(ctx);
    answered(ctx, &load, "after it")?;
    let told = load.end();
    Ok((result?, told.answered as f64 / (told.answered + told.failed.len()).max(1) as f64))
}

fn answered(ctx: &mut Ctx, load: &Load, when: &str) -> Result<()> {
    let enough = load.answered() + MANY;
    ctx.wait_for(when, SOON, || (load.answered() >= enough).then_some(()))
}

/// Asks again until it holds: a new Service, pod or policy takes effect after a moment.
fn soon<T>(ctx: &mut Ctx, what: &str, question: impl Fn(&Ctx) -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = question(ctx) {
            return Ok(answer);
        }
        ensure!(!stages::process::interrupted(), Failure::new(Exit::Interrupted, "interrupted"));
        let message = || format!("{what}: not within {SOON} s");
        ensure!(start.elapsed().as_secs() < SOON, Failure::new(Exit::TimedOut, message()));
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_cluster_it_is_left_out_with_a_word_and_required_it_fails() {
        let machine = Machine::pretend(&["cargo", "git", "docker"]);
        let plan = plan(&machine, false, false, true).unwrap();
        assert!(plan.steps.iter().all(|step| step.skipped.is_some()));
        assert!(plan.steps[0].skipped.as_deref().unwrap().starts_with("kind: "));
        assert_eq!(Failure::from_any(super::plan(&machine, true, false, true).err().unwrap()).exit, Exit::ToolMissing);
    }

    #[test]
    fn the_cluster_is_taken_down_whatever_happened() {
        let machine = Machine::pretend(&["cargo", "git", "docker", "kind", "kubectl"]);
        let plan = plan(&machine, false, false, true).unwrap();
        let last = plan.steps.last().unwrap();
        assert!(last.name == "down" && last.when.of().is_some_and(|step| step.is_of(UP)));
    }
}
