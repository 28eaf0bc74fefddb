//! A PostgreSQL and a Redis for one test alone, started from the programs of this machine, so that they can be stopped,
//! paused and started again on the same data.

use std::{
    env,
    fs::{self, File},
    io::Read,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

use crate::{
    process::{Process, free_port},
    wait::{SOON, skipped, until},
};

/// Both, or nothing when one isn't installed.
pub async fn both() -> Option<(Postgres, Redis)> {
    let redis = Redis::start().await?;
    Some((Postgres::start().await?, redis))
}

/// Where a program is: on the path, or where Debian puts the ones of PostgreSQL.
fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|v| v.path().join("bin")));
    }
    // A wrapper script on the path would stand between us and the process that we signal.
    folders.into_iter().map(|f| f.join(name)).find(|file| {
        let mut start = [0; 4];
        File::open(file).and_then(|mut f| f.read_exact(&mut start)).is_ok() && start == *b"\x7fELF"
    })
}

fn folder(prefix: &str) -> TempDir {
    tempfile::Builder::new().prefix(prefix).tempdir().expect("the temporary folder can be written")
}

pub struct Redis {
    program: PathBuf,
    process: Process,
    port: u16,
    dir: TempDir,
}

impl Redis {
    pub async fn start() -> Option<Self> {
        let Some(program) = program("redis-server") else {
            skipped("redis-server isn't installed");
            return None;
        };
        let (port, dir) = (free_port(), folder("wayfare-redis-"));
        let process = Self::spawn(&program, port, dir.path());
        let redis = Self { program, process, port, dir };
        redis.answers().await;
        Some(redis)
    }

    fn spawn(program: &Path, port: u16, dir: &Path) -> Process {
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(dir);
        // What a killed one knew, the next one knows again.
        command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        Process::start(&mut command, dir.join("redis.log"))
    }

    pub fn url(&self, number: usize) -> String {
        format!("redis://127.0.0.1:{}/{number}", self.port)
    }

    pub fn pause(&self) {
        self.process.signal("STOP");
    }

    pub fn resume(&self) {
        self.process.signal("CONT");
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts a killed one again, with its old data.
    pub async fn restart(&mut self) {
        self.process = Self::spawn(&self.program, self.port, self.dir.path());
        self.answers().await;
    }

    /// Empties one of its databases.
    pub async fn forget(&self, number: usize) {
        let client = redis::Client::open(self.url(number)).expect("a valid address");
        let mut link = client.get_multiplexed_async_connection().await.expect("it answers");
        redis::cmd("FLUSHDB").query_async::<()>(&mut link).await.expect("it obeys");
    }

    async fn answers(&self) {
        let client = redis::Client::open(self.url(0)).expect("a valid address");
        until("redis answers", SOON, async || {
            let mut link = client.get_multiplexed_async_connection().await.ok()?;
            redis::cmd("PING").query_async::<String>(&mut link).await.ok()
        })
        .await;
    }
}

pub struct Postgres {
    program: PathBuf,
    process: Process,
    port: u16,
    dir: TempDir,
    user: Option<(u32, u32)>,
}

impl Postgres {
    /// A new one, with an empty database `wayfare`.
    pub async fn start() -> Option<Self> {
        let (Some(program), Some(initdb)) = (program("postgres"), program("initdb")) else {
            skipped("PostgreSQL isn't installed");
            return None;
        };
        let (port, dir, user) = (free_port(), folder("wayfare-postgres-"), user());
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o700)).expect("our own folder");
        if let Some((uid, gid)) = user {
            chown(dir.path(), Some(uid), Some(gid)).expect("root may give a folder away");
        }
        let mut init = as_user(&initdb, user);
        init.args(["-A", "trust", "-U", "wayfare", "-E", "UTF8", "--no-sync", "-D"]).arg(dir.path().join("data"));
        let made = init.current_dir(dir.path()).stdin(Stdio::null()).output().expect("initdb starts");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let process = Self::spawn(&program, port, dir.path(), user);
        let postgres = Self { program, process, port, dir, user };
        postgres.answers().await;
        postgres.execute("CREATE DATABASE wayfare").await;
        Some(postgres)
    }

    fn spawn(program: &Path, port: u16, dir: &Path, user: Option<(u32, u32)>) -> Process {
        let mut command = as_user(program, user);
        command.arg("-D").arg(dir.join("data")).current_dir(dir).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "shared_buffers=32MB",
            "max_connections=200",
        ] {
            command.args(["-c", setting]);
        }
        Process::start(&mut command, dir.join("postgres.log"))
    }

    pub fn url(&self, name: &str) -> String {
        self.url_at(self.port, name)
    }

    /// A standby that follows this one.
    pub async fn standby(&self) -> Option<Self> {
        let Some(copy) = program("pg_basebackup") else {
            skipped("pg_basebackup isn't installed");
            return None;
        };
        let (port, dir) = (free_port(), folder("wayfare-standby-"));
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o700)).expect("our own folder");
        if let Some((uid, gid)) = self.user {
            chown(dir.path(), Some(uid), Some(gid)).expect("root may give a folder away");
        }
        let from = format!("host=127.0.0.1 port={} user=wayfare", self.port);
        let mut command = as_user(&copy, self.user);
        command.args(["-d", &from, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-D"]).arg(dir.path().join("data"));
        let made = command.current_dir(dir.path()).stdin(Stdio::null()).output().expect("pg_basebackup starts");
        assert!(made.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&made.stderr));
        let process = Self::spawn(&self.program, port, dir.path(), self.user);
        let standby = Self { program: self.program.clone(), process, port, dir, user: self.user };
        standby.answers().await;
        Some(standby)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address by way of another port.
    pub fn url_at(&self, port: u16, name: &str) -> String {
        format!("postgres://wayfare:hunter2-hunter2@127.0.0.1:{port}/{name}")
    }

    /// `INT` ends it in order, `QUIT` at once as after a crash.
    pub async fn stop(&mut self, signal: &str) {
        self.process.signal(signal);
        self.process.end(SOON).await;
    }

    pub async fn restart(&mut self) {
        self.process = Self::spawn(&self.program, self.port, self.dir.path(), self.user);
        self.answers().await;
    }

    pub async fn execute(&self, statement: &str) {
        let db = Database::connect(self.url("postgres")).await.expect("it answers");
        db.execute_unprepared(statement).await.expect("a statement of ours");
        db.close().await.expect("an open connection closes");
    }

    async fn answers(&self) {
        until("PostgreSQL answers", SOON, async || {
            Database::connect(self.url("postgres")).await.ok()?.close().await.ok()
        })
        .await;
    }
}

/// Who runs PostgreSQL, which refuses root: nobody else when we are somebody else already.
fn user() -> Option<(u32, u32)> {
    if !is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let fields: Vec<&str> = users.lines().find(|l| l.split(':').next() == Some(name))?.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody"))
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn as_user(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}
