//! One question to one provider: within what is left of the request's budget, tried again once where that is worth it, not
//! at all while the provider rests. Its answers are not trusted: bounded, never redirected, read by the caller.
//!
//! The key goes into one header, marked so that nothing prints it; no address and no answer is ever logged.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use chrono::TimeDelta;
use poem::http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::{Client, RequestBuilder, Url};
use tokio::time::Instant;

use super::Fallback;
use crate::{
    App,
    breaker::{Breaker, Outcome, Pass, Turn},
    clock,
    config::Secret,
};

/// The largest answer that is read. A way across a large city with all its turns has a tenth of it.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Wait before the second attempt, milliseconds: a little chance keeps replicas apart.
const JITTER: std::ops::RangeInclusive<u64> = 30..=150;
/// What a second attempt needs at least to be worth it.
const WORTH: Duration = Duration::from_millis(100);
/// How long a provider that doesn't take the key, or doesn't say when its quota comes back, is left alone.
const KEY_REST: TimeDelta = TimeDelta::minutes(10);
const QUOTA_REST: TimeDelta = TimeDelta::minutes(1);
const LONGEST_BAR: i64 = 86_400;

pub struct Provider {
    pub name: &'static str,
    base: Url,
    key: Option<HeaderValue>,
    http: Client,
    breaker: Mutex<Breaker>,
}

/// What came back, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
    headers: HeaderMap,
}

/// Why an attempt gave no answer.
struct Broken {
    why: Fallback,
    /// Whether the next attempt may do better.
    again: bool,
}

/// A question under way: whoever drops it unsettled gave it up.
struct Under<'a> {
    provider: &'a Provider,
    app: &'a App,
    pass: Pass,
    settled: bool,
}

impl Provider {
    /// # Errors
    /// An address or a key that can't be used; says nothing of the key itself.
    pub fn new(name: &'static str, base: &str, key: Option<&Secret>) -> anyhow::Result<Self> {
        let base = address(base, key.is_some()).map_err(anyhow::Error::msg)?;
        let key = key.map(|key| HeaderValue::from_str(key.expose())).transpose();
        let mut key = key.map_err(|_| anyhow::anyhow!("the key has characters that a header can't carry"))?;
        key.iter_mut().for_each(|key| key.set_sensitive(true));
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("wayfare/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { name, base, key, http, breaker: Mutex::default() })
    }

    /// Asks and reads. `path` goes below the provider's address, `shape` adds what the question needs, and `read` makes of
    /// the answer what it says, or why it says nothing.
    ///
    /// # Errors
    /// Why the embedded engine has to answer.
    pub async fn ask<T>(
        &self,
        app: &App,
        until: Instant,
        path: &str,
        shape: impl Fn(&Client, Url) -> RequestBuilder,
        read: impl Fn(&Answer) -> Result<T, Fallback>,
    ) -> Result<T, Fallback> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let Some(pass) = self.breaker().admit(app.clock.now()) else {
            self.count(app, Err(Fallback::Resting));
            return Err(Fallback::Resting);
        };
        let mut under = Under { provider: self, app, pass, settled: false };
        let start = Instant::now();
        let request = || {
            let request = shape(&self.http, url.clone());
            self.key.iter().fold(request, |r, key| r.header("authorization", key.clone()))
        };
        let work = app.signals.within(self.name, tokio::time::timeout_at(until, attempts(until, request)));
        let (found, outcome) = match work.await {
            Ok(Ok(answer)) => judge(&answer, app.clock.now(), read),
            Ok(Err(broken)) => (Err(broken.why), Outcome::Failed),
            Err(_) => (Err(Fallback::TimedOut), Outcome::Failed),
        };
        app.metrics
            .wayfare_provider_duration_seconds
            .with_label_values(&[self.name])
            .observe(start.elapsed().as_secs_f64());
        self.count(app, found.as_ref().map(drop).map_err(|why| *why));
        under.settle(outcome, found.as_ref().err().copied());
        found
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, app: &App, outcome: Result<(), Fallback>) {
        let outcome = outcome.map_or_else(Fallback::word, |()| "ok");
        app.metrics.wayfare_provider_calls_total.with_label_values(&[self.name, outcome]).inc();
    }
}

impl Under<'_> {
    fn settle(&mut self, outcome: Outcome, why: Option<Fallback>) {
        self.settled = true;
        let turn = {
            let mut breaker = self.provider.breaker();
            let turn = breaker.settle(self.pass, outcome, self.app.clock.now());
            let rests = self.app.metrics.wayfare_provider_resting.with_label_values(&[self.provider.name]);
            rests.set(breaker.is_open().into());
            turn
        };
        let provider = self.provider.name;
        match turn {
            Some(Turn::Opened { rest }) => {
                let because = why.map_or("quota", Fallback::word);
                tracing::warn!(
                    provider,
                    because,
                    seconds = rest.num_seconds(),
                    "circuit breaker open for a provider; the embedded engine takes over"
                );
            }
            Some(Turn::Closed) => tracing::info!(provider, "a provider responds again"),
            None => {}
        }
    }
}

impl Drop for Under<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Outcome::GivenUp, None);
        }
    }
}

