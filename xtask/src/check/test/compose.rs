//! `test compose`: the installation as people get it, from `up --compose` to `down --compose`, and what it promises in
//! between: the tour through the web tier, and no request that fails while replicas come and go.
//!
//! What is asked meanwhile is what can be asked twice. An order that is under way at a replica that is killed is the
//! client's to send again, with its Idempotency-Key; `faults lost_answer` tries that.

use anyhow::Result;
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::http;
use stages::machine::{Machine, SILENT_DOCKER};
use stages::plan::{Plan, Step};
use stages::tools;
use xshell::cmd;

use super::LOAD;
use super::requests::Load;
use crate::environment::Environment;
use crate::plan_for;

const PLUG_IN: &str = "docker-compose";
/// The web tier's port, as the local environment has it.
const PORT: u16 = 8080;
const PROMETHEUS: u16 = 9090;
const CLIENTS: usize = 8;
/// Answers between two events: enough that every client has asked many times.
const MANY: usize = 400;
/// Until a replica that was started says that it is ready, and for anything else that is sure to come.
const SOON: u64 = 60;

pub fn plan(machine: &Machine, is_required: bool, as_pushed: bool) -> Result<Plan> {
    let why_not = match (machine.has(PLUG_IN), machine.docker_answers()) {
        (true, true) => None,
        (false, _) => Some((Exit::ToolMissing, tools::remedy(PLUG_IN))),
        (true, false) => Some((Exit::Unreachable, SILENT_DOCKER.to_owned())),
    };
    if let Some((exit, remedy)) = why_not.clone().filter(|_| is_required) {
        return Err(Failure::new(exit, "compose is required but not available here").next(remedy).into());
    }
    let skip = |step: Step| match &why_not {
        Some((_, remedy)) => step.skip_if(true, remedy.clone()),
        None => step,
    };
    Ok(Plan::new("test compose", steps(machine, as_pushed)?.into_iter().map(skip)))
}

fn steps(machine: &Machine, as_pushed: bool) -> Result<Vec<Step>> {
    let stage = |name: &str, words: &[&str]| -> Result<Step> {
        let command = cmd!(machine.sh, "cargo xtask {words...}").env("WAYFARE_RATE_LIMIT", "1000000");
        Ok(Step::run(name, command).around(plan_for(words, machine)?).within(1200))
    };
    let free = Step::task("nothing else runs", nobodys)
        .why("the test must not replace or remove an installation that is in use")
        .needs(&[PLUG_IN])
        .next("cargo xtask down --compose, which takes its data away, too");
    let build: Vec<_> = ["image", "build"].into_iter().chain(as_pushed.then_some("--release")).collect();
    let image = stage("image", &build)?
        .why("the test uses an image of this source")
        .skip_if(machine.variable("WAYFARE_IMAGE").is_some(), "WAYFARE_IMAGE names an image");
    let up = stage("up", &["up", "--compose", "--monitoring"])?
        .why("the usual start, but with a higher rate limit for the test")
        .changes("starts the whole product, and removes it");
    let tour = cmd!(machine.sh, "cargo test --workspace --exclude {LOAD} --locked --test faults tour")
        .env("WAYFARE_TOUR_AT", format!("http://127.0.0.1:{PORT}"));
    let tour =
        Step::run("tour", tour).why("docs/tour.md as written, through the firewall on port 8080").counting_tests();
    let prometheus = Step::task("monitoring", both_are_up)
        .why("Prometheus has to discover each replica")
        .next("docker compose logs prometheus; http://127.0.0.1:9090/targets");
    let replicas = Step::task("replicas", no_request_fails)
        .why("one replica is killed, one stopped: no request fails, and the web tier uses the restarted one again")
        .next("target/xtask/compose.log has the logs of nginx and both replicas");
    let logs = Step::run("logs", cmd!(machine.sh, "docker compose --profile * logs --no-color --timestamps"))
        .why("keeps the logs after the containers are removed")
        .into_file(machine.scratch("compose.log"))
        .within(60)
        .cleaning_up(&up);
    let down = stage("down", &["down", "--compose"])?
        .why("no container, network, volume or secret is left")
        .changes("containers, networks, volumes and secrets of this test")
        .cleaning_up(&up);
    let tried = [up, tour, prometheus, replicas, logs, down];
    Ok([free, image].into_iter().chain(tried).collect())
}

fn nobodys(ctx: &mut Ctx) -> Result<()> {
    let there = Environment::local("docker", ctx.machine)?.target.left(false, ctx.machine)?;
    let message = || format!("there is an installation: {}", there.join(", "));
    anyhow::ensure!(there.is_empty(), Failure::new(Exit::Refused, message()));
    Ok(())
}

