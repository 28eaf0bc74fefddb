//! The binary under test as processes: what it is given, how it is started, signalled and asked.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    client::Client,
    parts::{Postgres, Redis},
    wait::{SOON, until},
};

/// A process that doesn't outlive the test.
pub struct Process {
    child: Child,
    log: PathBuf,
    /// What it works in, which has to be there for as long as it works.
    _dir: Option<Arc<TempDir>>,
}

impl Process {
    pub fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::options().create(true).append(true).open(&log).expect("the log's folder is there");
        let err = file.try_clone().expect("a file can be shared");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(err).spawn().expect("the program starts");
        Self { child, log, _dir: None }
    }

    fn within(self, dir: &Arc<TempDir>) -> Self {
        let mut process = self;
        process._dir = Some(dir.clone());
        process
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(done.expect("kill runs").success(), "the process is gone:\n{}", self.log());
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn is_over(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits for the end by itself.
    pub async fn end(&mut self, within: Duration) -> ExitStatus {
        until("the process ends", within, async || self.is_over()).await
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has been killed by the signal 9.
    pub async fn killed(&mut self, within: Duration) {
        let status = self.end(within).await;
        assert_eq!(status.signal(), Some(9), "{status}:\n{}", self.log());
    }

    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log[log.len().saturating_sub(6000)..].to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            crate::wait::note(&format!("--- the end of {}:\n{}", self.log.display(), self.log()));
        }
    }
}

/// A running `wayfare serve`.
pub struct Server {
    pub process: Process,
    pub client: Client,
    pub base: String,
}

impl Server {
    /// The value of a metric without labels, or with exactly these.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let text = reqwest::get(format!("{}/metrics", self.base)).await.ok()?.text().await.ok()?;
        text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    pub async fn is_ready(&self) -> bool {
        reqwest::get(format!("{}/readyz", self.base)).await.is_ok_and(|a| a.status().is_success())
    }
}

/// What the processes of one installation are given: a data folder and their variables.
#[derive(Clone)]
pub struct Installation {
    pub dir: Arc<TempDir>,
    variables: Vec<(String, String)>,
}

const BINARY: &str = env!("CARGO_BIN_EXE_wayfare");

impl Installation {
    /// SQLite and everything in one process; nothing in it yet.
    pub fn embedded() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::Builder::new().prefix("wayfare-").tempdir().expect("the temporary folder can be written");
        let installation = Self { variables: vec![], dir: Arc::new(dir) };
        let data = installation.dir.path().join("data").display().to_string();
        installation
            .set("WAYFARE_DATA_DIR", data)
            .set("WAYFARE_JWT_KEYS", "test:not-a-secret-not-a-secret-not-a-secret")
            .set("WAYFARE_BCRYPT_COST", "4")
            .set("WAYFARE_SEED_PASSWORD", "wayfare-demo-1")
            .set("WAYFARE_RATE_LIMIT", "1000000")
            .set("WAYFARE_LOGIN_RATE_LIMIT", "1000000")
            .set("WAYFARE_WEBHOOKS_TO_PRIVATE", "true")
            .set("WAYFARE_WEBHOOK_BACKOFF_MS", "200")
    }

    pub fn on(postgres: &Postgres, redis: &Redis) -> Self {
        Self::embedded().set("WAYFARE_DATABASE_URL", postgres.url("wayfare")).set("WAYFARE_REDIS_URL", redis.url(0))
    }

    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.retain(|(n, _)| n != name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub fn unset(mut self, name: &str) -> Self {
        self.variables.retain(|(n, _)| n != name);
        self
    }

    pub fn data(&self) -> &Path {
        Path::new(self.variable("WAYFARE_DATA_DIR").expect("set for every installation"))
    }

    pub fn database(&self) -> String {
        let file = format!("sqlite://{}", self.data().join("wayfare.db").display());
        self.variable("WAYFARE_DATABASE_URL").map_or(file, str::to_owned)
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The command, with our variables and none of the person's who runs the tests.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|n| n.starts_with("WAYFARE_") || n.starts_with("OTEL_")) {
                command.env_remove(name);
            }
        }
        command.args(arguments).envs(self.variables.iter().cloned()).current_dir(self.dir.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// Migrates and seeds.
    pub fn seeded(self) -> Self {
        for step in [["migrate"].as_slice(), &["seed", "--if-empty"]] {
            let done = self.run(step);
            assert!(done.status.success(), "{step:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        self
    }

    pub async fn serve(&self) -> Server {
        self.serve_at(free_port()).await
    }

    pub async fn serve_at(&self, port: u16) -> Server {
        let mut server = self.start_at(port);
        until("the service is ready", SOON, async || {
            assert!(server.process.is_over().is_none(), "it ended:\n{}", server.process.log());
            server.is_ready().await.then_some(())
        })
        .await;
        server
    }

    /// Starts and doesn't wait.
    pub fn start_at(&self, port: u16) -> Server {
        let log = self.dir.path().join(format!("serve-{port}.log"));
        self.start(self.command(&["serve"]), port, log)
    }

    /// Serves, started by another program that becomes it.
    pub async fn started_through(&self, port: u16, program: &[&str]) -> Server {
        let command = self.command(&["serve"]);
        let mut through = Command::new(program[0]);
        through.args(&program[1..]).arg(command.get_program()).args(command.get_args()).current_dir(self.dir.path());
        through.env_clear();
        through.envs(std::env::vars_os().filter(|(name, _)| name == "PATH")).envs(self.variables.iter().cloned());
        let mut server = self.start(through, port, self.dir.path().join(format!("serve-{port}.log")));
        until("the service is ready", SOON, async || {
            assert!(server.process.is_over().is_none(), "it ended:\n{}", server.process.log());
            server.is_ready().await.then_some(())
        })
        .await;
        server
    }

    fn start(&self, mut command: Command, port: u16, log: PathBuf) -> Server {
        command.env("WAYFARE_LISTEN", format!("127.0.0.1:{port}"));
        let base = format!("http://127.0.0.1:{port}");
        let process = Process::start(&mut command, log).within(&self.dir);
        Server { process, client: Client::new(&base), base }
    }

    pub fn worker(&self) -> Process {
        Process::start(&mut self.command(&["worker"]), self.dir.path().join("worker.log")).within(&self.dir)
    }
}

/// A port that nobody has, below those that the system gives to outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 12_000 + u16::try_from(std::process::id() % 160).expect("small") * 100;
    loop {
        let port = start + NEXT.fetch_add(1, Relaxed) % 4000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
