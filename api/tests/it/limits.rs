//! How much one client may ask for, and who counts as one client.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use crate::{client::Client, start::Wayfare};

/// Moves on to the start of a minute: what follows happens within one window.
fn fresh_window(wayfare: &Wayfare) {
    wayfare.later(TimeDelta::milliseconds(60_000 - wayfare.now().timestamp_millis() % 60_000));
}

fn from(wayfare: &Wayfare, forwarded: &str) -> Client {
    wayfare.with("x-forwarded-for", forwarded)
}

fn behind_a_proxy(config: &mut wayfare::config::Config) {
    config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network"), "10.0.0.0/8".parse().expect("a network")];
}

#[tokio::test]
async fn a_client_is_told_what_it_has_left_and_refused_when_that_is_nothing() {
    let wayfare = Wayfare::with(|config| config.rate_limit = 3).await;
    fresh_window(&wayfare);
    for left in [2, 1, 0] {
        let answer = wayfare.get("/api/flags").await;
        let standing = answer.header("ratelimit").expect("a standing").to_owned();
        assert!(standing.starts_with(&format!("\"request\";r={left};t=")), "{standing}");
        assert_eq!(answer.header("ratelimit-policy"), Some("\"request\";q=3;w=60"));
    }
    let refused = wayfare.get("/api/flags").await;
    refused.refused(429, "rate_limited");
    let wait: i64 = refused.header("retry-after").and_then(|s| s.parse().ok()).expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    wayfare.later(TimeDelta::seconds(wait));
    assert_eq!(wayfare.get("/api/flags").await.status, 200);
    assert_eq!(wayfare.metric("wayfare_rate_limited_total{action=\"request\"}").await, 1.0);
}

#[tokio::test]
async fn what_machines_ask_all_the_time_is_not_limited() {
    let wayfare = Wayfare::with(|config| config.rate_limit = 1).await;
    fresh_window(&wayfare);
    for _ in 0..3 {
        for path in ["/livez", "/readyz", "/metrics", "/health/live", "/health/ready", "/health/startup"] {
            let answer = wayfare.get(path).await;
            assert_eq!((answer.status, answer.header("ratelimit")), (200, None), "{path}");
        }
    }
}

