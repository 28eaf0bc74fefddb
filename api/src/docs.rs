//! The page that shows the API: Swagger UI, in the binary, working without internet.
//!
//! Its scripts are inline in the page that the framework brings. The policy names each by its hash, so that nothing else
//! runs there.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use poem::{Endpoint, Response, endpoint::make_sync, http::header};
use sha2::{Digest, Sha256};

/// Serves the page: `html` as the framework writes it, with our `document` in place of its own `raw` one.
pub fn page(html: &str, raw: &str, document: &str) -> impl Endpoint<Output = Response> + 'static {
    let html = html.replace(raw, document).replace("<html charset", "<!doctype html>\n<html lang=\"en\" charset");
    let html = html.replace("<title>Swagger UI</title>", "<title>Wayfare API</title>");
    let policy = policy(&html);
    let html = Bytes::from(html);
    make_sync(move |_| {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, &policy)
            .header(header::CACHE_CONTROL, "no-cache")
            .body(html.clone())
    })
}

fn policy(html: &str) -> String {
    let scripts: String =
        inline_scripts(html).map(|s| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(s)))).collect();
    // Swagger UI sets styles on its elements as it draws them.
    format!(
        "default-src 'none'; connect-src 'self'; img-src 'self' data:; style-src 'unsafe-inline'; script-src{scripts}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The library in the head and the call in the body. Found from the outside in: the library's own text has tags in it.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    let (head, body) = html.rsplit_once("</head>").unwrap_or((html, ""));
    [head, body].into_iter().filter_map(|part| {
        let (_, opened) = part.split_once("<script")?;
        let (script, _) = opened.split_once('>')?.1.rsplit_once("</script>")?;
        Some(script)
    })
}
