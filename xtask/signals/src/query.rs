//! A query and where it stands: what every source of queries gives.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

#[derive(Clone, Debug)]
pub struct Query {
    /// As an offence begins: `monitoring/rules/service.yaml: WayfareDown`.
    pub at: String,
    pub text: String,
    /// Labels that a text beside it shows: `{{ $labels.instance }}`.
    pub shows: Vec<String>,
    /// Labels that are added to its result.
    pub adds: Vec<String>,
    /// It names one series, as a scrape would say it, and asks for nothing.
    pub is_series: bool,
}

impl Query {
    pub fn new(at: impl Into<String>, text: impl Into<String>) -> Self {
        Query { at: at.into(), text: text.into(), shows: Vec::new(), adds: Vec::new(), is_series: false }
    }
}

/// Files of a folder with this end of their name, in order, by their path from the root.
pub fn files(root: &Path, folder: &str, end: &str) -> Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| format!("can't read {folder}"))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.ends_with(end) {
            found.push((format!("{folder}/{name}"), path));
        }
    }
    found.sort();
    Ok(found)
}

pub fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("can't read {path}"))
}
