//! Wayfare itself as a contender: built in release mode, migrated, seeded, served with everything on.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{
    http, lab,
    lab::Lab,
    process::{self, Process},
};

#[derive(clap::Args)]
pub struct Args {
    /// The service's program; built by cargo in release mode when it isn't named
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
}

/// A server under measurement.
pub struct Server {
    pub name: &'static str,
    pub address: SocketAddr,
    process: Process,
}

impl Server {
    /// Starts it and waits for its first 200 on `path`.
    pub fn start(name: &'static str, command: &Command, lab: &Lab, address: SocketAddr, path: &str) -> Result<Self> {
        let mut process = Process::start(name, command, lab.folder.path(), Signal::SIGTERM)?;
        process.wait_until(|| http::once(address, &http::get(path)).is_ok_and(|answer| answer.status == 200))?;
        Ok(Self { name, address, process })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Args {
    pub fn binary(&self) -> Result<PathBuf> {
        if let Some(binary) = &self.server {
            return Ok(std::path::absolute(binary)?);
        }
        eprintln!("building wayfare in release mode");
        process::output(Command::new("cargo").args(["build", "--release", "-p", "wayfare"]).current_dir(lab::root()))?;
        Ok(lab::target()?.join("release/wayfare"))
    }
}

/// The service's tables and its demo city in the lab's PostgreSQL.
pub fn migrate_and_seed(binary: &Path, lab: &Lab) -> Result<()> {
    process::output(command(binary, lab).arg("migrate"))?;
    process::output(command(binary, lab).args(["seed", "--if-empty"])).map(drop)
}

pub fn serve(binary: &Path, lab: &Lab) -> Result<Server> {
    let address = lab::free()?;
    let mut command = command(binary, lab);
    command.arg("serve").env("WAYFARE_LISTEN", address.to_string());
    Server::start("wayfare", &command, lab, address, "/readyz")
}

/// Registers customers and signs them in; gives their access tokens.
pub fn customers(server: &Server, number: usize) -> Result<Vec<String>> {
    (0..number).map(|n| customer(server.address, n)).collect()
}

fn customer(address: SocketAddr, n: usize) -> Result<String> {
    let email = format!("bench-{n}@wayfare.example");
    let who = json!({"email": email, "name": "Bench", "password": "a bench customer"}).to_string();
    let made = http::once(address, &http::post("/api/auth/register", "", &who))?;
    ensure!(made.status == 201, "register: {} {}", made.status, String::from_utf8_lossy(&made.body));
    let entered = http::once(address, &http::post("/api/auth/login", "", &who_signs_in(&email)))?;
    let answer: Value = serde_json::from_slice(&entered.body)?;
    let token = answer["access_token"].as_str().with_context(|| format!("login: {} {answer}", entered.status))?;
    Ok(token.to_owned())
}

fn who_signs_in(email: &str) -> String {
    json!({"email": email, "password": "a bench customer"}).to_string()
}

fn command(binary: &Path, lab: &Lab) -> Command {
    let mut command = Command::new(binary);
    command
        .env("WAYFARE_DATA_DIR", lab.folder.path().join("data"))
        .env("WAYFARE_DATABASE_URL", lab.postgres.url("postgres"))
        .env("WAYFARE_REDIS_URL", lab.redis_url(0))
        .env("WAYFARE_JWT_KEYS", format!("bench:{}", lab.jwt_secret))
        .env("WAYFARE_SEED_PASSWORD", "a bench customer")
        .env("WAYFARE_ACCESS_SECONDS", "7200")
        .env("WAYFARE_RATE_LIMIT", "1000000000")
        .env("WAYFARE_LOGIN_RATE_LIMIT", "1000000000")
        .envs(lab.tracing());
    command
}
