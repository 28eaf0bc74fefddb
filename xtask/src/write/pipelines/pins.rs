//! The actions that workflows may use, each at one commit: `.github/actions/pins/action.yml`.
//!
//! The file has the form of an action, so that Dependabot and Renovate keep it up to date. Nothing runs it.

use anyhow::Result;
use stages::exit::Failure;

pub const FILE: &str = ".github/actions/pins/action.yml";

#[derive(Debug, PartialEq)]
pub struct Pins(Vec<Pin>);

#[derive(Debug, PartialEq)]
struct Pin {
    action: String,
    /// As a workflow has it behind `uses: `, with the version that people read.
    text: String,
    /// `name: value`, as each stands under `with:`.
    with: Vec<String>,
}

impl Pins {
    pub fn read(text: &str) -> Result<Self> {
        let mut pins: Vec<Pin> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start().trim_start_matches("- ");
            match (line.strip_prefix("uses:"), pins.last_mut()) {
                (Some(uses), _) => pins.push(pin(uses.trim()).ok_or_else(|| no_pin(index + 1, uses.trim()))?),
                (None, Some(pin)) if line != "with:" => pin.with.push(line.to_owned()),
                (None, _) => {}
            }
        }
        Ok(Pins(pins))
    }

    /// The lines of a workflow's step, behind its name.
    pub fn step(&self, action: &str) -> Result<String> {
        let pin = self.0.iter().find(|pin| pin.action == action);
        let missing = || Failure::check(format!("{FILE} has no {action}")).next(format!("add it to {FILE}"));
        let Pin { text, with, .. } = pin.ok_or_else(missing)?;
        let with: String = with.iter().map(|line| format!("          {line}\n")).collect();
        let head = if with.is_empty() { "" } else { "        with:\n" };
        Ok(format!("        uses: {text}\n{head}{with}"))
    }
}

fn no_pin(number: usize, text: &str) -> Failure {
    let message = format!("{FILE}:{number}: `{text}` is no `owner/name@COMMIT # vVERSION`");
    Failure::check(message).next("a tag can be moved: use the full commit, 40 digits, followed by its version")
}

fn pin(text: &str) -> Option<Pin> {
    let (reference, version) = text.split_once(" # ")?;
    let (action, commit) = reference.split_once('@')?;
    let is_commit = commit.len() == 40 && commit.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let is_version = version.strip_prefix('v').is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    (is_commit && is_version && action.contains('/')).then(|| Pin {
        action: action.to_owned(),
        text: text.to_owned(),
        with: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn an_action_is_used_at_its_commit_with_its_version_and_its_inputs() {
        let uses = format!("    - uses: a/b@{COMMIT} # v1.2.3\n");
        let pins =
            Pins::read(&format!("runs:\n  steps:\n{uses}      with:\n        c: d\n    - uses: e/f@{COMMIT} # v1\n"));
        let pins = pins.unwrap();
        let step = format!("        uses: a/b@{COMMIT} # v1.2.3\n        with:\n          c: d\n");
        assert_eq!(pins.step("a/b").unwrap(), step);
        assert_eq!(pins.step("e/f").unwrap(), format!("        uses: e/f@{COMMIT} # v1\n"));
        assert!(pins.step("a/c").unwrap_err().to_string().contains("has no a/c"));
    }

    #[test]
    fn what_can_be_moved_is_no_pin() {
        for text in ["a/b@v1 # v1", &format!("a/b@{COMMIT}"), "a/b@0123456 # v1", &format!("b@{COMMIT} # v1")] {
            let error = Pins::read(&format!("    - uses: {text}\n")).unwrap_err().to_string();
            assert!(error.starts_with(".github/actions/pins/action.yml:1: "), "{error}");
        }
    }
}
