//! `backup restore`: a backup in the place of what is there, which is kept beside it.
//!
//! The new database is made whole beside the old one, then takes its place by one rename: a restore
//! that is cut off leaves the one or the other. Pictures are added, none is deleted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::json;

use super::{
    Failure,
    carry::{self, Lost},
    database,
    folder::{Backup, DATABASE, Folder, PICTURES, sync},
    manifest::Digest,
    pictures,
    settle::{Restored, settle},
    verify,
};
use crate::{
    clock::{Clock, Instant},
    config::{Config, Secret},
    data_folder,
    db::Db,
};

/// What SQLite puts beside its file.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

pub struct Wish {
    /// The newest backup that was made by then.
    pub to: Option<Instant>,
    /// Do it: without, only what would be lost is said.
    pub yes: bool,
}

pub struct Done {
    pub backup: Backup,
    /// None: what was there couldn't be read.
    pub lost: Option<Lost>,
    /// Where what was there is kept.
    pub kept: Option<PathBuf>,
    pub sessions_ended: u64,
}

/// # Errors
/// A backup that is damaged, a service that runs, no `yes`, no room: then what was there is there still.
pub async fn restore(config: &Config, clock: &Clock, folder: &Folder, wish: &Wish) -> anyhow::Result<Done> {
    let live = database(config)?;
    let backup = folder.newest(wish.to)?;
    let _folder = folder.lock()?;
    verify::verify(&backup).await.map_err(|cause| another(folder, &backup, &cause))?;
    let _served =
        data_folder::lock(config).map_err(|cause| Failure::refused(format!("stop the service first: {cause:#}")))?;
    let lost =
        if live.exists() { carry::lost(&live, &backup.path.join(DATABASE)).await.ok() } else { Some(Lost::default()) };
    if !wish.yes {
        return Err(Failure::refused(effect(&live, &backup, lost)).into());
    }
    let new = beside(&live, ".restoring");
    let made = make(config, clock, &live, &new, &backup, lost).await;
    let sessions_ended = made.inspect_err(|_| remove(&new))?;
    add_pictures(config, &backup)?;
    let kept = keep(&live, clock.now())?;
    fs::rename(&new, &live)?;
    sync(live.parent().unwrap_or(Path::new(".")))?;
    Ok(Done { backup, lost, kept, sessions_ended })
}

/// A damaged backup, and the newest one that may do in its place.
fn another(folder: &Folder, damaged: &Backup, cause: &anyhow::Error) -> anyhow::Error {
    let all = folder.all().map(|(all, _)| all).unwrap_or_default();
    let before = all.iter().rev().find(|one| one.manifest.made_at < damaged.manifest.made_at);
    let next = before.map_or_else(
        || "there is no older one".to_owned(),
        |one| format!("the one before: --to {}", one.manifest.made_at.to_rfc3339()),
    );
    Failure::damaged(format!("{cause}; nothing was changed; {next}")).into()
}

fn effect(live: &Path, backup: &Backup, lost: Option<Lost>) -> String {
    let what = lost.map_or_else(
        || "What is there can't be read, so what would be lost isn't known".to_owned(),
        |lost| format!("Lost would be {} orders and {} accounts that came since", lost.orders, lost.accounts),
    );
    format!(
        "this puts {} of {} with {} orders in the place of {}. {what}; everybody has to sign in again. What is there \
         now is kept beside it. The same with --yes does it",
        backup.name,
        backup.manifest.made_at.to_rfc3339(),
        backup.manifest.orders(),
        live.display()
    )
}

/// The database as it will serve, under a name that nobody opens.
async fn make(
    config: &Config,
    clock: &Clock,
    live: &Path,
    new: &Path,
    backup: &Backup,
    lost: Option<Lost>,
) -> anyhow::Result<u64> {
    remove(new);
    let room = "there is no room for the restored database, or its folder can't be written; nothing was changed";
    data_folder::make_inner(live.parent().unwrap_or(Path::new("."))).context(room)?;
    fs::copy(backup.path.join(DATABASE), new).context(room)?;
    if live.exists() && lost.is_some() {
        carry::carry(live, new).await.context("what is there can't be read; nothing was changed")?;
    }
    let url = Secret::new(format!("sqlite://{}?mode=rw", new.display()));
    let db = Db::connect(&Config { database_url: Some(url), ..config.clone() }).await?;
    let restored = Restored { from: &backup.name, of: backup.manifest.made_at, lost: json!(lost) };
    let settled = settle(&db, clock.now(), &restored).await;
    db.close().await;
    let ended = settled?;
    anyhow::ensure!(!beside(new, "-wal").exists(), "SQLite left a log beside {}; nothing was changed", new.display());
    data_folder::close_file(new);
    sync(new)?;
    Ok(ended)
}

fn add_pictures(config: &Config, backup: &Backup) -> anyhow::Result<()> {
    let Some(folder) = pictures(config) else { return Ok(()) };
    data_folder::make_inner(&folder)?;
    for (name, digest) in &backup.manifest.pictures {
        let to = folder.join(name);
        if Digest::of(&to).is_ok_and(|found| found == *digest) {
            continue;
        }
        let part = folder.join(format!(".{name}.restoring"));
        fs::copy(backup.path.join(PICTURES).join(name), &part)
            .and_then(|_| sync(&part))
            .and_then(|()| fs::rename(&part, &to))
            .with_context(|| format!("the picture {name} can't be put back; the database is as it was"))?;
    }
    Ok(())
}

/// Links what is there into a folder of its own, with its log, and takes the log away from the old name: an old log beside
/// another file would be played into it.
fn keep(live: &Path, now: Instant) -> anyhow::Result<Option<PathBuf>> {
    if !live.exists() {
        return Ok(None);
    }
    let parent = live.parent().unwrap_or(Path::new("."));
    let folder = parent.join(format!("before-restore-{}", now.format("%Y-%m-%dT%H-%M-%S%.6fZ")));
    data_folder::make_inner(&folder)?;
    let files = [live.to_owned()].into_iter().chain(BESIDE.map(|end| beside(live, end))).filter(|file| file.exists());
    for file in files {
        let name = file.file_name().context("a file has a name")?;
        fs::hard_link(&file, folder.join(name)).or_else(|_| fs::copy(&file, folder.join(name)).map(drop))?;
    }
    sync(&folder)?;
    for end in BESIDE {
        let _ = fs::remove_file(beside(live, end));
    }
    Ok(Some(folder))
}

fn remove(new: &Path) {
    let _ = fs::remove_file(new);
    for end in BESIDE {
        let _ = fs::remove_file(beside(new, end));
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
