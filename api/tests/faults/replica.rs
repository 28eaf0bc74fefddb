//! The catalog's read replica stops, falls behind or is promoted: the primary answers in its place, and that is told.

use serde_json::json;

use crate::{
    parts::{Postgres, both},
    process::{Installation, Server},
    wait::{SOON, until},
};

/// What `/readyz` says of the replica.
async fn told(server: &Server) -> String {
    let state = server.client.get("/readyz").await.expect(200);
    state["replica"].as_str().expect("there is one").to_owned()
}

async fn is_asked(server: &Server) {
    until("the replica is asked", SOON, async || (told(server).await == "answers").then_some(())).await;
    assert_eq!(server.metric("wayfare_replica_up{replica=\"read\"}").await, Some(1.0));
}

async fn price(server: &Server) -> i64 {
    server.client.get("/api/menu-items/1").await.expect(200)["price"]["amount"].as_i64().expect("a price")
}

async fn set_price(server: &Server, price: i64) {
    let manager = server.client.sign_in("manager").await;
    manager.patch("/api/menu-items/1", json!({ "price": price })).await.expect(200);
}

/// A seeded installation that reads the catalog from a standby.
async fn with_standby(postgres: &Postgres, standby: &Postgres, redis: &crate::parts::Redis) -> Installation {
    Installation::on(postgres, redis).set("WAYFARE_DATABASE_READ_URL", standby.url("wayfare"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stops_is_told_and_nobody_is_refused() {
    let Some((postgres, redis)) = both().await else { return };
    Installation::on(&postgres, &redis).seeded();
    let Some(mut standby) = postgres.standby().await else { return };
    let installation = with_standby(&postgres, &standby, &redis).await;
    let server = installation.serve().await;
    is_asked(&server).await;
    standby.stop("QUIT").await;
    for n in 0..20 {
        server.client.get(&format!("/api/menu-items?q=bread{n}")).await.expect(200);
        server.client.get("/api/menu-items/1").await.expect(200);
    }
    assert_eq!(told(&server).await, "it doesn't answer");
    assert_eq!(server.metric("wayfare_replica_up{replica=\"read\"}").await, Some(0.0));
    // Who starts now serves as well.
    let second = installation.serve().await;
    second.client.get("/api/shops").await.expect(200);
    standby.restart().await;
    is_asked(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_reads_it_back_though_the_replica_lags() {
    let Some((postgres, redis)) = both().await else { return };
    Installation::on(&postgres, &redis).seeded();
    let Some(standby) = postgres.standby().await else { return };
    let installation = with_standby(&postgres, &standby, &redis).await;
    let server = installation.serve().await;
    is_asked(&server).await;
    standby.execute("SELECT pg_wal_replay_pause()").await;
    set_price(&server, 4321).await;
    assert_eq!(price(&server).await, 4321);
    assert_eq!(told(&server).await, "it lacks what was just written");
    standby.execute("SELECT pg_wal_replay_resume()").await;
    is_asked(&server).await;
    assert_eq!(price(&server).await, 4321);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_promoted_is_asked_no_more() {
    let Some((postgres, redis)) = both().await else { return };
    Installation::on(&postgres, &redis).seeded();
    let Some(standby) = postgres.standby().await else { return };
    let server = with_standby(&postgres, &standby, &redis).await.serve().await;
    is_asked(&server).await;
    standby.execute("SELECT pg_promote()").await;
    until("it is told", SOON, async || (told(&server).await == "it is no replica any more").then_some(())).await;
    set_price(&server, 1234).await;
    assert_eq!(price(&server).await, 1234);
}
