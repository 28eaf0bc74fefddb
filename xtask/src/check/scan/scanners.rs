//! The scanners: which program looks for what, and how it is asked. What they find is judged elsewhere.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::ValueEnum;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::Step;
use xshell::{Cmd, cmd};

use super::planted;
use crate::gate::{Finding, THRESHOLD, TRIVY, not_judged, reports};

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Kind {
    /// Passwords and keys in the files (detect-secrets)
    Secrets,
    /// Passwords and keys in every commit (gitleaks)
    History,
    /// Dangerous code patterns, by the rules in xtask/semgrep (semgrep)
    Sast,
    /// Known vulnerabilities of dependencies (cargo-audit, npm)
    Dependencies,
    /// Dockerfiles, Kubernetes, Terraform (Trivy)
    Configuration,
}

type Reader = fn(&str) -> Result<Vec<Finding>>;

/// A program, and the report that it writes.
pub struct Scanner {
    pub name: &'static str,
    tool: &'static str,
    read: Reader,
    report: PathBuf,
    /// Its report of what was planted for it.
    planted: Option<PathBuf>,
}

/// Our rules, each beside an example of what it finds and of what it doesn't.
const RULES: &str = "xtask/semgrep";

/// Digests of others, the list of what is accepted, which holds digests of it, and the page's texts: `Password:`.
const NOT_LOOKED_AT: &str = r"(^|/)(Cargo\.lock|package-lock\.json|requirements\.lock|allowed\.toml)$|^web/src/texts/";

impl Kind {
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub fn scanners(self, machine: &Machine) -> Vec<(Scanner, Vec<Step>)> {
        match self {
            Kind::Secrets => vec![detect_secrets(machine)],
            Kind::History => vec![gitleaks(machine)],
            Kind::Sast => vec![semgrep(machine)],
            Kind::Dependencies => vec![cargo_audit(machine), npm_audit(machine)],
            Kind::Configuration => vec![trivy(machine)],
        }
    }
}

impl Scanner {
    fn new(machine: &Machine, name: &'static str, tool: &'static str, read: Reader) -> Self {
        Scanner { name, tool, read, report: folder(machine).join(format!("{name}.json")), planted: None }
    }

    /// With something planted for it, which it has to find.
    fn tried(mut self) -> Self {
        self.planted = Some(self.report.with_file_name(format!("{}-planted.json", self.name)));
        self
    }

    fn step(&self, machine: &Machine, why: &str, command: Cmd<'_>) -> Step {
        Step::run(self.name, command).why(why).within(900).failing_as(Exit::NotJudged).scanner(self.tool, machine)
    }

    /// It passes only with a report that can be read, whatever its code says: npm's is 1 for a find and for no answer.
    fn look(&self, machine: &Machine, why: &str, command: Cmd<'_>) -> Step {
        let (read, report) = (self.read, self.report.clone());
        self.step(machine, why, command).then(move |_| found(read, &report).map(drop))
    }

    fn trial(&self, machine: &Machine, what: &str, command: Cmd<'_>) -> Step {
        let (read, planted) = (self.read, self.planted.clone().unwrap_or_default());
        let step = self.step(machine, "an empty result counts only if the scanner finds a planted mistake", command);
        let step = step.then(move |_| {
            ensure!(sees(read, &planted)?, not_judged("it didn't find the planted mistake"));
            Ok(())
        });
        Step { name: format!("{} finds a planted {what}", self.name), ..step }
    }

    /// What it found, once it has shown that it finds.
    pub fn findings(&self) -> Result<Vec<Finding>> {
        if let Some(planted) = &self.planted {
            ensure!(sees(self.read, planted)?, not_judged("it didn't find the planted mistake"));
        }
        found(self.read, &self.report)
    }
}

/// It found what would stop a run.
fn sees(read: Reader, planted: &Path) -> Result<bool> {
    Ok(found(read, planted)?.iter().any(|finding| finding.severity >= THRESHOLD))
}

fn found(read: Reader, report: &Path) -> Result<Vec<Finding>> {
    let text = std::fs::read_to_string(report).unwrap_or_default();
    ensure!(!text.trim().is_empty(), not_judged("there is no report"));
    read(&text)
}

/// Where the reports as they are written go: others don't need them.
pub fn folder(machine: &Machine) -> PathBuf {
    machine.scratch("scan")
}

/// The files as they are.
fn detect_secrets(machine: &Machine) -> (Scanner, Vec<Step>) {
    let scanner = Scanner::new(machine, "detect-secrets", "detect-secrets", reports::detect_secrets).tried();
    let key = planted::key(machine);
    // Without verifying what it finds: that would send the secret to a third party.
    let look = cmd!(machine.sh, "detect-secrets scan --no-verify --exclude-files {NOT_LOOKED_AT}");
    let trial = cmd!(machine.sh, "detect-secrets scan --no-verify --all-files {key}");
    let look = scanner.look(machine, "every clone has a copy of a committed secret", look).into_file(&scanner.report);
    let trial = scanner.trial(machine, "key", trial).into_file(scanner.planted.iter().collect::<PathBuf>());
    (scanner, vec![look, trial])
}

