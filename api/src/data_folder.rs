//! The data folder: readable by its owner alone, and of one `serve` at a time.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::{
    clock::Clock,
    config::{Config, Secret},
};

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// Such a folder is many people's, as /tmp is: it isn't ours to close.
const STICKY: u32 = 0o1000;
/// What SQLite puts beside its file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Makes the folder when it isn't there, and sees that it can be written.
///
/// # Errors
/// A folder that can't be made or written, and what to do.
pub fn make(dir: &Path) -> anyhow::Result<()> {
    let probe = dir.join(".writable");
    make_inner(dir).and_then(|()| fs::write(&probe, b"wayfare")).and_then(|()| fs::remove_file(&probe)).with_context(
        || format!("the data folder {} can't be written; give another with --data-dir, or make room", dir.display()),
    )
}

/// Makes the SQLite file, so that it is its owner's alone from the start; what SQLite puts beside
/// it gets the same mode. Where the address doesn't allow it to be made, or it can't be, SQLite
/// says so in its own words.
pub fn make_file(database: &Path, url: &Secret) {
    if url.expose().contains("mode=rwc") {
        let _ = OpenOptions::new().append(true).create_new(true).mode(FILE).open(database);
    }
}

/// Makes a folder inside the data folder.
///
/// # Errors
/// A folder that can't be made.
pub fn make_inner(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(folder)
}

/// A new file, its owner's alone.
///
/// # Errors
/// One that is there already, or can't be made.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

/// Closes a file to others that somebody else made for us.
pub fn close_file(path: &Path) {
    set(path, FILE);
}

/// Closes to others what an older version left open: the folder, the database, the key, the
/// pictures. What belongs to somebody else, as a mounted volume may, stays as it is, with a
/// warning.
pub fn close_to_others(config: &Config) {
    let mut files = vec![config.data_dir.join("jwt.key")];
    if let Some(database) = config.sqlite_file() {
        files.extend(BESIDE.iter().map(|end| with_ending(&database, end)));
        files.extend([lock_file(&database), database]);
    }
    set(&config.data_dir, FOLDER);
    files.extend(entries(&config.data_dir).filter(|path| is_city(path)));
    files.iter().for_each(|file| set(file, FILE));
    let images = config.data_dir.join("images");
    set(&images, FOLDER);
    entries(&images).for_each(|picture| set(&picture, FILE));
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_city(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "wf")
}

fn set(path: &Path, mode: u32) {
    // Not followed: what a link points to may be anything.
    let Ok(found) = fs::symlink_metadata(path) else { return };
    let wanted = if mode == FOLDER { found.is_dir() } else { found.is_file() };
    if !wanted || found.mode() & 0o077 == 0 || found.mode() & STICKY != 0 {
        return;
    }
    if let Err(cause) = fs::set_permissions(path, Permissions::from_mode(mode)) {
        tracing::warn!(path = %path.display(), %cause, "other users of this machine can read this file or folder");
    }
}

/// That this process alone serves a SQLite file. Freed when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "open for as long as the lock is held")] File);

/// Takes the SQLite file of this configuration for this process; nothing on PostgreSQL. Two
/// processes would each keep answers and sessions of their own for a while: an account disabled at
/// one would go on at the other.
///
/// # Errors
/// Another process has it: says which.
pub fn lock(config: &Config) -> anyhow::Result<Option<Lock>> {
    let Some(database) = config.sqlite_file() else { return Ok(None) };
    if config.database_url.is_none() {
        make(&config.data_dir)?;
    }
    let path = lock_file(&database);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE)
        .open(&path)
        .with_context(|| format!("{} can't be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(
            "{} is served by another process already: {}. Stop that one, or give this one a data folder of its own \
             with --data-dir; several that share one database need PostgreSQL",
            database.display(),
            holder(&mut file)
        ),
        Err(TryLockError::Error(cause)) => {
            tracing::warn!(path = %path.display(), %cause, "the file system doesn't support locks: don't start a second process");
        }
    }
    sign(&mut file, config).with_context(|| format!("{} can't be written", path.display()))?;
    Ok(Some(Lock(file)))
}

fn sign(file: &mut File, config: &Config) -> io::Result<()> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let since = Clock::system().now().format("%Y-%m-%dT%H:%M:%SZ");
    let id = std::process::id();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {id} on {}, at {}, since {since}", host.trim(), config.listen)
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "it hasn't said yet which".to_owned(),
    }
}

fn lock_file(database: &Path) -> PathBuf {
    with_ending(database, ".lock")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
