//! The data folder of `up`: made with a mark, emptied only of what the service put there.
//!
//! Files of others in it are kept.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;
use stages::exit::{Exit, Failure};

const MARK: &str = ".wayfare-data";
const MARK_SAYS: &str = "This folder belongs to `cargo xtask up`; `--reset` empties it.\n";
const OURS: &[&str] = &["wayfare.db", "wayfare.db-wal", "wayfare.db-shm", "wayfare.db-journal", "images", "jwt.key"];

pub fn make(folder: &Path) -> Result<()> {
    let cannot = |error: std::io::Error| {
        Failure::new(Exit::Unreachable, format!("the data folder {} isn't writable: {error}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    Ok(fs::write(folder.join(MARK), MARK_SAYS).map_err(cannot)?)
}

/// Deletes the database, the pictures and the keys; refuses on a folder that doesn't look like one of ours.
pub fn reset(folder: &Path) -> Result<()> {
    let names = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(Failure::new(Exit::Unreachable, format!("{}: {error}", folder.display())).into());
        }
    };
    let is_ours = names.is_empty() || names.iter().any(|name| name == MARK || name == OURS[0]);
    if !is_ours {
        let message = format!("{} holds neither a database of Wayfare nor the mark of `up`", folder.display());
        let next = "check --data-dir; if the folder is the right one, delete it by hand";
        return Err(Failure::new(Exit::Refused, message).next(next).into());
    }
    for name in names.iter().filter(|name| OURS.iter().any(|ours| ours == name)) {
        remove(&folder.join(name))?;
    }
    Ok(())
}

/// A link is removed, never followed.
fn remove(path: &Path) -> std::io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_reset_deletes_what_is_ours_and_leaves_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("data");
        make(&folder).unwrap();
        fs::create_dir(folder.join("images")).unwrap();
        for name in ["wayfare.db", "wayfare.db-wal", "jwt.key", "images/1.png", "notes.txt"] {
            fs::write(folder.join(name), "x").unwrap();
        }
        reset(&folder).unwrap();
        assert_eq!(names(&folder), [MARK, "notes.txt"]);
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused_and_untouched() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("images")).unwrap();
        let failure = Failure::from_any(reset(folder.path()).unwrap_err());
        assert_eq!(failure.exit, Exit::Refused);
        assert_eq!(names(folder.path()), ["images"]);
    }

    #[test]
    fn pictures_behind_a_link_survive() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("holiday.png"), "x").unwrap();
        make(folder.path()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("images")).unwrap();
        reset(folder.path()).unwrap();
        assert_eq!(names(elsewhere.path()), ["holiday.png"]);
        assert_eq!(names(folder.path()), [MARK]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_says_which() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = Failure::from_any(make(&file.join("data")).unwrap_err());
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(failure.message.contains("file/data isn't writable"), "{}", failure.message);
    }
}
