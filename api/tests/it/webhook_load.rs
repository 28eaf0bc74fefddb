//! How long deliveries take while one of a hundred shops hangs. A measurement, run by hand:
//! `cargo test -p wayfare --test it webhook_load --release -- --ignored --nocapture`

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use poem::{
    EndpointExt, Server,
    listener::{Acceptor, Listener, TcpListener},
    web::{Data, Path},
};
use wayfare::{bus::Note, worker};

use crate::start::Wayfare;

const SHOPS: usize = 100;
const DELIVERIES: usize = 10_000;
/// The shop that takes connections and never answers.
const HANGS: usize = 1;

/// When each event came, by its `webhook-id`.
type Came = Arc<Mutex<HashMap<String, Instant>>>;

#[poem::handler]
fn hook(came: Data<&Came>, _shop: Path<usize>, headers: &poem::http::HeaderMap) {
    let id = headers["webhook-id"].to_str().expect("a text").to_owned();
    came.lock().expect("no holder panics").entry(id).or_insert_with(Instant::now);
}

async fn fill(wayfare: &Wayfare, well: &str, hangs: &str) {
    let run = async |statement: String| wayfare.sql(&statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    for shop in 1..=SHOPS {
        let url = if shop == HANGS { hangs.to_owned() } else { format!("{well}/{shop}") };
        run(format!(
            "INSERT INTO shop (id, name, kind, description, address, lat, lon, hours, currency)
             SELECT 1000 + {shop}, 'S', kind, description, address, lat, lon, hours, currency FROM shop WHERE id = 1"
        ))
        .await;
        run(format!("INSERT INTO webhook (shop_id, url, secret) VALUES (1000 + {shop}, '{url}', 'whsec_MTIz')")).await;
    }
}

/// One order each for all shops in turn, so many at once.
async fn events(wayfare: &Wayfare, from: usize, count: usize) {
    use sea_orm::{ActiveValue::Set, EntityTrait};
    use wayfare::orders::{event, order::State};
    let account: uuid::Uuid = wayfare.person("customer").await.id.parse().expect("an id");
    let events = (from..from + count).map(|n| event::ActiveModel {
        order_id: Set(uuid::Uuid::from_u128(n as u128 + 1)),
        shop_id: Set((1_001 + n % SHOPS) as i64),
        state: Set(State::Placed),
        account_id: Set(account),
        at: Set(wayfare.now()),
        ..Default::default()
    });
    event::Entity::insert_many(events).exec_without_returning(&wayfare.app.db.write).await.expect("events");
    wayfare.app.bus.tell(vec![Note::Outbox]);
}

async fn measure(at_once: usize, every: Duration) {
    let wayfare = Wayfare::start().await;
    wayfare.sql("PRAGMA foreign_keys = OFF").await.ok();
    let hangs = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let listener = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("there is a free port");
    let well = format!("http://{}", listener.local_addr()[0].as_socket_addr().expect("a TCP port"));
    let came = Came::default();
    let routes = poem::Route::new().at("/:shop", poem::post(hook)).data(came.clone());
    tokio::spawn(Server::new_with_acceptor(listener).run(routes));
    fill(&wayfare, &well, &format!("http://{}", hangs.local_addr().expect("a port"))).await;
    let worker = tokio::spawn(worker::run(wayfare.app.clone()));
    let mut due = Vec::with_capacity(DELIVERIES);
    for from in (0..DELIVERIES).step_by(at_once) {
        let now = Instant::now();
        events(&wayfare, from, at_once).await;
        due.extend(std::iter::repeat_n(now, at_once));
        tokio::time::sleep(every.saturating_sub(now.elapsed())).await;
    }
    let expected = DELIVERIES - DELIVERIES / SHOPS;
    while came.lock().expect("no holder panics").len() < expected {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    worker.abort();
    let came = came.lock().expect("no holder panics");
    let mut took: Vec<f64> =
        (0..DELIVERIES).filter_map(|n| Some((*came.get(&format!("evt_{}", n + 1))? - due[n]).as_secs_f64())).collect();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "{at_once} at once every {every:?}: {} delivered to {} shops beside one that hangs; seconds: half {:.3}, 99 % \
         {:.3}, all {:.3}",
        took.len(),
        SHOPS - 1,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ten_thousand_deliveries_to_a_hundred_shops_of_which_one_hangs() {
    measure(100, Duration::from_millis(200)).await;
    measure(DELIVERIES, Duration::ZERO).await;
}