async fn attempts(until: Instant, request: impl Fn() -> RequestBuilder) -> Result<Answer, Broken> {
    let broken = match attempt(request()).await {
        Err(broken) if broken.again => broken,
        settled => return settled,
    };
    let wait = Duration::from_millis(rand::random_range(JITTER));
    if Instant::now() + wait + WORTH >= until {
        return Err(broken);
    }
    tokio::time::sleep(wait).await;
    attempt(request()).await
}

async fn attempt(request: RequestBuilder) -> Result<Answer, Broken> {
    let away = |e: reqwest::Error| {
        tracing::debug!(cause = %e.without_url(), "a provider is unreachable");
        Broken { why: Fallback::Away, again: true }
    };
    let too_large = || Broken { why: Fallback::Unreadable, again: false };
    let mut response = request.send().await.map_err(away)?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    if status.is_server_error() {
        // Another instance behind the same address may be well; one that says when to come back is not asked before.
        let passing =
            matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT);
        return Err(Broken { why: Fallback::Away, again: passing && !headers.contains_key("retry-after") });
    }
    if response.content_length().is_some_and(|l| l > MOST_BYTES as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        body.extend_from_slice(&chunk as &Bytes);
        if body.len() > MOST_BYTES {
            return Err(too_large());
        }
    }
    Ok(Answer { status, body, headers })
}

/// What an answer says, and what it says of the provider.
fn judge<T>(
    answer: &Answer,
    now: clock::Instant,
    read: impl Fn(&Answer) -> Result<T, Fallback>,
) -> (Result<T, Fallback>, Outcome) {
    let reset = reset(&answer.headers, now);
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => (Err(Fallback::Quota), Outcome::Barred(reset.unwrap_or(QUOTA_REST))),
        // A spent day is told like a key that isn't taken, but for its end.
        StatusCode::FORBIDDEN if reset.is_some() => (Err(Fallback::Quota), Outcome::Barred(reset.unwrap_or(KEY_REST))),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (Err(Fallback::Refused), Outcome::Barred(KEY_REST)),
        _ => {
            let found = read(answer);
            let outcome = match (&found, reset) {
                (Err(Fallback::Unreadable), _) => Outcome::Failed,
                (_, Some(reset)) if header(&answer.headers, "x-ratelimit-remaining") == Some(0) => {
                    Outcome::Barred(reset)
                }
                (_, _) => Outcome::Answered,
            };
            (found, outcome)
        }
    }
}

/// How long until the quota is new: `X-RateLimit-Reset` as a Unix time or in seconds, or `Retry-After`; a day at most.
fn reset(headers: &HeaderMap, now: clock::Instant) -> Option<TimeDelta> {
    const NO_DURATION: i64 = 1_000_000_000;
    let told = header(headers, "x-ratelimit-reset").map(|t| if t >= NO_DURATION { t - now.timestamp() } else { t });
    let seconds = told.or_else(|| header(headers, "retry-after"))?;
    Some(TimeDelta::seconds(seconds.clamp(1, LONGEST_BAR)))
}

fn header(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Reads a provider's address.
///
/// # Errors
/// What is wrong with it, in words that don't repeat it: it may have a password in it.
pub fn address(text: &str, has_key: bool) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "the address can't be read: begin it with https://")?;
    let here = url.host_str().is_some_and(|h| h == "localhost" || h.starts_with("127.") || h == "[::1]");
    match url.scheme() {
        "https" => {}
        "http" if has_key && !here => {
            return Err("begin it with https://: a key would go through the network in clear");
        }
        "http" => {}
        _ => return Err("begin it with https:// or http://"),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("give the address alone: no user, no password, nothing after ? or #; the key has its own setting");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_str(v).unwrap())).collect()
    }

    #[test]
    fn the_end_of_a_quota_is_read_as_a_time_or_as_seconds_and_bounded() {
        let now = clock::Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let seconds = |pairs| reset(&told(pairs), now).map(|d| d.num_seconds());
        assert_eq!(seconds(&[("x-ratelimit-reset", "1800000090")]), Some(90));
        assert_eq!(seconds(&[("x-ratelimit-reset", "30"), ("retry-after", "5")]), Some(30));
        assert_eq!(seconds(&[("retry-after", "5")]), Some(5));
        assert_eq!(seconds(&[("x-ratelimit-reset", "1700000000")]), Some(1), "gone by");
        assert_eq!(seconds(&[("x-ratelimit-reset", "9223372036854775807")]), Some(LONGEST_BAR));
        assert_eq!(seconds(&[("x-ratelimit-reset", "soon"), ("retry-after", "")]), None);
    }

    #[test]
    fn an_address_has_no_secret_in_it_and_carries_none_in_clear() {
        assert!(address("https://routes.example/ors", true).is_ok());
        assert!(address("http://127.0.0.1:8080", true).is_ok());
        assert!(address("http://ors.cluster.local", false).is_ok());
        for bad in
            ["http://routes.example", "https://u:p@routes.example", "https://routes.example?api_key=x", "ftp://x", ""]
        {
            assert!(address(bad, true).is_err(), "{bad}");
        }
    }
}
