//! Answers about the city that cost milliseconds and stay right: worked out once, off the threads that serve, and kept as
//! bytes with their ETag. The city doesn't change while the process lives, so nothing is ever stale; only space is short.

use std::sync::Arc;

use bytes::Bytes;
use city::City;
use moka::future::Cache;
use poem_openapi::types::ToJSON;

use crate::{
    cache::Ready,
    error::{Error, Result},
};

/// Bytes kept at the most.
const MOST: u64 = 16 * 1024 * 1024;

#[derive(Clone)]
pub struct Kept(Cache<String, Ready>);

impl Default for Kept {
    fn default() -> Self {
        let weight = |key: &String, ready: &Ready| u32::try_from(key.len() + ready.body.len()).unwrap_or(u32::MAX);
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
        question: String,
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
