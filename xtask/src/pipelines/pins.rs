//! The actions that workflows may use, each at one commit: `.github/actions/pins/action.yml`.
//!
//! The file has the form of an action, so that Dependabot and Renovate keep it up to date. Nothing runs it.

use anyhow::Result;

use crate::exit::Failure;

pub const FILE: &str = ".github/actions/pins/action.yml";

#[derive(Debug, PartialEq)]
pub struct Pins(Vec<Pin>);

#[derive(Debug, PartialEq)]
struct Pin {
    action: String,
    /// As a workflow has it behind `uses: `, with the version that people read.
    text: String,
}

impl Pins {
    pub fn read(text: &str) -> Result<Self> {
        let uses = text.lines().enumerate().filter_map(|(index, line)| {
            let value = line.trim_start().trim_start_matches("- ").strip_prefix("uses:")?;
            Some((index + 1, value.trim()))
        });
        let mut pins = Vec::new();
        for (number, text) in uses {
            let pin = pin(text).ok_or_else(|| {
                let message = format!("{FILE}:{number}: `{text}` is no `owner/name@COMMIT # vVERSION`");
                Failure::check(message)
                    .next("a tag can be moved: the whole commit, 40 digits, and its version behind it")
            })?;
            pins.push(pin);
        }
        Ok(Pins(pins))
    }

    pub fn uses(&self, action: &str) -> Result<&str> {
        let pin = self.0.iter().find(|pin| pin.action == action);
        let missing = || Failure::check(format!("{FILE} has no {action}")).next(format!("add it to {FILE}"));
        Ok(&pin.ok_or_else(missing)?.text)
    }
}

fn pin(text: &str) -> Option<Pin> {
    let (reference, version) = text.split_once(" # ")?;
    let (action, commit) = reference.split_once('@')?;
    let is_commit = commit.len() == 40 && commit.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let is_version = version.strip_prefix('v').is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    (is_commit && is_version && action.contains('/')).then(|| Pin { action: action.to_owned(), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn an_action_is_used_at_its_commit_with_its_version() {
        let pins = Pins::read(&format!("runs:\n  steps:\n    - uses: a/b@{COMMIT} # v1.2.3\n")).unwrap();
        assert_eq!(pins.uses("a/b").unwrap(), format!("a/b@{COMMIT} # v1.2.3"));
        assert!(pins.uses("a/c").unwrap_err().to_string().contains("has no a/c"));
    }

    #[test]
    fn what_can_be_moved_is_no_pin() {
        for text in ["a/b@v1 # v1", &format!("a/b@{COMMIT}"), "a/b@0123456 # v1", &format!("b@{COMMIT} # v1")] {
            let error = Pins::read(&format!("    - uses: {text}\n")).unwrap_err().to_string();
            assert!(error.starts_with(".github/actions/pins/action.yml:1: "), "{error}");
        }
    }
}