/// Every commit.
fn gitleaks(machine: &Machine) -> (Scanner, Vec<Step>) {
    let scanner = Scanner::new(machine, "gitleaks", "gitleaks", reports::gitleaks).tried();
    let look = |how: &str, report: &PathBuf, what: PathBuf| {
        let form = ["--no-banner", "--redact", "--exit-code=0", "--report-format=json", "--report-path"];
        cmd!(machine.sh, "gitleaks {how} {form...} {report} {what}")
    };
    let whole = Step::task("the whole history", whole_history)
        .why("a shallow clone has only part of it")
        .next("git fetch --unshallow; in a workflow, fetch-depth: 0");
    let (report, planted) = (scanner.report.clone(), scanner.planted.iter().collect());
    let why = "a secret removed from a file is still in the history";
    let steps = vec![
        whole,
        scanner.look(machine, why, look("git", &report, ".".into())),
        scanner.trial(machine, "key", look("dir", &planted, planted::key(machine))),
    ];
    (scanner, steps)
}

fn whole_history(ctx: &mut Ctx) -> Result<()> {
    let shallow = cmd!(ctx.machine.sh, "git rev-parse --is-shallow-repository").quiet().ignore_stderr().read();
    match shallow.as_deref() {
        Ok("false") => Ok(()),
        Ok(_) => Err(Failure::new(Exit::NotJudged, "this clone is shallow").into()),
        Err(_) => Err(Failure::new(Exit::NotJudged, "this isn't a git clone: there is no history").into()),
    }
}

/// Source.
fn semgrep(machine: &Machine) -> (Scanner, Vec<Step>) {
    let scanner = Scanner::new(machine, "semgrep", "semgrep", reports::semgrep);
    let quiet = ["--metrics=off", "--disable-version-check", "--config", RULES];
    let report = &scanner.report;
    let rules = cmd!(machine.sh, "semgrep scan {quiet...} --test {RULES}");
    let rules = scanner.step(machine, "a rule that finds nothing can't be distinguished from clean code", rules);
    let rules = Step { name: "semgrep's rules".into(), ..rules }
        .next("each example in xtask/semgrep names the rule that has to match; the log shows which didn't");
    let look = cmd!(machine.sh, "semgrep scan {quiet...} --exclude {RULES} --quiet --json --output {report} .");
    let look = scanner.look(machine, "dangerous patterns that the compiler accepts", look);
    (scanner, vec![rules, look])
}

/// The crates of Cargo.lock.
fn cargo_audit(machine: &Machine) -> (Scanner, Vec<Step>) {
    let scanner = Scanner::new(machine, "cargo-audit", "cargo-audit", reports::cargo_audit).tried();
    let (lock, advisories) = planted::vulnerability(machine);
    let look = scanner.look(
        machine,
        "known vulnerabilities of the crates in Cargo.lock",
        cmd!(machine.sh, "cargo audit --json"),
    );
    // Neither RustSec nor the index of crates is asked.
    let trial = cmd!(machine.sh, "cargo audit --json --no-fetch --no-yanked --db {advisories} --file {lock}");
    let look = look.answering(&[1]).into_file(&scanner.report);
    let trial = scanner.trial(machine, "vulnerability", trial).answering(&[1]);
    let trial = trial.into_file(scanner.planted.iter().collect::<PathBuf>());
    (scanner, vec![look, trial])
}

/// The packages of the page. Nothing can be planted for it: only the registry's answer says what is weak.
fn npm_audit(machine: &Machine) -> (Scanner, Vec<Step>) {
    let scanner = Scanner::new(machine, "npm-audit", "npm", reports::npm_audit);
    let look = cmd!(machine.sh, "npm --prefix web audit --package-lock-only --json");
    let look = scanner.look(machine, "known vulnerabilities of the packages in web/package-lock.json", look);
    let look = look.answering(&[1]).into_file(&scanner.report);
    (scanner, vec![look])
}

/// With the checks built into this version and no newer ones: no network, and the same files give the same result.
fn trivy(machine: &Machine) -> (Scanner, Vec<Step>) {
    let scanner = Scanner::new(machine, "trivy", "trivy", reports::trivy).tried();
    let but = ["target", "web/node_modules"].iter().flat_map(|folder| ["--skip-dirs", folder]);
    let (report, planted) = (&scanner.report, scanner.planted.iter().collect::<PathBuf>());
    let look = cmd!(machine.sh, "trivy config {TRIVY...} --skip-check-update {but...} --output {report} .");
    let mistake = planted::mistake(machine);
    let trial = cmd!(machine.sh, "trivy config {TRIVY...} --skip-check-update --output {planted} {mistake}");
    let look = scanner.look(machine, "excessive permissions of containers and cluster objects", look);
    let trial = scanner.trial(machine, "mistake", trial);
    (scanner, vec![look, trial])
}
