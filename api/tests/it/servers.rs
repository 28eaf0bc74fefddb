//! PostgreSQL and Redis for the whole run: in containers of their own, or running ones that the environment names.
//!
//! Containers go when the test process ends, however it ends: statics aren't dropped, and a killed process drops nothing,
//! so a child waits for its standard input to close and removes them then.

use std::{
    env,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use testcontainers::{ContainerAsync, GenericImage, ImageExt, core::IntoContainerPort, runners::AsyncRunner};
use tokio::time::{Instant, sleep};

const LABEL: &str = "wayfare.test.run";
const PATIENCE: Duration = Duration::from_secs(60);

/// A server and what keeps it: dropped, the container is removed.
pub struct Server {
    pub url: String,
    _container: Option<ContainerAsync<GenericImage>>,
}

pub struct Servers {
    /// `postgres://…` up to and without the database's name.
    pub postgres: Server,
    pub redis: Server,
}

/// The servers of this run, started by the first test that asks.
pub async fn all() -> &'static Servers {
    static ALL: OnceLock<Result<Servers, String>> = OnceLock::new();
    // Each test has a runtime of its own that ends with it; the containers' start must not be cut off with one.
    let start = || std::thread::spawn(|| ALL.get_or_init(start_all).as_ref()).join().expect("starting doesn't panic");
    match tokio::task::spawn_blocking(start).await.expect("starting doesn't panic") {
        Ok(servers) => servers,
        Err(problem) => panic!("{problem}"),
    }
}

fn start_all() -> Result<Servers, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let postgres = match env::var("WAYFARE_TEST_POSTGRES_URL") {
            Ok(url) => Server { url: url.trim_end_matches('/').to_owned(), _container: None },
            Err(_) => postgres().await?,
        };
        let redis = match env::var("WAYFARE_TEST_REDIS_URL") {
            Ok(url) => Server { url, _container: None },
            Err(_) => redis().await?,
        };
        Ok(Servers { postgres, redis })
    })
}

async fn postgres() -> Result<Server, String> {
    let image = env::var("WAYFARE_TEST_POSTGRES_IMAGE").unwrap_or_else(|_| "postgres:17-alpine".to_owned());
    // Durable it need not be, and every test brings a pool.
    let command = ["postgres", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=400"];
    let (container, address) =
        start(&image, 5432, &command, &[("POSTGRES_USER", "wayfare"), ("POSTGRES_PASSWORD", "wayfare")]).await?;
    let url = format!("postgres://wayfare:wayfare@{address}");
    answers(&image, async || sea_orm::Database::connect(format!("{url}/postgres")).await.map(drop)).await?;
    Ok(Server { url, _container: Some(container) })
}

async fn redis() -> Result<Server, String> {
    let image = env::var("WAYFARE_TEST_REDIS_IMAGE").unwrap_or_else(|_| "redis:7-alpine".to_owned());
    let (container, address) = start(&image, 6379, &["redis-server", "--save", ""], &[]).await?;
    let url = format!("redis://{address}");
    let client = redis::Client::open(url.as_str()).map_err(|e| e.to_string())?;
    answers(&image, async || {
        let mut link = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<String>(&mut link).await
    })
    .await?;
    Ok(Server { url, _container: Some(container) })
}

async fn start(
    image: &str,
    port: u16,
    command: &[&str],
    variables: &[(&str, &str)],
) -> Result<(ContainerAsync<GenericImage>, String), String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |problem: &dyn std::fmt::Display| {
        format!(
            "WAYFARE_TEST_BACKEND=postgres needs the image {image} on Docker: {problem}\n\
             start Docker, or name running servers in WAYFARE_TEST_POSTGRES_URL and WAYFARE_TEST_REDIS_URL, \
             or leave WAYFARE_TEST_BACKEND out to test on SQLite"
        )
    };
    let run = reaper().map_err(|e| failed(&e))?;
    let (name, tag) = image.rsplit_once(':').ok_or_else(|| failed(&"write the image as name:tag"))?;
    let request = GenericImage::new(name, tag).with_exposed_port(port.tcp()).with_cmd(command.iter().copied());
    let request =
        variables.iter().fold(request.with_label(LABEL, run), |r, (name, value)| r.with_env_var(*name, *value));
    let container = request.start().await.map_err(|e| failed(&e))?;
    let host = container.get_host().await.map_err(|e| failed(&e))?;
    let port = container.get_host_port_ipv4(port).await.map_err(|e| failed(&e))?;
    // The port is published on IPv4; `localhost` may mean IPv6 first.
    let host = if host.to_string() == "localhost" { "127.0.0.1".to_owned() } else { host.to_string() };
    Ok((container, format!("{host}:{port}")))
}

async fn answers<T, E: std::fmt::Display>(image: &str, ask: impl AsyncFn() -> Result<T, E>) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(_) => return Ok(()),
            Err(problem) if Instant::now() > deadline => {
                return Err(format!("{image} started and doesn't answer after {PATIENCE:?}: {problem}"));
            }
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Starts the child that removes this run's containers; gives the run's name.
fn reaper() -> std::io::Result<&'static str> {
    static REAPER: OnceLock<(String, std::io::Result<Child>)> = OnceLock::new();
    let (run, child) = REAPER.get_or_init(|| {
        let run = uuid::Uuid::new_v4().simple().to_string();
        let script = "cat; ids=$(docker ps --all --quiet --filter \"label=$0=$1\") && \
                      [ -z \"$ids\" ] || timeout 60 docker rm --force --volumes $ids > /dev/null";
        let mut child = Command::new("sh");
        // A group of its own: Ctrl-C ends the tests, not the one who cleans up after them.
        child.args(["-c", script, LABEL, &run]).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
        (run, child.spawn())
    });
    match child {
        Ok(_) => Ok(run),
        Err(problem) => Err(std::io::Error::new(problem.kind(), problem.to_string())),
    }
}
