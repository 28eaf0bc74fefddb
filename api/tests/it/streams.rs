//! An order's events, live.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    fixtures::Person,
    place::{PASSWORD, on_postgres},
    sse::Events,
    start::Wayfare,
};

fn path(order: &Value) -> String {
    format!("/api/orders/{}/events", order["id"].as_str().expect("an id"))
}

async fn states(mut events: Events) -> Vec<String> {
    let mut states = Vec::new();
    while let Some(event) = events.next().await {
        assert_eq!((event.kind.as_str(), event.id), ("order", event.data["id"].to_string()));
        states.push(event.data["state"].as_str().expect("a state").to_owned());
    }
    states
}

#[tokio::test]
async fn a_stream_tells_what_was_then_what_comes_and_ends_with_the_order() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    let order = nora.order(product, 1).await;
    let mut events = Events::of(&nora, &path(&order)).await;
    assert_eq!(events.next().await.expect("the first event").data["state"], "placed");
    manager.move_order(&order, "accepted").await.expect(200);
    assert_eq!(events.next().await.expect("the second event").data["state"], "accepted");
    manager.move_order(&order, "cancelled").await.expect(200);
    assert_eq!(states(events).await, ["cancelled"]);
}

#[tokio::test]
async fn who_comes_back_with_the_last_id_misses_nothing_and_hears_nothing_twice() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    let order = nora.order(product, 1).await;
    let mut events = Events::of(&nora, &path(&order)).await;
    let last = events.next().await.expect("the first event").id;
    drop(events);
    manager.move_order(&order, "accepted").await.expect(200);
    manager.move_order(&order, "cancelled").await.expect(200);
    let back = nora.with("last-event-id", &last);
    assert_eq!(states(Events::of(&back, &path(&order)).await).await, ["accepted", "cancelled"]);
    assert_eq!(states(Events::of(&nora, &path(&order)).await).await, ["placed", "accepted", "cancelled"]);
}

#[tokio::test]
async fn who_has_seen_the_last_event_is_told_not_to_come_back() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 1).await;
    nora.move_order(&order, "cancelled").await.expect(200);
    let mut events = Events::of(&nora, &path(&order)).await;
    events.next().await.expect("the first event");
    let last = events.next().await.expect("the last event").id;
    assert_eq!(nora.with("last-event-id", &last).get(&path(&order)).await.status, 204);
    for id in ["-1", "x", "99999999999999999999"] {
        nora.with("last-event-id", id).get(&path(&order)).await.refused(400, "bad_parameter");
    }
}

#[tokio::test]
async fn a_stream_tells_what_happens_at_another_replica() {
    let wayfare = Wayfare::start().await;
    let other = wayfare.replica().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    let order = nora.order(product, 1).await;
    let mut events = Events::of(&nora.client.at(&other), &path(&order)).await;
    assert_eq!(events.next().await.expect("the first event").data["state"], "placed");
    manager.move_order(&order, "accepted").await.expect(200);
    manager.move_order(&order, "cancelled").await.expect(200);
    assert_eq!(states(events).await, ["accepted", "cancelled"]);
}

#[tokio::test]
async fn a_browser_that_takes_compressed_answers_gets_events_as_they_come() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 1).await;
    let browser = nora.with("accept-encoding", "gzip, br");
    for path in [path(&order), "/api/stock/events".to_owned()] {
        let answer = browser.request(Method::GET, &path).send().await.expect("the service answers");
        assert_eq!(answer.headers().get("content-encoding"), None, "{path}");
    }
    let mut events = Events::of(&browser, &path(&order)).await;
    assert_eq!(events.next().await.expect("the first event").data["state"], "placed");
}

#[tokio::test]
async fn changes_of_stock_are_told_to_those_who_watch_that_shop() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let mut here = Events::of(&wayfare, "/api/stock/events?shop=1").await;
    let mut elsewhere =
        wayfare.request(Method::GET, "/api/stock/events?shop=2").send().await.expect("an answer").bytes_stream();
    wayfare.newcomer().await.order(product, 2).await;
    let change = here.next().await.expect("a change");
    assert_eq!(change.data, json!({ "shop_id": 1, "product_id": product, "stock": 3 }));
    // Both listen to the same channel: what is told here has been passed over there.
    assert!(futures_util::poll!(elsewhere.next()).is_pending());
}

