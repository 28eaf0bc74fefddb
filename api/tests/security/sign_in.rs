//! Signing in, as somebody does who guesses.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    client::{Answer, Client},
    fixtures::{PASSWORD, World, code},
};

async fn sign_in(client: &Client, header: &str, from: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    let request = client.request(reqwest::Method::POST, "/api/auth/login").header(header, from).json(&body);
    client.send(request).await.expect("an answer")
}

async fn behind_a_proxy(limit: &str) -> World {
    World::with(|installation| {
        installation.set("WAYFARE_TRUSTED_PROXIES", "127.0.0.0/8").set("WAYFARE_LOGIN_RATE_LIMIT", limit)
    })
    .await
}

#[tokio::test]
async fn three_hundred_passwords_from_as_many_addresses_are_mostly_not_even_tried() {
    let world = behind_a_proxy("1000000").await;
    let mut statuses = BTreeMap::<u16, u32>::new();
    for i in 0..300 {
        let from = format!("198.51.{}.{}", 100 + i / 250, 1 + i % 250);
        let answer = sign_in(world.guest(), "X-Forwarded-For", &from, "customer@wayfare.example", "not it").await;
        *statuses.entry(answer.status).or_default() += 1;
    }
    assert!(statuses[&401] < 20, "{statuses:?}");
    assert!(statuses[&429] > 280, "{statuses:?}");
    // The owner has signed in from this machine before, or has not: then they wait like everybody.
    let elsewhere = sign_in(world.guest(), "X-Forwarded-For", "192.0.2.1", "customer@wayfare.example", PASSWORD).await;
    assert_eq!((elsewhere.status, code(&elsewhere)), (429, "rate_limited"));
    assert!(elsewhere.header("retry-after").is_some());
    let other = sign_in(world.guest(), "X-Forwarded-For", "192.0.2.1", "courier@wayfare.example", PASSWORD).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn an_owner_at_home_signs_in_while_others_guess() {
    let world = behind_a_proxy("1000000").await;
    let from = |address: &'static str, password: &'static str| {
        sign_in(world.guest(), "X-Forwarded-For", address, "customer@wayfare.example", password)
    };
    assert_eq!(from("203.0.113.7:51001", PASSWORD).await.status, 200);
    for i in 1..=40 {
        let address = format!("[2001:db8:{i:x}::1]:51001");
        sign_in(world.guest(), "X-Forwarded-For", &address, "customer@wayfare.example", "not it").await;
    }
    assert_eq!(from("192.0.2.1", PASSWORD).await.status, 429);
    assert_eq!(from("203.0.113.7:51002", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_host_that_changes_its_address_within_its_network_is_one_client() {
    let world = behind_a_proxy("10").await;
    for (header, form) in [("X-Forwarded-For", "2001:db8:1:3::"), ("Forwarded", "for=\"[2001:db8:1:4::")] {
        let end = if form.starts_with("for") { "]:4711\"" } else { "" };
        let mut tried = 0;
        for i in 1..=30 {
            let from = format!("{form}{i:x}{end}");
            let email = format!("nobody-{i}@people.example");
            tried += u32::from(sign_in(world.guest(), header, &from, &email, "not it").await.status == 401);
        }
        // Two, when a minute ends in between.
        assert!([10, 20].contains(&tried), "{header}: {tried}");
    }
}
