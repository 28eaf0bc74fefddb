//! The worker: each event of an order reaches the shop's webhook, signed, again after a failure, and in the end given up.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use hmac::{Hmac, Mac};
use poem::{
    EndpointExt, Server, handler,
    http::{HeaderMap, StatusCode},
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::Notify;
use uuid::Uuid;
use wayfare::worker::{self, dispatch::Dispatch};

use crate::{
    fixtures::{Person, SHOP, order_of},
    place::PASSWORD,
    start::Wayfare,
};

/// Nothing that comes takes so long: who waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// A shop's own system: keeps what it is told, and answers what it is set to.
#[derive(Clone, Default)]
struct Shop {
    told: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answers: Arc<AtomicU16>,
    comes: Arc<Notify>,
}

#[handler]
fn hook(shop: Data<&Shop>, headers: &HeaderMap, body: String) -> StatusCode {
    shop.told.lock().expect("no holder panics").push((headers.clone(), body));
    shop.comes.notify_one();
    StatusCode::from_u16(shop.answers.load(Relaxed)).expect("a status")
}

impl Shop {
    /// Opens, and has itself set as the webhook of [`SHOP`]; gives its key, too.
    async fn open(wayfare: &Wayfare) -> (Self, String) {
        let (shop, address) = Self::listen().await;
        let key = set_webhook(wayfare, SHOP, &format!("http://{address}/hook")).await;
        (shop, key)
    }

    async fn listen() -> (Self, SocketAddr) {
        let shop = Self::default();
        shop.answers.store(200, Relaxed);
        let listener = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("there is a free port");
        let address = listener.local_addr()[0].as_socket_addr().expect("a TCP port").to_owned();
        tokio::spawn(Server::new_with_acceptor(listener).run(poem::post(hook).data(shop.clone())));
        (shop, address)
    }

    /// Waits until it has been told so often.
    async fn has(&self, count: usize) {
        let told = async {
            while self.told().len() < count {
                self.comes.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("the shop is told in time");
    }

    fn told(&self) -> Vec<(HeaderMap, String)> {
        self.told.lock().expect("no holder panics").clone()
    }

    fn states(&self) -> Vec<String> {
        let state = |body: &str| {
            serde_json::from_str::<Value>(body).expect("JSON")["state"].as_str().expect("a state").to_owned()
        };
        self.told().iter().map(|(_, body)| state(body)).collect()
    }
}

/// Sets where a shop is told; gives the key.
async fn set_webhook(wayfare: &Wayfare, shop: i64, url: &str) -> String {
    let path = format!("/api/shops/{shop}/webhook");
    let webhook = wayfare.person("admin").await.put(&path, json!({ "url": url })).await.expect(200);
    webhook["secret"].as_str().expect("a key").to_owned()
}

async fn placed(wayfare: &Wayfare) -> (Person, Value) {
    let product = wayfare.product("Oat biscuit", 150, 50).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 1).await;
    (nora, order)
}

async fn work(wayfare: &Wayfare) {
    worker::once(&wayfare.app).await.expect("the worker works");
}

#[tokio::test]
async fn a_shop_is_told_of_each_event_once_and_in_sequence() {
    let wayfare = Wayfare::start().await;
    let (shop, _) = Shop::open(&wayfare).await;
    let (nora, order) = placed(&wayfare).await;
    nora.move_order(&order, "cancelled").await.expect(200);
    for _ in 0..3 {
        work(&wayfare).await;
    }
    assert_eq!(shop.states(), ["placed", "cancelled"]);
    assert_eq!(wayfare.metric("wayfare_outbox_waiting").await, 0.0);
    assert_eq!(wayfare.metric("wayfare_webhooks_total{outcome=\"delivered\"}").await, 2.0);
}

#[tokio::test]
async fn what_a_shop_is_told_is_signed_with_its_key() {
    let wayfare = Wayfare::start().await;
    let (shop, key) = Shop::open(&wayfare).await;
    let (_, order) = placed(&wayfare).await;
    work(&wayfare).await;
    let (headers, body) = shop.told().remove(0);
    let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    assert_eq!(header("webhook-signature"), signature(&key, &id, &time, &body));
    assert_eq!(time.parse::<i64>().expect("a number") / 60, wayfare.now().timestamp() / 60);
    let event: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&event["order_id"], &event["shop_id"], format!("evt_{}", event["id"])),
        (&order["id"], &json!(SHOP), id)
    );
}

