//! Which part of a crate may use which: dependencies run one way, and an arrow that isn't in the table is an offence.

mod table;

use self::table::CRATES;

/// The roots of crates, and the program's: they may use all.
const ROOTS: [&str; 2] = ["lib", "main"];

/// Arrows in the file that the table doesn't have, and a part that it doesn't have at all. Tests may use all.
pub fn offences(path: &str, text: &str) -> Vec<String> {
    let inside = CRATES.iter().find_map(|(source, table)| Some((path.strip_prefix(source)?, table)));
    let Some((rest, table)) = inside.filter(|(rest, _)| !is_test(rest)) else { return Vec::new() };
    let part = rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs");
    if ROOTS.contains(&part) {
        return Vec::new();
    }
    let Some((_, allowed)) = table.iter().find(|(name, _)| *name == part) else {
        return vec![format!("{path}: `{part}` isn't in the table of xtask/src/check/tidy/directions/table.rs")];
    };
    let may_not = |(_, used): &(usize, String)| {
        used != part && !allowed.contains(&used.as_str()) && table.iter().any(|(name, _)| name == used)
    };
    let offence = |(line, other)| format!("{path}:{line}: `{part}` may not use `{other}`: dependencies run one way");
    used(text).into_iter().filter(may_not).map(offence).collect()
}

fn is_test(rest: &str) -> bool {
    rest.ends_with("tests.rs") || rest.contains("tests/")
}

/// The parts that the code names, each with its line: `crate::image::Image` is `image`, and so is each first name in the
/// braces of `crate::{image::Image, …}`.
fn used(text: &str) -> Vec<(usize, String)> {
    let code = text.lines().take_while(|line| *line != "mod tests {");
    let code: Vec<_> = code.map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (start, word) in code.match_indices("crate::") {
        let rest = start + word.len();
        match code[rest..].strip_prefix('{') {
            Some(group) => found.extend(names(group).map(|(offset, name)| (rest + 1 + offset, name))),
            None => found.push((rest, first_word(&code[rest..]))),
        }
    }
    found.into_iter().map(|(at, name)| (code[..at].matches('\n').count() + 1, name.to_owned())).collect()
}

/// The first name of each item of an import's group, with its place: the group ends at the brace that closes it.
fn names(group: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut depth = 0_usize;
    let mut at_item = true;
    let mut found = Vec::new();
    for (offset, c) in group.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => at_item = true,
            c if at_item && c.is_alphabetic() => {
                at_item = false;
                found.push((offset, first_word(&group[offset..])));
            }
            _ => {}
        }
    }
    found.into_iter()
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_against_the_direction_and_an_unknown_folder_are_offences() {
        let told = |path: &str| offences(path, "use crate::image::Image;\nuse crate::environment::Environment;\n");
        assert_eq!(told("xtask/src/check/load.rs"), Vec::<String>::new());
        assert_eq!(told("xtask/src/main.rs"), Vec::<String>::new());
        let expected = "xtask/src/image/mod.rs:2: `image` may not use `environment`: dependencies run one way";
        assert_eq!(told("xtask/src/image/mod.rs"), [expected]);
        assert!(told("xtask/src/attic/mod.rs")[0].contains("`attic` isn't in the table"));
    }

    #[test]
    fn an_import_of_many_names_is_read_item_by_item() {
        let text = "use crate::{\n    App,\n    auth::{Admin, orders},\n    orders::event,\n};\n// crate::worker\n";
        let expected = "api/src/catalog/shop.rs:4: `catalog` may not use `orders`: dependencies run one way";
        assert_eq!(offences("api/src/catalog/shop.rs", text), [expected]);
        assert!(offences("api/src/lib.rs", text).is_empty() && offences("city/src/route/tests.rs", text).is_empty());
    }

    #[test]
    fn each_folder_uses_only_those_that_stand_before_it_so_there_is_no_circle() {
        for (source, table) in CRATES {
            for (index, (folder, allowed)) in table.iter().enumerate() {
                let stands_before = |used: &&str| table[..index].iter().any(|(name, _)| name == used);
                assert!(allowed.iter().all(stands_before), "{source}{folder}");
            }
        }
    }
}
