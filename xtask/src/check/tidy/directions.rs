//! Which folder of a crate may use which: dependencies run one way, and an arrow that isn't in the table is an offence.

/// A source folder, and for each folder in it those that it may use, all of which stand before it. The crate's root may
/// use all and be used by all.
type Crate = (&'static str, &'static [(&'static str, &'static [&'static str])]);

const CRATES: [Crate; 1] = [(
    "xtask/src/",
    &[
        ("build", &[]),
        ("backup", &["build"]),
        ("ci", &[]),
        ("gate", &[]),
        ("image", &["build", "gate"]),
        ("environment", &["build", "image"]),
        ("cluster", &["environment"]),
        ("infra", &["environment"]),
        ("write", &["build", "ci", "environment"]),
        ("check", &["backup", "build", "ci", "cluster", "environment", "gate", "image", "infra", "write"]),
    ],
)];

/// Arrows in the file that the table doesn't have, and a folder that it doesn't have at all.
pub fn offences(path: &str, text: &str) -> Vec<String> {
    let inside = CRATES.iter().find_map(|(source, table)| Some((path.strip_prefix(source)?, table)));
    let Some((folder, table)) = inside.and_then(|(rest, table)| Some((rest.split_once('/')?.0, table))) else {
        return Vec::new();
    };
    let Some((_, allowed)) = table.iter().find(|(name, _)| *name == folder) else {
        return vec![format!("{path}: the folder `{folder}` isn't in the table of xtask/src/check/tidy/directions.rs")];
    };
    let may_not =
        |used: &&str| *used != folder && !allowed.contains(used) && table.iter().any(|(name, _)| name == used);
    let offence = |(index, line): (usize, &str)| {
        let other = used(line).find(may_not)?;
        Some(format!("{path}:{}: `{folder}` may not use `{other}`: dependencies run one way", index + 1))
    };
    text.lines().enumerate().filter_map(offence).collect()
}

/// The folders that a line names: `crate::image::Image` is `image`.
fn used(line: &str) -> impl Iterator<Item = &str> {
    let end = |c: char| !c.is_alphanumeric() && c != '_';
    line.split("crate::").skip(1).filter_map(move |rest| rest.split(end).next())
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
    fn each_folder_uses_only_those_that_stand_before_it_so_there_is_no_circle() {
        for (source, table) in CRATES {
            for (index, (folder, allowed)) in table.iter().enumerate() {
                let stands_before = |used: &&str| table[..index].iter().any(|(name, _)| name == used);
                assert!(allowed.iter().all(stands_before), "{source}{folder}");
            }
        }
    }
}
