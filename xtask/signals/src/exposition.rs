//! What a scrape says, as Prometheus reads it: the families with their types, and each series with its labels.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

pub type Labels = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub struct Exposition {
    /// The type of each family.
    pub families: BTreeMap<String, String>,
    /// Each name with the labels of its series.
    pub series: BTreeMap<String, Vec<Labels>>,
}

/// # Errors
/// A line that Prometheus wouldn't read either.
pub fn parse(text: &str) -> Result<Exposition> {
    let mut found = Exposition::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').with_context(|| format!("a type without a name: {line}"))?;
            found.families.insert(name.to_owned(), kind.to_owned());
        } else if !line.starts_with('#') {
            let (name, labels) = series(line).with_context(|| format!("this is no series: {line}"))?;
            found.series.entry(name).or_default().push(labels);
        }
    }
    Ok(found)
}

/// `name{label="value"} 1`.
fn series(line: &str) -> Result<(String, Labels)> {
    let end = line.find(['{', ' ']).context("no value")?;
    let (name, rest) = line.split_at(end);
    let Some(mut rest) = rest.strip_prefix('{') else { return Ok((name.to_owned(), Labels::new())) };
    let mut labels = Labels::new();
    while !rest.starts_with('}') {
        let (label, after) = rest.split_once("=\"").context("a label without a value")?;
        let (value, after) = quoted(after)?;
        labels.insert(label.trim().to_owned(), value);
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Ok((name.to_owned(), labels))
}

/// The text up to its closing quote, and what comes after that.
fn quoted(text: &str) -> Result<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c)) => value.push(c),
                None => bail!("a value without an end"),
            },
            c => value.push(c),
        }
    }
    bail!("a value without an end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_and_series_are_read_with_what_is_escaped_in_their_values() {
        let text = "# HELP a Says \"a\".\n# TYPE a counter\na{x=\"1\",y=\"a \\\"b\\\\, }\"} 3\na 1e3\n";
        let found = parse(text).unwrap();
        assert_eq!(found.families["a"], "counter");
        let labels = Labels::from([("x".to_owned(), "1".to_owned()), ("y".to_owned(), "a \"b\\, }".to_owned())]);
        assert_eq!(found.series["a"], [labels, Labels::new()]);
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_not_a_series() {
        for line in ["a{x=\"1\n", "a{x=\"1\\", "a{x} 1\n", "a\n"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
