//! `wayfare backup`: the command line of [`crate::backup`].

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    backup::{
        copy,
        folder::{Backup, Folder},
        restore::{self, Wish},
        settle::{Restored, settle},
        verify,
    },
    clock::Clock,
    config::Config,
    db::Db,
};

#[derive(Subcommand)]
pub enum BackupVerb {
    /// Copy the SQLite file and the pictures while the service runs
    #[command(after_help = "Example:\n  wayfare backup run --folder /backups --keep-days 30")]
    Run {
        #[command(flatten)]
        place: Place,
        /// Delete backups that are older, but never the newest three
        #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        keep_days: u32,
    },
    /// Show the backups, oldest first
    List(Place),
    /// Read a backup to its end and compare it with its manifest
    Verify {
        #[command(flatten)]
        place: Place,
        /// Its name; the newest when left out
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Put a backup in the place of what is there; the service has to be stopped
    #[command(after_help = "Example:\n  wayfare backup restore --to 2026-11-28T18:00:00+00:00 --yes")]
    Restore {
        #[command(flatten)]
        place: Place,
        /// The newest backup that was made by then, such as 2026-11-28T18:00:00+00:00; the newest of all when left out
        #[arg(long, value_name = "TIME")]
        to: Option<DateTime<FixedOffset>>,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
    /// In a PostgreSQL that was just restored: end all sessions and write the audit's line
    Settle {
        /// The backup's name
        #[arg(long, value_name = "NAME")]
        from: String,
        /// The time that the data is of
        #[arg(long, value_name = "TIME")]
        of: DateTime<FixedOffset>,
        /// What was lost, as JSON
        #[arg(long, value_name = "JSON", default_value = "null", value_parser = json_of)]
        lost: Value,
    },
}

/// By name: clap would take any text as a JSON string.
fn json_of(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text)
}

#[derive(Args)]
pub struct Place {
    /// Folder of the backups: on another disk than the data
    #[arg(long, env = "WAYFARE_BACKUPS", default_value = "backups", value_name = "FOLDER")]
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl BackupVerb {
    /// Does it and tells what was done. `settings` are the lines of `wayfare config`.
    ///
    /// # Errors
    /// A [`crate::backup::Failure`] has its own exit code.
    pub async fn run(self, config: &Config, clock: &Clock, settings: Vec<[String; 3]>) -> anyhow::Result<String> {
        match self {
            Self::Run { place, keep_days } => {
                let keep = TimeDelta::days(keep_days.into());
                let made = copy::run(config, clock, &Folder::new(place.folder.clone()), settings, keep).await?;
                let data = json!({ "made": shown(&made.backup), "expired": made.expired });
                let text = format!("{}\ndeleted as too old: {}\n", line(&made.backup), made.expired.len());
                Ok(place.told(&data, text))
            }
            Self::List(place) => {
                let (all, unreadable) = Folder::new(place.folder.clone()).all()?;
                let data = json!({ "backups": all.iter().map(shown).collect::<Vec<_>>(), "unreadable": unreadable });
                let lines = all.iter().map(line).chain(unreadable.iter().map(|name| format!("{name}  unreadable")));
                Ok(place.told(&data, lines.map(|line| line + "\n").collect()))
            }
            Self::Verify { place, name } => {
                let folder = Folder::new(place.folder.clone());
                let backup = name.map_or_else(|| folder.newest(None), |name| folder.named(&name))?;
                verify::verify(&backup).await?;
                Ok(place.told(&shown(&backup), format!("{}\nwhole\n", line(&backup))))
            }
            Self::Restore { place, to, yes } => {
                let wish = Wish { to: to.map(|to| to.with_timezone(&Utc)), yes };
                let done = restore::restore(config, clock, &Folder::new(place.folder.clone()), &wish).await?;
                let kept = done.kept.as_ref().map(|kept| kept.display().to_string());
                let data = json!({
                    "restored": shown(&done.backup), "lost": done.lost, "kept": kept, "sessions_ended": done.sessions_ended,
                });
                let kept = kept.map_or_else(String::new, |kept| {
                    format!("what was there is kept in {kept}; delete it once all is well\n")
                });
                Ok(place.told(
                    &data,
                    format!("{}\nrestored; {} sessions ended\n{kept}", line(&done.backup), done.sessions_ended),
                ))
            }
            Self::Settle { from, of, lost } => {
                let db = Db::connect(config).await?;
                let restored = Restored { from: &from, of: of.with_timezone(&Utc), lost };
                let settled = settle(&db, clock.now(), &restored).await;
                db.close().await;
                Ok(format!("{} sessions ended\n", settled?))
            }
        }
    }
}

impl Place {
    fn told(&self, data: &Value, text: String) -> String {
        if self.json { format!("{data:#}\n") } else { text }
    }
}

fn shown(backup: &Backup) -> Value {
    let manifest = &backup.manifest;
    json!({
        "name": backup.name,
        "made_at": manifest.made_at,
        "version": manifest.version,
        "bytes": manifest.database.bytes,
        "orders": manifest.orders(),
        "rows": manifest.rows,
        "last_order": manifest.last_order,
        "pictures": manifest.pictures.len(),
    })
}

fn line(backup: &Backup) -> String {
    let manifest = &backup.manifest;
    format!(
        "{}  {:>8} KiB  {:>8} orders  {:>5} pictures  version {}",
        backup.name,
        manifest.database.bytes / 1024,
        manifest.orders(),
        manifest.pictures.len(),
        manifest.version
    )
}
