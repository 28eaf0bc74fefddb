//! A trace that goes on later and elsewhere: an order's event remembers it, and the webhook that tells of the event carries
//! it on, by W3C's `traceparent`.

use std::collections::HashMap;

use opentelemetry::{
    Context, global,
    propagation::{Extractor, Injector},
    trace::{SpanKind, TraceContextExt, Tracer},
};

use crate::telemetry::Signals;

const NAME: &str = "traceparent";

/// What is under way now, in W3C's form; nothing when no trace is.
pub fn current() -> Option<String> {
    Context::map_current(written)
}

/// In W3C's form.
pub fn written(context: &Context) -> Option<String> {
    let mut carrier = Carrier(HashMap::new());
    global::get_text_map_propagator(|propagator| propagator.inject_context(context, &mut carrier));
    carrier.0.remove(NAME)
}

impl Signals {
    /// Goes on with a trace from its written form: in a span of its own where traces are exported.
    pub fn resume(&self, traceparent: Option<&str>, name: &'static str) -> Context {
        let carrier = Carrier(traceparent.map(|text| (NAME.to_owned(), text.to_owned())).into_iter().collect());
        let parent = global::get_text_map_propagator(|p| p.extract_with_context(&Context::new(), &carrier));
        match &self.tracer {
            Some(tracer) => {
                let span = tracer.span_builder(name).with_kind(SpanKind::Client).start_with_context(tracer, &parent);
                parent.with_span(span)
            }
            None => parent,
        }
    }
}

struct Carrier(HashMap<String, String>);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }
}

impl Extractor for Carrier {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}
