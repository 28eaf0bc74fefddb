//! What is run as a process, and how a shell writes it down.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use xshell::Cmd;

#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    pub program: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub dir: PathBuf,
}

impl Invocation {
    /// The line that a person would type.
    pub fn line(&self, root: &Path) -> String {
        let mut words: Vec<String> =
            self.env.iter().map(|(k, v)| format!("{k}={}", quoted(&inside(root, Path::new(v))))).collect();
        words.push(quoted(&inside(root, Path::new(&self.program))));
        words.extend(self.args.iter().map(|arg| quoted(&inside(root, Path::new(arg)))));
        let line = words.join(" ");
        if self.dir == root {
            return line;
        }
        format!("(cd {} && {line})", quoted(&inside(root, &self.dir)))
    }
}

impl From<Cmd<'_>> for Invocation {
    fn from(command: Cmd<'_>) -> Self {
        let command = Command::from(command);
        let text = |text: &OsStr| text.to_string_lossy().into_owned();
        let set = |(key, value): (&OsStr, Option<&OsStr>)| Some((text(key), text(value?)));
        Invocation {
            program: text(command.get_program()),
            args: command.get_args().map(text).collect(),
            env: command.get_envs().filter_map(set).collect(),
            dir: command.get_current_dir().map(Path::to_owned).unwrap_or_default(),
        }
    }
}

/// The path as a person types it in the root of the clone.
pub fn inside(root: &Path, path: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.display().to_string(),
        _ => path.display().to_string(),
    }
}

/// The word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
