//! The run books: their parts, their queries, and that what they tell people to type exists.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::query::{self, Query};

pub const FOLDER: &str = "docs/runbooks";
const PARTS: [&str; 4] = ["What it means", "How it is seen", "What to do first", "Try it on a laptop"];
/// Programs of others that a run book may name, besides those of xtask/tools.toml.
const PROGRAMS: [&str; 16] = [
    "amtool",
    "blackbox_exporter",
    "cd",
    "df",
    "du",
    "echo",
    "fallocate",
    "journalctl",
    "kill",
    "openssl",
    "pgrep",
    "pgbackrest",
    "redis-cli",
    "rm",
    "sqlite3",
    "ssh",
];

pub struct Runbook {
    pub name: String,
    path: String,
    text: String,
}

/// # Errors
/// A folder that isn't there.
pub fn read(root: &Path) -> Result<Vec<Runbook>> {
    let files = query::files(root, FOLDER, ".md")?;
    let book = |(path, file): (String, std::path::PathBuf)| {
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        Ok(Runbook { name, text: std::fs::read_to_string(file)?, path })
    };
    files.into_iter().map(book).collect()
}

impl Runbook {
    pub fn queries(&self) -> Vec<Query> {
        let blocks = blocks(&self.text, "promql").into_iter();
        blocks.map(|(line, text)| Query::new(format!("{}:{line}", self.path), text)).collect()
    }

    /// Each line that is to be typed, with its number.
    fn commands(&self) -> Vec<(usize, String)> {
        let lines = blocks(&self.text, "sh").into_iter().flat_map(|(start, text)| {
            let joined = text.replace("\\\n", " ");
            let lines: Vec<_> = joined.lines().map(str::to_owned).enumerate().collect();
            lines.into_iter().map(move |(index, line)| (start + index, line))
        });
        lines.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#')).collect()
    }

    /// `tools` are the programs that may be named; `settings` the variables that the service takes; `verbs` its commands.
    pub fn offences(&self, tools: &BTreeSet<String>, settings: &str, verbs: &BTreeSet<String>) -> Vec<String> {
        let mut found = Vec::new();
        let headings: Vec<_> = self.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        if self.name != "README" && headings != PARTS {
            found.push(format!("{}: its parts are {} and not {}", self.path, headings.join(", "), PARTS.join(", ")));
        }
        if !self.text.starts_with(&format!("# {}\n", self.name)) && self.name != "README" {
            found.push(format!("{}: its first line isn't `# {}`", self.path, self.name));
        }
        for (line, command) in self.commands() {
            let wrong = wrong(&command, tools, verbs);
            found.extend(wrong.map(|what| format!("{}:{line}: {what}", self.path)));
        }
        let variables = words(&self.text).filter(|word| word.starts_with("WAYFARE_") && !settings.contains(word));
        found.extend(variables.map(|word| format!("{}: {word} is no setting of the service", self.path)));
        found
    }
}

fn wrong(command: &str, tools: &BTreeSet<String>, verbs: &BTreeSet<String>) -> Option<String> {
    let is_assignment = |word: &&str| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    let mut words = command.split_whitespace().skip_while(is_assignment);
    let program = words.next()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    if program == "wayfare" {
        let verb = words.next().unwrap_or_default();
        return (!verbs.contains(verb)).then(|| format!("wayfare has no command `{verb}`"));
    }
    let is_known = tools.contains(program) || PROGRAMS.contains(&program);
    (!is_known).then(|| format!("`{program}` is no program of xtask/tools.toml"))
}

/// Fenced blocks of a language, with the line that each begins in.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String, bool)> = None;
    for (index, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(word), None) => open = Some((index + 2, String::new(), word.trim() == language)),
            (Some(_), Some(_)) => {
                found.extend(open.take().filter(|(.., is_ours)| *is_ours).map(|(line, text, _)| (line, text)))
            }
            (None, Some((_, text, _))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# A\n\n## What it means\n\n## How it is seen\n\n```promql\nup == 0\n```\n\n## What to do first\n\n```sh
docker ps\nWAYFARE_LOG=debug wayfare serve\n```\n\n## Try it on a laptop\n";

    fn told(text: &str) -> String {
        let book = Runbook { name: "A".to_owned(), path: "A.md".to_owned(), text: text.to_owned() };
        let set = |word: &str| BTreeSet::from([word.to_owned()]);
        book.offences(&set("docker"), "WAYFARE_LOG", &set("serve")).join("; ")
    }

    #[test]
    fn a_run_book_with_its_parts_and_commands_that_exist_is_left_alone() {
        assert_eq!(told(TEXT), "");
        let book = Runbook { name: "A".to_owned(), path: "A.md".to_owned(), text: TEXT.to_owned() };
        assert_eq!((book.queries()[0].at.as_str(), book.queries()[0].text.trim()), ("A.md:8", "up == 0"));
    }

    #[test]
    fn what_is_missing_or_is_gone_is_named_with_its_line() {
        assert!(told(&TEXT.replace("## How it is seen\n", "")).contains("its parts are"));
        assert!(told(&TEXT.replace("# A\n", "# B\n")).contains("its first line isn't"));
        assert!(told(&TEXT.replace("docker ps", "dockr ps")).contains("A.md:14: `dockr` is no program"));
        assert!(told(&TEXT.replace("wayfare serve", "wayfare server")).contains("wayfare has no command `server`"));
        assert!(told(&TEXT.replace("WAYFARE_LOG", "WAYFARE_LOGS")).contains("WAYFARE_LOGS is no setting"));
    }
}