#[tokio::test]
async fn signing_in_is_limited_more_strictly_and_registering_counts_as_well() {
    let wayfare = Wayfare::with(|config| config.login_rate_limit = 3).await;
    fresh_window(&wayfare);
    for _ in 0..2 {
        wayfare.try_sign_in("nobody@people.example", "not the password").await.refused(401, "wrong_credentials");
    }
    let body = json!({ "email": "nora@people.example", "name": "Nora", "password": crate::place::PASSWORD });
    wayfare.post("/api/auth/register", body).await.expect(201);
    let refused = wayfare.try_sign_in("customer@wayfare.example", crate::place::PASSWORD).await;
    refused.refused(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(wayfare.get("/api/flags").await.status, 200);
    assert_eq!(wayfare.metric("wayfare_rate_limited_total{action=\"sign-in\"}").await, 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_all_at_once_gets_its_limit_and_no_more() {
    let wayfare = Wayfare::with(|config| config.rate_limit = 50).await;
    // What goes wrong between two of them goes wrong now and then.
    for _ in 0..20 {
        fresh_window(&wayfare);
        let answers = join_all((0..80).map(|_| wayfare.get("/api/flags"))).await;
        let let_in = answers.iter().filter(|a| a.status == 200).count();
        assert_eq!(let_in, 50);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_share_a_redis_share_the_count() {
    let wayfare = Wayfare::with(|config| config.rate_limit = 30).await;
    if !crate::place::on_postgres() {
        return;
    }
    let other = wayfare.replica_with(|config| config.rate_limit = 30).await;
    fresh_window(&wayfare);
    let (here, there) = tokio::join!(
        join_all((0..30).map(|_| wayfare.get("/api/flags"))),
        join_all((0..30).map(|_| other.get("/api/flags")))
    );
    let let_in = here.iter().chain(&there).filter(|a| a.status == 200).count();
    // Never more; fewer by what one leased and the other would have needed.
    assert!((24..=30).contains(&let_in), "{let_in}");
}

#[tokio::test]
async fn each_client_behind_a_trusted_proxy_has_a_limit_of_its_own() {
    let wayfare = Wayfare::with(|config| {
        behind_a_proxy(config);
        config.rate_limit = 1;
    })
    .await;
    fresh_window(&wayfare);
    assert_eq!(from(&wayfare, "203.0.113.7").get("/api/flags").await.status, 200);
    assert_eq!(from(&wayfare, "203.0.113.8").get("/api/flags").await.status, 200);
    assert_eq!(from(&wayfare, "203.0.113.7").get("/api/flags").await.status, 429);
    // What the client wrote there itself doesn't make it another one.
    assert_eq!(from(&wayfare, "198.51.100.1, 203.0.113.7").get("/api/flags").await.status, 429);
}

#[tokio::test]
async fn a_forwarding_header_counts_only_from_a_trusted_proxy() {
    let addresses = [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("nonsense", "127.0.0.1"),
        ("nonsense, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, nonsense", "127.0.0.1"),
    ];
    let seen = async |wayfare: &Wayfare, forwarded: &str| {
        let body = json!({ "email": "customer@wayfare.example", "password": crate::place::PASSWORD });
        let tokens = from(wayfare, forwarded).post("/api/auth/login", body).await.expect(200);
        let person = crate::fixtures::Person::of(wayfare, &tokens);
        wayfare.later(TimeDelta::seconds(1));
        person.get("/api/me/sessions").await.expect(200)[0]["ip"].as_str().expect("an address").to_owned()
    };
    let trusting = Wayfare::with(behind_a_proxy).await;
    let wary = Wayfare::with(|config| config.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")]).await;
    for (forwarded, client) in addresses {
        assert_eq!(seen(&trusting, forwarded).await, client, "{forwarded}");
        assert_eq!(seen(&wary, forwarded).await, "127.0.0.1", "{forwarded}");
    }
}

#[tokio::test]
async fn clients_behind_a_proxy_that_writes_ports_are_told_apart() {
    let wayfare = Wayfare::with(|config| {
        behind_a_proxy(config);
        config.rate_limit = 1;
    })
    .await;
    fresh_window(&wayfare);
    for (header, one, other) in [
        ("x-forwarded-for", "198.51.100.1:51001", "198.51.100.2:51001"),
        ("x-forwarded-for", "[2001:db8:1::1]:51001", "[2001:db8:2::1]:51001"),
        ("forwarded", "for=198.51.100.3", "for=\"198.51.100.4:51001\""),
    ] {
        assert_eq!(wayfare.with(header, one).get("/api/flags").await.status, 200, "{one}");
        assert_eq!(wayfare.with(header, one).get("/api/flags").await.status, 429, "{one}");
        assert_eq!(wayfare.with(header, other).get("/api/flags").await.status, 200, "{other}");
    }
}

#[tokio::test]
async fn all_addresses_of_an_ipv6_network_are_one_client() {
    let wayfare = Wayfare::with(|config| {
        behind_a_proxy(config);
        config.rate_limit = 20;
        config.login_rate_limit = 10;
    })
    .await;
    fresh_window(&wayfare);
    let mut let_in = 0;
    for i in 1..=30 {
        let answer = from(&wayfare, &format!("2001:db8:1:2::{i:x}")).get("/api/flags").await;
        let_in += usize::from(answer.status == 200);
    }
    assert_eq!(let_in, 20);
    assert_eq!(from(&wayfare, "2001:db8:1:3::1").get("/api/flags").await.status, 200);
    let mut tried = 0;
    for i in 1..=30 {
        let body = json!({ "email": format!("nobody-{i}@people.example"), "password": "not the password" });
        let answer = from(&wayfare, &format!("2001:db8:1:4:{i:x}::1")).post("/api/auth/login", body).await;
        tried += usize::from(answer.status == 401);
    }
    assert_eq!(tried, 10);
}
