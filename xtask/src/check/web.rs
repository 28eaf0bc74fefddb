//! The web page's checks, tests and measurements, by Node and the system's browser.

use std::path::Path;

use stages::exit::Exit;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::build::page::{packages, page};
use crate::build::{self, Profile};

/// What can be judged without running it.
pub fn lint(machine: &Machine) -> [Step; 4] {
    let step = |name: &str, script: &str| {
        Step::run(name, cmd!(machine.sh, "npm --prefix web run {script}")).within(600).optional("node", machine)
    };
    [
        packages(machine),
        step("web client is up to date", "types:check")
            .why("the page's client is generated from docs/reference/openapi.json")
            .next("npm --prefix web run types, then commit web/src/api/schema.d.ts"),
        step("web types", "check").why("strict types, and complete translations").next("fix what it names"),
        step("web lint", "lint").why("formatting, hooks, accessibility").next("npm --prefix web run fix"),
    ]
}

/// Its tests: beside the code, and in the system's browser against the real service.
pub fn tests(machine: &Machine) -> Plan {
    let wayfare = machine.built("wayfare", Profile::Debug);
    let unit = Step::run("web unit tests", cmd!(machine.sh, "npm --prefix web test"))
        .why("tests without a browser")
        .optional("node", machine)
        .next("npm --prefix web test -- NAME runs one file");
    let e2e = Step::run("web end to end", cmd!(machine.sh, "npm --prefix web run e2e").env("WAYFARE_BIN", wayfare))
        .why("guests, customers, couriers, managers and admins in a real browser; axe on every page")
        .changes("starts a service in a temporary folder, and stops it")
        .optional("node", machine)
        .optional("chromium", machine)
        .next("npm --prefix web run e2e -- NAME runs one file");
    let waf = Step::run(
        "web tier",
        cmd!(machine.sh, "npm --prefix web run tier").env("WAYFARE_BIN", machine.built("wayfare", Profile::Debug)),
    )
    .why("the nginx tier: every operation passes ModSecurity and the attacks don't")
    .optional("node", machine)
    .optional("nginx", machine)
    .next("npm --prefix web run tier");
    Plan::new(
        "test web",
        [packages(machine), page(machine), build::wayfare(machine, Profile::Debug).essential(), unit, e2e, waf],
    )
    .keep_going()
}

/// How fast it is, in the system's browser and from a release build.
pub fn bench(machine: &Machine, figures: &Path, quick: bool) -> Step {
    let mut measure = cmd!(machine.sh, "npm --prefix web run bench")
        .env("WAYFARE_BIN", machine.built("wayfare", Profile::Release))
        .env("WAYFARE_JSON", figures);
    if quick {
        measure = measure.env("WAYFARE_QUICK", "true");
    }
    Step::run("measure", measure)
        .why("what users wait for, with the CPU throttled to a quarter")
        .showing_data()
        .within(1800)
        .failing_as(Exit::OverBudget)
        .leaves(figures)
        .needs(&["node", "chromium"])
        .next("bench/README.md explains the figures; the browser's profiler shows where the time is spent")
}

#[cfg(test)]
mod tests {
    use stages::script;

    use super::*;
    use crate::plan_for;

    #[test]
    fn without_node_nothing_is_checked_and_the_remedy_is_told() {
        for step in lint(&Machine::pretend(&["cargo"])) {
            let reason = step.skipped.unwrap_or_default();
            assert!(reason.starts_with("not installed: node: "), "{}: {reason}", step.name);
        }
    }

    #[test]
    fn without_a_browser_only_its_tests_are_left_out() {
        let machine = Machine::pretend(&["cargo", "node"]);
        let text = script::text(&plan_for(&["test", "web"], &machine).unwrap(), &machine);
        let runs = |line: &str| text.lines().any(|l| l == line);
        assert!(runs("npm --prefix web test") && runs("npm --prefix web run build"), "{text}");
        assert!(text.contains("not installed: chromium: "), "{text}");
    }
}
