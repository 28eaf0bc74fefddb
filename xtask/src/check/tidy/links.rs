//! Links in documents that lead nowhere. Only those inside the clone are followed.

use super::Files;

pub fn broken(path: &str, text: &str, files: &Files, exists: &impl Fn(&str) -> bool) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (number, target) in links(text) {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let aim = if file.is_empty() { Some(path.to_owned()) } else { join(folder, file) };
        let Some(aim) = aim else {
            found.push(format!("{path}:{number}: {target} leads out of the clone"));
            continue;
        };
        let known = files.get(&aim);
        if known.is_none() && !exists(&aim) {
            found.push(format!("{path}:{number}: {target} isn't there"));
        } else if known
            .is_some_and(|text| aim.ends_with(".md") && !anchor.is_empty() && !headings(text).any(|it| it == anchor))
        {
            found.push(format!("{path}:{number}: {target}: no such heading"));
        }
    }
    found
}

/// `[text](target)` outside code, with its line number; other schemes are left alone.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    prose(text).flat_map(|(number, line)| {
        // The code spans of a line are its odd parts.
        let spans = line.split('`').step_by(2);
        let targets = spans.flat_map(|span| span.split("](").skip(1)).filter_map(|rest| rest.split([')', ' ']).next());
        targets.filter(|target| !target.is_empty() && !target.contains(':')).map(move |target| (number, target))
    })
}

fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then_some((index + 1, line))
    })
}

/// Headings as the forge makes anchors of them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let slug = |heading: &str| {
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    prose(text).filter(|(_, line)| line.starts_with('#')).map(move |(_, line)| slug(line.trim_start_matches('#')))
}

fn join(folder: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let files = Files::from([
            ("docs/a.md".to_owned(), text.to_owned()),
            ("README.md".to_owned(), "# What it is\n## Two commands, `really`\n".to_owned()),
        ]);
        broken("docs/a.md", text, &files, &|path| path == "docs/picture.png")
    }

    #[test]
    fn links_that_lead_somewhere_are_left_alone() {
        let text =
            "[a](../README.md#two-commands-really) ![b](picture.png) [c](https://example.org/x) [d](#here)\n# Here\n";
        assert_eq!(told(text), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_nowhere_are_told_with_their_line() {
        let text = "\n[a](gone.md) [b](../README.md#nothing)\n[c](../../outside.md)\n";
        assert_eq!(
            told(text),
            [
                "docs/a.md:2: gone.md isn't there",
                "docs/a.md:2: ../README.md#nothing: no such heading",
                "docs/a.md:3: ../../outside.md leads out of the clone",
            ]
        );
    }

    #[test]
    fn code_holds_no_links() {
        assert_eq!(told("`[a](gone.md)`\n```\n[a](gone.md)\n```\n"), Vec::<String>::new());
    }
}
