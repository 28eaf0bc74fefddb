//! Files that are written from the source and kept in git, each with a check that it is as it would be written now.

pub mod openapi;
pub mod pipelines;
pub mod reference;
mod screenshots;

use anyhow::Result;
use stages::exit::Failure;

pub use self::openapi::Openapi;
pub use self::pipelines::Pipelines;
pub use self::reference::Reference;
pub use self::screenshots::Screenshots;

/// Of a difference, that are shown.
const MOST_LINES: usize = 12;

/// Compares the committed text with the generated one; an error shows the first lines that differ.
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
}
