//! `monitor`: metrics and all that asks for them. The crate `signals` judges the queries, on a service that it starts itself;
//! promtool judges the files.
//!
//! The run books' own commands are planned here, as their readers would type them.

use std::fs;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::build::{self, Profile};
use crate::plan_for;

const RUNBOOKS: &str = "docs/runbooks";
const RULES: [&str; 5] = ["slo", "service", "business", "platform", "backup"];
const OURS: &str = "cargo xtask ";

/// Write the rules that slo.toml makes, or hold rules, dashboards and run books against the service.
#[derive(Args)]
pub struct Monitor {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Write the recording rules and alerts that come from slo.toml
    #[command(disable_help_flag = true)]
    Render {
        /// Write nothing; fail when a file differs from what slo.toml makes
        #[arg(long)]
        check: bool,
    },
    /// Start the service, make each kind of request, and hold every query against what it exports
    #[command(disable_help_flag = true)]
    Check,
    /// Halve and double each threshold: a test of its alert has to fail
    #[command(disable_help_flag = true)]
    Mutate,
}

impl Stage for Monitor {
    const NAME: &'static str = "monitor";
    const EXAMPLE: &'static str = "monitor check";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        Ok(match self.verb {
            Verb::Render { check: true } => Plan::new("monitor render --check", [rendered(machine)]),
            Verb::Render { check: false } => Plan::new("monitor render", [render(machine)]),
            Verb::Check => {
                let built = build::wayfare(machine, Profile::Debug).essential();
                let steps = check_steps(machine).into_iter().chain([built, on_the_service(machine)]);
                Plan::new("monitor check", steps).keep_going()
            }
            Verb::Mutate => Plan::new("monitor mutate", [mutate(machine)]),
        })
    }
}

/// For `lint`: what needs no service.
pub fn check_steps(machine: &Machine) -> Vec<Step> {
    let config =
        Step::run("Prometheus", cmd!(machine.sh, "promtool check config --lint-fatal monitoring/prometheus.yml"))
            .why("Prometheus doesn't start with an invalid configuration")
            .optional("promtool", machine);
    let files = RULES.map(|name| format!("monitoring/rules/{name}_test.yaml"));
    let tests = Step::run("alerts", cmd!(machine.sh, "promtool test rules {files...}"))
        .why("each alert has to fire in its case, and only there")
        .optional("promtool", machine);
    let routes = Step::run("Alertmanager", cmd!(machine.sh, "amtool check-config monitoring/alertmanager.yml"))
        .why("Alertmanager doesn't start with a mistake in it")
        .optional("amtool", machine);
    let typed = Step::task("run books' commands", commands_exist).why("commands in run books have to exist");
    let judged = [config, tests, routes, typed]
        .map(|step| step.within(600).next("fix what it names in monitoring/ or docs/runbooks/"));
    [rendered(machine)].into_iter().chain(judged).collect()
}

fn rendered(machine: &Machine) -> Step {
    Step::run("rules are up to date", signals(machine, &["render", "--check"]))
        .why("alerts watch what slo.toml promises")
        .within(600)
        .next("cargo xtask monitor render, then commit monitoring/rules")
}

fn render(machine: &Machine) -> Step {
    Step::run("write the rules", signals(machine, &["render"]))
        .why("alerts watch what slo.toml promises")
        .changes("monitoring/rules/slo.yaml and its tests")
        .within(600)
}

pub fn mutate(machine: &Machine) -> Step {
    Step::run("thresholds", signals(machine, &["mutate"]))
        .why("a test that passes with half and with twice the threshold doesn't know it")
        .needs(&["promtool"])
        .within(1200)
        .showing_messages()
        .next("a test nearer to the threshold, in monitoring/rules")
}

/// For `lint`, once the service is built.
pub fn on_the_service(machine: &Machine) -> Step {
    let (binary, data) = (machine.built("wayfare", Profile::Debug), machine.scratch("signals"));
    let command = signals(machine, &["check"]).arg("--binary").arg(binary).arg("--data").arg(data);
    Step::run("signals", command)
        .why("unknown metrics leave a panel empty and an alert silent")
        .within(600)
        .showing_messages()
        .next("fix the query, or the metric in api/src/metrics.rs")
}

/// The program that judges queries, and makes faults.
pub fn signals<'a>(machine: &'a Machine, words: &[&str]) -> xshell::Cmd<'a> {
    cmd!(machine.sh, "cargo run --quiet --locked --package signals -- {words...}")
}

fn commands_exist(ctx: &mut Ctx) -> Result<()> {
    let machine = Machine::pretend(&["cargo", "git", "docker", "docker-compose", "kubectl"]);
    let mut found = Vec::new();
    for entry in fs::read_dir(ctx.machine.root.join(RUNBOOKS)).context("there are no run books")? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let text = fs::read_to_string(&path)?;
        found.extend(gone(&text, &machine).into_iter().map(|what| format!("{RUNBOOKS}/{name}:{what}")));
    }
    found.iter().for_each(|sentence| ctx.screen.say(&format!("  {sentence}")));
    anyhow::ensure!(found.is_empty(), Failure::check(format!("{} command(s) of run books don't exist", found.len())));
    Ok(())
}

/// Commands of ours that don't plan, each with its line.
fn gone(text: &str, machine: &Machine) -> Vec<String> {
    let lines = text.lines().enumerate();
    let commands = lines.flat_map(|(index, line)| line.split(OURS).skip(1).map(move |rest| (index + 1, rest)));
    let wrong = commands.filter_map(|(line, rest)| {
        let words: Vec<_> = rest.split(['`', ';', ',']).next().unwrap_or_default().split_whitespace().collect();
        let error = plan_for(&words, machine).err()?;
        let is_usage = error.downcast_ref::<clap::Error>().is_some();
        is_usage.then(|| format!("{line}: `{OURS}{}` is no command", words.join(" ")))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_books_command_that_is_gone_is_named_with_its_line() {
        let machine = Machine::pretend(&["cargo", "git"]);
        let text = "a\n`cargo xtask monitor check`, then `cargo xtask lint`.\ncargo xtask mend --all\n";
        assert_eq!(gone(text, &machine), ["3: `cargo xtask mend --all` is no command"]);
    }

    #[test]
    fn every_file_of_rules_has_its_tests_and_is_loaded_by_prometheus() {
        let config = include_str!("../../../monitoring/prometheus.yml");
        assert!(RULES.iter().all(|name| config.contains(&format!("rules/{name}.yaml"))));
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../monitoring/rules");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 2 * RULES.len());
    }
}
