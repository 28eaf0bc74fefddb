//! An answer whose bytes are ready: documented as the JSON of `T`, sent without making it again.

use std::marker::PhantomData;

use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    payload::Json,
    registry::{MetaResponses, Registry},
    types::{ParseFromJSON, ToJSON},
};

use crate::cache::Ready;

pub struct Cached<T> {
    ready: Ready,
    /// For how many seconds nobody need ask again.
    fresh: u32,
    of: PhantomData<T>,
}

impl<T> From<Ready> for Cached<T> {
    fn from(ready: Ready) -> Self {
        Self { ready, fresh: 1, of: PhantomData }
    }
}

impl<T> Cached<T> {
    /// What changes with the day at the most.
    pub fn for_long(ready: Ready) -> Self {
        Self { ready, fresh: 300, of: PhantomData }
    }
}

impl<T: Send> IntoResponse for Cached<T> {
    fn into_response(self) -> Response {
        Response::builder()
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::ETAG, self.ready.etag)
            .header(header::CACHE_CONTROL, format!("public, max-age={}", self.fresh))
            .body(self.ready.body)
    }
}

impl<T: ToJSON + ParseFromJSON> ApiResponse for Cached<T> {
    fn meta() -> MetaResponses {
        <Json<T> as ApiResponse>::meta()
    }

    fn register(registry: &mut Registry) {
        <Json<T> as ApiResponse>::register(registry);
    }
}
