//! PostgreSQL is restarted in mid-run: the client is asked to come back, and then all goes on.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::{
    client::{Answer, Client},
    parts::both,
    process::Installation,
    receiver::Receiver,
    wait::{LATE, SOON, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_restarted_in_order_is_answered_with_503_and_recovered_from() {
    restarted("INT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_crashing_is_answered_with_503_and_recovered_from() {
    restarted("QUIT").await;
}

async fn restarted(signal: &str) {
    let Some((mut postgres, redis)) = both().await else { return };
    let server = Installation::on(&postgres, &redis).seeded().serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    customer.place("before-the-restart").await;

    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..4).map(|n| tokio::spawn(shop(customer.clone(), n, stop.clone()))).collect();
    postgres.stop(signal).await;
    for answer in each_kind(&customer, "while-away").await {
        assert_eq!(answer.status, 503, "{:#}", answer.body);
        // A connection that was believed to be well may have been lost with an order on it.
        let code = answer.body["code"].as_str();
        assert!(matches!(code, Some("database_away" | "outcome_unknown")), "{:#}", answer.body);
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    }
    assert!(!server.is_ready().await, "no traffic while nothing can be answered");
    postgres.restart().await;
    until("the service is ready again", SOON, async || server.is_ready().await.then_some(())).await;
    until("orders go through again", SOON, async || {
        let answer = customer.send(customer.order("while-away")).await.expect("an answer");
        (answer.status == 201).then_some(())
    })
    .await;
    for answer in each_kind(&customer, "after-the-restart").await {
        assert!(answer.status < 300, "{:#}", answer.body);
    }
    stop.store(true, Relaxed);
    for client in load {
        client.await.expect("every answer was a success or a 503 with Retry-After");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_goes_on_by_itself_after_postgresql_was_restarted() {
    let Some((mut postgres, redis)) = both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded();
    let (api, receiver, _worker) = (installation.serve().await, Receiver::start().await, installation.worker());
    let customer = api.client.prepare(Some(&receiver.url)).await.sign_in("customer").await;
    receiver.has(&customer.place("before-the-restart").await, SOON).await;
    postgres.stop("QUIT").await;
    postgres.restart().await;
    until("the service is ready again", SOON, async || api.is_ready().await.then_some(())).await;
    receiver.has(&customer.place("after-the-restart").await, LATE).await;
}

/// A request of each kind: one that only reads, one that looks up an account, one that orders, one that signs in.
async fn each_kind(customer: &Client, key: &str) -> Vec<Answer> {
    let order = async || customer.send(customer.order(key)).await.expect("an answer");
    let sign_in = serde_json::json!({ "email": "manager@wayfare.example", "password": "wayfare-demo-1" });
    let fresh = format!("/api/menu-items?q={key}");
    let (list, me, order, sign_in, items) = tokio::join!(
        customer.get("/api/orders"),
        customer.get("/api/me"),
        order(),
        customer.post("/api/auth/login", sign_in),
        customer.get(&fresh)
    );
    vec![list, me, order, sign_in, items]
}

/// Shops without a pause until told to stop; anything but success and a proper 503 is a failure.
async fn shop(customer: Client, client: usize, stop: Arc<AtomicBool>) {
    let seen = Mutex::new(Vec::new());
    let mut n = 0;
    while !stop.load(Relaxed) {
        n += 1;
        let order = customer.send(customer.order(&format!("shopper-{client}-{n}"))).await.expect("an answer");
        let list = customer.get("/api/orders?limit=1").await;
        for answer in [order, list] {
            let fine = answer.status < 300 || (answer.status == 503 && answer.header("retry-after").is_some());
            assert!(fine, "{} {:#}", answer.status, answer.body);
            seen.lock().expect("no holder panics").push(answer.status);
        }
    }
}
