//! Where a setting comes from: flag, variable, `<VARIABLE>_FILE`, configuration file, default; and `wayfare config`,
//! which shows what is in force and from where. It knows no setting by name: it works on clap's own list.

use std::{collections::BTreeMap, env, fs, path::Path};

use anyhow::Context;
use clap::{ArgMatches, Command, parser::ValueSource};

use crate::config::SECRETS;

/// Values that stand in for defaults, by argument id, each with where it came from.
pub type Layers = BTreeMap<String, (String, String)>;

/// Reads the configuration file and the `_FILE` variables.
///
/// # Errors
/// All problems at once: a file that can't be read, a key that is not a setting.
pub fn read(command: &Command) -> anyhow::Result<Layers> {
    let (mut layers, mut problems) = (Layers::new(), Vec::new());
    if let Some(path) = env::var_os("WAYFARE_CONFIG") {
        match file(command, Path::new(&path)) {
            Ok(found) => layers.extend(found),
            Err(problem) => problems.push(format!("WAYFARE_CONFIG: {problem:#}")),
        }
    }
    for id in SECRETS {
        let name = format!("WAYFARE_{}_FILE", id.to_uppercase());
        let Some(path) = env::var_os(&name) else {
            continue;
        };
        match fs::read_to_string(&path) {
            Ok(value) => drop(layers.insert((*id).to_owned(), (value.trim().to_owned(), name))),
            Err(problem) => problems.push(format!("{name}: {}: {problem}", path.display())),
        }
    }
    anyhow::ensure!(problems.is_empty(), "the configuration can't be read:\n  {}", problems.join("\n  "));
    Ok(layers)
}

fn file(command: &Command, path: &Path) -> anyhow::Result<Layers> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let table: toml::Table = text.parse().with_context(|| path.display().to_string())?;
    let known = |key: &str| command.get_arguments().any(|a| a.get_id() == key && a.get_env().is_some());
    let unknown: Vec<_> = table.keys().filter(|k| !known(k)).cloned().collect();
    anyhow::ensure!(
        unknown.is_empty(),
        "{}: no such setting: {}; `wayfare config` lists them",
        path.display(),
        unknown.join(", ")
    );
    let value = |v: toml::Value| match v {
        toml::Value::String(text) => text,
        toml::Value::Array(items) => {
            items.iter().map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned)).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    };
    Ok(table.into_iter().map(|(k, v)| (k, (value(v), path.display().to_string()))).collect())
}

/// Puts the layers below flags and variables: they become the defaults.
pub fn apply(command: Command, layers: &Layers) -> Command {
    layers.iter().fold(command, |command, (id, (value, _))| {
        let value: &'static str = String::leak(value.clone());
        // `--help` shows defaults, and this one may be a secret.
        command.mut_arg(id, |arg| arg.default_value(value).hide_default_value(true))
    })
}

/// The table of `wayfare config`: name, value, source; secrets hidden.
pub fn table(command: &Command, matches: &ArgMatches, layers: &Layers) -> String {
    let rows: Vec<[String; 3]> = command
        .get_arguments()
        .filter_map(|arg| {
            let (id, name) = (arg.get_id().as_str(), arg.get_env()?.to_str()?.to_owned());
            Some([name, value(matches, id), source(matches, id, layers)])
        })
        .collect();
    let width = |i: usize| rows.iter().map(|r| r[i].len()).max().unwrap_or(0);
    let (name, value) = (width(0), width(1).min(60));
    rows.iter().map(|r| format!("{:name$}  {:value$}  {}\n", r[0], r[1], r[2])).collect()
}

fn value(matches: &ArgMatches, id: &str) -> String {
    match matches.try_get_raw(id) {
        Ok(Some(_)) if SECRETS.contains(&id) => "***".to_owned(),
        Ok(Some(raw)) => raw.map(|v| v.to_string_lossy().into_owned()).collect::<Vec<_>>().join(","),
        _ => "-".to_owned(),
    }
}

fn source(matches: &ArgMatches, id: &str, layers: &Layers) -> String {
    match matches.value_source(id) {
        Some(ValueSource::CommandLine) => "flag".to_owned(),
        Some(ValueSource::EnvVariable) => "environment".to_owned(),
        _ => layers.get(id).map_or_else(|| "default".to_owned(), |(_, from)| from.clone()),
    }
}