#[tokio::test]
async fn streams_end_when_the_service_does() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 1).await;
    let mut events = Events::of(&nora, &path(&order)).await;
    events.next().await.expect("the first event");
    let mut stock = Events::of(&wayfare, "/api/stock/events").await;
    assert_eq!(wayfare.metric("wayfare_event_streams").await, 2.0);
    wayfare.app.stop();
    assert_eq!((events.next().await, stock.next().await), (None, None));
    assert_eq!(wayfare.metric("wayfare_event_streams").await, 0.0);
}

#[tokio::test]
async fn a_stream_that_nobody_reads_any_more_is_given_up() {
    let wayfare = Wayfare::start().await;
    let mut events = Events::of(&wayfare, "/api/stock/events").await;
    let product = wayfare.product("Oat biscuit", 150, 50).await;
    let nora = wayfare.newcomer().await;
    nora.order(product, 1).await;
    events.next().await.expect("a change");
    drop(events);
    // The connection's end is noticed by the server in its own time.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while wayfare.metric("wayfare_event_streams").await > 0.0 {
        assert!(tokio::time::Instant::now() < deadline, "the stream is still held");
        nora.order(product, 1).await;
    }
}

#[tokio::test]
async fn a_shops_board_hears_of_its_own_orders_from_now_on() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    let before = nora.order(product, 1).await;
    let mut board = Events::of(&manager, "/api/orders/events?view=shop").await;
    let order = nora.order(product, 1).await;
    manager.move_order(&before, "accepted").await.expect(200);
    for (id, state) in [(&order["id"], "placed"), (&before["id"], "accepted")] {
        let event = board.next().await.expect("an event");
        assert_eq!((&event.data["order_id"], event.data["state"].as_str()), (id, Some(state)));
    }
}

#[tokio::test]
async fn a_courier_hears_of_what_can_be_brought_and_a_customer_of_their_own() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 9).await;
    let (nora, other) = (wayfare.newcomer().await, wayfare.newcomer().await);
    let (manager, courier) = (wayfare.person("manager").await, wayfare.person("courier").await);
    let mut list = Events::of(&courier, "/api/orders/events?view=courier").await;
    let mut mine = Events::of(&nora, "/api/orders/events").await;
    other.order(product, 1).await;
    let order = nora.order(product, 1).await;
    manager.move_order(&order, "accepted").await.expect(200);
    manager.move_order(&order, "preparing").await.expect(200);
    assert_eq!(list.next().await.expect("an event").data["state"], "preparing");
    for state in ["placed", "accepted", "preparing"] {
        let event = mine.next().await.expect("an event");
        assert_eq!((&event.data["order_id"], event.data["state"].as_str()), (&order["id"], Some(state)));
    }
    nora.get("/api/orders/events?view=shop").await.refused(403, "wrong_role");
}

#[tokio::test]
async fn a_board_that_comes_back_hears_what_it_missed() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 9).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    let mut board = Events::of(&manager, "/api/orders/events?view=shop").await;
    nora.order(product, 1).await;
    let last = board.next().await.expect("an event").id;
    drop(board);
    let missed = nora.order(product, 1).await;
    let mut board = Events::of(&manager.with("last-event-id", &last), "/api/orders/events?view=shop").await;
    assert_eq!(board.next().await.expect("an event").data["order_id"], missed["id"]);
}

/// What takes somebody's right away; each is done by an admin or by themselves.
async fn withdraw(wayfare: &Wayfare, how: &str, person: &Person) {
    let admin = wayfare.person("admin").await;
    let path = |what: &str| format!("/api/users/{}/{what}", person.id);
    let answer = match how {
        "log-out" => person.post("/api/auth/logout", json!({})).await,
        "disabled" => admin.put(&path("disabled"), json!({ "disabled": true })).await,
        "role" => admin.put(&path("role"), json!({ "role": "courier" })).await,
        "shop" => admin.put(&path("role"), json!({ "role": "manager", "shop_id": 2 })).await,
        other => panic!("{other}?"),
    };
    assert!(answer.status < 300, "{how}: {}", answer.text());
}

