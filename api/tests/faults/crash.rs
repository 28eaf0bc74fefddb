//! SIGKILL at any moment loses no event and handles none twice.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use sea_orm::{ColumnTrait, Database, EntityTrait, QueryFilter};
use serde_json::Value;
use wayfare::{
    orders::{event, order},
    worker::{crash::POINTS, delivery},
};

use crate::{
    client::Client,
    parts::{Postgres, Redis, both},
    process::{Installation, free_port},
    receiver::Receiver,
    wait::{LATE, SOON, until},
};

/// The points that a worker without a queue comes by.
const EMBEDDED_POINTS: [&str; 5] = ["taken", "noted", "committed", "claimed", "sent"];

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_any_point_loses_no_event_and_takes_none_over_twice_nor_does_a_queue_that_forgets() {
    let Some((postgres, redis)) = both().await else { return };
    Installation::on(&postgres, &redis).seeded();
    // The last: what was on the queue when the worker died is gone as well.
    let ends = POINTS.iter().map(|point| (*point, false)).chain([("published", true)]);
    join_all(ends.enumerate().map(|(i, (point, forgets))| killed_at(point, forgets, &postgres, &redis, i + 1))).await;
}

/// One installation of its own for each point: a database copied from the seeded one, a numbered database of Redis.
async fn killed_at(point: &str, forgets: bool, postgres: &Postgres, redis: &Redis, number: usize) {
    postgres.execute(&format!("CREATE DATABASE killed_{number} TEMPLATE wayfare")).await;
    let installation = Installation::on(postgres, redis)
        .set("WAYFARE_DATABASE_URL", postgres.url(&format!("killed_{number}")))
        .set("WAYFARE_REDIS_URL", redis.url(number));
    let (receiver, placed) = two_orders(&installation).await;
    installation.clone().set("WAYFARE_CRASH_AT", point).worker().killed(SOON).await;
    if forgets {
        redis.forget(number).await;
    }
    let _healthy = installation.worker();
    // Both orders' events may be in flight when it dies.
    all_delivered_once(point, &installation, &receiver, &placed, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_worker_killed_at_any_point_loses_no_event_and_takes_none_over_twice() {
    join_all(EMBEDDED_POINTS.map(embedded_killed_at)).await;
}

async fn embedded_killed_at(point: &str) {
    let installation = Installation::embedded().seeded();
    let (receiver, placed) = two_orders(&installation).await;
    let whole = installation.clone().set("WAYFARE_EMBEDDED_WORKER", "true");
    whole.clone().set("WAYFARE_CRASH_AT", point).start_at(free_port()).process.killed(SOON).await;
    let _healthy = whole.serve().await;
    all_delivered_once(point, &installation, &receiver, &placed, 2).await;
}

/// Two orders whose events wait: there is no worker yet.
async fn two_orders(installation: &Installation) -> (Receiver, Vec<String>) {
    let receiver = Receiver::start().await;
    let server = installation.clone().set("WAYFARE_EMBEDDED_WORKER", "false").serve().await;
    let customer = server.client.prepare(Some(&receiver.url)).await.sign_in("customer").await;
    (receiver, vec![customer.place("first-order").await, customer.place("second-order").await])
}

#[tokio::test(flavor = "multi_thread")]
async fn api_and_worker_killed_again_and_again_lose_no_event_of_an_order_that_was_answered() {
    const ROUNDS: usize = 6;
    let Some((postgres, redis)) = both().await else { return };
    let (installation, receiver, port) =
        (Installation::on(&postgres, &redis).seeded(), Receiver::start().await, free_port());
    let (mut api, mut worker) = (installation.serve_at(port).await, installation.worker());
    let customer = api.client.prepare(Some(&receiver.url)).await.sign_in("customer").await;
    let mut placed = Vec::new();
    for round in 0..ROUNDS {
        // Four customers keep at it, each with retries of its own; one of the processes dies under them.
        let orders: Vec<_> = (0..4)
            .flat_map(|buyer| (0..5).map(move |n| format!("order-{round}-{buyer}-{n}")))
            .map(|key| tokio::spawn(stubborn(customer.clone(), key)))
            .collect();
        // A moment that differs from round to round and from run to run.
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..150))).await;
        if round % 2 == 0 {
            api.process.kill();
            api = installation.start_at(port);
        } else {
            worker.kill();
            worker = installation.worker();
        }
        placed.extend(join_all(orders).await.into_iter().map(|order| order.expect("no retry panics")));
    }
    all_delivered_once("at random", &installation, &receiver, &placed, ROUNDS * 100).await;
    let db = Database::connect(installation.database()).await.expect("it answers");
    let orders = order::Entity::find().all(&db).await.expect("a plain select");
    assert_eq!(orders.len(), ROUNDS * 20, "one order for each key, however often it was sent");
}

/// Sends an order until it is answered, as a client does that lost the connection.
async fn stubborn(customer: Client, key: String) -> String {
    let start = Instant::now();
    while start.elapsed() < SOON {
        match customer.send(customer.order(&key)).await {
            Ok(answer) if answer.status != 503 => return text(&answer.expect(201)["id"]),
            // Away for the moment: the next try may find it again.
            Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("{key} was never answered");
}

/// Waits until every order's event has been settled; then each has one row with us and came at least once there, and not
/// more than `extra` times more than needed.
async fn all_delivered_once(
    point: &str,
    installation: &Installation,
    receiver: &Receiver,
    placed: &[String],
    extra: usize,
) {
    let db = Database::connect(installation.database()).await.expect("it answers");
    let open = delivery::Entity::find().filter(delivery::Column::DeliveredAt.is_null());
    let deliveries = until(&format!("what was killed `{point}` is delivered"), LATE, async || {
        let all = delivery::Entity::find().all(&db).await.ok()?;
        (all.len() >= placed.len() && open.clone().all(&db).await.ok()?.is_empty()).then_some(all)
    })
    .await;
    let events = event::Entity::find().all(&db).await.expect("a plain select");
    assert_eq!(events.len(), deliveries.len(), "{point}: one delivery for each event");
    assert!(events.iter().all(|e| e.taken_at.is_some()), "{point}: {events:?}");

    let posts = receiver.posts();
    let mut ids: HashMap<String, (String, usize)> = HashMap::new();
    for (id, event) in &posts {
        let seen = ids.entry(text(&event["order_id"])).or_insert_with(|| (id.clone(), 0));
        assert_eq!(&seen.0, id, "{point}: a repetition has the same webhook-id");
        seen.1 += 1;
    }
    for order in placed {
        assert!(ids.contains_key(order), "{point}: the event of {order} never came: {ids:?}");
    }
    assert!(posts.len() <= events.len() + extra, "{point}: {} posts for {} events", posts.len(), events.len());
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
