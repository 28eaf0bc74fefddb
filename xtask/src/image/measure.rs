//! `image measure`: the image's size, its start-up time, and its memory when idle.
//!
//! It runs as in a cluster: read-only, unprivileged, with its data as the only writable folder. Size and memory are
//! compared with the budgets; the start-up time depends on the machine's load, so it is only reported.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::http;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::layout::Layout;
use super::{TAG, daemon, own};

const MOST_PACKED: u64 = 30_000_000;
const MOST_MEMORY: f64 = 40.0 * MIB;
const STARTS: usize = 5;

#[derive(Args)]
pub struct Measure {
    #[arg(default_value = TAG, value_name = "IMAGE")]
    image: String,
}

impl Measure {
    pub fn plan(&self, machine: &Machine) -> Plan {
        let (image, name) = (&self.image, own(machine, "measure"));
        let tables = cmd!(machine.sh, "docker run --rm {CLOSED...} --volume {name}:/data {image} migrate");
        let tables = Step::run("tables", tables)
            .why("it refuses to serve without current tables")
            .changes(format!("a container and a volume {name}, for the time of the run"))
            .within(120)
            .next("cargo xtask image build");
        let (image, container) = (self.image.clone(), name.clone());
        let figures = Step::task("figures", move |ctx| figures(ctx, &image, &container))
            .why("compares size, memory and start-up time with the budgets")
            .needs(&["docker"]);
        let away = cmd!(machine.sh, "docker rm --force {name}");
        let away = Step::run("away", away).why("nothing is left").within(60).cleaning_up(&tables);
        let volume = cmd!(machine.sh, "docker volume rm --force {name}");
        let volume = Step::run("data away", volume).why("nothing is left").within(60).cleaning_up(&tables);
        Plan::new("image measure", [daemon(machine), tables, figures, away, volume])
    }
}

const MIB: f64 = 1024.0 * 1024.0;

/// As in a cluster: no right to anything, and nothing to write to.
const CLOSED: [&str; 5] = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];

fn figures(ctx: &mut Ctx, image: &str, container: &str) -> Result<()> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(start(ctx, image, container)?);
    }
    starts.sort_by(f64::total_cmp);
    let (memory, packed) = (idle_memory(ctx, container)?, Layout::of(ctx.machine).packed_bytes()?);
    let median = starts[STARTS / 2] * 1000.0;
    ctx.screen.say(&format!("  packed       {:>5.1} MB, at most {}", packed as f64 / 1e6, MOST_PACKED / 1_000_000));
    ctx.screen.say(&format!("  idle memory  {:>5.1} MiB, at most {}", memory / MIB, MOST_MEMORY / MIB));
    ctx.screen.say(&format!("  cold start   {median:>5.0} ms to /readyz, the middle one of {STARTS}"));
    ctx.data.insert("packed_bytes".into(), packed.into());
    ctx.data.insert("idle_memory_bytes".into(), memory.into());
    ctx.data.insert("cold_start_seconds".into(), json!(starts));
    let is_bigger = packed > MOST_PACKED || memory > MOST_MEMORY;
    ensure!(!is_bigger, Failure::new(Exit::OverBudget, "bigger than allowed").next("check what the last change added"));
    Ok(())
}

/// From the start of the process to the first answer that it is ready, in seconds.
fn start(ctx: &mut Ctx, image: &str, container: &str) -> Result<f64> {
    let sh = &ctx.machine.sh;
    let volume = format!("{container}:/data");
    cmd!(sh, "docker rm --force {container}").quiet().ignore_stdout().ignore_stderr().run()?;
    let create =
        cmd!(sh, "docker create --name {container} {CLOSED...} --publish 127.0.0.1::5000 --volume {volume} {image}");
    create.quiet().ignore_stdout().run()?;
    cmd!(sh, "docker start {container}").quiet().ignore_stdout().run()?;
    let port = cmd!(sh, "docker port {container} 5000").quiet().read()?;
    let port = port.rsplit(':').next().and_then(|port| port.trim().parse().ok()).context("it has no port")?;
    let answer = || http::get(port, "/readyz").ok().filter(|answer| answer.status == 200);
    ctx.wait_for("ready", 60, || answer().map(drop))?;
    let ready = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    let format = "{{.State.StartedAt}}";
    let started = cmd!(ctx.machine.sh, "docker inspect --format {format} {container}").quiet().read()?;
    Ok((ready - second_of_day(&started)?).rem_euclid(86_400.0))
}

/// Of a time as Docker writes it: `2026-11-21T13:04:44.602793778Z`.
fn second_of_day(time: &str) -> Result<f64> {
    let clock =
        time.split_once('T').and_then(|(_, clock)| clock.strip_suffix('Z')).context("a time can't be parsed")?;
    clock.split(':').try_fold(0.0, |sum, part| Ok(sum * 60.0 + part.parse::<f64>()?))
}

/// As an orchestrator counts it: without what the kernel could take back at once.
fn idle_memory(ctx: &Ctx, container: &str) -> Result<f64> {
    let format = "{{.MemUsage}}";
    let told = cmd!(ctx.machine.sh, "docker stats --no-stream --format {format} {container}").quiet().read()?;
    let used = told.split(" / ").next().unwrap_or_default();
    let units = [("GiB", MIB * 1024.0), ("MiB", MIB), ("KiB", 1024.0), ("B", 1.0)];
    let bytes = units.iter().find_map(|(unit, size)| Some(used.strip_suffix(unit)?.parse::<f64>().ok()? * size));
    bytes.filter(|bytes| *bytes > 0.0).with_context(|| format!("Docker doesn't report its memory: `{told}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_docker_is_a_second_of_its_day() {
        assert!((second_of_day("2026-11-21T13:04:44.5Z").unwrap() - 47_084.5).abs() < 1e-6);
        assert!(second_of_day("yesterday").is_err());
    }
}
