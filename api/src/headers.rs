//! The headers of every answer.

use poem::{
    Response,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};

use crate::{caller::Seen, forwarded::Scheme, limit::Standing};

/// For JSON and everything else that is no page: nothing may be loaded and nobody may frame it.
const CLOSED: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

const FIXED: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("geolocation=(self), camera=(), microphone=()"),
    ),
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Writes what every answer carries.
pub fn write(response: &mut Response, request_id: &str, standing: Option<Standing>, seen: &Seen, cors: &Cors) {
    let headers = response.headers_mut();
    // Once, and not each time that the table has become too small.
    headers.reserve(FIXED.len() + 8);
    for (name, value) in &FIXED {
        headers.insert(name, value.clone());
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(CLOSED);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if headers.contains_key(header::ETAG) || headers.contains_key(header::CONTENT_ENCODING) {
        // What may be kept comes compressed or not, by what was asked for.
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if seen.scheme == Some(Scheme::Https) {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(standing) = standing {
        let put = |headers: &mut HeaderMap, name, text: String| {
            drop(HeaderValue::try_from(text).map(|v| headers.insert(name, v)))
        };
        put(headers, RATE_LIMIT_POLICY, format!("\"request\";q={};w=60", standing.limit));
        put(headers, RATE_LIMIT, format!("\"request\";r={};t={}", standing.left, standing.reset));
    }
    cors.write(headers, seen);
}

/// Answers 304 when the client has what the answer would carry.
pub fn revalidate(if_none_match: &Option<HeaderValue>, response: &mut Response) {
    let Some((theirs, ours)) = if_none_match.as_ref().zip(response.headers().get(header::ETAG)) else {
        return;
    };
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(theirs), Ok(ours)) = (theirs.to_str(), ours.to_str()) else {
        return;
    };
    if response.status() == StatusCode::OK
        && (theirs.trim() == "*" || theirs.split(',').any(|tag| bare(tag) == bare(ours)))
    {
        response.set_status(StatusCode::NOT_MODIFIED);
        response.set_body(());
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
}

/// Which other sites' pages may call.
pub struct Cors {
    any: bool,
    origins: Vec<String>,
}

impl Cors {
    pub fn new(origins: &[String]) -> Self {
        Self { any: origins.iter().any(|o| o == "*"), origins: origins.to_vec() }
    }

    fn write(&self, headers: &mut HeaderMap, seen: &Seen) {
        let Some(origin) = &seen.origin else { return };
        if !self.origins.is_empty() && !self.any {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if !self.any && !self.origins.iter().any(|o| o.as_bytes() == origin.as_bytes()) {
            return;
        }
        let allowed = if self.any { HeaderValue::from_static("*") } else { origin.clone() };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"),
        );
        if seen.preflight {
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
            );
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Cart-Token, X-Request-Id"),
            );
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}

/// Which methods each address of the OpenAPI document takes.
#[derive(Default)]
pub struct Methods(Vec<(Vec<String>, String)>);

impl Methods {
    /// Reads them off the document.
    pub fn read(document: &serde_json::Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        Self(paths.map(|(path, item)| (path.split('/').map(str::to_owned).collect(), allow(item))).collect())
    }

    /// The `Allow` header of an address.
    pub fn of(&self, path: &str) -> String {
        let fits = |template: &[String]| {
            let parts: Vec<_> = path.split('/').collect();
            parts.len() == template.len() && template.iter().zip(&parts).all(|(t, p)| t.starts_with('{') || t == p)
        };
        self.0.iter().find(|(template, _)| fits(template)).map_or_else(|| "GET".to_owned(), |(_, allow)| allow.clone())
    }
}

fn allow(item: &serde_json::Value) -> String {
    let methods = ["get", "put", "post", "delete", "patch"].into_iter().filter(|m| item.get(m).is_some());
    methods.map(str::to_uppercase).collect::<Vec<_>>().join(", ")
}
