//! `backup run`: a copy of the database and the pictures while orders come in.
//!
//! SQLite itself copies, as one transaction reads: `cp` would miss what is still in the log. The
//! copy is read again before it counts as a backup.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{
    Failure, database,
    folder::{Backup, DATABASE, Folder, PICTURES, sync},
    manifest::{Digest, FILE, Manifest, SCHEMA},
    pictures,
    shelf::Shelf,
    verify,
};
use crate::{clock::Clock, config::Config, data_folder, db::Db};

/// A picture that is replaced meanwhile: its file goes, and the copy of the database still names it.
const TRIES: usize = 3;

pub struct Made {
    pub backup: Backup,
    /// Names of backups that were too old.
    pub expired: Vec<String>,
}

/// `settings` are the lines of `wayfare config`.
///
/// # Errors
/// A database that isn't there, no room, a copy that isn't whole: then there is no new backup, and
/// the ones before it are untouched.
pub async fn run(
    config: &Config,
    clock: &Clock,
    folder: &Folder,
    settings: Vec<[String; 3]>,
    keep: TimeDelta,
) -> anyhow::Result<Made> {
    let file = database(config)?;
    if !file.exists() {
        return Err(Failure::missing(format!("no database at {}; --data-dir names its folder", file.display())).into());
    }
    let _lock = folder.lock()?;
    let name = clock.now().format("%Y-%m-%dT%H-%M-%S%.6fZ").to_string();
    let work = folder.path.join(format!(".partial-{name}"));
    remove_leftovers(&folder.path)?;
    let made = fill(config, clock, &work, settings).await;
    let manifest = match made {
        Ok(manifest) => manifest,
        Err(cause) => {
            let _ = fs::remove_dir_all(&work);
            return Err(cause.context(format!("no backup was made; those in {} are untouched", folder.path.display())));
        }
    };
    let path = folder.path.join(&name);
    fs::rename(&work, &path)?;
    sync(&folder.path)?;
    let expired = folder.expire(clock.now(), keep)?;
    Ok(Made { backup: Backup { name, path, manifest }, expired })
}

/// What a run left that was killed.
fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".partial-") || name.starts_with(".expired-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

async fn fill(config: &Config, clock: &Clock, work: &Path, settings: Vec<[String; 3]>) -> anyhow::Result<Manifest> {
    data_folder::make_inner(&work.join(PICTURES))?;
    let copy = work.join(DATABASE);
    let db = Db::connect(config).await?;
    let taken = take(config, clock, &db, work, &copy).await;
    db.close().await;
    let (made_at, pictures) = taken?;
    let mut shelf = Shelf::open(&copy).await?;
    let secrets = settings.iter().filter(|[_, value, _]| value == "***").map(|[name, ..]| name.clone()).collect();
    let manifest = Manifest {
        schema: SCHEMA,
        made_at,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        program: Digest::of(&std::env::current_exe()?)?,
        migrations: shelf.migrations().await?,
        database: Digest::of(&copy)?,
        rows: shelf.rows().await?,
        last_order: shelf.last_order().await?,
        pictures,
        pictures_elsewhere: config.images.clone(),
        settings,
        secrets,
    };
    let text = serde_json::to_vec_pretty(&manifest)?;
    io::Write::write_all(&mut data_folder::new_file(&work.join(FILE))?, &text)?;
    for path in [work.join(FILE), copy, work.join(PICTURES), work.to_owned()] {
        sync(&path)?;
    }
    let backup = Backup { name: "the copy".to_owned(), path: work.to_owned(), manifest };
    verify::verify(&backup).await?;
    Ok(backup.manifest)
}

type Pictures = BTreeMap<String, Digest>;

/// The database and every picture that it names.
async fn take(
    config: &Config,
    clock: &Clock,
    db: &Db,
    work: &Path,
    copy: &Path,
) -> anyhow::Result<(crate::clock::Instant, Pictures)> {
    let source = pictures(config);
    let mut taken = Pictures::new();
    for _ in 0..TRIES {
        // Before the database for those that are deleted meanwhile, and behind it for new ones.
        take_pictures(source.as_deref(), &work.join(PICTURES), &mut taken)?;
        let made_at = clock.now();
        take_database(db, copy).await?;
        take_pictures(source.as_deref(), &work.join(PICTURES), &mut taken)?;
        let named = Shelf::open(copy).await?.pictures().await?;
        if source.is_none() || named.iter().all(|name| taken.contains_key(name) || !is_in(source.as_ref(), name)) {
            return Ok((made_at, taken));
        }
    }
    anyhow::bail!("pictures change faster than they can be copied; try again")
}

/// Whether the picture is there to be copied: one that was lost before can't be, and keeps no backup from being made.
fn is_in(folder: Option<&PathBuf>, name: &str) -> bool {
    folder.is_some_and(|folder| folder.join(name).exists())
}

async fn take_database(db: &Db, copy: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(copy);
    // Empty, and its owner's alone: SQLite fills it.
    data_folder::new_file(copy)?;
    let to = copy.to_str().context("the folder's name isn't text")?;
    let vacuum = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [to.into()]);
    db.write.execute_raw(vacuum).await.context("SQLite can't copy the database")?;
    Ok(())
}

fn take_pictures(from: Option<&Path>, to: &Path, taken: &mut Pictures) -> anyhow::Result<()> {
    let Some(entries) = from.and_then(|folder| fs::read_dir(folder).ok()) else { return Ok(()) };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || taken.contains_key(&name) {
            continue;
        }
        let copy = to.join(&name);
        match fs::copy(entry.path(), &copy).and_then(|_| sync(&copy)) {
            Ok(()) => drop(taken.insert(name, Digest::of(&copy)?)),
            // Replaced a moment ago.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(cause).with_context(|| format!("the picture {name} can't be copied")),
        }
    }
    Ok(())
}
