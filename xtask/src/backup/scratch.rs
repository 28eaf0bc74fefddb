//! A PostgreSQL of a restore's own, made from a repository: on a socket in a folder of its user alone, without a port.
//!
//! Its folder has one of two names, neither of which production's can be (`Host::parse`).

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, Result, bail};
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use xshell::Cmd;

use super::host::{Host, rows};
use super::instant::Instant;
use super::pgbackrest;

/// Only in the socket's name.
const PORT: u16 = 5432;
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Clone)]
pub struct Scratch {
    host: Host,
    folder: PathBuf,
    /// What it writes goes to the repositories: it is to become the database.
    archives: Option<String>,
}

/// Where recovery ends.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Time(Instant),
    /// Whatever the archive has.
    End,
}

impl Scratch {
    pub fn for_drill(host: &Host) -> Self {
        Scratch { folder: host.scratch.join("wayfare-drill"), host: host.clone(), archives: None }
    }

    pub fn for_restore(host: &Host, archive_command: String) -> Self {
        let folder = host.scratch.join("wayfare-restore");
        Scratch { folder, host: host.clone(), archives: Some(archive_command) }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// For a driver of PostgreSQL's.
    pub fn url(&self) -> String {
        let Host { role, database, .. } = &self.host;
        format!("postgres://{role}@localhost:{PORT}/{database}?host={}", self.socket().display())
    }

    /// Base backup and the way to the WAL; what an earlier one left goes first.
    pub fn restore(&self, repository: Option<usize>, target: Target, machine: &Machine) -> Result<()> {
        self.remove(machine)?;
        let folders = [self.folder.clone(), self.data(), self.socket()];
        let install = self.host.command("install".as_ref(), machine).args(["-d", "-m", "0700"]).args(folders);
        rows(install).with_context(|| format!("{} can't be made", self.folder.display()))?;
        let pgbackrest = self.host.pgbackrest(machine).arg(format!("--pg1-path={}", self.data().display()));
        let pgbackrest = pgbackrest.args(repository.map(|number| format!("--repo={number}")));
        let mode = if self.archives.is_some() { "preserve" } else { "off" };
        let pgbackrest = pgbackrest.arg(format!("--archive-mode={mode}"));
        let pgbackrest = match target {
            Target::End => pgbackrest,
            // The backup's own timeline: an earlier restore made another one, without the rows that came behind it.
            Target::Time(at) => pgbackrest
                .args(["--type=time", "--target-action=promote", "--target-timeline=current"])
                .arg(format!("--target={at}")),
        };
        let restored = pgbackrest::run(pgbackrest.arg("restore")).map(drop);
        restored.map_err(|error| pgbackrest::cause(&self.host, repository, machine).unwrap_or(error))
    }

    /// Starts it and waits until it is promoted: until then it may show an old picture, and go.
    pub fn start(&self, machine: &Machine) -> Result<()> {
        let config = self.folder.join("postgresql.conf");
        fs::write(&config, self.settings()).context("the scratch folder can't be written")?;
        fs::write(self.folder.join("pg_hba.conf"), "local all all trust\n")?;
        let options = format!("-c config_file={}", config.display());
        let start = self.pg_ctl(machine).arg("-l").arg(self.log()).args(["-w", "-t", "3600", "-o", &options, "start"]);
        if let Err(error) = detached(start) {
            return Err(self.why_not().unwrap_or(error));
        }
        let start = Clock::now();
        while self.ask("SELECT pg_is_in_recovery()", machine).ok().as_deref() != Some("f") {
            if rows(self.pg_ctl(machine).arg("status")).is_err() {
                return Err(self.why_not().unwrap_or_else(|| anyhow::anyhow!("PostgreSQL ended while it recovered")));
            }
            if start.elapsed() > PATIENCE {
                bail!(Failure::new(Exit::TimedOut, "the recovery doesn't come to its end"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn settings(&self) -> String {
        let folder = |path: PathBuf| path.display().to_string();
        let archive = match &self.archives {
            Some(command) => format!("archive_mode = on\narchive_command = '{}'\n", command.replace('\'', "''")),
            None => "archive_mode = off\n".to_owned(),
        };
        format!(
            "listen_addresses = ''\nport = {PORT}\nunix_socket_directories = '{}'\nhba_file = '{}'\n\
             hot_standby = off\nmax_connections = 50\nshared_buffers = 128MB\nlogging_collector = off\n\
             log_destination = stderr\n{archive}",
            folder(self.socket()),
            folder(self.folder.join("pg_hba.conf")),
        )
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What PostgreSQL says where it can't come to the time that was asked for.
    fn why_not(&self) -> Option<anyhow::Error> {
        let log = fs::read_to_string(self.log()).ok()?;
        if !log.contains("recovery ended before configured recovery target was reached") {
            let last: Vec<_> = log.lines().filter(|line| line.contains("FATAL") || line.contains("PANIC")).collect();
            return last.last().map(|line| Failure::check(format!("PostgreSQL doesn't start: {line}")).into());
        }
        let last = log.lines().rev().find_map(|line| line.split_once("last completed transaction was at log time "));
        let reached = last.map_or("no commit at all", |(_, time)| time.trim());
        let message = format!("that time can't be reached: the archive ends with the commit of {reached}");
        Some(Failure::check(message).next(format!("--to '{reached}', or a repository that has more")).into())
    }

    fn pg_ctl<'a>(&self, machine: &'a Machine) -> Cmd<'a> {
        self.host.postgres("pg_ctl", machine).arg("-D").arg(self.data())
    }

    pub fn ask(&self, sql: &str, machine: &Machine) -> Result<String> {
        rows(self.host.psql(&self.socket(), PORT, machine).args(["-c", sql]))
    }

    pub fn stop(&self, machine: &Machine) -> Result<()> {
        if rows(self.pg_ctl(machine).arg("status")).is_ok() {
            rows(self.pg_ctl(machine).args(["-w", "-m", "fast", "stop"]))?;
        }
        Ok(())
    }

    pub fn remove(&self, machine: &Machine) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        self.stop(machine)?;
        fs::remove_dir_all(&self.folder).with_context(|| format!("{} can't be removed", self.folder.display()))
    }
}

/// The server keeps what it is given: with our pipes it would hold them open.
fn detached(command: Cmd<'_>) -> Result<()> {
    let mut command: std::process::Command = command.into();
    let null = std::process::Stdio::null;
    let status = command.stdin(null()).stdout(null()).stderr(null()).status()?;
    anyhow::ensure!(status.success(), "pg_ctl can't start PostgreSQL");
    Ok(())
}
