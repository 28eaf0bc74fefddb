//! Where a setting comes from: flag, variable, `<VARIABLE>_FILE`, configuration file, default; and `wayfare config`,
//! which shows what is in force and from where. It knows no setting by name: it works on clap's own list.

use std::{any::TypeId, collections::BTreeMap, env, fs, path::Path};

use anyhow::Context;
use clap::{Arg, ArgMatches, Command, parser::ValueSource};

use crate::config::Secret;

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
    for id in command.get_arguments().filter(|arg| is_secret(arg)).map(|arg| arg.get_id().as_str()) {
        let name = format!("WAYFARE_{}_FILE", id.to_uppercase());
        let Some(path) = env::var_os(&name) else {
            continue;
        };
        match fs::read_to_string(&path) {
            Ok(value) => drop(layers.insert(id.to_owned(), (value.trim().to_owned(), name))),
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

/// What is in force: name, value, source; secrets hidden.
pub fn rows(command: &Command, matches: &ArgMatches, layers: &Layers) -> Vec<[String; 3]> {
    let row = |arg: &Arg| {
        let name = arg.get_env()?.to_str()?.to_owned();
        Some([name, value(matches, arg), source(matches, arg.get_id().as_str(), layers)])
    };
    command.get_arguments().filter_map(row).collect()
}

/// The table of `wayfare config`.
pub fn table(command: &Command, matches: &ArgMatches, layers: &Layers) -> String {
    let rows = rows(command, matches, layers);
    let width = |i: usize| rows.iter().map(|r| r[i].len()).max().unwrap_or(0);
    let (name, value) = (width(0), width(1).min(60));
    rows.iter().map(|r| format!("{:name$}  {:value$}  {}\n", r[0], r[1], r[2])).collect()
}

/// Known by its type: an argument that is a [`Secret`] can't be forgotten here.
pub fn is_secret(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<Secret>()
}

fn value(matches: &ArgMatches, arg: &Arg) -> String {
    match matches.try_get_raw(arg.get_id().as_str()) {
        Ok(Some(_)) if is_secret(arg) => "***".to_owned(),
        Ok(Some(raw)) => raw.map(|v| without_credentials(&v.to_string_lossy())).collect::<Vec<_>>().join(","),
        _ => "-".to_owned(),
    }
}

/// An address without the user and password, and without the values of the query, that may be in it. By its text: not
/// every address with a password in it is one that a reader of addresses takes.
fn without_credentials(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        let credentials = value.rsplit_once('@').filter(|(before, _)| before.contains(':'));
        return credentials.map_or_else(|| value.to_owned(), |(_, host)| format!("***@{host}"));
    };
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, _)| (rest, "#***"));
    let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
    let end = address.find('/').unwrap_or(address.len());
    let (authority, path) = address.split_at(end);
    let authority = authority.rsplit_once('@').map_or_else(|| authority.to_owned(), |(_, host)| format!("***@{host}"));
    let query = query.map(|query| format!("?{}", query.split('&').map(hidden).collect::<Vec<_>>().join("&")));
    format!("{scheme}://{authority}{path}{}{fragment}", query.unwrap_or_default())
}

/// A pair of a query with its value hidden, unless it is one of a template.
fn hidden(pair: &str) -> String {
    match pair.split_once('=') {
        Some((key, value)) if !(value.starts_with('{') && value.ends_with('}')) => format!("{key}=***"),
        Some(_) => pair.to_owned(),
        None => "***".to_owned(),
    }
}

fn source(matches: &ArgMatches, id: &str, layers: &Layers) -> String {
    match matches.value_source(id) {
        Some(ValueSource::CommandLine) => "flag".to_owned(),
        Some(ValueSource::EnvVariable) => "environment".to_owned(),
        _ => layers.get(id).map_or_else(|| "default".to_owned(), |(_, from)| from.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_and_no_key_in_an_address_is_shown() {
        for (value, shown) in [
            ("https://user:hunter2@s3.example:9000/x", "https://***@s3.example:9000/x"),
            ("https://hunter2@s3.example", "https://***@s3.example"),
            ("https://user:hun@ter2@s3.example/a@b", "https://***@s3.example/a@b"),
            ("user:hunter2@s3.example:9000", "***@s3.example:9000"),
            (
                "https://tiles.example/{z}/{x}/{y}.png?key=hunter2&x={x}",
                "https://tiles.example/{z}/{x}/{y}.png?key=***&x={x}",
            ),
            ("https://tiles.example?hunter2", "https://tiles.example?***"),
            ("https://a.example/#hunter2", "https://a.example/#***"),
            ("s3://bucket/prefix", "s3://bucket/prefix"),
            ("© OpenStreetMap contributors", "© OpenStreetMap contributors"),
            ("info,sqlx=warn", "info,sqlx=warn"),
            ("127.0.0.1:5000", "127.0.0.1:5000"),
        ] {
            assert_eq!(without_credentials(value), shown);
        }
    }
}
