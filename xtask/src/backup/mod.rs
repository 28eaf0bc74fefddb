//! `backup`: keeping data. A data folder by `wayfare backup`, a PostgreSQL by pgBackRest, with the same verbs.
//!
//! `backup.toml` says how all is kept, a host's file where one database is. A restore and a drill are plans like any other:
//! `--dry-run` prints what they would do.

mod archive;
mod drill;
mod embedded;
mod gauges;
mod host;
mod instant;
mod judge;
mod keep;
mod marks;
mod pgbackrest;
mod policy;
mod reading;
mod render;
mod restore;
mod scratch;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use stages::cli::Stage;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::Plan;

use self::embedded::Folders;
use self::host::Host;
use self::instant::Instant;
use self::policy::{Policy, Repository};
use self::scratch::Target;

pub use self::render::check_step;

/// Back up, verify, restore and rehearse: a data folder, or with --host a PostgreSQL.
#[derive(Args)]
pub struct Backup {
    /// Make a backup (run), show them (list), read them to their end (verify), put one in the place of what is there
    /// (restore), restore one beside it, serve from it and take it away (drill), or write the configuration from
    /// backup.toml (render)
    #[arg(value_enum)]
    verb: Verb,
    /// A PostgreSQL and its repositories, as a file like backup/host.toml says; a data folder where it is left out
    #[arg(long, value_name = "FILE")]
    host: Option<PathBuf>,
    /// Where the SQLite file and the pictures are
    #[arg(long, default_value = "data", value_name = "FOLDER", conflicts_with = "host")]
    data_dir: PathBuf,
    /// Where a data folder's backups are: on another disk than it
    #[arg(long, default_value = "backups", value_name = "FOLDER", conflicts_with = "host")]
    folder: PathBuf,
    /// The time to restore, such as 2026-11-28T18:00:00+00:00; the newest there is where it is left out
    #[arg(long, value_name = "TIME")]
    to: Option<Instant>,
    /// One of backup.toml's; all, or the first that has what is needed, where it is left out
    #[arg(long, value_name = "NAME", requires = "host")]
    repository: Option<String>,
    /// What run makes
    #[arg(long = "type", value_enum, default_value = "incr", requires = "host")]
    kind: Kind,
    /// Seconds that a commit may take to the repositories (verify)
    #[arg(long, default_value_t = 60, value_name = "N")]
    within: u64,
    /// Where the drill's service listens
    #[arg(long, default_value_t = 5099, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Where render writes; the folder `backup` where it is left out
    #[arg(long, value_name = "FOLDER", requires = "host")]
    out: Option<PathBuf>,
    /// Restore: what would be lost was read and is meant
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Verb {
    Run,
    List,
    Verify,
    Restore,
    Drill,
    Render,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Full,
    Incr,
}

impl Kind {
    /// As pgBackRest has it.
    fn word(self) -> &'static str {
        match self {
            Kind::Full => "full",
            Kind::Incr => "incr",
        }
    }
}

/// A database that pgBackRest keeps.
#[derive(Clone)]
struct Kept {
    policy: Policy,
    host: Host,
    repository: Option<String>,
}

impl Kept {
    /// With pgBackRest's numbers.
    fn numbered(&self) -> impl Iterator<Item = (usize, &Repository)> {
        (1..).zip(&self.policy.repositories)
    }

    /// The one that was asked for, or all.
    fn chosen(&self) -> Vec<(usize, &Repository)> {
        let is_it = |it: &(usize, &Repository)| self.repository.as_ref().is_none_or(|name| *name == it.1.name);
        self.numbered().filter(is_it).collect()
    }
}

impl Stage for Backup {
    const NAME: &'static str = "backup";
    const EXAMPLE: &'static str = "backup drill --data-dir data --folder backups";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        match &self.host {
            Some(host) => self.of_postgres(host, machine),
            None => Ok(self.of_folder(machine)),
        }
    }
}

impl Backup {
    fn of_folder(&self, machine: &Machine) -> Plan {
        let [data, backups] = [&self.data_dir, &self.folder].map(|folder| machine.root.join(folder));
        let folders = Folders { data, backups };
        let to = self.to.map(|to| to.to_string().replacen(' ', "T", 1).replace("+00", "+00:00"));
        match self.verb {
            Verb::Render => render::plan("backup/host.toml".into(), None, machine),
            Verb::Drill => embedded::drill(&folders, to.as_deref(), self.port, machine),
            verb => embedded::plan(&folders, verb, to.as_deref(), self.yes, machine),
        }
    }

    fn of_postgres(&self, host: &std::path::Path, machine: &Machine) -> Result<Plan> {
        let policy = Policy::read(machine)?;
        let kept = Kept { host: Host::read(host, &policy, machine)?, policy, repository: self.repository.clone() };
        if kept.chosen().is_empty() {
            let names: Vec<_> = kept.policy.repositories.iter().map(|it| it.name.as_str()).collect();
            let message = format!("backup.toml has no repository `{}`", self.repository.clone().unwrap_or_default());
            return Err(Failure::new(Exit::Usage, message).next(format!("one of {}", names.join(", "))).into());
        }
        let target = self.to.map_or(Target::End, Target::Time);
        Ok(match self.verb {
            Verb::Run => keep::run(&kept, self.kind),
            Verb::List => keep::list(&kept),
            Verb::Verify => keep::verify(&kept, self.within),
            Verb::Restore => restore::plan(&kept, target, self.yes, machine)?,
            Verb::Drill => drill::plan(&kept, target, self.port, machine),
            Verb::Render => render::plan(host.to_owned(), self.out.clone(), machine),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::script_of;

    #[test]
    fn a_restore_says_what_it_would_do_and_a_drill_touches_no_data_folder() {
        let restore = script_of(&["backup", "restore", "--yes"], &["cargo"]);
        assert!(
            restore.contains("WAYFARE_DATA_DIR=data") && restore.contains("backup restore --folder backups --yes"),
            "{restore}"
        );
        let drill = script_of(&["backup", "drill"], &["cargo"]);
        assert!(!drill.contains("WAYFARE_DATA_DIR=data "), "{drill}");
        assert!(drill.contains("WAYFARE_EMBEDDED_WORKER=false"), "{drill}");
    }
}
