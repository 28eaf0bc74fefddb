//! One attempt to tell a webhook of an event, in the form of the Standard Webhooks specification: `webhook-id`,
//! `webhook-timestamp`, `webhook-signature`.
//!
//! A webhook's address is given by a manager, so it is not trusted: see [`egress`]. Redirects are not followed and answers
//! are not read.

use std::time::Duration;

use opentelemetry::trace::TraceContextExt;
use reqwest::{Client, StatusCode, Url};

use crate::{
    App,
    catalog::webhook,
    egress,
    orders::event::{self, OrderEvent},
    trace_context,
    worker::sign::signatures,
};

/// How long a webhook may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What came of an attempt.
#[derive(Debug)]
pub enum Outcome {
    Delivered,
    /// It answered, and not that it has the event.
    Refused(StatusCode),
    /// Nothing of it says that anybody is there.
    Failed(String),
}

impl Outcome {
    /// What went wrong, for the shop's manager and the log.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Delivered => None,
            Self::Refused(status) => Some(format!("answered {status}")),
            Self::Failed(problem) => Some(problem.clone()),
        }
    }

    /// Whether the shop's system is unwell rather than of another opinion about this event.
    pub fn is_unwell(&self) -> bool {
        match self {
            Self::Delivered => false,
            Self::Refused(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(_) => true,
        }
    }
}

pub async fn attempt(app: &App, client: &Client, event: event::Model, webhook: &webhook::Model) -> Outcome {
    let trace = app.signals.resume(event.traceparent.as_deref(), "deliver_webhook");
    let outcome = match request(app, client, event, webhook, trace_context::written(&trace)) {
        Ok(request) => match request.send().await {
            Ok(answer) if answer.status().is_success() => Outcome::Delivered,
            Ok(answer) => Outcome::Refused(answer.status()),
            Err(cause) => Outcome::Failed(format!("no answer: {}", cause.without_url())),
        },
        Err(problem) => Outcome::Failed(problem),
    };
    trace.span().end();
    outcome
}

fn request(
    app: &App,
    client: &Client,
    event: event::Model,
    webhook: &webhook::Model,
    traceparent: Option<String>,
) -> Result<reqwest::RequestBuilder, String> {
    let url = Url::parse(&webhook.url).map_err(|e| format!("the address can't be read: {e}"))?;
    if !app.config.webhooks_to_private
        && let Some(kind) = egress::literal(&url).and_then(egress::special)
    {
        return Err(format!("the address isn't on the public internet ({kind})"));
    }
    let (id, time) = (format!("evt_{}", event.id), app.clock.now());
    let body = serde_json::to_string(&OrderEvent::from(event)).map_err(|e| e.to_string())?;
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", time.timestamp())
        .header("webhook-signature", signatures(webhook.keys(time), &id, time, &body))
        .body(body);
    Ok(traceparent.into_iter().fold(request, |request, trace| request.header("traceparent", trace)))
}
