//! The link to Redis: single, Sentinel or cluster; and what happens while it is away.
//!
//! Nothing here is needed for a right answer. A command that fails closes the link for a second, so that a lost Redis
//! costs each request nothing but the work that Redis would have saved. The link opens again by itself.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use redis::{
    Client, Cmd, FromRedisValue, Pipeline, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelServerType},
};
use tokio::sync::Mutex;

use crate::config::Secret;

/// How long one command may take before Redis counts as away.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long nothing is asked after a failure.
const REST: Duration = Duration::from_secs(1);

#[derive(Clone)]
enum Link {
    One(ConnectionManager),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(c) => c.req_packed_command(cmd),
            Self::Cluster(c) => c.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(c) => c.req_packed_commands(cmd, offset, count),
            Self::Cluster(c) => c.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        0
    }
}

enum Place {
    One(Client),
    Sentinel(Mutex<SentinelClient>),
    Cluster(ClusterClient),
}

struct Inner {
    place: Place,
    prefix: String,
    link: RwLock<Option<Link>>,
    connecting: Mutex<()>,
    /// Milliseconds since `born` until which nothing is asked.
    rest_until: AtomicU64,
    /// Counts the times that the link was lost.
    losses: AtomicU64,
    born: Instant,
}

#[derive(Clone)]
pub struct Redis(Arc<Inner>);

/// Redis did not answer, or is resting after it didn't.
#[derive(Debug)]
pub struct Away;

impl Redis {
    /// Reads the address. Doesn't connect: a service starts without Redis, too.
    ///
    /// # Errors
    /// An address that can't be read.
    pub fn new(url: &Secret, prefix: &str) -> anyhow::Result<Self> {
        let place = place(url.expose()).context("WAYFARE_REDIS_URL can't be read")?;
        Ok(Self(Arc::new(Inner {
            place,
            prefix: prefix.to_owned(),
            link: RwLock::default(),
            connecting: Mutex::default(),
            rest_until: AtomicU64::new(0),
            losses: AtomicU64::new(0),
            born: Instant::now(),
        })))
    }

    /// The key or channel that is called `name` in this installation.
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.0.prefix)
    }

    pub async fn ask<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, Away> {
        let mut link = self.link().await?;
        let answer = tokio::time::timeout(PATIENCE, cmd.query_async(&mut link)).await;
        self.settle(answer)
    }

    pub async fn ask_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Away> {
        let mut link = self.link().await?;
        let answer = tokio::time::timeout(PATIENCE, pipeline.query_async(&mut link)).await;
        self.settle(answer)
    }

    /// As `ask`, but an answer that is an error is as good as any: only silence counts as away.
    pub async fn ask_lenient(&self, cmd: &Cmd) -> Result<(), Away> {
        let mut link = self.link().await?;
        match tokio::time::timeout(PATIENCE, cmd.query_async::<Value>(&mut link)).await {
            Ok(Err(cause)) if cause.code().is_some() => Ok(()),
            answer => self.settle(answer).map(drop),
        }
    }

    /// Runs a script on one key; Redis is sent the script's text only when it doesn't know it.
    pub async fn run<T: FromRedisValue>(
        &self,
        script: &redis::Script,
        key: &str,
        arguments: &[String],
    ) -> Result<T, Away> {
        let mut link = self.link().await?;
        let mut call = script.key(key);
        for argument in arguments {
            call.arg(argument);
        }
        let answer = tokio::time::timeout(PATIENCE, call.invoke_async(&mut link)).await;
        self.settle(answer)
    }

    /// Changes each time the link is lost: who keeps something that depends on messages compares it.
    pub fn losses(&self) -> u64 {
        self.0.losses.load(Relaxed)
    }

    pub fn is_away(&self) -> bool {
        self.elapsed() < self.0.rest_until.load(Relaxed)
    }

    /// Where messages can be subscribed to: a node of the cluster, the master behind the Sentinels, or the one.
    pub async fn subscriber(&self) -> RedisResult<redis::aio::PubSub> {
        match &self.0.place {
            Place::One(client) => client.get_async_pubsub().await,
            Place::Sentinel(sentinel) => {
                let client = sentinel.lock().await.async_get_client().await?;
                client.get_async_pubsub().await
            }
            // Every node of a cluster passes every message on.
            Place::Cluster(_) => {
                Err((redis::ErrorKind::Client, "a cluster's messages are not subscribed to; state is polled instead")
                    .into())
            }
        }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.0.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn settle<T>(&self, answer: Result<RedisResult<T>, tokio::time::error::Elapsed>) -> Result<T, Away> {
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(cause)) => Err(self.lost(&cause)),
            Err(_) => Err(self.lost(&"no answer in time")),
        }
    }

    fn lost(&self, cause: &dyn std::fmt::Display) -> Away {
        let was_away = self.is_away();
        self.0.rest_until.store(self.elapsed() + u64::try_from(REST.as_millis()).unwrap_or(1000), Relaxed);
        self.0.losses.fetch_add(1, Relaxed);
        if !was_away {
            tracing::warn!(%cause, "redis is down: continuing without it");
        }
        // A Sentinel's master may have moved: ask again where it is.
        if matches!(self.0.place, Place::Sentinel(_))
            && let Ok(mut link) = self.0.link.write()
        {
            *link = None;
        }
        Away
    }

    async fn link(&self) -> Result<Link, Away> {
        if self.is_away() {
            return Err(Away);
        }
        if let Some(link) = self.0.link.read().ok().and_then(|l| l.clone()) {
            return Ok(link);
        }
        let _one = self.0.connecting.lock().await;
        if let Some(link) = self.0.link.read().ok().and_then(|l| l.clone()) {
            return Ok(link);
        }
        if self.is_away() {
            return Err(Away);
        }
        let link = self.connect().await.map_err(|cause| self.lost(&cause))?;
        if let Ok(mut slot) = self.0.link.write() {
            *slot = Some(link.clone());
        }
        Ok(link)
    }

    async fn connect(&self) -> RedisResult<Link> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(500));
        match &self.0.place {
            Place::One(client) => Ok(Link::One(client.get_connection_manager_with_config(config).await?)),
            Place::Sentinel(sentinel) => {
                let client = sentinel.lock().await.async_get_client().await?;
                Ok(Link::One(client.get_connection_manager_with_config(config).await?))
            }
            Place::Cluster(client) => Ok(Link::Cluster(client.get_async_connection().await?)),
        }
    }
}

fn place(url: &str) -> anyhow::Result<Place> {
    if let Some(rest) = url.strip_prefix("redis+cluster://") {
        let nodes = rest.split(',').map(|n| format!("redis://{n}")).collect::<Vec<_>>();
        return Ok(Place::Cluster(ClusterClient::new(nodes)?));
    }
    if let Some(rest) = url.strip_prefix("redis+sentinel://") {
        let (hosts, master) =
            rest.split_once('/').context("name the master: redis+sentinel://host:port,host:port/MASTER")?;
        let hosts = hosts.split(',').map(|h| format!("redis://{h}")).collect::<Vec<_>>();
        return Ok(Place::Sentinel(Mutex::new(SentinelClient::build(
            hosts,
            master,
            None,
            SentinelServerType::Master,
        )?)));
    }
    Ok(Place::One(Client::open(url)?))
}
