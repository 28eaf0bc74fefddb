//! Answers of a provider, kept for a while: in this process, and in Redis for the others.
//!
//! One flight asks for a missing answer, however many wait for it; failures are not kept. A lost Redis costs questions to
//! the provider and nothing else. Keys are digests: where people go is not legible in them.

use std::{sync::Arc, time::Duration};

use moka::future::Cache as Memory;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::Fallback;
use crate::redis::Redis;

/// How long an answer is good: streets and names change more slowly, traffic isn't in it.
const FRESH: Duration = Duration::from_secs(600);
/// Bytes that one process keeps of one provider.
const MOST: u64 = 16 * 1024 * 1024;

/// An answer and its size in bytes.
type Entry<T> = (Arc<T>, u32);

pub struct Kept<T> {
    memory: Memory<String, Entry<T>>,
    redis: Option<Redis>,
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Kept<T> {
    pub fn new(redis: Option<Redis>) -> Self {
        let memory = Memory::builder().max_capacity(MOST).weigher(|_, entry: &Entry<T>| entry.1);
        Self { memory: memory.time_to_live(FRESH).build(), redis }
    }

    /// The answer to a question, which names its provider, and whether it was there already.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn get(
        &self,
        question: &impl Serialize,
        ask: impl Future<Output = Result<T, Fallback>>,
    ) -> Result<(Arc<T>, bool), Fallback> {
        // As JSON: what a client wrote is quoted in it and can't be taken for another part of the question.
        let digest = Sha256::digest(serde_json::to_vec(question).map_err(|_| Fallback::Unreadable)?);
        let key = digest[..16].iter().fold(String::from("provider:"), |key, byte| format!("{key}{byte:02x}"));
        let mut was_there = true;
        let flight = self.memory.try_get_with_by_ref(&key, async {
            if let Some(entry) = self.shared(&key).await {
                return Ok(entry);
            }
            was_there = false;
            let value = ask.await?;
            Ok(self.share(&key, value).await)
        });
        match flight.await {
            Ok((value, _)) => Ok((value, was_there)),
            Err(why) => Err(*why),
        }
    }

    async fn shared(&self, key: &str) -> Option<Entry<T>> {
        let redis = self.redis.as_ref()?;
        let found: Option<Vec<u8>> = redis.ask(redis::cmd("GET").arg(redis.key(key))).await.ok()?;
        let text = found?;
        // What another version kept, or nobody of us, is asked for again.
        let value = serde_json::from_slice(&text).ok()?;
        Some((Arc::new(value), weight(&text)))
    }

    async fn share(&self, key: &str, value: T) -> Entry<T> {
        let text = serde_json::to_vec(&value).unwrap_or_default();
        if let Some(redis) = &self.redis {
            let ms = u64::try_from(FRESH.as_millis()).unwrap_or(u64::MAX);
            // Not kept: the next replica asks for itself.
            let _ = redis.ask::<()>(redis::cmd("SET").arg(redis.key(key)).arg(&text[..]).arg("PX").arg(ms)).await;
        }
        (Arc::new(value), weight(&text))
    }
}

fn weight(text: &[u8]) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}
