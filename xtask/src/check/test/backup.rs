//! `test backup`: a real PostgreSQL, pgBackRest and emulators of three clouds, from the first backup to a restore, and
//! what goes wrong on the way. No cloud is reached.

use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::build::{self, Profile};

const PARTS: [&str; 7] =
    ["pgbackrest", "stunnel4", "moto_server", "azurite-blob", "gcp-storage-emulator", "psql", "curl"];

/// Where parts are required, a missing one isn't left out: it fails.
pub fn plan(machine: &Machine, is_required: bool) -> Plan {
    let build = build::wayfare(machine, Profile::Debug);
    let tests = cmd!(machine.sh, "cargo test --package xtask --locked --test backup -- --nocapture");
    let tests = Step::run("kept and restored", tests)
        .why("orders before the time are there, those after it aren't, from each cloud; each fault is a sentence")
        .changes("starts a PostgreSQL and emulators of its own, and removes them")
        .counting_tests()
        .within(1200)
        .next("cargo test -p xtask --test backup -- NAME runs one alone");
    Plan::new("test backup", [build, tests].map(|step| step.wanting(&PARTS, is_required, machine)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_part_it_is_left_out_with_a_word_and_required_it_fails() {
        let machine = Machine::pretend(&["cargo", "stunnel4"]);
        let why = |step: &Step| step.skipped.clone().unwrap_or_default();
        assert!(plan(&machine, false).steps.iter().all(|step| why(step).starts_with("not installed: pgbackrest: ")));
        let required = plan(&machine, true).steps;
        assert!(required.iter().all(|step| step.skipped.is_none() && step.needs.tools.contains(&"azurite-blob")));
    }
}
