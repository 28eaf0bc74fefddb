//! `test`: the tests of the workspace on SQLite always, and of the service on PostgreSQL and Redis where Docker answers.
//!
//! The tests start their own containers; this only chooses and says what was left out.

mod backup;
mod cluster;
mod compose;
mod deploy;
mod fuzz;
mod image;
mod infra;
mod requests;
mod signals;

use anyhow::Result;
use clap::{Args, ValueEnum};
use stages::cli::Stage;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, SILENT_DOCKER};
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::check::web;

/// Run the tests on SQLite, and on PostgreSQL and Redis if Docker is running.
#[derive(Args)]
pub struct Test {
    /// unit: tests next to the code. it: tests of the public API. all: both, and documentation
    /// examples. security: the guarantees of docs/security.md, against the running binary. fuzz:
    /// requests generated from the OpenAPI document, as each role. web: the web page. compose: `up
    /// --compose` to `down --compose`, in containers. image: the image, built, pushed, signed and
    /// tampered with. deploy: successive deployments under traffic. cluster: deployments and more
    /// on a local Kubernetes cluster. backup:
    /// backups of PostgreSQL into three emulated clouds, and restores. infra: Terraform and Ansible, without a cloud.
    /// signals: faults, and the alerts that reach a receiver
    #[arg(value_enum, default_value = "all")]
    kind: Kind,
    /// Fail if Docker isn't running, instead of skipping those tests
    #[arg(long)]
    require_docker: bool,
    /// Use the release image instead of the quick one (compose, image, deploy, cluster)
    #[arg(long)]
    release: bool,
    /// Also every strategy with bad versions, which takes half an hour more (cluster)
    #[arg(long)]
    all: bool,
    /// Passed to the test harness: part of a test name, --nocapture …
    #[arg(last = true, value_name = "ARGUMENTS")]
    rest: Vec<String>,
    #[command(flatten)]
    fuzz: fuzz::Fuzz,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    All,
    Unit,
    It,
    Security,
    Fuzz,
    Web,
    Compose,
    Image,
    Deploy,
    Backup,
    Cluster,
    Infra,
    Signals,
}

impl Stage for Test {
    const NAME: &'static str = "test";
    const EXAMPLE: &'static str = "test it -- the_last_item";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        match self.kind {
            Kind::Fuzz => fuzz::plan(&self.fuzz, machine),
            Kind::Web => Ok(web::tests(machine)),
            Kind::Compose => compose::plan(machine, self.require_docker || machine.requires_parts, self.release),
            Kind::Image => image::plan(machine, machine.requires_parts, self.release),
            Kind::Deploy => deploy::plan(machine, self.require_docker || machine.requires_parts, self.release),
            Kind::Backup => Ok(backup::plan(machine, machine.requires_parts)),
            Kind::Security => Ok(self.security(machine)),
            Kind::Cluster => {
                cluster::plan(machine, self.require_docker || machine.requires_parts, self.release, self.all)
            }
            Kind::Signals => signals::plan(machine, machine.requires_parts),
            Kind::Infra => Ok(infra::plan(machine, machine.requires_parts)),
            Kind::All | Kind::Unit | Kind::It => self.plan_of_cargo(machine),
        }
    }
}

impl Test {
    fn plan_of_cargo(&self, machine: &Machine) -> Result<Plan> {
        let no_docker = !machine.docker_answers();
        if self.require_docker && no_docker {
            return Err(docker_is_wanted(machine).into());
        }
        let (stage, sqlite, postgres) = match self.kind {
            Kind::All
            | Kind::Security
            | Kind::Fuzz
            | Kind::Web
            | Kind::Compose
            | Kind::Image
            | Kind::Deploy
            | Kind::Cluster
            | Kind::Signals
            | Kind::Backup
            | Kind::Infra => ("test", self.on_sqlite(machine, &[]), Some(self.on_postgres(machine, no_docker))),
            Kind::Unit => ("test unit", self.on_sqlite(machine, &["--lib", "--bins"]), None),
            Kind::It => (
                "test it",
                self.on_sqlite(machine, &FACES.map(|face| ["--test", face]).concat()),
                Some(self.on_postgres(machine, no_docker)),
            ),
        };
        Ok(Plan::new(stage, [sqlite].into_iter().chain(postgres)))
    }

