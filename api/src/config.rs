//! All settings, each declared once: its flag, variable, default and description.
//!
//! A value comes from the first of: the flag, the variable, the file that `<VARIABLE>_FILE` names (secrets),
//! the configuration file (`WAYFARE_CONFIG`), the default. Nothing outside this file reads the environment,
//! but for the `OTEL_*` names, which belong to the OpenTelemetry specification and are read by its own library.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::Args;
use ipnet::IpNet;

/// A value that must never be printed: its `Debug` and `Display` are `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;
    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(Self(value.trim().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Readable text, for a terminal.
    Text,
}

/// The public default password of the demo accounts.
pub const DEMO_PASSWORD: &str = "wayfare-demo-1";

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Configuration")]
pub struct Config {
    /// Address that the API listens on
    #[arg(long, env = "WAYFARE_LISTEN", default_value = "127.0.0.1:5000", value_name = "ADDR")]
    pub listen: SocketAddr,

    /// Folder of the SQLite file, the images and the embedded keys
    #[arg(long, env = "WAYFARE_DATA_DIR", default_value = "data", value_name = "DIR")]
    pub data_dir: PathBuf,

    /// Database: postgres://… or sqlite://… [default: a SQLite file in the data folder]
    #[arg(long, env = "WAYFARE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<Secret>,

    /// Read replica of the database, used for the catalog and the business figures
    #[arg(long, env = "WAYFARE_DATABASE_READ_URL", hide_env_values = true, value_name = "URL")]
    pub database_read_url: Option<Secret>,

    /// Connections in the pool of each database
    #[arg(long, env = "WAYFARE_DATABASE_CONNECTIONS", default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub database_connections: u32,

    /// Redis: redis://, rediss://, redis+sentinel://host:port/MASTER or redis+cluster://host:port,host:port [default: none, in process]
    #[arg(long, env = "WAYFARE_REDIS_URL", hide_env_values = true, value_name = "URL")]
    pub redis_url: Option<Secret>,

    /// Prefix of all keys and channels in Redis, so that installations can share one
    #[arg(long, env = "WAYFARE_REDIS_PREFIX", default_value = "wayfare", value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub redis_prefix: String,

    /// Signing keys of access tokens, `kid:secret,…`: the first signs, all verify [default: one generated in the data folder]
    #[arg(long, env = "WAYFARE_JWT_KEYS", hide_env_values = true, value_name = "KEYS")]
    pub jwt_keys: Option<Secret>,

    /// Lifetime of an access token, seconds
    #[arg(long, env = "WAYFARE_ACCESS_SECONDS", default_value_t = 900, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub access_seconds: u32,

    /// Days until an unused session expires
    #[arg(long, env = "WAYFARE_SESSION_DAYS", default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=365))]
    pub session_days: u32,

    /// Maximum lifetime of a session, days
    #[arg(long, env = "WAYFARE_SESSION_MAX_DAYS", default_value_t = 90, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub session_max_days: u32,

    /// Cost of a password hash: each step doubles the work
    #[arg(long, env = "WAYFARE_BCRYPT_COST", default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=16))]
    pub bcrypt_cost: u32,

    /// Rate limit: requests per minute and client
    #[arg(long, env = "WAYFARE_RATE_LIMIT", default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit: u32,

    /// Rate limit of sign-in and registration: attempts per minute and client
    #[arg(long, env = "WAYFARE_LOGIN_RATE_LIMIT", default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub login_rate_limit: u32,

    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto, or else Forwarded, are trusted
    #[arg(long, env = "WAYFARE_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR")]
    pub trusted_proxies: Vec<IpNet>,

    /// Redirect plain HTTP requests that come through a trusted proxy to HTTPS
    #[arg(long, env = "WAYFARE_HTTPS_ONLY", default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub https_only: bool,

    /// CORS: allowed origins, `*` for any
    #[arg(long, env = "WAYFARE_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,

    /// Largest request body, bytes (images have their own limit)
    #[arg(long, env = "WAYFARE_BODY_LIMIT", default_value_t = 262_144, value_name = "BYTES")]
    pub body_limit: usize,

    /// Largest image, bytes
    #[arg(long, env = "WAYFARE_IMAGE_LIMIT", default_value_t = 5_242_880, value_name = "BYTES")]
    pub image_limit: usize,

    /// Storage quota for the images of one shop, bytes
    #[arg(long, env = "WAYFARE_IMAGE_QUOTA", default_value_t = 209_715_200, value_name = "BYTES")]
    pub image_quota: u64,

    /// Timeout of a request, seconds
    #[arg(long, env = "WAYFARE_TIMEOUT_SECONDS", default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=300))]
    pub timeout_seconds: u32,

    /// Timeout of a request's headers, seconds
    #[arg(long, env = "WAYFARE_HEADER_SECONDS", default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=300))]
    pub header_seconds: u32,

    /// Maximum number of open event streams per account in this process
    #[arg(long, env = "WAYFARE_STREAMS_ACCOUNT", default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub streams_account: u32,

    /// Maximum number of open event streams per IPv4 address or IPv6 /64 in this process
    #[arg(long, env = "WAYFARE_STREAMS_ADDRESS", default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub streams_address: u32,

    /// Maximum number of open event streams in this process
    #[arg(long, env = "WAYFARE_STREAMS_ALL", default_value_t = 800, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub streams_all: u32,

    /// Address that serves /metrics [default: the API's address, without access control]
    #[arg(long, env = "WAYFARE_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,

    /// Bearer token that /metrics requires
    #[arg(long, env = "WAYFARE_METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub metrics_token: Option<Secret>,

    /// Seconds from failing readiness until the port closes at shutdown
    #[arg(long, env = "WAYFARE_DRAIN_SECONDS", default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=300))]
    pub drain_seconds: u32,

    /// Deliver webhooks in this process [default: true without Redis]
    #[arg(long, env = "WAYFARE_EMBEDDED_WORKER", action = clap::ArgAction::Set, value_name = "BOOL")]
    pub embedded_worker: Option<bool>,

    /// Deliver webhooks to private and loopback addresses too
    #[arg(long, env = "WAYFARE_WEBHOOKS_TO_PRIVATE", default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub webhooks_to_private: bool,

    /// Proxy for webhooks; HTTP_PROXY is ignored. The proxy has to refuse private
    /// addresses itself
    #[arg(long, env = "WAYFARE_WEBHOOK_PROXY", hide_env_values = true, value_name = "URL")]
    pub webhook_proxy: Option<Secret>,

    /// Delay before the first retry of a webhook, milliseconds; doubles with each retry
    #[arg(long, env = "WAYFARE_WEBHOOK_BACKOFF_MS", default_value_t = 5_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3_600_000))]
    pub webhook_backoff_ms: u32,

    /// Attempts before a webhook is dead-lettered
    #[arg(long, env = "WAYFARE_WEBHOOK_ATTEMPTS", default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub webhook_attempts: u32,

    /// Folder of the built web page; if it doesn't exist, only the API is served
    #[arg(long, env = "WAYFARE_WEB", default_value = "web/dist", value_name = "DIR")]
    pub web: PathBuf,

    /// Raster tiles for the map, such as https://tiles.example/{z}/{x}/{y}.png [default: the city's own streets]
    #[arg(long, env = "WAYFARE_TILES_URL", value_name = "URL")]
    pub tiles_url: Option<String>,

    /// Attribution required by the tile provider
    #[arg(
        long,
        env = "WAYFARE_TILES_ATTRIBUTION",
        default_value = "© OpenStreetMap contributors",
        value_name = "TEXT"
    )]
    pub tiles_attribution: String,

    /// Show the demo accounts on the sign-in page; allowed on a loopback address only
    #[arg(long, env = "WAYFARE_DEMO", default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub demo: bool,

    /// Storage of images: s3://BUCKET/PREFIX [default: the folder `images` in the data folder]
    #[arg(long, env = "WAYFARE_IMAGES", value_name = "URL")]
    pub images: Option<String>,

    /// Endpoint of the S3 service [default: Amazon's]
    #[arg(long, env = "WAYFARE_S3_ENDPOINT", value_name = "URL")]
    pub s3_endpoint: Option<String>,

    /// Region of the S3 bucket
    #[arg(long, env = "WAYFARE_S3_REGION", default_value = "us-east-1", value_name = "NAME")]
    pub s3_region: String,

    /// Access key of the S3 bucket [default: the machine's role]
    #[arg(long, env = "WAYFARE_S3_ACCESS_KEY", hide_env_values = true, value_name = "KEY")]
    pub s3_access_key: Option<Secret>,

    /// Secret key of the S3 bucket
    #[arg(long, env = "WAYFARE_S3_SECRET_KEY", hide_env_values = true, value_name = "KEY")]
    pub s3_secret_key: Option<Secret>,

    /// City file of `wayfare city import` [default: the demo city]
    #[arg(long, env = "WAYFARE_CITY", value_name = "FILE")]
    pub city: Option<PathBuf>,

    /// Seed of the simulated bus delays; has to be the same for all replicas
    #[arg(long, env = "WAYFARE_BUS_SEED", default_value_t = 1, value_name = "N")]
    pub bus_seed: u64,

    /// Base URL of OpenRouteService, before /v2 [default: the embedded engine only]
    #[arg(long, env = "WAYFARE_ORS_URL", value_name = "URL")]
    pub ors_url: Option<String>,

    /// API key for OpenRouteService
    #[arg(long, env = "WAYFARE_ORS_KEY", hide_env_values = true, value_name = "KEY")]
    pub ors_key: Option<Secret>,

    /// Base URL of Photon, before /api [default: the embedded geocoder only]
    #[arg(long, env = "WAYFARE_PHOTON_URL", value_name = "URL")]
    pub photon_url: Option<String>,

    /// Time budget of a provider before the embedded engine takes over, milliseconds
    #[arg(long, env = "WAYFARE_PROVIDER_MS", default_value_t = 1_500, value_name = "N", value_parser = clap::value_parser!(u32).range(50..=60_000))]
    pub provider_ms: u32,

    /// Flags and log level, read again without a restart: a TOML file, or a folder with a file for each key
    #[arg(long, env = "WAYFARE_FLAGS", value_name = "PATH")]
    pub flags: Option<PathBuf>,

    /// Log filter, such as `info` or `info,wayfare=debug`
    #[arg(long, env = "WAYFARE_LOG", default_value = "info,sqlx=warn", value_name = "FILTER")]
    pub log: String,

    /// Format of the log
    #[arg(long, env = "WAYFARE_LOG_FORMAT", default_value = "json", value_name = "FORM")]
    pub log_format: LogFormat,

    /// Password of the accounts that `seed` creates [default: the public demo password, for SQLite on a loopback address only]
    #[arg(long, env = "WAYFARE_SEED_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub seed_password: Option<Secret>,
}

