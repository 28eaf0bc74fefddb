//! Cursor paging: a page, and where the next one begins. A cursor is opaque to clients and only meaningful with the same
//! sorting; a stale or invented one is a 422, never a wrong page.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem_openapi::{
    Object,
    types::{ParseFromJSON, ToJSON, Type},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

/// A page of a list.
#[derive(Debug, Object)]
pub struct Page<T: Type + ParseFromJSON + ToJSON + Send + Sync> {
    /// What is on this page
    pub items: Vec<T>,
    /// Give this as `after` for the next page; absent on the last
    #[oai(skip_serializing_if_is_none)]
    pub next: Option<String>,
}

impl<T: Type + ParseFromJSON + ToJSON + Send + Sync> Page<T> {
    /// Makes a page of `limit` from `limit + 1` found rows: the one too many tells that there is a next page.
    pub fn cut<C: Serialize>(mut items: Vec<T>, limit: u64, cursor: impl Fn(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(|last| encode(&cursor(last))) } else { None };
        Self { items, next }
    }
}

fn encode(cursor: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).expect("cursors are plain values"))
}

/// Reads a cursor.
///
/// # Errors
/// 422 for one that no page gave.
pub fn decode<C: DeserializeOwned>(cursor: &str) -> Result<C> {
    URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
        Error::invalid("bad_cursor", "`after` is not a cursor of this list; leave it out to begin at the start.")
    })
}
