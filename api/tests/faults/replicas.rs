//! Two replicas on one PostgreSQL and one Redis act as one service.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::{
    client::Answer,
    parts::both,
    process::{Installation, Server},
    stock::StockStream,
    wait::SOON,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_moved_at_one_replica_is_seen_in_the_stream_of_the_other() {
    let Some((postgres, redis)) = both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded();
    let (a, b) = (installation.serve().await, installation.serve().await);
    let (customer, manager) = (b.client.sign_in("customer").await, a.client.sign_in("manager").await);
    let courier = a.client.sign_in("courier").await;
    let order = customer.place("watched-order").await;

    let watch = customer.request(Method::GET, &format!("/api/orders/{order}/events"));
    let stream = tokio::spawn(async move { watch.send().await?.text().await });
    manager.advance(&order, "accepted").await.expect(200);
    manager.advance(&order, "preparing").await.expect(200);
    courier.advance(&order, "on_the_way").await.expect(200);
    courier.advance(&order, "delivered").await.expect(200);

    let text = tokio::time::timeout(SOON, stream).await.expect("it ends with the order").expect("no panic");
    let text = text.expect("a whole stream");
    let states: Vec<&str> = text.split("\"state\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(states, ["placed", "accepted", "preparing", "on_the_way", "delivered"], "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managers_change_at_one_replica_empties_the_cache_of_the_other() {
    let Some((postgres, redis)) = both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded();
    let (a, b) = (installation.serve().await, installation.serve().await);
    let manager = a.client.sign_in("manager").await;
    let mut notes = StockStream::open(&b).await;
    let change = async |body| manager.patch("/api/menu-items/1", body).await.expect(200);
    // Notes flow before anything is claimed of them.
    change(json!({ "stock": 500 })).await;
    notes.until(1, 500).await;

    b.client.get("/api/menu-items?shop=1").await.expect(200);
    change(json!({ "name": "Loaf of tomorrow" })).await;
    // Notes come in order: with this one there, the one about the name has been there.
    change(json!({ "stock": 501 })).await;
    notes.until(1, 501).await;
    let shown = b.client.get("/api/menu-items?shop=1").await.expect(200);
    assert!(shown.to_string().contains("Loaf of tomorrow"), "an old answer: {shown:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_no_more_than_its_limit_from_both_replicas_together() {
    const LIMIT: usize = 60;
    let Some((postgres, redis)) = both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded().set("WAYFARE_RATE_LIMIT", LIMIT.to_string());
    let (a, b) = (installation.serve().await, installation.serve().await);
    let answers = hammer(&[&a, &b], 4 * LIMIT).await;
    within_limit(&answers, LIMIT);
    let refused = answers.iter().find(|a| a.status == 429).expect("more than the limit was asked for");
    assert!(refused.header("retry-after").is_some());
}

/// Sends many requests, spread over the servers and eight at a time; gives all answers.
pub async fn hammer(servers: &[&Server], count: usize) -> Vec<Answer> {
    let one = |client: usize| async move {
        let mut answers = Vec::new();
        for n in 0..count / 8 {
            answers.push(servers[(client + n) % servers.len()].client.get("/api/categories").await);
        }
        answers
    };
    join_all((0..8).map(one)).await.into_iter().flatten().collect()
}

/// Counts what was let through in each window of the limit: what the answers say of its end tells which it was.
#[track_caller]
pub fn within_limit(answers: &[Answer], limit: usize) {
    let mut windows = BTreeMap::<u64, usize>::new();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    for answer in answers.iter().filter(|a| a.status == 200) {
        let reset = answer.header("ratelimit").and_then(|r| r.split("t=").nth(1)?.parse::<u64>().ok());
        // Rounded: the answers came within the last seconds, and all windows end with a minute.
        *windows.entry((now + reset.expect("every answer tells") + 15) / 60).or_default() += 1;
    }
    assert!(windows.values().all(|passed| *passed <= limit), "let through, by window: {windows:?} of {limit}");
    assert!(windows.values().any(|passed| *passed > 0), "nobody was let through at all");
}
