//! Whether the process lives, is ready for requests, and has started. Answered outside the API: no limit, no log line.

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, Route, Server, get, handler,
    http::{StatusCode, header},
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

use crate::{
    App,
    config::Config,
    error::{Error, Result},
};

pub fn routes(config: &Config) -> Route {
    let routes = Route::new()
        .at("/livez", get(live))
        .at("/readyz", get(ready))
        .at("/health/live", get(live))
        .at("/health/ready", get(ready))
        .at("/health/startup", get(ready));
    if config.metrics_listen.is_some() { routes } else { routes.at("/metrics", get(metrics)) }
}

/// What is answered at the metrics' own address.
pub fn metrics_alone(app: Arc<App>) -> impl Endpoint {
    Route::new().at("/metrics", get(metrics)).data(app)
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
    let replica = app.db.replica().await.map(|standing| standing.problem.unwrap_or("answers"));
    let redis = app.redis_state().await;
    let draining = app.is_draining();
    let status = if database && !draining { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(
        status,
        &json!({ "status": if status.is_success() { "ready" } else { "not ready" }, "database": database, "replica": replica, "redis": redis, "draining": draining, "revision": crate::metrics::revision() }),
    )
}

/// They tell revenue, orders and sign-ins: with a token, only who has it sees them.
#[handler]
async fn metrics(app: Data<&Arc<App>>, request: &Request) -> Result<Response> {
    if let Some(token) = &app.config.metrics_token
        && !is_given(token.expose(), request)
    {
        return Err(Error::unauthenticated("metrics_token", "Give WAYFARE_METRICS_TOKEN as a bearer token."));
    }
    app.measure().await;
    Ok(Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(app.metrics.render()))
}

/// Digests are compared: how long that takes tells nothing of the token.
fn is_given(token: &str, request: &Request) -> bool {
    let given =
        request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(token))
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    poem::web::Json(body).with_status(status).into_response()
}

/// Serves the metrics at their own address, when they have one.
///
/// # Errors
/// A port that can't be had.
pub async fn serve_metrics(app: &Arc<App>) -> anyhow::Result<Option<JoinHandle<()>>> {
    let Some(address) = app.config.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).into_acceptor().await.map_err(|cause| {
        anyhow::anyhow!("can't listen on {address} for /metrics: {cause}; give another with --metrics-listen")
    })?;
    for address in listener.local_addr() {
        tracing::info!(%address, "metrics");
    }
    let server = Server::new_with_acceptor(listener).name("metrics");
    let routes = metrics_alone(app.clone());
    Ok(Some(tokio::spawn(async move {
        if let Err(cause) = server.run(routes).await {
            tracing::error!(%cause, "the metrics server stopped");
        }
    })))
}
