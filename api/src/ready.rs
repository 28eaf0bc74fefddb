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

pub struct Cached<T>(pub Ready, pub PhantomData<T>);

impl<T> From<Ready> for Cached<T> {
    fn from(ready: Ready) -> Self {
        Self(ready, PhantomData)
    }
}

impl<T: Send> IntoResponse for Cached<T> {
    fn into_response(self) -> Response {
        Response::builder()
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::ETAG, self.0.etag)
            .header(header::CACHE_CONTROL, "public, max-age=1")
            .body(self.0.body)
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