#[tokio::test]
async fn a_shop_that_fails_is_told_again_later_each_time_twice_as_late() {
    let wayfare = Wayfare::with(|config| config.webhook_backoff_ms = 60_000).await;
    let (shop, _) = Shop::open(&wayfare).await;
    shop.answers.store(500, Relaxed);
    placed(&wayfare).await;
    work(&wayfare).await;
    for (attempts, wait) in [(1, 60), (2, 120), (3, 240)] {
        wayfare.later(TimeDelta::seconds(wait - 5));
        work(&wayfare).await;
        assert_eq!(shop.told().len(), attempts, "told again too early");
        // Up to a fifth of chance is added.
        wayfare.later(TimeDelta::seconds(wait / 5 + 6));
        work(&wayfare).await;
        assert_eq!(shop.told().len(), attempts + 1, "not told again after {wait} s");
    }
    shop.answers.store(204, Relaxed);
    wayfare.later(TimeDelta::hours(1));
    work(&wayfare).await;
    let ids: Vec<_> = shop.told().iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    assert!(ids.len() == 5 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    wayfare.later(TimeDelta::hours(2));
    work(&wayfare).await;
    assert_eq!(shop.told().len(), 5);
}

#[tokio::test]
async fn a_shop_that_never_answers_well_is_given_up_and_the_reason_kept() {
    let wayfare = Wayfare::with(|config| config.webhook_attempts = 3).await;
    let (shop, _) = Shop::open(&wayfare).await;
    shop.answers.store(503, Relaxed);
    placed(&wayfare).await;
    for _ in 0..6 {
        work(&wayfare).await;
        wayfare.later(TimeDelta::hours(2));
    }
    assert_eq!(shop.told().len(), 3);
    let dead = "SELECT COUNT(*) FROM delivery WHERE dead_at IS NOT NULL AND attempts = 3 AND problem LIKE '%503%'";
    assert_eq!(wayfare.number(dead).await, 1);
    assert_eq!(wayfare.metric("wayfare_webhooks_total{outcome=\"dead\"}").await, 1.0);
    assert_eq!(wayfare.metric("wayfare_webhooks_total{outcome=\"failed\"}").await, 2.0);
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    let wayfare = Wayfare::start().await;
    let (shop, _) = Shop::open(&wayfare).await;
    shop.answers.store(307, Relaxed);
    placed(&wayfare).await;
    work(&wayfare).await;
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM delivery WHERE problem LIKE '%307%'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_workers_at_once_one_delivers_each_event() {
    let wayfare = Wayfare::start().await;
    let others = [wayfare.replica().await, wayfare.replica().await, wayfare.replica().await];
    let (shop, _) = Shop::open(&wayfare).await;
    let (nora, order) = placed(&wayfare).await;
    nora.move_order(&order, "cancelled").await.expect(200);
    for _ in 0..4 {
        nora.order(order["lines"][0]["product_id"].as_i64().expect("an id"), 1).await;
    }
    let open = "SELECT 6 - COUNT(*) FROM delivery WHERE delivered_at IS NOT NULL";
    let all = async {
        while wayfare.number(open).await > 0 {
            let [one, two, three] = &others;
            tokio::join!(work(&wayfare), work(one), work(two), work(three));
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all is delivered in time");
    assert_eq!(shop.told().len(), 6);
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM delivery WHERE attempts = 1").await, 6);
}

#[tokio::test]
async fn events_arrive_while_redis_is_away() {
    let nobody_listens = "redis://127.0.0.1:1".parse().expect("an address");
    let wayfare = Wayfare::with(|config| config.redis_url = Some(nobody_listens)).await;
    let (shop, _) = Shop::open(&wayfare).await;
    placed(&wayfare).await;
    work(&wayfare).await;
    assert_eq!(shop.told().len(), 1);
}

#[tokio::test]
async fn an_order_at_a_shop_without_a_webhook_is_taken_and_told_to_nobody() {
    let wayfare = Wayfare::start().await;
    placed(&wayfare).await;
    assert_eq!(wayfare.metric("wayfare_outbox_waiting").await, 1.0);
    work(&wayfare).await;
    assert_eq!(wayfare.metric("wayfare_outbox_waiting").await, 0.0);
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM delivery").await, 0);
}

#[tokio::test]
async fn our_own_network_is_told_nothing() {
    let wayfare = Wayfare::with(|config| config.webhooks_to_private = false).await;
    let (shop, address) = Shop::listen().await;
    // As if it had been set by an earlier version, or before the setting changed.
    let row = format!("INSERT INTO webhook (shop_id, url, secret) VALUES ({SHOP}, 'http://{address}/hook', 'whsec_')");
    wayfare.sql(&row).await.expect("a row");
    placed(&wayfare).await;
    work(&wayfare).await;
    assert_eq!(shop.told().len(), 0);
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM delivery WHERE problem LIKE '%public internet%'").await, 1);
}

#[tokio::test]
async fn a_webhook_is_an_address_of_the_web() {
    let wayfare = Wayfare::start().await;
    let manager = wayfare.person("manager").await;
    for url in ["ftp://a.example", "file:///etc/passwd", "a.example", "", "https://a b"] {
        manager.put(&format!("/api/shops/{SHOP}/webhook"), json!({ "url": url })).await.refused(400, "bad_body");
    }
}

/// By the Standard Webhooks specification, from its text and not from the service's code.
fn signature(key: &str, id: &str, time: &str, body: &str) -> String {
    let key = STANDARD.decode(key.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key").chain_update(format!("{id}.{time}.{body}"));
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_replaced_key_signs_beside_the_new_one_for_a_day() {
    let wayfare = Wayfare::start().await;
    let (shop, first) = Shop::open(&wayfare).await;
    let (nora, order) = placed(&wayfare).await;
    let path = format!("/api/shops/{SHOP}/webhook");
    let manager = wayfare.person("manager").await;
    let there = json!({ "url": shop_url(&wayfare).await });
    // A retry whose first answer was lost makes a key that nobody knows.
    manager.put(&path, there.clone()).await.expect(200);
    let answer = manager.put(&path, there).await.expect(200);
    let second = answer["secret"].as_str().expect("a key").to_owned();
    let until: wayfare::clock::Instant = answer["old_key_until"].as_str().expect("a time").parse().expect("one");
    work(&wayfare).await;
    wayfare.later(until - wayfare.now());
    // The access token is over by then.
    let nora = wayfare.sign_in(&nora.email, PASSWORD).await;
    nora.move_order(&order, "cancelled").await.expect(200);
    work(&wayfare).await;
    let signed: Vec<(Vec<String>, [String; 2])> =
        shop.told().iter().map(|told| signatures(told, [&first, &second])).collect();
    let [(during, [old, new]), (after, [_, alone])] = &signed[..] else { panic!("{signed:?}") };
    assert!(during.len() == 3 && during[0] == *new && during.contains(old), "{during:?}");
    assert_eq!(after, std::slice::from_ref(alone));
}

/// What stands in the header, and what it would be by each key.
fn signatures((headers, body): &(HeaderMap, String), keys: [&str; 2]) -> (Vec<String>, [String; 2]) {
    let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
    let by = keys.map(|key| signature(key, &header("webhook-id"), &header("webhook-timestamp"), body));
    (header("webhook-signature").split(' ').map(str::to_owned).collect(), by)
}

async fn shop_url(wayfare: &Wayfare) -> String {
    use sea_orm::EntityTrait;
    let found = wayfare::catalog::webhook::Entity::find_by_id(SHOP).one(&wayfare.app.db.write).await;
    found.expect("the database answers").expect("a webhook").url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_does_not_answer_holds_up_no_other() {
    let wayfare = Wayfare::start().await;
    // It takes connections, and that is all.
    let hangs = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    set_webhook(&wayfare, 1, &format!("http://{}/", hangs.local_addr().expect("a port"))).await;
    let (well, address) = Shop::listen().await;
    set_webhook(&wayfare, 2, &format!("http://{address}/hook")).await;
    let (product, nora) = (wayfare.product("Oat biscuit", 150, 50).await, wayfare.newcomer().await);
    for _ in 0..8 {
        nora.order(product, 1).await;
    }
    let other = wayfare.number("SELECT MIN(id) FROM product WHERE shop_id = 2").await;
    let mut order = order_of(other, 1);
    order["shop_id"] = json!(2);
    nora.try_order(&Uuid::new_v4().to_string(), order).await.expect(201);
    let worker = tokio::spawn(worker::run(wayfare.app.clone()));
    well.has(1).await;
    worker.abort();
}

#[tokio::test]
async fn a_shop_that_fails_again_and_again_is_left_alone_and_then_tried_once() {
    let wayfare = Wayfare::start().await;
    let (shop, _) = Shop::open(&wayfare).await;
    shop.answers.store(503, Relaxed);
    let (product, nora) = (wayfare.product("Oat biscuit", 150, 50).await, wayfare.newcomer().await);
    for _ in 0..16 {
        nora.order(product, 1).await;
    }
    let waiting = wayfare::orders::event::Entity::waiting(&wayfare.app.db.write).await.expect("events");
    worker::take(&wayfare.app, &waiting).await.expect("they are taken over");
    let mut dispatch = Dispatch::new(wayfare.app.clone()).expect("a client");
    drain(&mut dispatch).await;
    let tried = shop.told().len();
    assert!((5..=8).contains(&tried), "{tried} of 16");
    assert_eq!(wayfare.metric("wayfare_webhook_shops_resting").await, 1.0);
    wayfare.later(TimeDelta::seconds(11));
    drain(&mut dispatch).await;
    assert_eq!(shop.told().len(), tried + 1);
    shop.answers.store(200, Relaxed);
    wayfare.later(TimeDelta::hours(1));
    drain(&mut dispatch).await;
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM delivery WHERE delivered_at IS NULL").await, 0);
    assert_eq!(wayfare.metric("wayfare_webhook_shops_resting").await, 0.0);
}

async fn drain(dispatch: &mut Dispatch) {
    dispatch.start().await.expect("the database answers");
    while !dispatch.is_idle() {
        let ended = dispatch.ended().await;
        dispatch.settle(ended).await.expect("the database answers");
        dispatch.start().await.expect("the database answers");
    }
}

#[tokio::test]
async fn the_events_of_an_order_come_in_their_order_also_after_a_failure() {
    let wayfare = Wayfare::start().await;
    let (shop, _) = Shop::open(&wayfare).await;
    shop.answers.store(500, Relaxed);
    let (nora, order) = placed(&wayfare).await;
    work(&wayfare).await;
    nora.move_order(&order, "cancelled").await.expect(200);
    shop.answers.store(200, Relaxed);
    work(&wayfare).await;
    assert_eq!(shop.states(), ["placed"], "the cancelling waits for what failed");
    nora.order(order["lines"][0]["product_id"].as_i64().expect("an id"), 1).await;
    work(&wayfare).await;
    assert_eq!(shop.states(), ["placed", "placed"], "another order doesn't");
    wayfare.later(TimeDelta::hours(1));
    work(&wayfare).await;
    assert_eq!(shop.states(), ["placed", "placed", "placed", "cancelled"]);
}

#[tokio::test]
async fn an_event_that_is_given_up_lets_the_next_one_of_its_order_go() {
    let wayfare = Wayfare::with(|config| config.webhook_attempts = 1).await;
    let (shop, _) = Shop::open(&wayfare).await;
    shop.answers.store(500, Relaxed);
    let (nora, order) = placed(&wayfare).await;
    nora.move_order(&order, "cancelled").await.expect(200);
    work(&wayfare).await;
    assert_eq!(shop.states(), ["placed", "cancelled"]);
}

#[tokio::test]
async fn a_webhook_carries_the_trace_of_the_request_that_it_tells_of() {
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let wayfare = Wayfare::start().await;
    let (shop, _) = Shop::open(&wayfare).await;
    let (product, nora) = (wayfare.product("Oat biscuit", 150, 50).await, wayfare.newcomer().await);
    let trace = |n: u8| format!("00-4bf92f3577b34da6a3ce929d0e0e47{n:02}-00f067aa0ba902b7-01");
    let mut traced = nora.clone();
    traced.client = nora.with("traceparent", &trace(1));
    let order = traced.order(product, 1).await;
    traced.client = nora.with("traceparent", &trace(2));
    traced.move_order(&order, "cancelled").await.expect(200);
    work(&wayfare).await;
    let carried: Vec<_> = shop.told().iter().map(|(headers, _)| headers["traceparent"].clone()).collect();
    assert_eq!(carried, [trace(1), trace(2)]);
}

#[tokio::test]
async fn an_address_that_leads_into_a_network_is_refused_when_it_is_set() {
    let wayfare = Wayfare::with(|config| config.webhooks_to_private = false).await;
    let manager = wayfare.person("manager").await;
    let path = format!("/api/shops/{SHOP}/webhook");
    let hosts = ["127.0.0.1:9", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[fec0::1]"];
    let more = ["[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "192.0.0.1", "198.18.0.1", "240.0.0.1", "168.63.129.16"];
    for host in hosts.into_iter().chain(more).chain(["u:p@shop.example"]) {
        let answer = manager.put(&path, json!({ "url": format!("http://{host}/hook") })).await;
        answer.refused(422, "webhook_address");
    }
    manager.put(&path, json!({ "url": "https://93.184.216.34/hook" })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_is_used_when_the_configuration_names_one_and_not_when_the_environment_does() {
    let wayfare = Wayfare::start().await;
    let (shop, _) = Shop::open(&wayfare).await;
    let (proxy, address) = Shop::listen().await;
    let worker = |variable: &str| {
        let mut worker = wayfare.place.binary(&["worker", "--once"]);
        let worker = worker.env_remove("NO_PROXY").env_remove("no_proxy").env(variable, format!("http://{address}"));
        let done = worker.output();
        let done = done.expect("the worker runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let (nora, order) = placed(&wayfare).await;
    tokio::task::block_in_place(|| worker("http_proxy"));
    assert_eq!((shop.told().len(), proxy.told().len()), (1, 0));
    nora.move_order(&order, "cancelled").await.expect(200);
    tokio::task::block_in_place(|| worker("WAYFARE_WEBHOOK_PROXY"));
    assert_eq!((shop.told().len(), proxy.told().len()), (1, 1));
}
