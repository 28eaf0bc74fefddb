//! The service: a city's orders and journeys. `docs/architecture.md` is the map.
//!
//! Domains know [`App`] and [`error::Error`], and each other in one direction: orders → cart → catalog → auth;
//! orders → transport → city.

// A value that isn't there is an answer, not the end of a request; where it can't be, `expect` says why.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod access;
pub mod around;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod breaker;
pub mod bus;
pub mod cache;
pub mod caller;
pub mod cart;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data_folder;
pub mod db;
pub mod db_errors;
pub mod docs;
pub mod egress;
pub mod error;
pub mod flags;
pub mod format;
pub mod forwarded;
pub mod headers;
pub mod health;
pub mod held;
pub mod http;
pub mod layers;
pub mod limit;
pub mod log;
pub mod metrics;
pub mod migrations;
pub mod money;
pub mod openapi;
pub mod operations;
pub mod orders;
pub mod page;
pub mod ready;
pub mod redis;
pub mod refusals;
pub mod replica;
pub mod saturation;
pub mod seed;
pub mod signal;
pub mod slow;
pub mod sqlite;
pub mod staff;
pub mod streams;
pub mod tags;
pub mod telemetry;
pub mod text;
pub mod trace_context;
pub mod transport;
pub mod web;
pub mod worker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use city::City;
use tokio::sync::watch;

use crate::{
    audit::sample::Samples,
    auth::{attempts::Attempts, password::Hasher, session::Sessions, token::Keys},
    bus::Bus,
    cache::Cache,
    catalog::{image::Images, listing::Listing, sites::Sites},
    clock::Clock,
    config::Config,
    db::Db,
    flags::Flags,
    limit::Limits,
    metrics::Metrics,
    redis::Redis,
    streams::Streams,
    telemetry::Signals,
    transport::{kept::Kept, live::Live, providers::Providers},
};

/// Finds everything that is wrong with a configuration beyond the form of single values, all at once.
///
/// # Errors
/// One message with a line for each problem.
pub fn check(config: &Config) -> anyhow::Result<()> {
    let parts = [Config::problems, auth::problems, web::problems, transport::providers::problems, egress::problems];
    let problems: Vec<_> = parts.iter().flat_map(|part| part(config)).collect();
    anyhow::ensure!(
        problems.is_empty(),
        "the configuration has {} problem(s):\n  {}",
        problems.len(),
        problems.join("\n  ")
    );
    Ok(())
}

/// What a handler may reach.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub city: Arc<City>,
    pub live: Live,
    pub providers: Providers,
    pub db: Db,
    pub redis: Option<Redis>,
    pub cache: Cache<Listing>,
    pub kept: Kept,
    pub sites: Sites,
    pub bus: Arc<Bus>,
    pub limits: Limits,
    pub streams: Streams,
    pub sessions: Sessions,
    pub keys: Keys,
    pub hasher: Hasher,
    pub attempts: Attempts,
    pub samples: Samples,
    pub images: Images,
    pub flags: Arc<Flags>,
    pub metrics: Metrics,
    pub signals: Signals,
    draining: AtomicBool,
    /// Tells long-lived work, such as event streams, to come to an end.
    stop: watch::Sender<bool>,
}

/// How long the database may take to say that it is well.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

impl App {
    /// Connects the parts. Needs the database; starts without Redis. What never asks the city gets an empty one.
    ///
    /// # Errors
    /// What can't be read, opened or made, in words for the person who starts the service.
    pub async fn new(config: Config, clock: Clock, signals: Signals, city: Arc<City>) -> anyhow::Result<Arc<Self>> {
        check(&config)?;
        let db = Db::connect(&config).await?;
        let redis = config.redis_url.as_ref().map(|url| Redis::new(url, &config.redis_prefix)).transpose()?;
        let metrics = Metrics::default();
        let flags = Arc::<Flags>::default();
        if let Some(path) = &config.flags {
            flags.read(path)?;
        }
        Ok(Arc::new(Self {
            keys: Keys::load(&config)?,
            hasher: Hasher::new(config.bcrypt_cost)?,
            attempts: Attempts::new(redis.clone()),
            samples: Samples::default(),
            images: Images::open(&config)?,
            cache: Cache::new(redis.clone()),
            kept: Kept::default(),
            sites: Sites::default(),
            bus: Arc::new(Bus::new(redis.clone())),
            limits: Limits::new(redis.clone()),
            streams: Streams::new(&metrics),
            sessions: Sessions::new(redis.clone()),
            live: Live::default(),
            providers: Providers::new(&config, redis.as_ref(), &metrics)?,
            draining: AtomicBool::new(false),
            stop: watch::channel(false).0,
            config,
            clock,
            city,
            db,
            redis,
            flags,
            metrics,
            signals,
        }))
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// From now on `/readyz` says no.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// From now on event streams end, and the worker takes on nothing new.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Resolves when the process is to end.
    pub async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as `self`: an error can't come.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Whether Redis answers; nothing when none is configured.
    pub async fn redis_state(&self) -> Option<bool> {
        match &self.redis {
            Some(redis) => Some(redis.ask::<String>(&::redis::cmd("PING")).await.is_ok()),
            None => None,
        }
    }

    /// Brings the gauges up to date that nobody counts along the way.
    pub async fn measure(&self) {
        saturation::measure(&self.metrics, &self.config.data_dir);
        let is_up = tokio::time::timeout(DATABASE_PATIENCE, self.db.is_well()).await.unwrap_or(false);
        self.metrics.wayfare_database_up.set(is_up.into());
        if let Some(up) = self.redis_state().await {
            self.metrics.wayfare_redis_up.with_label_values(&["cache"]).set(up.into());
        }
        if let Some(standing) = self.db.replica().await {
            self.metrics.wayfare_replica_up.with_label_values(&["read"]).set(standing.problem.is_none().into());
            if let Some(lag) = standing.lag {
                let lag = i64::try_from(lag.as_secs()).unwrap_or(i64::MAX);
                self.metrics.wayfare_replica_lag_seconds.with_label_values(&["read"]).set(lag);
            }
        }
        let (size, idle) = self.db.pool();
        self.metrics.db_client_connection_count.with_label_values(&["idle"]).set(idle);
        self.metrics.db_client_connection_count.with_label_values(&["used"]).set(size - idle);
        self.metrics.db_client_connection_max.set(self.config.database_connections.into());
        // Without the database each would wait, and Prometheus would give the whole answer up.
        if is_up && let Err(cause) = orders::measure(self).await {
            tracing::warn!(%cause, "some gauges are stale");
        }
    }
}