fn both_are_up(ctx: &mut Ctx) -> Result<()> {
    let up = ctx.wait_for("waiting for two targets", SOON, || {
        let answer = http::get(PROMETHEUS, "/api/v1/query?query=up%7Bjob%3D%22wayfare%22%7D").ok()?;
        let found = instances(&answer.body)?;
        (found.len() == 2).then_some(found)
    })?;
    ctx.data.insert("monitored".into(), up.into());
    Ok(())
}

/// Those that answered Prometheus, from what it says about `up`; none while one of them doesn't.
fn instances(body: &str) -> Option<Vec<String>> {
    let said: Value = serde_json::from_str(body).ok()?;
    let series = said["data"]["result"].as_array()?;
    let name = |one: &Value| (one["value"][1] == "1").then(|| one["metric"]["instance"].as_str().map(str::to_owned))?;
    series.iter().map(name).collect()
}

fn no_request_fails(ctx: &mut Ctx) -> Result<()> {
    let machine = ctx.machine;
    let sh = &machine.sh;
    let listed = cmd!(sh, "docker compose ps --quiet api").quiet().read()?;
    let replicas: Vec<_> = listed.lines().collect();
    let [first, second] = replicas[..] else {
        return Err(Failure::check(format!("there are {} replicas and not two", replicas.len())).into());
    };
    let docker = |words: &[&str]| cmd!(sh, "docker {words...}").quiet().ignore_stdout().run();
    let load = Load::start(PORT, CLIENTS);
    answers(ctx, &load, "both answer")?;
    docker(&["kill", "--signal", "KILL", first])?;
    answers(ctx, &load, "one was killed")?;
    docker(&["start", first])?;
    is_healthy(ctx, first)?;
    docker(&["stop", "--time", "25", second])?;
    answers(ctx, &load, "the other one has ended")?;
    docker(&["start", second])?;
    is_healthy(ctx, second)?;
    answers(ctx, &load, "both answer again")?;
    let told = load.end();
    ctx.data.insert("answered".into(), told.answered.into());
    ctx.data.insert("slowest_milliseconds".into(), told.slowest.as_millis().to_string().into());
    ctx.data.insert("failed".into(), told.failed.clone().into());
    let shown = told.failed.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
    anyhow::ensure!(told.failed.is_empty(), Failure::check(format!("{} requests failed: {shown}", told.failed.len())));
    Ok(())
}

fn answers(ctx: &mut Ctx, load: &Load, when: &str) -> Result<()> {
    let enough = load.answered() + MANY;
    ctx.wait_for(when, SOON, || (load.answered() >= enough).then_some(()))
}

fn is_healthy(ctx: &mut Ctx, replica: &str) -> Result<()> {
    let machine = ctx.machine;
    let sh = &machine.sh;
    let state = || cmd!(sh, "docker inspect --format").arg("{{.State.Health.Status}}").arg(replica).quiet().read();
    ctx.wait_for("waiting for a replica", SOON, || (state().ok()? == "healthy").then_some(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_compose_it_is_left_out_with_a_word_and_required_it_fails() {
        let machine = Machine::pretend(&["cargo", "git", "docker"]);
        let plan = plan(&machine, false, false).unwrap();
        assert!(plan.steps.iter().all(|step| step.skipped.is_some()));
        assert!(plan.steps[0].skipped.as_deref().unwrap().starts_with("docker-compose: "));
        assert_eq!(Failure::from_any(super::plan(&machine, true, false).err().unwrap()).exit, Exit::ToolMissing);
    }

    #[test]
    fn what_was_started_is_taken_away_whatever_happened_and_nothing_else_is() {
        let machine = Machine::pretend(&["cargo", "git", "docker", "docker-compose"]);
        let plan = plan_for(&["test", "compose"], &machine).unwrap();
        let last = plan.steps.last().unwrap();
        assert!(last.name == "down" && last.when.of().is_some_and(|id| id.is_of("up")));
        assert!(!plan.keeps_going && plan.steps[0].name == "nothing else runs");
    }

    #[test]
    fn what_prometheus_says_is_read_and_one_that_is_away_is_not_up() {
        let said = |second: &str| {
            format!(
                "{{\"data\":{{\"result\":[{{\"metric\":{{\"instance\":\"a:5000\"}},\"value\":[1,\"1\"]}},\
                 {{\"metric\":{{\"instance\":\"b:5000\"}},\"value\":[1,\"{second}\"]}}]}}}}"
            )
        };
        assert_eq!(instances(&said("1")).unwrap(), ["a:5000", "b:5000"]);
        assert_eq!(instances(&said("0")), None);
        assert_eq!(instances("no answer"), None);
    }
}
