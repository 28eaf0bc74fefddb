//! The web page: its packages, its build, its checks, its tests and its pictures. Node does all of it; where Node isn't
//! there it is left out, and said so.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::build::{self, Profile};
use crate::cli::Stage;
use crate::exit::Exit;
use crate::here::Here;
use crate::plan::{Plan, Step};

/// What the page is built from.
const INPUTS: [&str; 8] = [
    "docs/reference/openapi.json",
    "web/index.html",
    "web/pack.ts",
    "web/package-lock.json",
    "web/public",
    "web/src",
    "web/tsconfig.json",
    "web/vite.config.ts",
];

/// Take pictures of every page: phone and desktop, light and dark.
#[derive(Args)]
pub struct Screenshots {}

impl Stage for Screenshots {
    const NAME: &'static str = "screenshots";
    const EXAMPLE: &'static str = "screenshots";

    fn plan(&self, here: &Here) -> Result<Plan> {
        let wayfare = here.built("wayfare", Profile::Debug);
        let shoot =
            Step::run("screenshots", cmd!(here.sh, "npm --prefix web run screenshots").env("WAYFARE_BIN", wayfare))
                .why("the README shows what there is, and a designer looks at what has changed")
                .changes("docs/images/*.png")
                .optional("node", here)
                .optional("chromium", here);
        Ok(Plan::new("screenshots", [packages(here), page(here), build::wayfare(here, Profile::Debug), shoot]))
    }
}

/// Where the built page lies.
pub fn dist(here: &Here) -> PathBuf {
    here.root.join("web/dist")
}

/// The packages of web/package-lock.json.
pub fn packages(here: &Here) -> Step {
    let lock = here.root.join("web/package-lock.json");
    let installed = changed(&here.root.join("web/node_modules/.package-lock.json"));
    Step::run("web packages", cmd!(here.sh, "npm --prefix web ci --no-audit --no-fund"))
        .why("what the page is built with, as web/package-lock.json has it")
        .optional("node", here)
        .skip_if(installed.is_some() && installed >= changed(&lock), "they are as the lock file says")
        .next("npm --prefix web ci; Node 20.19 or newer")
}

/// The page as it is served.
pub fn page(here: &Here) -> Step {
    let built = changed(&dist(here).join("index.html"));
    let newest = INPUTS.iter().filter_map(|input| newest(&here.root.join(input))).max();
    Step::run("web page", cmd!(here.sh, "npm --prefix web run build"))
        .why("the page has to be that of this source; a text that is missing in one language stops it here")
        .optional("node", here)
        .skip_if(built.is_some() && built >= newest, "it is newer than what it is made from")
        .next("npm --prefix web run build")
}

/// What can be judged without running it.
pub fn lint(here: &Here) -> [Step; 4] {
    let step = |name: &str, script: &str| {
        Step::run(name, cmd!(here.sh, "npm --prefix web run {script}")).within(600).optional("node", here)
    };
    [
        packages(here),
        step("web client is up to date", "types:check")
            .why("the page's client is generated from docs/reference/openapi.json")
            .next("npm --prefix web run types, then commit web/src/api/schema.d.ts"),
        step("web types", "check").why("strict types, and every text in every language").next("mend what it names"),
        step("web lint", "lint").why("form, hooks, and what keeps people out").next("npm --prefix web run fix"),
    ]
}

/// Its tests: beside the code, and in the system's browser against the real service.
pub fn tests(here: &Here) -> Plan {
    let wayfare = here.built("wayfare", Profile::Debug);
    let unit = Step::run("web unit tests", cmd!(here.sh, "npm --prefix web test"))
        .why("what can be tried without a browser")
        .optional("node", here)
        .next("npm --prefix web test -- NAME runs one file");
    let e2e = Step::run("web end to end", cmd!(here.sh, "npm --prefix web run e2e").env("WAYFARE_BIN", wayfare))
        .why("guests, customers, couriers, managers and admins in a real browser; axe on every page")
        .changes("starts a service of its own in a temporary folder, and stops it")
        .optional("node", here)
        .optional("chromium", here)
        .next("npm --prefix web run e2e -- NAME runs one file");
    let waf = Step::run(
        "web tier",
        cmd!(here.sh, "npm --prefix web run tier").env("WAYFARE_BIN", here.built("wayfare", Profile::Debug)),
    )
    .why("the nginx tier: every operation passes ModSecurity and the attacks don't")
    .optional("node", here)
    .optional("nginx", here)
    .next("npm --prefix web run tier");
    Plan::new(
        "test web",
        [packages(here), page(here), build::wayfare(here, Profile::Debug).essential(), unit, e2e, waf],
    )
    .keep_going()
}

/// How fast it is, in the system's browser and from a release build.
pub fn bench(here: &Here, figures: &Path, quick: bool) -> Step {
    let mut measure = cmd!(here.sh, "npm --prefix web run bench")
        .env("WAYFARE_BIN", here.built("wayfare", Profile::Release))
        .env("WAYFARE_JSON", figures);
    if quick {
        measure = measure.env("WAYFARE_QUICK", "true");
    }
    Step::run("measure", measure)
        .why("what people wait for, on a processor a quarter as fast as this one")
        .showing_data()
        .within(1800)
        .failing_as(Exit::OverBudget)
        .leaves(figures)
        .needs(&["node", "chromium"])
        .next("bench/README.md says what the figures are; the browser's own profiler shows where the time goes")
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|about| about.modified()).ok()
}

fn newest(path: &Path) -> Option<SystemTime> {
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest(&entry.path()));
    inside.chain(changed(path)).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan_for;
    use crate::script;

    #[test]
    fn without_node_the_page_is_left_out_and_the_remedy_is_told() {
        let here = Here::pretend(&["cargo"]);
        for step in [packages(&here), page(&here)].into_iter().chain(lint(&here)) {
            let reason = step.skipped.unwrap_or_default();
            assert!(reason.starts_with("not installed: node: "), "{}: {reason}", step.name);
        }
    }

    #[test]
    fn the_bases_of_the_tiers_image_are_those_of_the_list() {
        let bases: toml::Table = toml::from_str(include_str!("../images.toml")).unwrap();
        let file = include_str!("../../web/Dockerfile");
        for name in ["node", "debian"] {
            let text = |key: &str| bases[name][key].as_str().unwrap();
            let line = format!("ARG {}={}@{}\n", name.to_uppercase(), text("image"), text("digest"));
            assert!(file.contains(&line), "{line}");
        }
    }

    #[test]
    fn without_a_browser_only_its_tests_are_left_out() {
        let here = Here::pretend(&["cargo", "node"]);
        let text = script::text(&plan_for(&["test", "web"], &here).unwrap(), &here);
        let runs = |line: &str| text.lines().any(|l| l == line);
        assert!(runs("npm --prefix web test") && runs("npm --prefix web run build"), "{text}");
        assert!(text.contains("not installed: chromium: "), "{text}");
    }
}
