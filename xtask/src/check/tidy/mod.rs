//! `tidy`: the repository's rules as code. All offences are listed, then counted.
//!
//! It reads what git knows and what git would take in; it judges names and sizes, never meaning.

mod directions;
mod links;
mod names;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

const MOST_LINES: usize = 400;

/// Check the repository's rules: file sizes, names, words, links, the list of features.
#[derive(Args)]
pub struct Tidy {}

impl Stage for Tidy {
    const NAME: &'static str = "tidy";
    const EXAMPLE: &'static str = "tidy";

    fn plan(&self, _: &Machine) -> Result<Plan> {
        Ok(Plan::new("tidy", [step()]))
    }
}

pub fn step() -> Step {
    Step::task("tidy", examine)
        .why("the repository's rules")
        .needs(&["git"])
        .next("fix the named file, or change the rule in xtask/src/check/tidy with a reason")
}

/// Every text file by its path from the root.
pub type Files = BTreeMap<String, String>;

fn examine(ctx: &mut Ctx) -> Result<()> {
    let offences = offences(&files(ctx.machine)?, |path| ctx.machine.root.join(path).exists());
    for offence in &offences {
        ctx.screen.say(&format!("  {offence}"));
    }
    ctx.data.insert("offences".into(), offences.clone().into());
    match offences.len() {
        0 => Ok(()),
        1 => Err(Failure::check("1 offence").into()),
        count => Err(Failure::check(format!("{count} offences")).into()),
    }
}

fn files(machine: &Machine) -> Result<Files> {
    let listed = cmd!(machine.sh, "git ls-files --cached --others --exclude-standard").quiet().read()?;
    let read = |path: &str| {
        // Pictures are no text, and a file that was just deleted is still listed.
        let text = std::fs::read_to_string(machine.root.join(path)).ok()?;
        Some((path.to_owned(), text))
    };
    Ok(listed.lines().filter_map(read).collect())
}

fn offences(files: &Files, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        found.extend(names::in_path(path).map(|why| format!("{path}: {why}")));
        found.extend(words::offences(path, text));
        match Path::new(path).extension().and_then(|end| end.to_str()) {
            Some("rs") => found.extend(in_source(path, text)),
            Some("md") => found.extend(links::broken(path, text, files, &exists)),
            _ => {}
        }
        if path == "docs/features.md" {
            found.extend(rows_without_an_id(path, text));
        }
    }
    found
}

fn in_source(path: &str, text: &str) -> Vec<String> {
    let mut found = names::in_source(path, text);
    found.extend(directions::offences(path, text));
    let lines = lines_outside_tests(text);
    if lines > MOST_LINES && !path.contains("/tests/") {
        found.push(format!("{path}: {lines} lines outside its tests, of {MOST_LINES} at most: divide it"));
    }
    found
}

/// A module's own tests stand at its end.
fn lines_outside_tests(text: &str) -> usize {
    text.lines().take_while(|line| *line != "#[cfg(test)]" && *line != "mod tests {").count()
}

/// Rows of the list of features carry the ids of the list of requirements: a letter of its parts and a number.
fn rows_without_an_id(path: &str, text: &str) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(id) = line.strip_prefix('|').and_then(|row| row.split('|').next()).map(str::trim) else {
            continue;
        };
        let is_frame = id.is_empty() || id == "id" || id.chars().all(|c| "-: ".contains(c));
        if is_frame {
            continue;
        }
        let number = id.strip_prefix(|part: char| "TCWSPKD".contains(part));
        if !number.is_some_and(|number| number.parse::<u8>().is_ok_and(|number| number > 0)) {
            found.push(format!("{path}:{}: `{id}` is no row of the requirements", index + 1));
        } else if let Some(first) = seen.insert(id.to_owned(), index + 1) {
            found.push(format!("{path}:{}: {id} is in line {first} already", index + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        offences(&Files::from([(path.to_owned(), text.to_owned())]), |_| false)
    }

    #[test]
    fn a_long_file_is_an_offence_and_its_tests_do_not_count() {
        let long = "x\n".repeat(401);
        assert_eq!(
            told("bench/src/a.rs", &long),
            ["bench/src/a.rs: 401 lines outside its tests, of 400 at most: divide it"]
        );
        assert_eq!(told("api/tests/it/a.rs", &long), Vec::<String>::new());
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}", "x\n".repeat(400), "y\n".repeat(300));
        assert_eq!(told("bench/src/a.rs", &tested), Vec::<String>::new());
    }

    #[test]
    fn features_carry_ids_of_the_requirements_once() {
        let text = "| id | what |\n|---|---|\n| C1 | a |\n| X1 | b |\n| C1 | c |\n";
        let path = "docs/features.md";
        assert_eq!(
            told(path, text),
            [format!("{path}:4: `X1` is no row of the requirements"), format!("{path}:5: C1 is in line 3 already")]
        );
    }
}
