//! Answers kept ready to send: bytes with their ETag, in this process for a second, in Redis for a little longer.
//!
//! The key is a type: which answer it is, and all that the client asked of it, validated. Text that a client wrote can be
//! part of a key and can never be one, so no request reaches the answer of another operation.
//!
//! One flight fetches a missing answer, however many wait for it. A lost Redis makes answers slower, never wrong; a
//! change by a manager empties the cache of every replica (a new generation), a change in stock shows within [`FRESH`].

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use moka::future::Cache as Memory;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    redis::Redis,
};

/// How old an answer may be: what a client may see of another's change, late.
pub const FRESH: Duration = Duration::from_secs(1);
/// How long Redis keeps what one replica worked out for the others. Together with [`FRESH`]: three seconds at the most.
const SHARED: Duration = Duration::from_secs(2);

/// An answer ready to send.
#[derive(Clone, Debug)]
pub struct Ready {
    pub body: Bytes,
    /// Quoted, as the header has it.
    pub etag: poem::http::HeaderValue,
}

impl Ready {
    pub fn of(body: Bytes) -> Self {
        let digest = Sha256::digest(&body);
        let tag = digest[..12].iter().fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
        Self { body, etag: poem::http::HeaderValue::from_str(&tag).expect("hexadecimal digits are valid in a header") }
    }
}

#[derive(Clone)]
pub struct Cache<K> {
    memory: Memory<K, Ready>,
    redis: Option<Redis>,
    generation: Arc<AtomicU64>,
}

impl<K: Clone + Eq + Hash + Serialize + Send + Sync + 'static> Cache<K> {
    pub fn new(redis: Option<Redis>) -> Self {
        Self {
            memory: Memory::builder().max_capacity(2_000).time_to_live(FRESH).build(),
            redis,
            generation: Arc::default(),
        }
    }

    /// The answer under `key`, when this process has it.
    pub async fn peek(&self, key: &K) -> Option<Ready> {
        self.memory.get(key).await
    }

    /// The answer under `key`, fetched by `fetch` when nobody has it.
    ///
    /// # Errors
    /// Those of `fetch`, which are not kept.
    pub async fn get<F>(&self, key: &K, fetch: F) -> Result<Ready>
    where
        F: Future<Output = Result<Bytes>>,
    {
        if let Some(ready) = self.memory.get(key).await {
            return Ok(ready);
        }
        let generation = self.generation.load(Relaxed);
        let flight = self.memory.try_get_with_by_ref(key, async {
            let shared = shared_key(generation, key)?;
            if let Some(body) = self.shared(&shared).await {
                return Ok(Ready::of(body));
            }
            let ready = Ready::of(fetch.await?);
            self.share(&shared, &ready.body).await;
            Ok(ready)
        });
        flight.await.map_err(Error::of_flight)
    }

    /// Forgets everything, here. `generation` is the one that all replicas go on with.
    pub fn forget(&self, generation: u64) {
        self.generation.fetch_max(generation, Relaxed);
        self.memory.invalidate_all();
    }

    /// The generation that follows a change: from Redis when it answers, so that all replicas agree.
    pub async fn next_generation(&self) -> u64 {
        let here = self.generation.load(Relaxed) + 1;
        let Some(redis) = &self.redis else {
            return here;
        };
        redis.ask::<u64>(redis::cmd("INCR").arg(redis.key("generation"))).await.map_or(here, |there| there.max(here))
    }

    async fn shared(&self, key: &str) -> Option<Bytes> {
        let redis = self.redis.as_ref()?;
        let found: Option<Vec<u8>> = redis.ask(redis::cmd("GET").arg(redis.key(key))).await.ok()?;
        found.map(Bytes::from)
    }

    async fn share(&self, key: &str, body: &Bytes) {
        if let Some(redis) = &self.redis {
            let ms = u64::try_from(SHARED.as_millis()).unwrap_or(2000);
            // Not kept: the next replica works it out for itself.
            let _ = redis.ask::<()>(redis::cmd("SET").arg(redis.key(key)).arg(&body[..]).arg("PX").arg(ms)).await;
        }
    }
}

/// JSON of an enum names the variant: two keys have the same text only when they are equal.
fn shared_key(generation: u64, key: &impl Serialize) -> Result<String> {
    Ok(format!("answer:{generation}:{}", serde_json::to_string(key).map_err(Error::internal)?))
}
