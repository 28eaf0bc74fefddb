//! Who calls, and what is needed of a request after it has gone to its handler.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use poem::{
    Request,
    http::{HeaderName, HeaderValue, Method, Version, header},
};
use uuid::Uuid;

use crate::{
    App,
    forwarded::{self, Scheme},
};

/// Who calls, for the audit and the limits.
#[derive(Clone, Debug)]
pub struct Caller {
    pub ip: IpAddr,
    pub request_id: Arc<str>,
    /// The browser came by HTTPS, as a trusted proxy says.
    pub https: bool,
    /// The account and its role, set once it is known who calls.
    pub who: Arc<OnceLock<(Uuid, &'static str)>>,
}

impl Caller {
    pub fn of(request: &Request, seen: &Seen, app: &App) -> Self {
        let peer =
            request.remote_addr().as_socket_addr().map_or(IpAddr::from([127, 0, 0, 1]), |a| a.ip().to_canonical());
        let ip = forwarded::client(peer, request.headers(), &app.config.trusted_proxies);
        let given = request.header("x-request-id").filter(|id| {
            (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
        let request_id =
            given.map_or_else(|| Uuid::now_v7().simple().encode_lower(&mut Uuid::encode_buffer()).into(), Into::into);
        Caller { ip, request_id, https: seen.scheme == Some(Scheme::Https), who: Arc::default() }
    }
}

/// What is needed of a request after it has gone to its handler.
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub path_and_query: String,
    pub host: Option<String>,
    pub origin: Option<HeaderValue>,
    /// How the client came, as a trusted proxy says.
    pub scheme: Option<Scheme>,
    pub if_none_match: Option<HeaderValue>,
    pub preflight: bool,
    pub is_http1: bool,
    pub limited: bool,
    pub image: bool,
    /// Asked by machines all the time: not logged, not limited, never redirected.
    pub operational: bool,
    pub fixed_route: &'static str,
}

impl Seen {
    pub fn of(request: &Request, app: &App) -> Self {
        let path = request.uri().path();
        let header = |name: HeaderName| request.headers().get(name).cloned();
        let peer = request.remote_addr().as_socket_addr().map(|a| a.ip().to_canonical());
        let trusted = peer.is_some_and(|ip| app.config.trusted_proxies.iter().any(|net| net.contains(&ip)));
        let operational = !path.starts_with("/api")
            && matches!(path, "/livez" | "/readyz" | "/metrics" | "/health/live" | "/health/ready" | "/health/startup");
        Self {
            method: request.method().clone(),
            path_and_query: if app.config.https_only {
                request.uri().path_and_query().map(ToString::to_string).unwrap_or_default()
            } else {
                String::new()
            },
            host: if app.config.https_only { request.header("host").map(str::to_owned) } else { None },
            origin: header(header::ORIGIN),
            scheme: if trusted { forwarded::scheme(request.headers()) } else { None },
            if_none_match: header(header::IF_NONE_MATCH),
            preflight: request.method() == Method::OPTIONS
                && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
            is_http1: request.version() <= Version::HTTP_11,
            limited: path.starts_with("/api/"),
            image: path.ends_with("/image"),
            fixed_route: if operational { "operational" } else { "unmatched" },
            operational,
            path: path.to_owned(),
        }
    }
}
