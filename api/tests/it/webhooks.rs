//! The worker: each event of an order reaches the shop's webhook, signed, again after a failure, and in the end given up.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering::Relaxed},
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
use wayfare::worker;

use crate::{
    fixtures::{Person, SHOP},
    start::Wayfare,
};

/// A shop's own system: keeps what it is told, and answers what it is set to.
#[derive(Clone, Default)]
struct Shop {
    told: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answers: Arc<AtomicU16>,
}

#[handler]
fn hook(shop: Data<&Shop>, headers: &HeaderMap, body: String) -> StatusCode {
    shop.told.lock().expect("no holder panics").push((headers.clone(), body));
    StatusCode::from_u16(shop.answers.load(Relaxed)).expect("a status")
}

impl Shop {
    /// Opens, and has the demo city's manager set it as the webhook; gives its key, too.
    async fn open(wayfare: &Wayfare) -> (Self, String) {
        let shop = Self::default();
        shop.answers.store(200, Relaxed);
        let listener = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("there is a free port");
        let address = listener.local_addr()[0].as_socket_addr().expect("a TCP port").to_owned();
        tokio::spawn(Server::new_with_acceptor(listener).run(poem::post(hook).data(shop.clone())));
        let body = json!({ "url": format!("http://{address}/hook") });
        let path = format!("/api/shops/{SHOP}/webhook");
        let webhook = wayfare.person("manager").await.put(&path, body).await.expect(200);
        (shop, webhook["secret"].as_str().expect("a key").to_owned())
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
    // By the Standard Webhooks specification, from its text and not from the service's code.
    let key = STANDARD.decode(key.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key").chain_update(format!("{id}.{time}.{body}"));
    assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
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
    for _ in 0..3 {
        let [one, two, three] = &others;
        tokio::join!(work(&wayfare), work(one), work(two), work(three));
    }
    assert_eq!(shop.told().len(), 6);
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM delivery WHERE attempts = 1").await, 6);
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
    let (shop, _) = Shop::open(&wayfare).await;
    placed(&wayfare).await;
    work(&wayfare).await;
    assert_eq!(shop.told().len(), 0);
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM delivery WHERE problem LIKE '%private%'").await, 1);
}

#[tokio::test]
async fn a_webhook_is_an_address_of_the_web() {
    let wayfare = Wayfare::start().await;
    let manager = wayfare.person("manager").await;
    for url in ["ftp://a.example", "file:///etc/passwd", "a.example", "", "https://a b"] {
        manager.put(&format!("/api/shops/{SHOP}/webhook"), json!({ "url": url })).await.refused(400, "bad_body");
    }
}
