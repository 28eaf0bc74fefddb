//! The tool table: what `tools.toml` says, and what this machine has of it.
//!
//! Looking a tool up costs a few `stat`s; asking for its version starts it, so only `doctor` and evidence do.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rustix::fs::{Access, access};
use serde::Deserialize;
use xshell::{Shell, cmd};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    version: Vec<String>,
    pub minimum: Option<String>,
    #[serde(default)]
    pub required: bool,
    #[serde(rename = "for")]
    pub purpose: String,
    #[serde(default)]
    also: Vec<String>,
    debian: String,
    macos: String,
    /// `name@version` for `cargo install`.
    #[serde(rename = "crate")]
    pub krate: Option<String>,
    /// `path@version` for `go install`.
    pub go: Option<String>,
}

static TABLE: LazyLock<BTreeMap<String, Tool>> =
    LazyLock::new(|| toml::from_str(include_str!("../../tools.toml")).expect("a test reads tools.toml"));

pub fn table() -> &'static BTreeMap<String, Tool> {
    &TABLE
}

impl Tool {
    pub fn how_to_get(&self) -> &str {
        if cfg!(target_os = "macos") { &self.macos } else { &self.debian }
    }

    /// The number in the first line that holds one: `git version 2.39.5` is `2.39.5`. It may be a program of Node, and of
    /// no other than the one that stages run it with.
    pub fn found_version(&self, path: &Path, others: &OsStr) -> Option<String> {
        let sh = Shell::new().ok()?;
        let arguments = &self.version;
        let output = cmd!(sh, "{path} {arguments...}").env("PATH", others).quiet().ignore_status().output().ok()?;
        let text = [output.stdout, output.stderr].concat();
        let (text, name) = (String::from_utf8_lossy(&text), path.file_name()?.to_string_lossy());
        // Some tell first how they got on, or what they are made of.
        let own = text.lines().filter(|line| line.contains(&*name)).find_map(number);
        own.or_else(|| text.lines().find_map(number))
    }
}

/// The remedy for a missing tool, in one line.
pub fn remedy(name: &str) -> String {
    match table().get(name) {
        Some(tool) => format!("{name}: {}", tool.how_to_get()),
        None => format!("{name}: put it on the PATH"),
    }
}

/// The executable files of the table that the path leads to.
pub fn on_path(path: &OsStr) -> BTreeMap<String, PathBuf> {
    let find = |name: &str| {
        let plug_ins = name.starts_with("docker-").then(plug_ins).into_iter().flatten();
        std::env::split_paths(path)
            .chain(plug_ins)
            .map(|directory| directory.join(name))
            .find(|file| file.is_file() && access(file, Access::EXEC_OK).is_ok())
    };
    let any_of = |name: &String, tool: &Tool| find(name).or_else(|| tool.also.iter().find_map(|name| find(name)));
    table().iter().filter_map(|(name, tool)| Some((name.clone(), any_of(name, tool)?))).collect()
}

/// Where Docker looks for its plug-ins, which aren't on the PATH.
fn plug_ins() -> impl Iterator<Item = PathBuf> {
    let own = std::env::var_os("HOME").map(|home| Path::new(&home).join(".docker/cli-plugins"));
    let shared = ["/usr/local/lib/docker", "/usr/local/libexec/docker", "/usr/lib/docker", "/usr/libexec/docker"];
    own.into_iter().chain(shared.map(|folder| Path::new(folder).join("cli-plugins")))
}

fn number(line: &str) -> Option<String> {
    // Of the compiler: what a distribution builds may not know its own.
    if line.starts_with("GoVersion:") {
        return None;
    }
    let words = line.split(|c: char| c.is_whitespace() || matches!(c, '=' | ',' | '/' | '"'));
    words
        .map(|word| word.trim_start_matches("go").trim_start_matches('v'))
        .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
        .map(|word| {
            let end = word.find(|c: char| c != '.' && !c.is_ascii_digit());
            word[..end.unwrap_or(word.len())].to_owned()
        })
}

/// Whether `found` is `minimum` or newer, number by number.
pub fn at_least(found: &str, minimum: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> { text.split('.').map(|n| n.parse().unwrap_or(0)).collect() };
    numbers(found) >= numbers(minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_readable_and_names_a_remedy_for_each_tool() {
        for (name, tool) in table() {
            assert!(!tool.version.is_empty() && !tool.purpose.is_empty(), "{name}");
            assert!(!tool.debian.is_empty() && !tool.macos.is_empty(), "{name}");
        }
        assert!(table()["cargo"].required);
    }

    #[test]
    fn a_tool_is_found_under_its_other_name_where_its_own_is_not_there() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
            on_path(folder.path().as_os_str())["docker-registry"].clone()
        };
        assert!(!on_path(folder.path().as_os_str()).contains_key("docker-registry"));
        assert_eq!(program("registry"), folder.path().join("registry"));
        assert_eq!(program("docker-registry"), folder.path().join("docker-registry"));
    }

    #[test]
    fn versions_are_found_in_what_tools_really_print() {
        let cases = [
            ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", "1.95.0"),
            ("v22.11.0", "22.11.0"),
            ("go version go1.26.8 linux/amd64", "1.26.8"),
            ("Docker version 20.10.24+dfsg1, build 297e128", "20.10.24"),
            ("psql (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", "15.14"),
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1", "7.0.15"),
            ("Schemathesis, version 4.3.1", "4.3.1"),
            ("nginx version: nginx/1.22.1", "1.22.1"),
            (r#"openjdk version "17.0.15" 2025-04-15"#, "17.0.15"),
            ("registry github.com/distribution/distribution/v3 v3.1.0+unknown", "3.1.0"),
        ];
        for (line, version) in cases {
            assert_eq!(number(line).as_deref(), Some(version), "{line}");
        }
        assert_eq!(number("usage: tool"), None);
        assert_eq!(number("GoVersion:    go1.24.4"), None);
    }

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        assert!(at_least("20.10.24", "20.9"));
        assert!(at_least("1.95.0", "1.95"));
        assert!(!at_least("9.1", "15"));
    }
}
