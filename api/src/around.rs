//! What happens around every request, once and in one place: who calls, the limit, the time-out, the trace, the answer's
//! headers, the problem body of a failure, the metrics and the line in the log.
//!
//! One endpoint and not a stack of ten: each layer of middleware costs an allocation and a boxed future per request.

use std::{
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use opentelemetry::trace::{FutureExt as _, TraceContextExt};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    error::ReadBodyError,
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::OperationId;

use crate::{
    App,
    access::Access,
    audit,
    caller::{Caller, Seen},
    error::Error,
    format::{IDS, Ids},
    forwarded::Scheme,
    headers::{self, Cors},
    limit::{Action, Standing},
    metrics::Held,
    telemetry,
};

pub struct Around<E> {
    app: Arc<App>,
    inner: E,
    cors: Cors,
    /// Which methods an address takes, for the `Allow` header of a 405.
    methods: headers::Methods,
}

impl<E> Around<E> {
    pub fn new(app: Arc<App>, inner: E, methods: headers::Methods) -> Self {
        Self { cors: Cors::new(&app.config.cors_origins), app, inner, methods }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Around<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let start = Instant::now();
        let _active = Held::new(&self.app.metrics.http_server_active_requests);
        let seen = Seen::of(&request, &self.app);
        let caller = Caller::of(&request, &seen, &self.app);
        let trace = self.app.signals.enter(method(request.method()), request.headers());
        let trace_id = trace.as_ref().map(|t| Arc::from(t.span().span_context().trace_id().to_string()));
        let ids = Ids { request: caller.request_id.clone(), trace: trace_id };
        if seen.path.ends_with("/events") || seen.path.ends_with("/stream") {
            // A compressor holds an event back until it has enough to compress.
            request.headers_mut().remove(header::ACCEPT_ENCODING);
        }
        request.set_data(self.app.clone());
        request.set_data(caller.clone());

        // Pinned where it is: what wraps it moves a pointer, and not the whole request with all that answers it.
        let work = pin!(self.admitted(request, &caller, &seen));
        let work = IDS.scope(ids.clone(), work);
        let (answer, standing) = match trace.as_ref().filter(|t| t.span().span_context().is_valid()) {
            Some(trace) => work.with_context(trace.clone()).await,
            None => work.await,
        };
        let operation = match &answer {
            Ok(response) => response.data::<OperationId>().copied(),
            Err(error) => error.data::<OperationId>().copied(),
        };
        let mut response = match answer {
            Ok(response) => response,
            Err(error) => {
                let error = error.downcast::<Error>().unwrap_or_else(|other| crate::refusals::translate(&other));
                self.note_refusal(&error, &seen, &caller).await;
                IDS.sync_scope(ids.clone(), || self.refusal(&error, &seen, &caller))
            }
        };
        headers::revalidate(&seen.if_none_match, &mut response);
        headers::write(&mut response, &caller.request_id, standing, &seen, &self.cors);
        if seen.is_http1 && self.app.is_draining() {
            // Before the connection is closed under its next request, the client is told to make another one elsewhere.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let route = operation.map_or(seen.fixed_route, |o| o.0);
        self.record(&seen, route, response.status(), start.elapsed(), &caller, ids.trace.as_deref());
        if let Some(trace) = trace {
            telemetry::leave(&trace, method(&seen.method), route, &seen.path, response.status().as_u16());
        }
        Ok(response)
    }
}

impl<E: Endpoint<Output = Response>> Around<E> {
    async fn admitted(
        &self,
        mut request: Request,
        caller: &Caller,
        seen: &Seen,
    ) -> (poem::Result<Response>, Option<Standing>) {
        if let Some(early) = self.early(seen) {
            return (early.map_err(Into::into), None);
        }
        let standing = match self.limit(seen, caller).await {
            Ok(standing) => standing,
            Err((error, standing)) => return (Err(error.into()), Some(standing)),
        };
        if let Err(error) = self.bound_body(&mut request, seen).await {
            return (Err(error.into()), standing);
        }
        let work = pin!(self.inner.call(request));
        let work = AssertUnwindSafe(work).catch_unwind();
        let answer = match tokio::time::timeout(self.app.config.timeout(), work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(Error::internal(anyhow::anyhow!("a handler panicked: {}", message(&panic))).into()),
            Err(_) => Err(gave_up(&seen.method).into()),
        };
        (answer, standing)
    }

    /// Answers that need no handler: preflights and the way to HTTPS.
    fn early(&self, seen: &Seen) -> Option<Result<Response, Error>> {
        if seen.preflight {
            return Some(Ok(StatusCode::NO_CONTENT.into_response()));
        }
        if self.app.config.https_only && seen.scheme == Some(Scheme::Http) && !seen.operational {
            let to = format!("https://{}{}", seen.host.as_deref().unwrap_or_default(), seen.path_and_query);
            return Some(Ok(StatusCode::PERMANENT_REDIRECT.with_header(header::LOCATION, to).into_response()));
        }
        None
    }

    async fn limit(&self, seen: &Seen, caller: &Caller) -> Result<Option<Standing>, (Error, Standing)> {
        if !seen.limited {
            return Ok(None);
        }
        match self.app.limits.take(&self.app.config, Action::Request, caller.ip, self.app.clock.now()).await {
            Ok(standing) => Ok(Some(standing)),
            Err(error) => {
                self.app.metrics.wayfare_rate_limited_total.with_label_values(&[Action::Request.name()]).inc();
                let reset = error.retry_after.unwrap_or_default();
                Err((error, Standing { limit: self.app.config.rate_limit, left: 0, reset }))
            }
        }
    }

    /// Reads the body, which may be neither too large nor too slow in coming. A picture is larger than anything else: one
    /// whose length was told is left to its handler, which reads it when it knows who sends it.
    async fn bound_body(&self, request: &mut Request, seen: &Seen) -> Result<(), Error> {
        let limit = if seen.image { self.app.config.image_limit + 16 * 1024 } else { self.app.config.body_limit };
        let too_large = || Error::too_large("body_too_large", format!("The body is larger than {limit} bytes."));
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(Error::unsupported("encoded_body", "Send the body as it is, without Content-Encoding."));
        }
        match request.headers().get(header::CONTENT_LENGTH) {
            Some(length) => match length.to_str().ok().and_then(|l| l.parse::<usize>().ok()) {
                Some(length) if length > limit => return Err(too_large()),
                Some(_) if seen.image => return Ok(()),
                Some(_) => {}
                None => return Err(Error::malformed("bad_header", "Content-Length is not a number.")),
            },
            None if request.headers().contains_key(header::TRANSFER_ENCODING) => {}
            None => return Ok(()),
        }
        match tokio::time::timeout(self.app.config.timeout(), request.take_body().into_bytes_limit(limit)).await {
            Ok(Ok(body)) => request.set_body(body),
            Ok(Err(ReadBodyError::PayloadTooLarge)) => return Err(too_large()),
            Ok(Err(broken)) => return Err(crate::refusals::translate(&broken.into())),
            Err(_) => return Err(Error::too_slow("body_timed_out", "The body took too long to come.")),
        }
        Ok(())
    }

    /// What somebody who is signed in may not do leaves a line, whichever operation refused it.
    async fn note_refusal(&self, error: &Error, seen: &Seen, caller: &Caller) {
        if error.status == StatusCode::FORBIDDEN
            && let Err(cause) = audit::write_refusal(&self.app, caller, error.code, &seen.path).await
        {
            tracing::warn!(%cause, "a refusal couldn't be audited");
        }
    }

    fn refusal(&self, error: &Error, seen: &Seen, caller: &Caller) -> Response {
        if error.status.is_server_error() {
            tracing::error!(code = error.code, cause = %error, "the request failed");
        } else {
            tracing::debug!(code = error.code, reason = %error, "the request was refused");
        }
        let body = serde_json::to_vec(&error.problem(&caller.request_id)).unwrap_or_default();
        let mut response = Response::builder().status(error.status).content_type("application/problem+json").body(body);
        if let Some(seconds) = error.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if error.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if error.status == StatusCode::METHOD_NOT_ALLOWED
            && let Ok(allow) = HeaderValue::from_str(&self.methods.of(&seen.path))
        {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response
    }

    fn record(
        &self,
        seen: &Seen,
        route: &'static str,
        status: StatusCode,
        took: Duration,
        caller: &Caller,
        trace_id: Option<&str>,
    ) {
        let (method, requests) = (method(&seen.method), &self.app.metrics.http_server_request_duration_seconds);
        requests.with_label_values(&[method, route, status.as_str()]).observe(took.as_secs_f64());
        if let Some(log) = self.app.signals.access.as_ref().filter(|_| !seen.operational) {
            log.write(&Access {
                at: self.app.clock.now(),
                method,
                path: &seen.path,
                route,
                status: status.as_u16(),
                micros: took.as_micros(),
                ip: caller.ip,
                request_id: &caller.request_id,
                trace_id,
            });
        }
    }
}

/// What changes something may have been done, although nobody waited for it to end.
fn gave_up(method: &Method) -> Error {
    let detail = if method.is_safe() {
        "The request took too long and was given up."
    } else {
        "The request took too long and was given up: it may have been done or not. Look, or send the same again; with \
         the same Idempotency-Key it is done once."
    };
    Error::timed_out("timed_out", detail).retry_after(1)
}

/// Only methods that mean something to us become labels: a client can't make series.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
