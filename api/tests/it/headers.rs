//! What every answer carries, and what other sites' pages may do.

use reqwest::Method;

use crate::{client::Answer, start::Wayfare};

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_who_reads_it() {
    let wayfare = Wayfare::start().await;
    for path in ["/api/shops", "/api/me", "/api/nothing", "/docs", "/livez", "/metrics", "/openapi.json", "/nothing"] {
        let answer = wayfare.get(path).await;
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(answer.header("permissions-policy").is_some() && answer.header("x-request-id").is_some(), "{path}");
        assert_eq!((answer.header("server"), answer.header("x-powered-by")), (None, None), "{path}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_by_nobody_unless_it_says_so() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    for path in ["/api/me", "/api/cart", "/api/orders", "/api/nothing"] {
        assert_eq!(nora.get(path).await.header("cache-control"), Some("no-store"), "{path}");
    }
    assert_eq!(nora.get("/api/shops").await.header("cache-control"), Some("public, max-age=1"));
}

#[tokio::test]
async fn the_page_that_shows_the_api_needs_nothing_from_elsewhere() {
    let wayfare = Wayfare::start().await;
    let page = wayfare.get("/docs").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for attribute in ["src=\"http", "href=\"http", "src='http", "src=\"//", "@import url(http"] {
        assert!(!text.contains(attribute), "{attribute}");
    }
    assert!(text.contains("place_order"));
}

#[tokio::test]
async fn other_sites_may_not_call_by_default() {
    let wayfare = Wayfare::start().await;
    let answer = wayfare.with("origin", "https://shop.example").get("/api/shops").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn only_a_site_that_is_listed_may_call() {
    let wayfare = Wayfare::with(|config| config.cors_origins = vec!["https://shop.example".into()]).await;
    let answer = wayfare.with("origin", "https://shop.example").get("/api/shops").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    assert!(answer.headers.get_all("vary").iter().any(|v| v.to_str().is_ok_and(|v| v.contains("Origin"))));
    assert!(answer.header("access-control-expose-headers").is_some_and(|h| h.contains("ETag")));
    for origin in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"] {
        let answer = wayfare.with("origin", origin).get("/api/shops").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_without_touching_the_operation() {
    let wayfare = Wayfare::with(|config| {
        config.cors_origins = vec!["https://shop.example".into()];
        config.rate_limit = 1;
    })
    .await;
    for _ in 0..3 {
        let preflight = wayfare
            .with("origin", "https://shop.example")
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "idempotency-key");
        let answer = Answer::to(preflight.request(Method::OPTIONS, "/api/orders")).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        assert!(answer.header("access-control-allow-methods").is_some_and(|m| m.contains("POST")));
        assert!(answer.header("access-control-allow-headers").is_some_and(|h| h.contains("Idempotency-Key")));
    }
}

#[tokio::test]
async fn an_error_can_be_read_by_a_listed_site_too() {
    let wayfare = Wayfare::with(|config| config.cors_origins = vec!["*".into()]).await;
    let answer = wayfare.with("origin", "https://any.example").get("/api/me").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (401, Some("*")));
}

#[tokio::test]
async fn plain_http_is_sent_to_https_behind_a_proxy_that_says_so() {
    let wayfare = Wayfare::with(|config| {
        config.https_only = true;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let plain = wayfare.with("x-forwarded-proto", "http").with("host", "city.example");
    let answer = plain.get("/api/shops?x=1").await;
    assert_eq!((answer.status, answer.header("location")), (308, Some("https://city.example/api/shops?x=1")));
    assert_eq!(plain.get("/livez").await.status, 200);
    let secure = wayfare.with("x-forwarded-proto", "https").get("/api/shops").await;
    assert_eq!(secure.status, 200);
    assert_eq!(secure.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_take_them_so() {
    let wayfare = Wayfare::start().await;
    let plain = wayfare.get("/api/menu-items?limit=100").await;
    let small = wayfare.with("accept-encoding", "gzip").get("/api/menu-items?limit=100").await;
    assert_eq!((plain.header("content-encoding"), small.header("content-encoding")), (None, Some("gzip")));
    assert!(small.body.len() * 2 < plain.body.len());
    assert!(
        small
            .headers
            .get_all("vary")
            .iter()
            .any(|v| v.to_str().is_ok_and(|v| v.to_lowercase().contains("accept-encoding")))
    );
}
