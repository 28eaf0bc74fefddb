//! Sessions of browsers: the refresh token in a cookie that no script reads and no other site can use.

use serde_json::json;

use crate::{
    client::{Answer, Client},
    fixtures::Person,
    place::PASSWORD,
    start::Wayfare,
};

const ASKED: (&str, &str) = ("x-refresh-in", "cookie");

async fn sign_in(client: &Client, email: &str) -> Answer {
    client.post("/api/auth/login", json!({ "email": email, "password": PASSWORD })).await
}

/// The cookie's name and value, as a browser sends them back.
fn kept(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").expect("a cookie is set");
    cookie.split(';').next().expect("a cookie has a value").to_owned()
}

#[tokio::test]
async fn a_browser_gets_its_refresh_token_where_no_script_reads_it() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let answer = sign_in(&wayfare.with(ASKED.0, ASKED.1), &nora.email).await;
    assert!(answer.expect(200).get("refresh_token").is_none());
    let cookie = answer.header("set-cookie").expect("a cookie is set");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age=2592000"] {
        assert!(cookie.split("; ").any(|p| p == part), "{part}: {cookie}");
    }
}

#[tokio::test]
async fn who_asks_for_no_cookie_gets_none() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let answer = sign_in(&wayfare, &nora.email).await;
    assert!(answer.expect(200)["refresh_token"].is_string());
    assert_eq!(answer.header("set-cookie"), None);
}

#[tokio::test]
async fn the_cookie_renews_the_session_and_is_good_once() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let browser = wayfare.with(ASKED.0, ASKED.1);
    let first = kept(&sign_in(&browser, &nora.email).await);
    let renewed = browser.with("cookie", &first).post("/api/auth/refresh", json!({})).await;
    let token = renewed.expect(200)["access_token"].as_str().expect("a token").to_owned();
    assert_ne!(kept(&renewed), first);
    wayfare.bearing(&token).get("/api/me").await.expect(200);
    browser.with("cookie", &first).post("/api/auth/refresh", json!({})).await.refused(401, "session_over");
    wayfare.bearing(&token).get("/api/me").await.refused(401, "token_invalid");
}

/// What another site's form can send: the cookie, were it not for `SameSite`, and no header of its own.
#[tokio::test]
async fn the_cookie_alone_renews_nothing_and_stays_good() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let browser = wayfare.with(ASKED.0, ASKED.1);
    let cookie = kept(&sign_in(&browser, &nora.email).await);
    wayfare.with("cookie", &cookie).post("/api/auth/refresh", json!({})).await.refused(422, "no_refresh_token");
    let as_body = wayfare.with("cookie", &cookie).with(ASKED.0, "body");
    as_body.post("/api/auth/refresh", json!({})).await.refused(422, "no_refresh_token");
    browser.with("cookie", &cookie).post("/api/auth/refresh", json!({})).await.expect(200);
}

#[tokio::test]
async fn no_other_site_may_send_the_header_that_the_cookie_needs() {
    let wayfare = Wayfare::with(|config| config.cors_origins = vec!["https://shop.example".into()]).await;
    let asking = wayfare.with("origin", "https://shop.example").with("access-control-request-method", "POST");
    let answer = Answer::to(asking.request(reqwest::Method::OPTIONS, "/api/auth/refresh")).await;
    let allowed = answer.header("access-control-allow-headers").unwrap_or_default().to_lowercase();
    assert!(!allowed.contains("x-refresh-in"), "{allowed}");
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn signing_out_takes_the_cookie_away() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let browser = wayfare.with(ASKED.0, ASKED.1);
    let answer = sign_in(&browser, &nora.email).await;
    let token = answer.expect(200)["access_token"].as_str().expect("a token").to_owned();
    let out = browser.bearing(&token).post("/api/auth/logout", json!({})).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").is_some_and(|c| c.starts_with("wayfare_refresh=;") && c.contains("Max-Age=0")));
    let left = browser.with("cookie", &kept(&answer)).post("/api/auth/refresh", json!({})).await;
    left.refused(401, "session_over");
}

#[tokio::test]
async fn over_https_the_cookie_is_never_sent_in_the_clear() {
    let wayfare =
        Wayfare::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")]).await;
    let nora = wayfare.newcomer().await;
    let is_secure = |answer: Answer| answer.header("set-cookie").expect("a cookie").ends_with("; Secure");
    let browser = wayfare.with(ASKED.0, ASKED.1);
    assert!(is_secure(sign_in(&browser.with("x-forwarded-proto", "https"), &nora.email).await));
    assert!(!is_secure(sign_in(&browser, &nora.email).await));
}

#[tokio::test]
async fn tokens_in_the_body_work_as_ever() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let renewed = wayfare.post("/api/auth/refresh", json!({ "refresh_token": nora.refresh_token })).await;
    assert_eq!(renewed.header("set-cookie"), None);
    Person::of(&wayfare, &renewed.expect(200)).get("/api/me").await.expect(200);
}

#[tokio::test]
async fn behind_several_proxies_the_first_ones_scheme_counts() {
    let wayfare =
        Wayfare::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")]).await;
    let nora = wayfare.newcomer().await;
    let browser = wayfare.with(ASKED.0, ASKED.1);
    for (header, value, is_secure) in [
        ("x-forwarded-proto", "https,http", true),
        ("x-forwarded-proto", "https, https", true),
        ("x-forwarded-proto", "HTTPS", true),
        ("forwarded", "for=192.0.2.1;proto=https", true),
        ("x-forwarded-proto", "http,http", false),
    ] {
        let answer = sign_in(&browser.with(header, value), &nora.email).await;
        assert_eq!(answer.header("set-cookie").expect("a cookie").ends_with("; Secure"), is_secure, "{value}");
        assert_eq!(answer.header("strict-transport-security").is_some(), is_secure, "{value}");
    }
}
