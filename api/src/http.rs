//! The routes of the whole service, the server, and how it ends: readiness off, requests finished, parts closed.

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, EndpointExt, Response, Server,
    listener::{Acceptor, Listener, TcpListener},
    middleware::Compression,
    web::{CompressionAlgo, CompressionLevel},
};
use poem_openapi::{ContactObject, LicenseObject, OpenApiService};
use tokio::task::JoinHandle;

use crate::{
    App, around::Around, auth, bus::Bus, cart, catalog, docs, flags, headers::Methods, health, openapi, operations,
    orders, seed, signal, slow::Patient, staff, telemetry::Telemetry, transport, web::Web, worker,
};

type Apis = (
    auth::AuthApi,
    staff::StaffApi,
    catalog::CatalogApi,
    cart::CartApi,
    orders::OrdersApi,
    transport::TransportApi,
    operations::AuditApi,
    operations::OperationsApi,
);

fn service(app: Arc<App>) -> OpenApiService<Apis, ()> {
    let apis = (
        auth::AuthApi(app.clone()),
        staff::StaffApi(app.clone()),
        catalog::CatalogApi(app.clone()),
        cart::CartApi(app.clone()),
        orders::OrdersApi(app.clone()),
        transport::TransportApi(app.clone()),
        operations::AuditApi(app.clone()),
        operations::OperationsApi(app),
    );
    OpenApiService::new(apis, "Wayfare", env!("CARGO_PKG_VERSION"))
        .description(include_str!("api.md"))
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .contact(ContactObject::new().name("Wayfare"))
}

/// The OpenAPI document.
pub fn document(app: Arc<App>) -> String {
    openapi::finish(&service(app).spec())
}

/// Everything that the process answers.
pub fn routes(app: Arc<App>) -> impl Endpoint<Output = Response> {
    let service = service(app.clone());
    let raw = service.spec();
    let document = openapi::finish(&raw);
    let methods = Methods::read(&serde_json::from_str(&document).unwrap_or_default());
    let docs = docs::page(&service.swagger_ui_html(), &raw, &document);
    let compression = Compression::new()
        .algorithms([CompressionAlgo::GZIP, CompressionAlgo::BR])
        .with_quality(CompressionLevel::Fastest);
    let routes = health::routes(&app.config)
        .at(
            "/openapi.json",
            poem::get(poem::endpoint::make_sync(move |_| {
                Response::builder().content_type("application/json").body(document.clone())
            })),
        )
        .at("/docs", poem::get(docs))
        .nest("/", service.with(compression))
        .map_to_response();
    let web = Web::read(&app.config, routes);
    Around::new(app, web, methods)
}

/// Serves until SIGTERM or Ctrl-C, then ends without failing a request.
///
/// # Errors
/// A port that can't be had.
pub async fn serve(app: Arc<App>, telemetry: Option<&Telemetry>) -> anyhow::Result<()> {
    let address = app.config.listen;
    let listener = TcpListener::bind(address).into_acceptor().await.map_err(|e| {
        anyhow::anyhow!(
            "can't listen on {address}: {e}; give another address with --listen, or stop what uses this one"
        )
    })?;
    for address in listener.local_addr() {
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    }
    let listener = Patient::new(
        listener,
        Duration::from_secs(app.config.header_seconds.into()),
        app.metrics.wayfare_slow_headers_total.clone(),
    );
    let mut background = background(&app, telemetry);
    background.extend(health::serve_metrics(&app).await?);
    let worker = app.config.runs_worker().then(|| tokio::spawn(worker::run(app.clone())));
    let ending = ending(app.clone());
    // The last event streams have been told to end before this starts to count.
    Server::new_with_acceptor(listener)
        .name("wayfare")
        .run_with_graceful_shutdown(routes(app.clone()), ending, Some(app.config.timeout() + Duration::from_secs(5)))
        .await?;
    if let Some(worker) = worker {
        worker::ended(worker).await;
    }
    for task in background {
        task.abort();
    }
    app.db.close().await;
    tracing::info!("ended");
    Ok(())
}

fn background(app: &Arc<App>, telemetry: Option<&Telemetry>) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![tokio::spawn(Bus::carry(app.bus.clone())), tokio::spawn(catalog::follow(app.clone()))];
    let warned = app.clone();
    tasks.push(tokio::spawn(async move { seed::warn(&warned).await }));
    let swept = app.clone();
    tasks.push(tokio::spawn(async move { swept.sessions.follow(&swept).await }));
    if let (Some(path), Some(telemetry)) = (app.config.flags.clone(), telemetry) {
        let filter = telemetry.filter();
        tasks.push(tokio::spawn(flags::watch(app.flags.clone(), path, move |text| {
            Ok(filter.reload(tracing_subscriber::EnvFilter::try_new(text)?)?)
        })));
    }
    tasks
}

async fn ending(app: Arc<App>) {
    signal::terminated().await;
    tracing::info!("shutting down: not ready, finishing in-flight requests");
    app.drain();
    tokio::time::sleep(Duration::from_secs(app.config.drain_seconds.into())).await;
    app.stop();
}
