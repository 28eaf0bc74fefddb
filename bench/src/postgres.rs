//! A PostgreSQL of the harness's own: new data folder, free port, durable commits. Not here: tuning. What is set away
//! from the defaults keeps background work (autovacuum, timed checkpoints) out of the measured seconds.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use nix::{
    sys::signal::Signal,
    unistd::{User, geteuid},
};

use crate::process::{self, Process};

const SETTINGS: [&str; 9] = [
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "autovacuum=off",
    "checkpoint_timeout=1h",
    "max_wal_size=8GB",
    "log_min_messages=warning",
    "log_line_prefix=",
    "lc_messages=C",
];

pub struct Postgres {
    process: Process,
    pub address: SocketAddr,
}

impl Postgres {
    pub fn start(folder: &Path, address: SocketAddr, extra: &[&str]) -> Result<Self> {
        let data = folder.join("postgres");
        fs::create_dir(&data)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        if geteuid().is_root() {
            let user = User::from_name("postgres")?.context("no user postgres; install postgresql")?;
            chown(&data, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let init = ["--username=wayfare", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        process::output(as_postgres("initdb")?.arg("-D").arg(&data).args(init).current_dir("/"))?;

        let mut command = as_postgres("postgres")?;
        command.current_dir("/").arg("-D").arg(&data).arg("-k").arg(&data);
        command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
        for setting in SETTINGS.iter().chain(extra) {
            command.args(["-c", setting]);
        }
        // SIGINT: the server's fast shutdown, which doesn't wait for clients to leave.
        let mut process = Process::start("postgres", &command, folder, Signal::SIGINT)?;
        process.wait_until(|| tool("pg_isready", address).is_ok_and(|mut ask| process::output(&mut ask).is_ok()))?;
        let postgres = Self { process, address };
        postgres.sql_in("postgres", "CREATE DATABASE wayfare")?;
        Ok(postgres)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.process.log())?)
    }

    /// `scheme` is what the client's driver wants in front.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://wayfare@{}/wayfare", self.address)
    }

    /// Runs statements by psql and gives the rows, one a line, columns apart by `|`.
    pub fn sql(&self, statements: &str) -> Result<String> {
        self.sql_in("wayfare", statements)
    }

    fn sql_in(&self, database: &str, statements: &str) -> Result<String> {
        let mut psql = tool("psql", self.address)?;
        psql.args(["-d", database, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statements]);
        process::output(&mut psql)
    }

    /// `pgbench` on this server: `script` a number of times on each of 8 connections, prepared statements.
    pub fn pgbench(&self, script: &Path, transactions: u64) -> Result<String> {
        let mut pgbench = tool("pgbench", self.address)?;
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--client=8", "--jobs=2"]);
        pgbench.arg(format!("--transactions={}", transactions / 8));
        // Where the ids of this run begin: after those of every earlier one.
        let first = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
        pgbench.arg("-D").arg(format!("n={first}")).args(["-D", "known=0", "-f"]).arg(script);
        process::output(pgbench.arg("wayfare"))
    }
}

/// A PostgreSQL program: Debian keeps the server's own out of PATH, one folder for each version.
pub fn program(name: &str) -> Result<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .context("no /usr/lib/postgresql; install postgresql")?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name)))
        .filter(|path| path.exists())
        .collect();
    versions.sort();
    versions.pop().with_context(|| format!("no {name} under /usr/lib/postgresql; install postgresql"))
}

fn tool(name: &str, address: SocketAddr) -> Result<Command> {
    let mut command = Command::new(program(name)?);
    command.env("PGHOST", address.ip().to_string()).env("PGPORT", address.port().to_string()).env("PGUSER", "wayfare");
    Ok(command)
}

/// The server refuses to run as root.
fn as_postgres(name: &str) -> Result<Command> {
    let program = program(name)?;
    if !geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=TERM", "--"]).arg(program);
    Ok(command)
}
