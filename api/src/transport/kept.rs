//! Answers about the city that cost milliseconds and stay right: worked out once, off the threads that serve, and kept as
//! bytes with their ETag. The city doesn't change while the process lives, so nothing is ever stale; only space is short.

use std::sync::Arc;

use bytes::Bytes;
use city::{City, Day};
use moka::future::Cache;
use poem_openapi::types::ToJSON;

use crate::{
    cache::Ready,
    error::{Error, Result},
};

/// Bytes kept at the most.
const MOST: u64 = 16 * 1024 * 1024;

/// What was asked, validated: no text of a client is a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    Streets,
    Density { resolution: u8, day: Day, underserved: bool, access: bool },
    Suggestions { count: u8, day: Day },
}

#[derive(Clone)]
pub struct Kept(Cache<Asked, Ready>);

impl Default for Kept {
    fn default() -> Self {
        let weight = |_: &Asked, ready: &Ready| u32::try_from(ready.body.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(MOST).weigher(weight).build())
    }
}

impl Kept {
    /// The answer to a question, worked out by `work` when nobody asked before.
    ///
    /// # Errors
    /// Those of `work`, which are not kept.
    pub async fn get<T: ToJSON>(
        &self,
        question: Asked,
        city: &Arc<City>,
        work: impl FnOnce(&City) -> Result<T> + Send + 'static,
    ) -> Result<Ready> {
        let city = city.clone();
        let flight = self.0.try_get_with(question, async move {
            let work = move || work(&city).map(|answer| Ready::of(Bytes::from(answer.to_json_string())));
            tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
        });
        flight.await.map_err(Error::of_flight)
    }
}
