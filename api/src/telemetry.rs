//! Logs and traces. Logs are lines on stdout, JSON or text, each with its trace and request id; traces go out by OTLP when
//! `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Only the OpenTelemetry specification's own variables are read here.

use std::env;

use anyhow::Context;
use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, reload, util::SubscriberInitExt};

use crate::config::{Config, LogFormat};

/// Keeps the log's writer and the exporter alive; `close` sends what is still waiting.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    filter: reload::Handle<EnvFilter, Registry>,
    _writer: WorkerGuard,
}

impl Telemetry {
    /// # Errors
    /// A filter or an OTLP address that can't be read.
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&config.log)?);
        // A thread of its own writes the log: a slow terminal or pipe doesn't hold up requests. Lines are never dropped.
        let (writer, guard) =
            tracing_appender::non_blocking::NonBlockingBuilder::default().lossy(false).finish(std::io::stdout());
        let lines = tracing_subscriber::fmt::layer().with_writer(writer);
        let lines = match config.log_format {
            LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
            LogFormat::Text => lines
                .with_ansi(env::var_os("NO_COLOR").is_none() && std::io::IsTerminal::is_terminal(&std::io::stdout()))
                .boxed(),
        };
        let traces = exporter()?;
        let spans = traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("wayfare"))
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
        });
        tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .with(spans)
            .try_init()
            .context("logging is set up twice")?;
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Self { traces, filter: handle, _writer: guard })
    }

    /// A handle that changes the log filter while the service runs.
    pub fn filter(&self) -> reload::Handle<EnvFilter, Registry> {
        self.filter.clone()
    }

    /// Whether traces go anywhere.
    pub fn exports(&self) -> bool {
        self.traces.is_some()
    }

    pub fn close(self) {
        if let Some(Err(cause)) = self.traces.map(|t| t.shutdown()) {
            tracing::warn!(%cause, "the last traces were not sent");
        }
    }
}

fn exporter() -> anyhow::Result<Option<SdkTracerProvider>> {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let off = env::var("OTEL_SDK_DISABLED").is_ok_and(|v| v.eq_ignore_ascii_case("true"));
    if off || names.iter().all(|n| env::var_os(n).is_none_or(|v| v.is_empty())) {
        return Ok(None);
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .build()
        .context("the OTLP exporter can't be set up")?;
    // The sampler, the batch and the resource's attributes come from the specification's own variables.
    let resource = if env::var_os("OTEL_SERVICE_NAME").is_some() {
        Resource::builder()
    } else {
        Resource::builder().with_service_name("wayfare")
    };
    Ok(Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build()))
}
