//! The page's files, read once at the start: compressed when the page was built, kept in memory, and found by their exact
//! names, so that no address leads out of the folder. An address that neither a file nor the API has is the page's own
//! business, and gets `index.html`.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use poem::{
    Endpoint, Request, Response,
    error::NotFoundError,
    http::{HeaderValue, Method, header},
};
use sha2::{Digest, Sha256};

use crate::config::Config;

/// What is in here carries a hash of its content in its name.
const HASHED: &str = "/assets/";
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

pub struct Web<E> {
    files: HashMap<String, File>,
    policy: HeaderValue,
    inner: E,
}

/// One file as it is sent, and as it is sent to those who can unpack it.
struct File {
    content_type: &'static str,
    plain: Sent,
    packed: Vec<(&'static str, Sent)>,
}

struct Sent {
    body: Bytes,
    etag: String,
}

impl<E> Web<E> {
    /// Reads the page; a folder that isn't there is an API without a page.
    pub fn read(config: &Config, inner: E) -> Self {
        let files = read(&config.web).unwrap_or_else(|problem| {
            tracing::info!(folder = %config.web.display(), %problem, "no web page: serving the API only");
            HashMap::new()
        });
        let policy = HeaderValue::from_str(&policy(config)).expect("an origin is plain text");
        Self { files, policy, inner }
    }

    fn found(&self, name: &str, request: &Seen) -> Option<Response> {
        let file = self.files.get(name)?;
        let (encoding, sent) = file
            .packed
            .iter()
            .find(|(encoding, _)| request.takes(encoding))
            .map_or_else(|| (None, &file.plain), |(encoding, sent)| (Some(*encoding), sent));
        let keep = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::builder()
            .content_type(file.content_type)
            .header(header::CACHE_CONTROL, keep)
            .header(header::ETAG, &sent.etag);
        if let Some(encoding) = encoding {
            response = response.header(header::CONTENT_ENCODING, encoding);
        }
        if file.content_type.starts_with("text/html") {
            response = response.header(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        }
        let body = if request.wants_body { sent.body.clone() } else { Bytes::new() };
        Some(response.body(body))
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Web<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(seen) = Seen::of(&request).filter(|_| !self.files.is_empty()) else {
            return self.inner.call(request).await;
        };
        if let Some(file) = self.found(&seen.name, &seen) {
            return Ok(file);
        }
        match self.inner.call(request).await {
            Err(error) if error.is::<NotFoundError>() && seen.may_be_a_page() => {
                self.found("/index.html", &seen).ok_or(error)
            }
            answer => answer,
        }
    }
}

/// What of a request decides about a file.
struct Seen {
    name: String,
    accepted: String,
    wants_body: bool,
}

impl Seen {
    /// Nothing for what can't be a request for a file.
    fn of(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        (reads && path != "/api" && !path.starts_with("/api/")).then(|| Self {
            name: if path == "/" { "/index.html".to_owned() } else { path.to_owned() },
            accepted: request.header(header::ACCEPT_ENCODING).unwrap_or_default().to_owned(),
            wants_body: request.method() == Method::GET,
        })
    }

    /// A file that is missing is missing: only an address without an ending may be one of the page's.
    fn may_be_a_page(&self) -> bool {
        !self.name.starts_with(HASHED) && !self.name.rsplit('/').next().unwrap_or_default().contains('.')
    }

    fn takes(&self, encoding: &str) -> bool {
        self.accepted.split(',').any(|offer| {
            let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
            name.trim() == encoding
                && !matches!(weight.trim().replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    }
}

/// What the page may load: its own files, and tiles where they are set.
fn policy(config: &Config) -> String {
    let tiles = tiles_origin(config).map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{tiles}; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// What is wrong with the settings of the page.
pub fn problems(config: &Config) -> Vec<String> {
    if config.tiles_url.is_some() && tiles_origin(config).is_none() {
        return vec!["WAYFARE_TILES_URL: an http or https address with {z}, {x} and {y} in it".to_owned()];
    }
    Vec::new()
}

/// The host that tiles come from, such as `https://tiles.example`. Nothing for an address that can't be one of tiles.
pub fn tiles_origin(config: &Config) -> Option<String> {
    let url = config.tiles_url.as_ref()?;
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let (host, path) = rest.split_once('/')?;
    let host_is_plain = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    (host_is_plain && ["{z}", "{x}", "{y}"].iter().all(|part| path.contains(part)))
        .then(|| format!("{scheme}://{host}"))
}

fn read(folder: &Path) -> io::Result<HashMap<String, File>> {
    let mut files = HashMap::new();
    for path in below(folder)? {
        let name = format!("/{}", path.strip_prefix(folder).unwrap_or(&path).display());
        if ENCODINGS.iter().any(|(_, end)| name.ends_with(end)) {
            continue;
        }
        let mut packed = Vec::new();
        for (encoding, end) in ENCODINGS {
            let beside = PathBuf::from(format!("{}{end}", path.display()));
            if beside.is_file() {
                packed.push((encoding, Sent::read(&beside)?));
            }
        }
        files.insert(name, File { content_type: content_type(&path), plain: Sent::read(&path)?, packed });
    }
    if !files.contains_key("/index.html") {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no index.html"));
    }
    Ok(files)
}

fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(below(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

impl Sent {
    fn read(path: &Path) -> io::Result<Self> {
        let body = Bytes::from(fs::read(path)?);
        let digest = Sha256::digest(&body);
        Ok(Self { etag: format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..12])), body })
    }
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
