//! A PostgreSQL and its repositories, as the file says that `--host` names, and the commands of that machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rustix::process::geteuid;
use serde::Deserialize;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use xshell::{Cmd, cmd};

use super::policy::{Policy, Repository};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    pub stanza: String,
    pub data: PathBuf,
    pub programs: PathBuf,
    pub socket: PathBuf,
    pub port: u16,
    pub user: String,
    pub role: String,
    pub database: String,
    pub config: PathBuf,
    pub secrets: PathBuf,
    pub spool: PathBuf,
    pub log: PathBuf,
    pub scratch: PathBuf,
    pub textfile: Option<PathBuf>,
    pub stop_writers: Vec<String>,
    pub start_writers: Vec<String>,
    pub stop: Vec<String>,
    pub start: Vec<String>,
    /// `wayfare`; the one of this clone where it isn't said.
    pub program: Option<PathBuf>,
    pub repositories: BTreeMap<String, Place>,
}

/// Where a repository is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// A bucket or a container.
    pub place: String,
    pub endpoint: String,
    pub region: Option<String>,
    pub port: Option<u16>,
    /// The name is part of the address's path, as emulators have it.
    #[serde(default)]
    pub by_path: bool,
    pub ca_file: Option<PathBuf>,
    /// What may be stored there before somebody is told.
    pub limit_gib: f64,
}

impl Host {
    pub fn read(file: &Path, policy: &Policy, machine: &Machine) -> Result<Self> {
        let file = machine.root.join(file);
        let missing = |error: std::io::Error| {
            Failure::new(Exit::Usage, format!("{}: {error}", machine.shown(&file)))
                .next("--host FILE, with a file like backup/host.toml")
        };
        let text = std::fs::read_to_string(&file).map_err(missing)?;
        Self::parse(&text, policy).with_context(|| machine.shown(&file))
    }

    pub fn parse(text: &str, policy: &Policy) -> Result<Self> {
        let host: Host = toml::from_str(text)?;
        if host.scratch.starts_with(&host.data) || host.data.starts_with(&host.scratch) {
            let message = "`scratch` is inside `data` or around it: a drill would be in production's way";
            return Err(Failure::new(Exit::Usage, message).into());
        }
        for repository in &policy.repositories {
            host.place(repository)?;
        }
        Ok(host)
    }

    pub fn place(&self, repository: &Repository) -> Result<&Place> {
        let message = || format!("[repositories.{}] is missing: it says where that repository is", repository.name);
        Ok(self.repositories.get(&repository.name).ok_or_else(|| Failure::new(Exit::Usage, message()))?)
    }

    /// As the user who owns the files: root becomes that one, anybody else has to be.
    pub fn command<'a>(&self, program: &Path, machine: &'a Machine) -> Cmd<'a> {
        let user = &self.user;
        if geteuid().is_root() && user != "root" {
            cmd!(machine.sh, "setpriv --reuid={user} --regid={user} --init-groups -- {program}")
        } else {
            cmd!(machine.sh, "{program}")
        }
    }

    /// A program of PostgreSQL's.
    pub fn postgres<'a>(&self, program: &str, machine: &'a Machine) -> Cmd<'a> {
        self.command(&self.programs.join(program), machine)
    }

    pub fn pgbackrest<'a>(&self, machine: &'a Machine) -> Cmd<'a> {
        let (config, stanza) = (&self.config, &self.stanza);
        let include = &self.secrets;
        let base = self.command(Path::new("pgbackrest"), machine);
        base.arg(format!("--config={}", config.display()))
            .arg(format!("--config-include-path={}", include.display()))
            .arg(format!("--stanza={stanza}"))
    }

    /// Rows of a question, columns apart by `|`.
    pub fn ask(&self, sql: &str, machine: &Machine) -> Result<String> {
        let away = || {
            let at = format!("{}, port {}", self.socket.display(), self.port);
            Failure::new(Exit::Unreachable, format!("the database at {at} doesn't answer"))
        };
        rows(self.psql(&self.socket, self.port, machine).args(["-c", sql])).with_context(away)
    }

    pub fn psql<'a>(&self, socket: &Path, port: u16, machine: &'a Machine) -> Cmd<'a> {
        let (role, database, port) = (&self.role, &self.database, port.to_string());
        let psql = self.postgres("psql", machine).args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", role, "-d", database]);
        psql.arg("-h").arg(socket).args(["-p", &port])
    }

    pub fn answers(&self, machine: &Machine) -> bool {
        self.ask("SELECT 1", machine).is_ok()
    }

    pub fn wayfare(&self, machine: &Machine) -> PathBuf {
        self.program.clone().unwrap_or_else(|| machine.built("wayfare", stages::profile::Profile::Debug))
    }
}

/// What a command prints; its own words where it fails.
pub fn rows(command: Cmd<'_>) -> Result<String> {
    let output = command.quiet().ignore_status().output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A command of the file, as its words.
pub fn said<'a>(words: &[String], machine: &'a Machine) -> Option<Cmd<'a>> {
    let (program, rest) = words.split_first()?;
    Some(cmd!(machine.sh, "{program} {rest...}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = include_str!("../../../backup.toml");
    const HOST: &str = include_str!("../../../backup/host.toml");

    fn refused(text: &str) -> Failure {
        Failure::from_any(Host::parse(text, &Policy::parse(POLICY).unwrap()).err().unwrap())
    }

    #[test]
    fn a_scratch_folder_in_productions_way_and_a_repository_without_a_place_are_refused() {
        let inside = HOST.replace("/var/lib/postgresql/wayfare-scratch", "/var/lib/postgresql/15/main/scratch");
        assert_eq!(refused(&inside).exit, Exit::Usage);
        let around = HOST.replace("/var/lib/postgresql/wayfare-scratch", "/var/lib/postgresql");
        assert_eq!(refused(&around).exit, Exit::Usage);
        let without = HOST.replace("[repositories.gcs]", "[repositories.attic]");
        assert!(refused(&without).message.starts_with("[repositories.gcs] is missing"));
    }
}
