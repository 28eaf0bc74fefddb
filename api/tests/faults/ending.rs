//! SIGTERM: what was begun is finished, who comes again is sent elsewhere, and nobody is refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use reqwest::Method;
use sea_orm::{Database, EntityTrait};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use wayfare::worker::delivery;

use crate::{
    parts::both,
    process::{Installation, Server},
    receiver::Receiver,
    wait::{SOON, until},
};

/// A load balancer in short: sends to the replicas whose last `/readyz` was good.
struct Balancer {
    replicas: Vec<(String, AtomicBool)>,
    next: AtomicUsize,
}

impl Balancer {
    fn start(servers: &[&Server]) -> Arc<Self> {
        let replicas = servers.iter().map(|s| (s.base.clone(), AtomicBool::new(true))).collect();
        let balancer = Arc::new(Self { replicas, next: AtomicUsize::new(0) });
        for i in 0..servers.len() {
            tokio::spawn(Self::probe(balancer.clone(), i));
        }
        balancer
    }

    async fn probe(self: Arc<Self>, i: usize) {
        loop {
            let (base, is_ready) = &self.replicas[i];
            let answer = reqwest::get(format!("{base}/readyz")).await;
            is_ready.store(answer.is_ok_and(|a| a.status().is_success()), Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn pick(&self) -> String {
        loop {
            let (base, is_ready) = &self.replicas[self.next.fetch_add(1, Relaxed) % self.replicas.len()];
            if is_ready.load(Relaxed) {
                return base.clone();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_ends_under_load_fails_no_request_and_the_other_carries_on() {
    let Some((postgres, redis)) = both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded().set("WAYFARE_DRAIN_SECONDS", "2");
    let (mut a, b) = (installation.serve().await, installation.serve().await);
    let customer = a.client.prepare(None).await.sign_in("customer").await;
    let (balancer, stop, done) =
        (Balancer::start(&[&a, &b]), Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..6)
        .map(|client| {
            let (customer, balancer, stop, done) = (customer.clone(), balancer.clone(), stop.clone(), done.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while !stop.load(Relaxed) {
                    n += 1;
                    let there = customer.at(&balancer.pick());
                    there.place(&format!("under-load-{client}-{n}")).await;
                    there.get("/api/me").await.expect(200);
                    done.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    progress(&done, 20).await;
    a.process.signal("TERM");
    let status = a.process.end(SOON).await;
    assert!(status.success(), "{status}:\n{}", a.process.log());
    progress(&done, 20).await;
    stop.store(true, Relaxed);
    for client in load {
        client.await.expect("every request was answered with success");
    }
}

async fn progress(done: &AtomicUsize, count: usize) {
    let goal = done.load(Relaxed) + count;
    until("more is done", SOON, async || (done.load(Relaxed) >= goal).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keep_alive_client_is_told_to_go_before_its_connection_is_closed() {
    let mut server = Installation::embedded().seeded().set("WAYFARE_DRAIN_SECONDS", "2").serve().await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.expect("it listens");
    assert!(!exchange(&mut socket).await.to_lowercase().contains("connection: close"));
    server.process.signal("TERM");
    until("readiness is off", SOON, async || (!server.is_ready().await).then_some(())).await;
    let told = exchange(&mut socket).await.to_lowercase();
    assert!(told.starts_with("http/1.1 200"), "still served while it drains: {told}");
    assert!(told.contains("connection: close"), "and told to come back on another connection: {told}");
    assert!(server.process.end(SOON).await.success());
}

/// One request on this connection; gives the head of the answer.
async fn exchange(socket: &mut TcpStream) -> String {
    socket.write_all(b"GET /livez HTTP/1.1\r\nHost: wayfare\r\n\r\n").await.expect("the connection is open");
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains("\r\n\r\n") {
        let read = socket.read(&mut buffer).await.expect("the connection is open");
        assert!(read > 0, "closed without an answer: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn event_streams_end_politely_and_the_process_doesnt_wait_for_their_clients() {
    let mut server = Installation::embedded().seeded().serve().await;
    let customer = server.client.sign_in("customer").await;
    let order = customer.place("watched-to-the-end").await;
    let watch = |path: String| customer.request(Method::GET, &path).send();
    let mut streams = vec![
        watch(format!("/api/orders/{order}/events")).await.expect("a stream"),
        watch("/api/stock/events".to_owned()).await.expect("a stream"),
        watch("/api/buses/stream".to_owned()).await.expect("a stream"),
    ];
    let first = streams[0].chunk().await.expect("it goes on").expect("the events so far");
    assert!(String::from_utf8_lossy(&first).contains("placed"));
    server.process.signal("TERM");
    for mut stream in streams {
        // A connection that is cut off in mid-stream is an error here; a stream that ends is not.
        while stream.chunk().await.expect("the stream ends as HTTP says").is_some() {}
    }
    assert!(server.process.end(SOON).await.success(), "{}", server.process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_finished_before_the_process_ends() {
    // A password hash that takes a while is a request that takes a while.
    let mut server = Installation::embedded().set("WAYFARE_BCRYPT_COST", "13").seeded().serve().await;
    let client = server.client.clone();
    let under_way = tokio::spawn(async move {
        let credentials = json!({ "email": "customer@wayfare.example", "password": "wayfare-demo-1" });
        client.post("/api/auth/login", credentials).await
    });
    // The question itself is one of the two.
    until("it is under way", SOON, async || {
        (server.metric("http_server_active_requests").await >= Some(2.0)).then_some(())
    })
    .await;
    server.process.signal("TERM");
    under_way.await.expect("no panic").expect(200);
    assert!(server.process.end(SOON).await.success(), "{}", server.process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_ends_finishes_the_delivery_under_way() {
    let installation = Installation::embedded().seeded();
    let receiver = Receiver::start().await;
    let server = installation.clone().set("WAYFARE_EMBEDDED_WORKER", "false").serve().await;
    let customer = server.client.prepare(Some(&receiver.url)).await.sign_in("customer").await;
    customer.place("delivered-at-the-end").await;
    receiver.hold();
    let mut worker = installation.worker();
    finishes(&mut worker, &receiver, &installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_finishes_the_delivery_under_way() {
    let installation = Installation::embedded().seeded();
    let receiver = Receiver::start().await;
    receiver.hold();
    let mut server = installation.serve().await;
    let customer = server.client.prepare(Some(&receiver.url)).await.sign_in("customer").await;
    customer.place("delivered-at-the-end").await;
    finishes(&mut server.process, &receiver, &installation).await;
}

/// The receiver has the event and holds its answer back; the process is told to end, and then the answer comes.
async fn finishes(process: &mut crate::process::Process, receiver: &Receiver, installation: &Installation) {
    until("the event is at the receiver", SOON, async || (!receiver.posts().is_empty()).then_some(())).await;
    process.signal("TERM");
    until("it has heard", SOON, async || process.log().contains("\"shutting down").then_some(())).await;
    receiver.release();
    let status = process.end(SOON).await;
    assert!(status.success(), "{status}:\n{}", process.log());
    let db = Database::connect(installation.database()).await.expect("it opens");
    let deliveries = delivery::Entity::find().all(&db).await.expect("a plain select");
    assert!(deliveries.iter().all(|d| d.delivered_at.is_some()), "{deliveries:?}");
}
