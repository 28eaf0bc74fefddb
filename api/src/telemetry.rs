//! Logs and traces. Logs are lines on stdout, JSON or text, each with its request id and trace id; traces go out by OTLP when
//! `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Only the OpenTelemetry specification's own variables are read here.

use std::env;

use anyhow::Context as _;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue, global,
    propagation::Extractor,
    trace::{FutureExt, SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use poem::http::{HeaderMap, HeaderName};
use tracing_subscriber::{EnvFilter, Registry, layer::SubscriberExt, reload, util::SubscriberInitExt};

use crate::{
    access::AccessLog,
    config::Config,
    format::Format,
    log::{Guard, Lines},
};

/// Keeps the log's writer and the exporter alive; `close` sends what is still waiting.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    filter: reload::Handle<EnvFilter, Registry>,
    access: AccessLog,
    _writer: Guard,
}

/// What the app needs of it.
#[derive(Clone, Default)]
pub struct Signals {
    /// None when traces go nowhere.
    pub tracer: Option<SdkTracer>,
    /// None where nobody set logging up, as in tests.
    pub access: Option<AccessLog>,
}

impl Telemetry {
    /// # Errors
    /// A filter or an OTLP address that can't be read.
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&config.log)?);
        let (lines, guard) = Lines::start(std::io::stdout());
        let colours = env::var_os("NO_COLOR").is_none() && std::io::IsTerminal::is_terminal(&std::io::stdout());
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(lines.clone())
            .with_ansi(colours)
            .event_format(Format::new(config.log_format));
        tracing_subscriber::registry().with(filter).with(layer).try_init().context("logging is set up twice")?;
        global::set_text_map_propagator(TraceContextPropagator::new());
        let access = AccessLog { lines, format: config.log_format };
        Ok(Self { traces: exporter()?, filter: handle, access, _writer: guard })
    }

    /// A handle that changes the log filter while the service runs.
    pub fn filter(&self) -> reload::Handle<EnvFilter, Registry> {
        self.filter.clone()
    }

    pub fn signals(&self) -> Signals {
        let scope = InstrumentationScope::builder("wayfare").with_version(env!("CARGO_PKG_VERSION")).build();
        Signals { tracer: self.traces.as_ref().map(|t| t.tracer_with_scope(scope)), access: Some(self.access.clone()) }
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
    // The batch is sent from a thread of its own, which has no runtime: hence the blocking client.
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build();
    let exporter = exporter.context("the OTLP exporter can't be set up")?;
    // The sampler, the batch and the resource's attributes come from the specification's own variables.
    let named = env::var_os("OTEL_SERVICE_NAME").is_some();
    let resource = if named { Resource::builder() } else { Resource::builder().with_service_name("wayfare") };
    Ok(Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build()))
}

impl Signals {
    /// The trace that a request belongs to: its own span when traces are exported, else what the client says of it.
    pub fn enter(&self, method: &'static str, headers: &HeaderMap) -> Option<Context> {
        let parent = || global::get_text_map_propagator(|p| p.extract(&Incoming(headers)));
        match &self.tracer {
            Some(tracer) => {
                let parent = if headers.contains_key("traceparent") { parent() } else { Context::new() };
                let span = tracer.span_builder(method).with_kind(SpanKind::Server).start_with_context(tracer, &parent);
                Some(parent.with_span(span))
            }
            None => headers.contains_key("traceparent").then(parent).filter(|p| p.span().span_context().is_valid()),
        }
    }

    /// Does `work` in a span of its own, below the one that is under way.
    pub async fn within<T>(&self, name: &'static str, work: impl Future<Output = T>) -> T {
        match &self.tracer {
            Some(tracer) if Context::map_current(|c| c.span().is_recording()) => {
                let span = tracer.span_builder(name).with_kind(SpanKind::Client).start(tracer);
                work.with_context(Context::current_with_span(span)).await
            }
            _ => work.await,
        }
    }
}

/// What the server span tells of an answer, by the semantic conventions' names.
pub fn leave(trace: &Context, method: &'static str, route: &'static str, path: &str, status: u16) {
    let span = trace.span();
    if span.is_recording() {
        span.update_name(format!("{method} {route}"));
        span.set_attribute(KeyValue::new("http.request.method", method));
        span.set_attribute(KeyValue::new("http.route", route));
        span.set_attribute(KeyValue::new("url.path", path.to_owned()));
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if status >= 500 {
            span.set_status(Status::error(""));
        }
    }
    span.end();
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }
    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
