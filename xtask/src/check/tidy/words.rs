//! Words that the field has a better one for (docs/adr/0030-words.md), in prose that was read through: the Markdown files
//! below `PROSE`, and comments and string literals of the Rust files below `SOURCE`, without their test modules.
//!
//! The source of `api`, `city` and `web` isn't covered yet, nor are pages that only list what others wrote.

/// Where Markdown is checked: a file, or a folder with everything in it.
const PROSE: &[&str] = &["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/"];

/// The table of these words itself, and texts that aren't read through yet.
const PROSE_LEFT: &[&str] = &["docs/adr/0030-words.md", "docs/features.md"];

const SOURCE: &[&str] = &[
    "xtask/engine/src/",
    "xtask/manifests/src/",
    "xtask/src/build/",
    "xtask/src/check/",
    "xtask/src/ci/",
    "xtask/src/cluster/",
    "xtask/src/environment/",
    "xtask/src/gate/",
    "xtask/src/image/",
    "xtask/src/write/",
    "xtask/src/main.rs",
];

/// This list, and what is being written by others at the moment.
const SOURCE_LEFT: &[&str] = &["xtask/src/check/tidy/words.rs", "xtask/src/check/test/cluster/"];

/// Without a proper use in these files: an old word, and what to write.
const WORDS: &[(&str, &str)] = &[
    ("anybody", "client, user, or a passive sentence"),
    ("asks first", "protected"),
    ("deed", "action"),
    ("deeds", "actions"),
    ("door", "port, or entry point"),
    ("half-way", "interrupted"),
    ("list of parts", "SBOM"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("mends", "fixes"),
    ("nobody", "no user, no client, or a passive sentence"),
    ("not judged", "not evaluated"),
    ("put back", "rolled back"),
    ("puts back", "rolls back"),
    ("tells", "reports, shows"),
    ("told", "reported, shown"),
    ("weakness", "vulnerability"),
    ("weaknesses", "vulnerabilities"),
    ("whoever", "the user who"),
    ("whom", "who"),
];

pub fn offences(path: &str, text: &str) -> Vec<String> {
    if covers(PROSE, PROSE_LEFT, path) && path.ends_with(".md") {
        found(path, text.lines().enumerate().map(|(index, line)| (index, line.to_owned())))
    } else if covers(SOURCE, SOURCE_LEFT, path) && path.ends_with(".rs") {
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
        found(path, lines.enumerate().map(|(index, line)| (index, prose(line))))
    } else {
        Vec::new()
    }
}

fn covers(parts: &[&str], left: &[&str], path: &str) -> bool {
    let below = |part: &&str| path == *part || (part.ends_with('/') && path.starts_with(part));
    parts.iter().any(below) && !left.iter().any(below)
}

fn found(path: &str, lines: impl Iterator<Item = (usize, String)>) -> Vec<String> {
    let offence = |(index, line): (usize, String)| {
        let line = words(&line);
        let (old, new) = WORDS.iter().find(|(old, _)| line.contains(&format!(" {old} ")))?;
        Some(format!("{path}:{}: write {new} for `{old}` (docs/adr/0030-words.md)", index + 1))
    };
    lines.filter_map(offence).collect()
}

/// In small letters, each between blanks, without what stands in backticks. A hyphen or an underscore joins a word.
fn words(line: &str) -> String {
    let joins = |c: char| c.is_alphanumeric() || "-_'".contains(c);
    let words = line.split('`').step_by(2).flat_map(|part| part.split(|c| !joins(c))).filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" ").to_lowercase())
}

/// A line of Rust without its code: string literals, and what follows `//`. What a literal interpolates is code.
fn prose(line: &str) -> String {
    let (code, comment) = split_comment(line);
    let literals = code.split('"').skip(1).step_by(2).flat_map(|literal| {
        literal.split('{').enumerate().map(|(index, part)| match index {
            0 => part,
            _ => part.split_once('}').map_or("", |(_, rest)| rest),
        })
    });
    literals.chain([comment]).collect::<Vec<_>>().join(" ")
}

/// A `//` in a string literal, as in an address, begins no comment.
fn split_comment(line: &str) -> (&str, &str) {
    let begins = |(at, _): &(usize, &str)| line[..*at].matches('"').count().is_multiple_of(2);
    let at = line.match_indices("//").find(begins).map_or(line.len(), |(at, _)| at);
    line.split_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_word_in_a_document_is_an_offence_and_its_successor_is_named() {
        let text = "Fine.\nThe List of parts is signed.\nMend it: nobody waits.\nmending, a trapdoor, told_by, `audit::Deed`\n";
        assert_eq!(
            offences("docs/operations.md", text),
            [
                "docs/operations.md:2: write SBOM for `list of parts` (docs/adr/0030-words.md)",
                "docs/operations.md:3: write fix for `mend` (docs/adr/0030-words.md)",
            ]
        );
        assert!(offences("docs/adr/0030-words.md", text).is_empty(), "that is the table of these words");
        assert!(offences("bench/README.md", text).is_empty(), "it isn't covered yet");
    }

    #[test]
    fn in_source_comments_and_literals_are_read_and_names_and_tests_are_not() {
        let text = "/// Nobody waits.\nlet told = f(\"is {told} at http://door.example\"); // fine\n\
                    fail(\"mend it\")\n#[cfg(test)]\n// nobody\n";
        assert_eq!(
            offences("xtask/src/check/load.rs", text),
            [
                "xtask/src/check/load.rs:1: write no user, no client, or a passive sentence for `nobody` \
                 (docs/adr/0030-words.md)",
                "xtask/src/check/load.rs:2: write port, or entry point for `door` (docs/adr/0030-words.md)",
                "xtask/src/check/load.rs:3: write fix for `mend` (docs/adr/0030-words.md)",
            ]
        );
        assert!(offences("api/src/lib.rs", text).is_empty(), "it isn't covered yet");
    }

    #[test]
    fn each_word_is_in_the_table_of_the_decision() {
        let page = include_str!("../../../../docs/adr/0030-words.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let entries: Vec<_> = rows.flat_map(|row| row.split(", ")).collect();
        for (old, _) in WORDS {
            assert!(entries.iter().any(|entry| old.starts_with(entry)), "{old}");
        }
    }
}
