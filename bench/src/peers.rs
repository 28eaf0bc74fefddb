//! The rivals in Python: a virtual environment from the lock file, made once under target/, then their usual servers.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    lab::{self, Lab},
    process,
    wayfare::Server,
};

pub fn fastapi(lab: &Lab) -> Result<Server> {
    let address = lab::free()?;
    let mut command = Command::new(environment("fastapi")?.join("bin/uvicorn"));
    command.args(["app:app", "--host", &address.ip().to_string(), "--port", &address.port().to_string()]);
    command.args(["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header"]);
    configure(&mut command, lab, "fastapi", "postgresql+asyncpg", 1);
    Server::start("FastAPI", &command, lab, address, "/livez")
}

pub fn flask(lab: &Lab) -> Result<Server> {
    let address = lab::free()?;
    let metrics = lab.folder.path().join("flask-metrics");
    fs::create_dir_all(&metrics)?;
    let mut command = Command::new(environment("flask")?.join("bin/gunicorn"));
    // gthread: the default worker closes the connection after each answer, which would be an unfair burden.
    command.args(["app:app", "--workers", "4", "--worker-class", "gthread", "--threads", "4"]);
    command.args(["--bind", &address.to_string(), "--keep-alive", "60", "--worker-tmp-dir", "/dev/shm"]);
    configure(&mut command, lab, "flask", "postgresql+psycopg", 2);
    command.env("PROMETHEUS_MULTIPROC_DIR", metrics);
    Server::start("Flask", &command, lab, address, "/livez")
}

fn configure(command: &mut Command, lab: &Lab, name: &str, scheme: &str, redis_database: u8) {
    command
        .current_dir(folder(name))
        .env("PYTHONPATH", lab::root().join("bench/peers"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DATABASE_URL", lab.postgres.url(scheme))
        .env("REDIS_URL", lab.redis_url(redis_database))
        .env("JWT_KEYS", format!("bench:{}", lab.jwt_secret))
        .env("RATE_LIMIT", "1000000000")
        .envs(lab.tracing());
}

fn folder(name: &str) -> PathBuf {
    lab::root().join("bench/peers").join(name)
}

/// The virtual environment of exactly the locked versions; made anew when the lock file changes.
pub fn environment(name: &str) -> Result<PathBuf> {
    let place = lab::target()?.join("peers").join(name);
    let lock = folder(name).join("requirements.lock");
    let locked = fs::read(&lock)?;
    let installed = place.join("installed.lock");
    if fs::read(&installed).is_ok_and(|bytes| bytes == locked) {
        return Ok(place);
    }
    eprintln!("installing {name}'s locked packages");
    process::output(Command::new(python(name)?).args(["-m", "venv", "--clear"]).arg(&place))?;
    let mut pip = Command::new(place.join("bin/pip"));
    pip.args(["install", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r"]).arg(&lock);
    process::output(&mut pip).with_context(|| format!("can't install {}", lock.display()))?;
    fs::write(installed, locked)?;
    Ok(place)
}

/// Debian's Python where it is there: the lock files are made for its version. OSRM's packages want a later one.
fn python(name: &str) -> Result<PathBuf> {
    if name != "streets" {
        let debian = PathBuf::from("/usr/bin/python3");
        return Ok(if debian.exists() { debian } else { "python3".into() });
    }
    let named = std::env::var_os("WAYFARE_BENCH_PYTHON").map(PathBuf::from);
    let usual = ["python3", "python3.14", "python3.13", "python3.12"].map(PathBuf::from);
    let mut all: Vec<PathBuf> = named.into_iter().chain(usual).collect();
    if let Some(root) = std::env::var_os("PYENV_ROOT") {
        let versions = fs::read_dir(PathBuf::from(root).join("versions")).into_iter().flatten().flatten();
        all.extend(versions.map(|version| version.path().join("bin/python3")));
    }
    let check = "import sys; sys.exit(sys.version_info < (3, 12))";
    let fits = |python: &PathBuf| Command::new(python).args(["-c", check]).output().is_ok_and(|o| o.status.success());
    all.into_iter().find(fits).context("OSRM's package wants Python 3.12 or later: name one in WAYFARE_BENCH_PYTHON")
}
