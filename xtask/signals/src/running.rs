//! The service as anybody starts it, in an empty folder, for as long as it is asked.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ureq::Agent;

const SECONDS_TO_READY: u64 = 20;

pub struct Service {
    process: Child,
    pub address: String,
    pub agent: Agent,
}

/// # Errors
/// No port is free.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Service {
    /// Seeded, and ready.
    ///
    /// # Errors
    /// It doesn't start: its log is named.
    pub fn start(binary: &Path, folder: &Path, settings: &[(&str, String)]) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder.join("data"))?;
        for verb in ["migrate", "seed"] {
            let done = command(binary, folder, &[]).arg(verb).output().context("the service can't be started")?;
            ensure!(done.status.success(), "`wayfare {verb}` fails: {}", String::from_utf8_lossy(&done.stderr));
        }
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = folder.join("serve.log");
        let mut serve = command(binary, folder, settings);
        serve
            .arg("serve")
            .env("WAYFARE_LISTEN", &address)
            .stdout(File::create(&log)?)
            .stderr(File::create(folder.join("serve.err"))?);
        let service = Service { process: serve.spawn()?, address: format!("http://{address}"), agent: agent() };
        service.ready(log)
    }

    fn ready(mut self, log: PathBuf) -> Result<Self> {
        let deadline = Instant::now() + Duration::from_secs(SECONDS_TO_READY);
        loop {
            let answer = self.agent.get(format!("{}/readyz", self.address)).call();
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return Ok(self);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the service ended with {status}: {} and serve.err beside it say why", log.display());
            }
            ensure!(Instant::now() < deadline, "the service isn't ready after {SECONDS_TO_READY} s: {}", log.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Tells it to end; until it does, `/readyz` answers 503.
    ///
    /// # Errors
    /// It ended at once.
    pub fn drain(&self) -> Result<()> {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        ensure!(told.success(), "the service is gone");
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.agent.get(format!("{}/readyz", self.address)).call()?.status() != 503 {
            ensure!(Instant::now() < deadline, "the service was told to end, and is ready");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// # Errors
    /// It doesn't answer.
    pub fn scrape(&self) -> Result<String> {
        let mut answer = self.agent.get(format!("{}/metrics", self.address)).call()?;
        ensure!(answer.status() == 200, "/metrics answers {}", answer.status());
        Ok(answer.body_mut().read_to_string()?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Of this machine's own settings it knows nothing.
fn command(binary: &Path, folder: &Path, settings: &[(&str, String)]) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WAYFARE_") || name.starts_with("OTEL_")) {
        command.env_remove(name);
    }
    command.env("WAYFARE_DATA_DIR", folder.join("data")).env("WAYFARE_BCRYPT_COST", "4");
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

fn agent() -> Agent {
    let patience = Some(Duration::from_secs(5));
    let config = Agent::config_builder().timeout_connect(patience).timeout_recv_response(patience);
    config.timeout_recv_body(patience).http_status_as_error(false).max_redirects(0).proxy(None).build().into()
}
