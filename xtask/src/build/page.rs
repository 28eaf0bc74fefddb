//! The web page: its packages and its build. Node does both; where Node isn't there they are left out, and said so.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

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

/// Where the built page lies.
pub fn dist(machine: &Machine) -> PathBuf {
    machine.root.join("web/dist")
}

/// The packages of web/package-lock.json.
pub fn packages(machine: &Machine) -> Step {
    let lock = machine.root.join("web/package-lock.json");
    let installed = changed(&machine.root.join("web/node_modules/.package-lock.json"));
    Step::run("web packages", cmd!(machine.sh, "npm --prefix web ci --no-audit --no-fund"))
        .why("the page's build dependencies, as pinned in web/package-lock.json")
        .optional("node", machine)
        .skip_if(installed.is_some() && installed >= changed(&lock), "they match the lock file")
        .next("npm --prefix web ci; Node 20.19 or newer")
}

/// The page as it is served.
pub fn page(machine: &Machine) -> Step {
    let built = changed(&dist(machine).join("index.html"));
    let newest = INPUTS.iter().filter_map(|input| newest(&machine.root.join(input))).max();
    Step::run("web page", cmd!(machine.sh, "npm --prefix web run build"))
        .why("the page has to match this source; a missing translation fails the build")
        .optional("node", machine)
        .skip_if(built.is_some() && built >= newest, "it is newer than its sources")
        .next("npm --prefix web run build")
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

    #[test]
    fn without_node_the_page_is_left_out_and_the_remedy_is_told() {
        let machine = Machine::pretend(&["cargo"]);
        for step in [packages(&machine), page(&machine)] {
            let reason = step.skipped.unwrap_or_default();
            assert!(reason.starts_with("not installed: node: "), "{}: {reason}", step.name);
        }
    }

    #[test]
    fn the_bases_of_the_tiers_image_are_those_of_the_list() {
        let bases: toml::Table = toml::from_str(include_str!("../../images.toml")).unwrap();
        let file = include_str!("../../../web/Dockerfile");
        for name in ["node", "debian"] {
            let text = |key: &str| bases[name][key].as_str().unwrap();
            let line = format!("ARG {}={}@{}\n", name.to_uppercase(), text("image"), text("digest"));
            assert!(file.contains(&line), "{line}");
        }
    }
}
