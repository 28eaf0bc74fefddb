//! Clients that are slow, or that want very much at a time.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    process::{Installation, Server, free_port},
    wait::SOON,
};

async fn connected(server: &Server) -> TcpStream {
    TcpStream::connect(server.base.trim_start_matches("http://")).await.expect("it listens")
}

/// Whether the server hangs up, after whatever it says.
async fn hangs_up(socket: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(SOON, socket.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_headers_are_hung_up_on_and_counted_and_an_idle_connection_is_kept() {
    let server = Installation::embedded().set("WAYFARE_HEADER_SECONDS", "1").seeded().serve().await;
    let mut idle = connected(&server).await;
    let request = b"GET /livez HTTP/1.1\r\nHost: wayfare\r\n\r\n";
    idle.write_all(request).await.expect("it reads");
    let mut answer = [0; 4096];
    assert!(idle.read(&mut answer).await.expect("an answer") > 0);

    let mut half = connected(&server).await;
    half.write_all(b"GET /livez HTTP/1.1\r\nHost: way").await.expect("it reads");
    let mut second = connected(&server).await;
    second.write_all(request).await.expect("it reads");
    assert!(second.read(&mut answer).await.expect("an answer") > 0);
    second.write_all(&request[..9]).await.expect("it reads");
    assert!(hangs_up(&mut half).await, "the first request of a connection");
    assert!(hangs_up(&mut second).await, "and one that comes later");
    assert_eq!(server.metric("wayfare_slow_headers_total").await, Some(2.0));

    idle.write_all(request).await.expect("it is still there");
    assert!(idle.read(&mut answer).await.expect("an answer") > 0, "nobody has to be quick to begin");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_an_address_of_their_own_where_they_are_given_one() {
    let own = format!("127.0.0.1:{}", free_port());
    let token = "a-token-for-whoever-scrapes";
    let server = Installation::embedded()
        .set("WAYFARE_METRICS_LISTEN", &own)
        .set("WAYFARE_METRICS_TOKEN", token)
        .seeded()
        .serve()
        .await;
    let there = server.client.get("/metrics").await;
    assert_eq!(there.status, 404, "{:#}", there.body);
    let url = format!("http://{own}/metrics");
    let without = reqwest::get(&url).await.expect("it listens");
    assert_eq!(without.status(), 401);
    let with = reqwest::Client::new().get(&url).bearer_auth(token).send().await.expect("it listens");
    assert_eq!(with.status(), 200);
    assert!(with.text().await.expect("a body").contains("wayfare_revenue_minor_units_total"));
}