impl Config {
    /// The database's address: the one given, or the SQLite file of the data folder.
    pub fn database(&self) -> Secret {
        self.database_url
            .clone()
            .unwrap_or_else(|| Secret::new(format!("sqlite://{}?mode=rwc", self.data_dir.join("wayfare.db").display())))
    }

    /// The file of a SQLite database; nothing for PostgreSQL, or for SQLite in memory.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let Some(url) = &self.database_url else { return Some(self.data_dir.join("wayfare.db")) };
        let (path, options) =
            url.expose().strip_prefix("sqlite:").map(|rest| rest.split_once('?').unwrap_or((rest, "")))?;
        let path = path.strip_prefix("//").unwrap_or(path);
        (!path.is_empty() && !path.contains(":memory:") && !options.contains("mode=memory")).then(|| path.into())
    }

    /// The password of the demo accounts: the configured or the public one.
    pub fn seed_password(&self) -> Secret {
        self.seed_password.clone().unwrap_or_else(|| Secret::new(DEMO_PASSWORD))
    }

    pub fn runs_worker(&self) -> bool {
        self.embedded_worker.unwrap_or(self.redis_url.is_none())
    }

    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    /// What is wrong beyond the form of single values, as far as no other part has to be asked ([`crate::check`]).
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let databases =
            [("WAYFARE_DATABASE_URL", &self.database_url), ("WAYFARE_DATABASE_READ_URL", &self.database_read_url)];
        for (name, url) in databases {
            if !begins_with(url.as_ref(), &["postgres://", "postgresql://", "sqlite:"]) {
                problems.push(format!("{name}: begin it with postgres:// or sqlite://"));
            }
        }
        let redis = ["redis://", "rediss://", "redis+sentinel://", "redis+cluster://"];
        if !begins_with(self.redis_url.as_ref(), &redis) {
            problems.push(format!("WAYFARE_REDIS_URL: begin it with one of {}", redis.join(" ")));
        }
        if self.metrics_listen == Some(self.listen) && self.listen.port() != 0 {
            problems.push("WAYFARE_METRICS_LISTEN: another address than WAYFARE_LISTEN has".to_owned());
        }
        if self.metrics_token.as_ref().is_some_and(|token| token.expose().len() < 16) {
            problems.push("WAYFARE_METRICS_TOKEN: 16 bytes or more; make one with `openssl rand -hex 24`".to_owned());
        }
        if self.images.as_ref().is_some_and(|i| !i.starts_with("s3://")) {
            problems.push("WAYFARE_IMAGES: give s3://BUCKET/PREFIX, or leave it out for the data folder".to_owned());
        }
        if self.demo && !self.listen.ip().is_loopback() {
            problems
                .push("WAYFARE_DEMO: tells the demo accounts' password, so it listens on 127.0.0.1 only".to_owned());
        }
        if self.s3_access_key.is_some() != self.s3_secret_key.is_some() {
            problems.push("WAYFARE_S3_ACCESS_KEY and WAYFARE_S3_SECRET_KEY: give both or neither".to_owned());
        }
        if tracing_subscriber::EnvFilter::try_new(&self.log).is_err() {
            problems.push(format!("WAYFARE_LOG: `{}` is not a filter; try `info`", self.log));
        }
        problems
    }
}

/// Nothing begins with anything.
fn begins_with(url: Option<&Secret>, schemes: &[&str]) -> bool {
    url.is_none_or(|url| schemes.iter().any(|scheme| url.expose().starts_with(scheme)))
}
