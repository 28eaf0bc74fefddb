//! How an event becomes a line of the log, with the ids of the request that it happened in.
//!
//! The ids belong to the request's task and are written when there is an event to write: a span of `tracing` for each
//! request would format them for each, and most requests log nothing but their access line.

use std::{fmt, sync::Arc, time::SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Writer},
    },
    registry::LookupSpan,
};

use crate::config::LogFormat;

/// What joins the lines of a request, in the log and across services.
#[derive(Clone)]
pub struct Ids {
    pub request: Arc<str>,
    pub trace: Option<Arc<str>>,
}

tokio::task_local! {
    /// The request that is under way.
    pub static IDS: Ids;
}

pub struct Format {
    json: bool,
    text: format::Format,
}

impl Format {
    pub fn new(format: LogFormat) -> Self {
        Self { json: format == LogFormat::Json, text: format::format() }
    }
}

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let ids = IDS.try_with(Clone::clone).ok();
        if !self.json {
            if let Some(ids) = ids {
                write!(line, "{} ", ids.request)?;
            }
            return self.text.format_event(context, line, event);
        }
        let now: DateTime<Utc> = SystemTime::now().into();
        let meta = event.metadata();
        let mut told = Told(Map::new());
        let mut add = |name: &str, value: &str| told.0.insert(name.to_owned(), value.into());
        add("timestamp", &now.to_rfc3339_opts(SecondsFormat::Micros, true));
        add("level", meta.level().as_str());
        add("target", meta.target());
        if let Some(ids) = &ids {
            add("request_id", &ids.request);
            ids.trace.as_ref().map(|trace| add("trace_id", trace));
        }
        event.record(&mut told);
        writeln!(line, "{}", Value::Object(told.0))
    }
}

struct Told(Map<String, Value>);

impl Told {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Told {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, value.to_string());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// The lines that `work` logs.
    fn logged(format: LogFormat, work: impl FnOnce()) -> String {
        let lines = Arc::<Mutex<Vec<u8>>>::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer({
                let lines = lines.clone();
                move || Sink(lines.clone())
            })
            .event_format(Format::new(format));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        String::from_utf8(lines.lock().unwrap().clone()).unwrap()
    }

    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn ids() -> Ids {
        Ids { request: "request-1".into(), trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()) }
    }

    #[test]
    fn a_json_line_has_the_events_fields_and_its_requests_ids() {
        let line = logged(LogFormat::Json, || {
            IDS.sync_scope(
                ids(),
                || tracing::warn!(code = "out", left = 3, cause = %"a \"quoted\"\nline", "it failed"),
            );
        });
        let told: Value = serde_json::from_str(&line).unwrap();
        for (name, value) in [
            ("level", Value::from("WARN")),
            ("message", "it failed".into()),
            ("code", "out".into()),
            ("left", 3.into()),
            ("cause", "a \"quoted\"\nline".into()),
            ("request_id", "request-1".into()),
            ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736".into()),
        ] {
            assert_eq!(told[name], value, "{line}");
        }
        assert_eq!(line.lines().count(), 1);
        assert!(DateTime::parse_from_rfc3339(told["timestamp"].as_str().unwrap()).is_ok());
    }

    #[test]
    fn a_line_outside_of_a_request_has_no_ids() {
        let line = logged(LogFormat::Json, || tracing::info!("started"));
        assert!(line.contains("started") && !line.contains("request_id"), "{line}");
    }

    #[test]
    fn a_text_line_begins_with_its_requests_id() {
        let line = logged(LogFormat::Text, || IDS.sync_scope(ids(), || tracing::info!(code = "out", "it failed")));
        assert!(line.starts_with("request-1 ") && line.contains("it failed code=\"out\""), "{line}");
    }
}
