//! `openapi`: the document that clients are generated from, as `wayfare openapi` prints it.
//!
//! It doesn't know what an OpenAPI document means; that is the service's and its tests' business.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use xshell::cmd;

use crate::build::{self, Profile};
use crate::cli::Stage;
use crate::exit::Failure;
use crate::here::Here;
use crate::plan::{Plan, Step};

const DOCUMENT: &str = "docs/reference/openapi.json";
const MOST_LINES: usize = 12;

/// Write docs/reference/openapi.json from the binary.
#[derive(Args)]
pub struct Openapi {
    /// Write nothing; fail when the file differs from what the binary prints
    #[arg(long)]
    check: bool,
}

impl Stage for Openapi {
    const NAME: &'static str = "openapi";
    const EXAMPLE: &'static str = "openapi --check";

    fn plan(&self, here: &Here) -> Result<Plan> {
        Ok(Plan::new("openapi", steps(here, self.check)))
    }
}

pub fn steps(here: &Here, check: bool) -> [Step; 3] {
    let (wayfare, printed) = (here.built("wayfare", Profile::Debug), here.scratch("openapi.json"));
    let kept = here.root.join(DOCUMENT);
    let print = Step::run("openapi", cmd!(here.sh, "{wayfare} openapi"))
        .why("the document as this source makes it")
        .into_file(&printed)
        .within(60);
    let compare = if check {
        Step::task("openapi is up to date", move |_| same(&printed, &kept))
            .why(format!("clients are generated from {DOCUMENT}: it says what the service does"))
            .next(format!("cargo xtask openapi, then commit {DOCUMENT}"))
    } else {
        Step::task("write openapi.json", move |_| put(&printed, &kept))
            .why("the page and other clients are generated from it")
            .changes(DOCUMENT)
    };
    let build = build::wayfare(here, Profile::Debug);
    [build.essential(), print.essential(), compare]
}

fn document(printed: &Path) -> Result<String> {
    let text = fs::read_to_string(printed)?;
    // Kept as printed: the order of its parts is the binary's choice.
    let value: serde_json::Value =
        serde_json::from_str(&text).context("`wayfare openapi` printed something that is no JSON")?;
    anyhow::ensure!(value.get("openapi").is_some(), "`wayfare openapi` printed JSON that is no OpenAPI document");
    Ok(text.trim_end().to_owned() + "\n")
}

fn put(printed: &Path, kept: &Path) -> Result<()> {
    let text = document(printed)?;
    fs::create_dir_all(kept.parent().context("a file has a folder")?)?;
    fs::write(kept, text).with_context(|| format!("can't write {}", kept.display()))
}

fn same(printed: &Path, kept: &Path) -> Result<()> {
    same_text(DOCUMENT, &fs::read_to_string(kept).unwrap_or_default(), &document(printed)?)
}

/// What is kept in git against what is generated now; a difference is told by its first lines.
pub fn same_text(name: &str, kept: &str, generated: &str) -> Result<()> {
    if kept == generated {
        return Ok(());
    }
    if kept.is_empty() {
        return Err(Failure::check(format!("{name} isn't there")).into());
    }
    Err(Failure::check(format!("{name} is out of date\n{}", difference(kept, generated))).into())
}

/// The first stretch of lines that differs: enough to see what happened.
fn difference(kept: &str, generated: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (kept.lines().collect(), generated.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let side = |sign: char, lines: &[&str]| -> String {
        lines.iter().take(MOST_LINES).map(|line| format!("    {sign} {line}\n")).collect()
    };
    let (removed, added) = (&old[..old.len() - end], &new[..new.len() - end]);
    let text = format!("    line {}:\n{}{}", start + 1, side('-', removed), side('+', added));
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_is_told_by_the_lines_that_differ() {
        let error = same_text("a.json", "1\n2\n3\n4\n", "1\ntwo\n3\n4\n").unwrap_err();
        assert_eq!(error.to_string(), "a.json is out of date\n    line 2:\n    - 2\n    + two");
        assert!(same_text("a.json", "1\n", "1\n").is_ok());
    }

    #[test]
    fn lines_that_are_only_added_are_told_too() {
        assert_eq!(difference("a\nc\n", "a\nb\nc\n"), "    line 2:\n    + b");
        assert_eq!(difference("a\na\n", "a\n"), "    line 2:\n    - a");
    }

    #[test]
    fn an_empty_print_is_not_taken_for_a_document() {
        let folder = tempfile::tempdir().unwrap();
        let (printed, kept) = (folder.path().join("printed"), folder.path().join("deep/kept"));
        fs::write(&printed, "").unwrap();
        assert!(put(&printed, &kept).is_err() && !kept.exists());
        fs::write(&printed, "{\"openapi\":\"3.0.0\"}").unwrap();
        put(&printed, &kept).unwrap();
        assert!(same(&printed, &kept).is_ok());
    }
}
