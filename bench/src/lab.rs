//! What every contender stands on: one PostgreSQL, one Redis, one sink for traces, one set of variables.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{
    http,
    postgres::Postgres,
    process::{self, Process},
};

/// Fields end in this order: the folder goes last, after those who write to it.
pub struct Lab {
    pub postgres: Postgres,
    redis: Process,
    redis_address: SocketAddr,
    _sink: Process,
    sink_address: SocketAddr,
    pub jwt_secret: String,
    pub folder: TempDir,
}

impl Lab {
    pub fn new(postgres_settings: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("wayfare-bench-").tempdir()?;
        // The postgres user passes through to its own folder.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
        let postgres = Postgres::start(folder.path(), free()?, postgres_settings)?;

        let redis_address = free()?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &redis_address.port().to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "no", "--dir"]).arg(folder.path());
        let mut redis = Process::start("redis", &command, folder.path(), Signal::SIGTERM)?;
        redis.wait_until(|| TcpStream::connect(redis_address).is_ok())?;

        let sink_address = free()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sink", "--listen", &sink_address.to_string()]);
        let mut sink = Process::start("sink", &command, folder.path(), Signal::SIGTERM)?;
        sink.wait_until(|| TcpStream::connect(sink_address).is_ok())?;
        Ok(Self { postgres, redis, redis_address, _sink: sink, sink_address, jwt_secret: secret()?, folder })
    }

    pub fn redis_id(&self) -> u32 {
        self.redis.id()
    }

    /// Each contender has a Redis database of its own: they mustn't read each other's cache.
    pub fn redis_url(&self, database: u8) -> String {
        format!("redis://{}/{database}", self.redis_address)
    }

    /// The specification's variables, the same for all. Spans leave twice a second, so that their export falls into the
    /// measured seconds of the contender that made them.
    pub fn tracing(&self) -> [(&'static str, String); 6] {
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", self.sink_address)),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".into()),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio".into()),
            ("OTEL_TRACES_SAMPLER_ARG", "0.1".into()),
            ("OTEL_BSP_SCHEDULE_DELAY", "500".into()),
            ("OTEL_SERVICE_NAME", "bench".into()),
        ]
    }

    /// How many batches of spans have arrived.
    pub fn deliveries(&self) -> Result<u64> {
        let answer = http::once(self.sink_address, &http::get("/count"))?;
        Ok(String::from_utf8(answer.body)?.parse()?)
    }

    /// Leaves the database as every run should find it, outside of the measured time.
    pub fn tidy(&self) -> Result<()> {
        self.postgres.sql("VACUUM")?;
        self.postgres.sql("CHECKPOINT").map(drop)
    }
}

/// A port of this machine that nobody listens on.
pub fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where cargo puts what it builds: this program runs from there.
pub fn target() -> Result<PathBuf> {
    let exe = std::env::current_exe()?;
    Ok(exe.ancestors().nth(2).context("not run from a target folder")?.to_owned())
}

pub fn this_program(arguments: &[&str]) -> Result<String> {
    process::output(Command::new(std::env::current_exe()?).args(arguments))
}

fn secret() -> Result<String> {
    use std::io::Read;
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