#[tokio::test]
async fn streams_end_with_the_session_the_account_the_role_or_the_shop_that_allowed_them() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 50).await;
    for how in ["log-out", "disabled", "role", "shop"] {
        // Without Redis a replica of its own isn't offered: one process has the database file.
        let other = if on_postgres() { Some(wayfare.replica().await) } else { None };
        let there = other.as_ref().unwrap_or(&wayfare);
        let (customer, boss) = (wayfare.newcomer().await, wayfare.newcomer().await);
        let role = format!("/api/users/{}/role", boss.id);
        let manages = json!({ "role": "manager", "shop_id": 1 });
        wayfare.person("admin").await.put(&role, manages).await.expect(200);
        let boss = wayfare.sign_in(&boss.email, PASSWORD).await;
        let order = customer.order(product, 1).await;
        let mut one = Events::of(&boss.client.at(there), &path(&order)).await;
        one.next().await.expect("the first event");
        let mut all = Events::of(&boss.client.at(there), "/api/orders/events?view=shop").await;
        withdraw(&wayfare, how, &boss).await;
        assert_eq!((one.next().await, all.next().await), (None, None), "{how}");
        customer.move_order(&order, "cancelled").await.expect(200);
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_session_expires() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 50).await;
    let nora = wayfare.newcomer().await;
    let mut events = Events::of(&nora, &path(&nora.order(product, 1).await)).await;
    events.next().await.expect("the first event");
    wayfare.later(TimeDelta::days(400));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_courier_hears_nothing_more_of_an_order_that_another_one_took() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 50).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    let second = wayfare.newcomer().await;
    let role = format!("/api/users/{}/role", second.id);
    wayfare.person("admin").await.put(&role, json!({ "role": "courier" })).await.expect(200);
    let second = wayfare.sign_in(&second.email, PASSWORD).await;
    let order = nora.order(product, 1).await;
    manager.move_order(&order, "accepted").await.expect(200);
    manager.move_order(&order, "preparing").await.expect(200);
    let mut events = Events::of(&second, &path(&order)).await;
    for state in ["placed", "accepted", "preparing"] {
        assert_eq!(events.next().await.expect("an event").data["state"], state);
    }
    let first = wayfare.person("courier").await;
    first.move_order(&order, "on_the_way").await.expect(200);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn an_account_has_so_many_streams_and_its_oldest_makes_room() {
    let wayfare = Wayfare::with(|config| config.streams_account = 2).await;
    let (nora, other) = (wayfare.newcomer().await, wayfare.newcomer().await);
    let mut oldest = Events::of(&nora, "/api/orders/events").await;
    let _second = Events::of(&nora, "/api/orders/events").await;
    let _others = Events::of(&other, "/api/orders/events").await;
    let _third = Events::of(&nora, "/api/orders/events").await;
    assert_eq!(oldest.next().await, None, "the oldest has ended");
    assert_eq!(wayfare.metric("wayfare_event_streams_let_go_total{scope=\"account\"}").await, 1.0);
}

#[tokio::test]
async fn an_address_and_all_together_have_so_many_streams() {
    for (scope, status) in [("address", 429), ("all", 503)] {
        let wayfare = Wayfare::with(|config| match scope {
            "address" => config.streams_address = 2,
            _ => config.streams_all = 2,
        })
        .await;
        let _one = Events::of(&wayfare.guest, "/api/buses/stream").await;
        let _two = Events::of(&wayfare.newcomer().await.client, "/api/orders/events").await;
        let refused = wayfare.get("/api/stock/events").await;
        refused.refused(status, "too_many_streams");
        assert!(refused.header("retry-after").is_some());
        let series = format!("wayfare_event_streams_refused_total{{scope=\"{scope}\"}}");
        assert_eq!(wayfare.metric(&series).await, 1.0);
    }
}
