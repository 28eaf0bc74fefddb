//! A client whose answer was lost sends its order again, with the same Idempotency-Key: one order.

use std::collections::BTreeSet;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    client::an_order,
    parts::both,
    process::{Installation, Server},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_cut_off_and_orders_again_has_one_order_on_sqlite() {
    one_order_for_each_key(Installation::embedded().seeded().serve().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_cut_off_and_orders_again_has_one_order_on_postgresql() {
    let Some((postgres, redis)) = both().await else { return };
    one_order_for_each_key(Installation::on(&postgres, &redis).seeded().serve().await).await;
}

async fn one_order_for_each_key(server: Server) {
    const TIMES: u64 = 30;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    let token = customer.token.as_deref().expect("signed in");
    for n in 0..TIMES {
        let key = format!("cut-off-{n}");
        // Cut off before the body is whole, at once after it, and ever later after it.
        let cut = if n == 0 { 20 } else { 0 };
        cut_off(&server, token, &key, cut, std::time::Duration::from_micros(n * 400)).await;
        customer.place(&key).await;
    }
    let listed = customer.get("/api/orders?limit=100").await.expect(200);
    let ids: BTreeSet<_> = listed["items"].as_array().expect("a page").iter().map(|o| o["id"].to_string()).collect();
    assert_eq!(ids.len() as u64, TIMES, "one order for each key");
    let events = server.metric("wayfare_orders_placed_total").await;
    assert!(events.is_some_and(|placed| placed <= TIMES as f64), "{events:?} were counted as placed");
}

/// Sends an order, but for the last `cut` bytes, and hangs up after `later`.
async fn cut_off(server: &Server, token: &str, key: &str, cut: usize, later: std::time::Duration) {
    let body = an_order().to_string();
    let address = server.base.trim_start_matches("http://");
    let request = format!(
        "POST /api/orders HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    socket.write_all(&request.as_bytes()[..request.len() - cut]).await.expect("it reads");
    // The moment is what is tried here: from before the handler starts to after it has answered.
    tokio::time::sleep(later).await;
}