    fn security(&self, machine: &Machine) -> Plan {
        let step = self.on_sqlite(machine, &["--test", "security"]);
        Plan::new("test security", [step.why("attacks on the running service")])
    }

    fn on_sqlite(&self, machine: &Machine, which: &[&str]) -> Step {
        let rest = self.rest();
        Step::run(
            "on SQLite",
            cmd!(machine.sh, "cargo test --workspace --exclude {LOAD} --locked --no-fail-fast {which...} {rest...}")
                .env(BACKEND, "sqlite"),
        )
        .why("the embedded setup has to work on any machine")
        .counting_tests()
        .next("cargo xtask test -- NAME runs one alone")
    }

    fn on_postgres(&self, machine: &Machine, no_docker: bool) -> Step {
        let (rest, remedy) = (self.rest(), stages::tools::remedy("docker"));
        let why_not = if machine.has("docker") { SILENT_DOCKER.to_owned() } else { format!("no Docker: {remedy}") };
        Step::run(
            "on PostgreSQL and Redis",
            cmd!(machine.sh, "cargo test --workspace --exclude {LOAD} --locked --no-fail-fast --test it {rest...}")
                .env(BACKEND, "postgres"),
        )
        .why("the same tests on production's stores; images: WAYFARE_TEST_POSTGRES_IMAGE, WAYFARE_TEST_REDIS_IMAGE")
        .changes("starts containers, and removes them")
        .needs(&["docker"])
        .skip_if(no_docker, why_not)
        .counting_tests()
        .next("docker ps; cargo xtask test it -- NAME runs one alone")
    }

    fn rest(&self) -> Vec<String> {
        let separator = (!self.rest.is_empty()).then(|| "--".to_owned());
        separator.into_iter().chain(self.rest.iter().cloned()).collect()
    }
}

const BACKEND: &str = "WAYFARE_TEST_BACKEND";
/// What is tried through its public face, and without an image: `--test *` would take `test image` and `test deploy`, too.
const FACES: [&str; 5] = ["cli", "demo", "faults", "hostile", "it"];
/// Left out by each run of Cargo on the tests, always in the same words: another choice of packages is another choice of their
/// features, for which half of what is below them is compiled again.
pub const LOAD: &str = "wayfare-load";

fn docker_is_wanted(machine: &Machine) -> Failure {
    let message = "the tests on PostgreSQL and Redis are required, but Docker isn't running";
    match machine.has("docker") {
        true => {
            Failure::new(Exit::Unreachable, message).next("start the Docker daemon; `docker version` shows both halves")
        }
        false => Failure::new(Exit::ToolMissing, message).next(stages::tools::remedy("docker")),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;
    use crate::{plan_for, script_of};

    #[test]
    fn a_filter_reaches_both_runs() {
        let text = script_of(&["test", "it", "--", "the_last"], &["cargo", "docker"]);
        expect_file!["../../../snapshots/test-it.txt"].assert_eq(&text);
    }

    #[test]
    fn without_docker_the_plan_says_what_it_leaves_out_and_how_to_get_it() {
        let machine = Machine::pretend(&["cargo"]);
        let plan = plan_for(&["test"], &machine).unwrap();
        let reason = plan.steps[1].skipped.as_deref().unwrap();
        assert!(reason.starts_with("no Docker: docker: "), "{reason}");
        assert!(plan.steps[0].skipped.is_none());
    }

    #[test]
    fn a_required_docker_that_is_missing_is_a_missing_tool() {
        let error = plan_for(&["test", "--require-docker"], &Machine::pretend(&["cargo"])).err().unwrap();
        assert_eq!(Failure::from_any(error).exit, Exit::ToolMissing);
    }
}
