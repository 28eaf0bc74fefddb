//! The page as the service sends it: its files, what may be kept, what may be loaded, and which addresses are its own.

use std::{fs, path::Path};

use serde_json::json;
use tempfile::TempDir;

use crate::start::Wayfare;

const PAGE: &str = "<!doctype html><title>Wayfare</title>";
const SCRIPT: &str = "/assets/index-BfPqX2.js";

fn built() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).expect("a file");
    fs::create_dir(folder.path().join("assets")).expect("a folder");
    put("index.html", PAGE.as_bytes());
    put("favicon.svg", b"<svg/>");
    put("assets/index-BfPqX2.js", b"plain");
    put("assets/index-BfPqX2.js.br", b"packed by br");
    put("assets/index-BfPqX2.js.gz", b"packed by gzip");
    folder
}

async fn serving(folder: &Path) -> Wayfare {
    let folder = folder.to_owned();
    Wayfare::with(move |config| config.web = folder).await
}

#[tokio::test]
async fn the_page_is_asked_for_each_time_and_sent_when_it_has_changed() {
    let folder = built();
    let wayfare = serving(folder.path()).await;
    let page = wayfare.get("/").await;
    assert_eq!((page.status, page.text().as_str()), (200, PAGE));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let etag = page.header("etag").expect("a tag").to_owned();
    let again = wayfare.with("if-none-match", &etag).get("/").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[tokio::test]
async fn what_has_a_hash_in_its_name_is_kept_for_good() {
    let folder = built();
    let wayfare = serving(folder.path()).await;
    let kept = |answer: crate::client::Answer| answer.header("cache-control").map(str::to_owned);
    assert_eq!(kept(wayfare.get(SCRIPT).await).as_deref(), Some("public, max-age=31536000, immutable"));
    assert_eq!(kept(wayfare.get("/favicon.svg").await).as_deref(), Some("no-cache"));
}

#[tokio::test]
async fn files_come_packed_to_those_who_can_unpack_them() {
    let folder = built();
    let wayfare = serving(folder.path()).await;
    for (accepted, encoding, body) in [
        ("gzip, deflate, br", Some("br"), "packed by br"),
        ("gzip", Some("gzip"), "packed by gzip"),
        ("br;q=0, gzip;q=0.5", Some("gzip"), "packed by gzip"),
        ("identity", None, "plain"),
    ] {
        let answer = wayfare.with("accept-encoding", accepted).get(SCRIPT).await;
        assert_eq!((answer.header("content-encoding"), answer.text().as_str()), (encoding, body), "{accepted}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    }
}

#[tokio::test]
async fn the_pages_own_addresses_are_the_page_and_everything_else_is_what_it_was() {
    let folder = built();
    let wayfare = serving(folder.path()).await;
    for own in ["/", "/orders/0190", "/journey", "/sign-in"] {
        assert_eq!(wayfare.get(own).await.text(), PAGE, "{own}");
    }
    for missing in ["/api/nothing", "/api", "/assets/gone-BfPqX2.js", "/assets/gone", "/robots.txt", "/.env"] {
        wayfare.get(missing).await.refused(404, "no_such_address");
    }
    wayfare.post("/journey", json!({})).await.refused(404, "no_such_address");
    assert!(wayfare.get("/docs").await.text().contains("swagger"));
    assert_eq!(wayfare.get("/livez").await.status, 200);
    assert!(wayfare.get("/api/shops").await.expect(200).is_array());
}

#[tokio::test]
async fn no_address_leads_out_of_the_folder() {
    let folder = built();
    let wayfare = serving(&folder.path().join("assets")).await;
    // Without an index.html there is no page at all.
    wayfare.get(SCRIPT).await.refused(404, "no_such_address");
    let wayfare = serving(folder.path()).await;
    for path in ["/assets/..%2findex.html", "/..%2f..%2fetc%2fpasswd", "/assets/%2e%2e/index.html", "//etc/passwd"] {
        let answer = wayfare.get(path).await;
        assert!(!answer.text().contains("root:"), "{path}");
        assert!(answer.status == 404 || answer.text() == PAGE, "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn the_page_runs_no_inline_script_and_loads_from_nowhere_else() {
    let folder = built();
    let wayfare = serving(folder.path()).await;
    let page = wayfare.get("/orders").await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    assert!(wayfare.get("/api/page").await.expect(200).get("tiles").is_none());
}

#[tokio::test]
async fn tiles_add_their_own_host_and_no_other() {
    let folder = built();
    let path = folder.path().to_owned();
    let wayfare = Wayfare::with(move |config| {
        config.web = path;
        config.tiles_url = Some("https://tiles.example:8443/city/{z}/{x}/{y}.png".into());
    })
    .await;
    let page = wayfare.get("/").await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("img-src 'self' https://tiles.example:8443;"), "{policy}");
    assert_eq!(policy.matches("tiles.example").count(), 1, "{policy}");
    let tiles = wayfare.get("/api/page").await.expect(200)["tiles"].clone();
    assert_eq!(tiles["url"], "https://tiles.example:8443/city/{z}/{x}/{y}.png");
}

#[tokio::test]
async fn what_is_no_address_of_tiles_is_told_before_the_start() {
    let place = crate::place::Place::seeded().await;
    for url in [
        "tiles.example/{z}/{x}/{y}",
        "https://tiles.example/{z}/{x}.png",
        "https://a b/{z}/{x}/{y}",
        "https://x; script-src */{z}/{x}/{y}",
    ] {
        let config = wayfare::config::Config { tiles_url: Some(url.into()), ..place.config() };
        assert!(wayfare::check(&config).expect_err(url).to_string().contains("WAYFARE_TILES_URL"));
    }
}

#[tokio::test]
async fn the_demos_accounts_are_told_only_where_it_is_one() {
    let wayfare = Wayfare::start().await;
    assert!(wayfare.get("/api/page").await.expect(200).get("demo").is_none());
    let wayfare = Wayfare::with(|config| config.demo = true).await;
    let demo = wayfare.get("/api/page").await.expect(200)["demo"].clone();
    assert_eq!(demo["emails"].as_array().map(Vec::len), Some(4));
    let place = crate::place::Place::seeded().await;
    let listen = "0.0.0.0:5000".parse().expect("an address");
    let open = wayfare::config::Config { demo: true, listen, ..place.config() };
    assert!(wayfare::check(&open).expect_err("told to the world").to_string().contains("WAYFARE_DEMO"));
}
