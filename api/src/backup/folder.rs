//! The folder of backups: a folder for each, named by its time. What isn't whole has a name that
//! begins with a dot, and isn't one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono::TimeDelta;

use super::{Failure, manifest, manifest::Manifest};
use crate::{clock::Instant, data_folder};

pub const DATABASE: &str = "wayfare.db";
pub const PICTURES: &str = "images";
/// However old they are, so many of the newest stay.
const LEAST: usize = 3;

pub struct Folder {
    pub path: PathBuf,
}

#[derive(Clone, Debug)]
pub struct Backup {
    pub name: String,
    pub path: PathBuf,
    pub manifest: Manifest,
}

/// That no other `backup` works in the folder; freed when the process ends.
pub struct Lock(#[expect(dead_code, reason = "open for as long as the lock is held")] File);

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// # Errors
    /// A folder that can't be made or written; another backup that is under way.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        let cannot =
            || format!("the folder of backups {} can't be written; give another with --folder", self.path.display());
        data_folder::make_inner(&self.path).with_context(cannot)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(self.path.join(".lock")).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => {
                let message =
                    format!("another backup or restore is at work in {}; wait for its end", self.path.display());
                Err(Failure::refused(message).into())
            }
            Err(TryLockError::Error(cause)) => Err(cause).with_context(cannot),
        }
    }

    /// Those that are whole, oldest first, and the names of those whose manifest can't be read.
    ///
    /// # Errors
    /// A folder that isn't there.
    pub fn all(&self) -> anyhow::Result<(Vec<Backup>, Vec<String>)> {
        let missing = |cause: io::Error| {
            Failure::missing(format!(
                "no backups at {}: {cause}; `wayfare backup run` makes the first, or give --folder",
                self.path.display()
            ))
        };
        let entries = fs::read_dir(&self.path).map_err(missing)?.flatten();
        let names =
            entries.filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        let (mut whole, mut unreadable) = (Vec::new(), Vec::new());
        for name in names {
            match self.read(&name) {
                Ok(backup) => whole.push(backup),
                Err(_) => unreadable.push(name),
            }
        }
        whole.sort_by_key(|backup| backup.manifest.made_at);
        Ok((whole, unreadable))
    }

    fn read(&self, name: &str) -> anyhow::Result<Backup> {
        let path = self.path.join(name);
        let manifest = serde_json::from_slice(&fs::read(path.join(manifest::FILE))?)?;
        Ok(Backup { name: name.to_owned(), path, manifest })
    }

    /// # Errors
    /// None of that name.
    pub fn named(&self, name: &str) -> anyhow::Result<Backup> {
        let (all, unreadable) = self.all()?;
        if unreadable.iter().any(|one| one == name) {
            return Err(Failure::damaged(format!("{name} is damaged: its {} can't be read", manifest::FILE)).into());
        }
        all.into_iter().find(|backup| backup.name == name).ok_or_else(|| {
            Failure::missing(format!("no backup `{name}` in {}; `wayfare backup list`", self.path.display())).into()
        })
    }

    /// The newest, or the newest that was made by then.
    ///
    /// # Errors
    /// None is that old: says how old the oldest is.
    pub fn newest(&self, by: Option<Instant>) -> anyhow::Result<Backup> {
        let (all, _) = self.all()?;
        let oldest = all.first().map(|backup| backup.manifest.made_at);
        let found = all.into_iter().rev().find(|backup| by.is_none_or(|by| backup.manifest.made_at <= by));
        found.ok_or_else(|| {
            let message = match (by, oldest) {
                (Some(by), Some(oldest)) => {
                    format!("no backup is from before {}; the oldest is of {}", by.to_rfc3339(), oldest.to_rfc3339())
                }
                _ => format!("no backups in {}; `wayfare backup run` makes the first", self.path.display()),
            };
            Failure::missing(message).into()
        })
    }

    /// Deletes what is older than that, but never the newest few; tells their names. Called when a
    /// new one was verified: the last good one is never among them.
    ///
    /// # Errors
    /// A folder that can't be removed.
    pub fn expire(&self, now: Instant, keep: TimeDelta) -> anyhow::Result<Vec<String>> {
        let (all, _) = self.all()?;
        let expired = expired(&all, now, keep);
        for backup in &expired {
            // What is cut off half-way isn't a backup any more.
            let away = self.path.join(format!(".expired-{}", backup.name));
            fs::rename(&backup.path, &away).and_then(|()| fs::remove_dir_all(&away))?;
        }
        Ok(expired.into_iter().map(|backup| backup.name).collect())
    }
}

fn expired(oldest_first: &[Backup], now: Instant, keep: TimeDelta) -> Vec<Backup> {
    let may_go = oldest_first.len().saturating_sub(LEAST);
    let is_old = |backup: &&Backup| now - backup.manifest.made_at > keep;
    oldest_first.iter().take(may_go).filter(is_old).cloned().collect()
}

/// A file or folder is there after a power cut, too, once its folder was told so.
///
/// # Errors
/// What the disk says.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::backup::manifest::{Digest, SCHEMA};

    fn made(at: &str) -> Backup {
        let digest = Digest { bytes: 0, sha256: String::new() };
        let manifest = Manifest {
            schema: SCHEMA,
            made_at: at.parse().expect("a time"),
            version: String::new(),
            program: digest.clone(),
            migrations: Vec::new(),
            database: digest,
            rows: BTreeMap::new(),
            last_order: None,
            pictures: BTreeMap::new(),
            pictures_elsewhere: None,
            settings: Vec::new(),
            secrets: Vec::new(),
        };
        Backup { name: at.to_owned(), path: PathBuf::new(), manifest }
    }

    #[test]
    fn what_is_too_old_goes_but_never_the_newest_few_whatever_the_clock_says() {
        let days: Vec<Backup> = (1..=9).map(|day| made(&format!("2026-11-0{day}T00:00:00Z"))).collect();
        let names = |now: &str, keep: i64| -> Vec<String> {
            let now = now.parse().expect("a time");
            expired(&days, now, TimeDelta::days(keep)).into_iter().map(|it| it.name[8..10].to_owned()).collect()
        };
        assert_eq!(names("2026-11-09T12:00:00Z", 5), ["01", "02", "03", "04"]);
        assert_eq!(names("2126-11-09T12:00:00Z", 5), ["01", "02", "03", "04", "05", "06"]);
        assert!(names("1970-01-01T00:00:00Z", 5).is_empty());
    }
}
