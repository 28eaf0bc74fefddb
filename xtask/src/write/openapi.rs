//! `openapi`: the document that clients are generated from, as `wayfare openapi` prints it.
//!
//! It doesn't know what an OpenAPI document means; that is the service's and its tests' business.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use stages::cli::Stage;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::same_text;
use crate::build::{self, Profile};

const DOCUMENT: &str = "docs/reference/openapi.json";

/// Generate docs/reference/openapi.json from the binary.
#[derive(Args)]
pub struct Openapi {
    /// Write nothing; fail if the file differs from the binary's output
    #[arg(long)]
    check: bool,
}

impl Stage for Openapi {
    const NAME: &'static str = "openapi";
    const EXAMPLE: &'static str = "openapi --check";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        Ok(Plan::new("openapi", steps(machine, self.check)))
    }
}

pub fn steps(machine: &Machine, check: bool) -> [Step; 3] {
    let (wayfare, printed) = (machine.built("wayfare", Profile::Debug), machine.scratch("openapi.json"));
    let kept = machine.root.join(DOCUMENT);
    let print = Step::run("openapi", cmd!(machine.sh, "{wayfare} openapi"))
        .why("generates the document from this source")
        .into_file(&printed)
        .within(60);
    let compare = if check {
        Step::task("openapi is up to date", move |_| same(&printed, &kept))
            .why(format!("clients are generated from {DOCUMENT}, so it has to match the service"))
            .next(format!("cargo xtask openapi, then commit {DOCUMENT}"))
    } else {
        Step::task("write openapi.json", move |_| put(&printed, &kept))
            .why("the page's client and others are generated from it")
            .changes(DOCUMENT)
    };
    let build = build::wayfare(machine, Profile::Debug);
    [build.essential(), print.essential(), compare]
}

fn document(printed: &Path) -> Result<String> {
    let text = fs::read_to_string(printed)?;
    // Kept as printed: the order of its parts is the binary's choice.
    let value: serde_json::Value = serde_json::from_str(&text).context("the output of `wayfare openapi` isn't JSON")?;
    anyhow::ensure!(value.get("openapi").is_some(), "the output of `wayfare openapi` isn't an OpenAPI document");
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

#[cfg(test)]
mod tests {
    use super::*;

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
