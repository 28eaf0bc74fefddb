//! Whether the process lives, is ready for requests, and has started. Answered outside the API: no limit, no log line.

use std::{sync::Arc, time::Duration};

use poem::{IntoResponse, Response, Route, get, handler, http::StatusCode, web::Data};
use serde_json::json;

use crate::App;

pub fn routes() -> Route {
    Route::new()
        .at("/livez", get(live))
        .at("/readyz", get(ready))
        .at("/health/live", get(live))
        .at("/health/ready", get(ready))
        .at("/health/startup", get(ready))
        .at("/metrics", get(metrics))
}

/// 200 for as long as the process answers at all, draining or not.
#[handler]
fn live() -> Response {
    json(
        StatusCode::OK,
        &json!({ "status": "alive", "version": env!("CARGO_PKG_VERSION"), "revision": crate::metrics::revision() }),
    )
}

/// 200 when requests can be served: the database does what it is asked and nobody asked the process to stop. A lost Redis is told
/// and doesn't count: the service works without it.
#[handler]
async fn ready(app: Data<&Arc<App>>) -> Response {
    let database = tokio::time::timeout(Duration::from_secs(2), app.db.is_well()).await.unwrap_or(false);
    let redis = app.redis_state().await;
    let draining = app.is_draining();
    let status = if database && !draining { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(
        status,
        &json!({ "status": if status.is_success() { "ready" } else { "not ready" }, "database": database, "redis": redis, "draining": draining, "revision": crate::metrics::revision() }),
    )
}

#[handler]
async fn metrics(app: Data<&Arc<App>>) -> Response {
    app.measure().await;
    Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(app.metrics.render())
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    poem::web::Json(body).with_status(status).into_response()
}
