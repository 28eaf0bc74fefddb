//! Redis goes away in mid-run and comes back: nobody notices but the operators.

use std::time::Duration;

use serde_json::Value;

use crate::{
    client::{Answer, Client},
    parts::{Postgres, Redis, both},
    process::{Installation, Server},
    receiver::Receiver,
    stock::StockStream,
    wait::{LATE, SOON, until},
};

const UP: &str = "wayfare_redis_up{place=\"cache\"}";

/// What is cached runs out after thirty seconds: by then the log-out would hold without anybody's doing.
const BEFORE_IT_EXPIRES: Duration = Duration::from_secs(15);

/// How Redis goes away, and how it comes back.
#[derive(Clone, Copy, Debug)]
enum Outage {
    /// Doesn't answer, keeps connections and data.
    Paused,
    /// Gone, and back with what it knew.
    Killed,
}

impl Outage {
    fn begin(self, redis: &mut Redis) {
        match self {
            Self::Paused => redis.pause(),
            Self::Killed => redis.kill(),
        }
    }

    async fn end(self, redis: &mut Redis) {
        match self {
            Self::Paused => redis.resume(),
            Self::Killed => redis.restart().await,
        }
    }
}

async fn two_replicas(postgres: &Postgres, redis: &Redis) -> (Server, Server) {
    let installation = Installation::on(postgres, redis).seeded();
    let (a, b) = (installation.serve().await, installation.serve().await);
    a.client.prepare(None).await;
    (a, b)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_that_redis_is_paused() {
    nobody_notices(Outage::Paused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_that_redis_is_killed_and_comes_back_with_old_data() {
    nobody_notices(Outage::Killed).await;
}

async fn nobody_notices(outage: Outage) {
    let Some((postgres, mut redis)) = both().await else { return };
    let (a, b) = two_replicas(&postgres, &redis).await;
    let (customer, leaver) = (a.client.sign_in("customer").await, a.client.sign_in("courier").await);
    for person in [&customer, &leaver] {
        person.get("/api/me").await.expect(200);
        person.at(&b.base).get("/api/me").await.expect(200);
    }

    outage.begin(&mut redis);
    for n in 0..5 {
        customer.place(&format!("during-{outage:?}-{n}")).await;
        customer.at(&b.base).place(&format!("during-{outage:?}-{n}-at-b")).await;
        served(&customer.get("/api/menu-items").await);
        served(&customer.at(&b.base).get("/api/me").await);
    }
    assert_eq!(a.metric(UP).await, Some(0.0), "the operators see it");
    assert!(a.is_ready().await && b.is_ready().await, "a lost Redis takes nobody out of service");
    a.client.sign_in("manager").await.get("/api/me").await.expect(200);
    leaver.post("/api/auth/logout", Value::Null).await.expect(204);
    signed_out(&leaver, &b).await;

    outage.end(&mut redis).await;
    for server in [&a, &b] {
        until("redis is used again", SOON, async || {
            signed_out(&leaver, &b).await;
            served(&customer.get("/api/me").await);
            (server.metric(UP).await == Some(1.0)).then_some(())
        })
        .await;
    }
    signed_out(&leaver, &b).await;
    customer.at(&b.base).get("/api/me").await.expect(200);
    notes_flow(&customer, &b).await;
}

#[track_caller]
fn served(answer: &Answer) {
    assert_eq!(answer.status, 200, "{:#}", answer.body);
}

/// Somebody who left is let in nowhere.
async fn signed_out(leaver: &Client, b: &Server) {
    leaver.get("/api/me").await.expect(401);
    leaver.at(&b.base).get("/api/me").await.expect(401);
}

/// What is ordered here is told at the other replica.
async fn notes_flow(customer: &Client, b: &Server) {
    let mut stock = StockStream::open(b).await;
    let mut n = 0;
    let orders = until("a note arrives", SOON, async || {
        n += 1;
        customer.place(&format!("until-noted-{n}")).await;
        None::<()>
    });
    tokio::select! { () = stock.until_any(1) => {}, () = orders => {} }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_goes_on_by_itself_after_redis_was_paused() {
    a_worker_goes_on(Outage::Paused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_goes_on_by_itself_after_redis_was_killed() {
    a_worker_goes_on(Outage::Killed).await;
}

async fn a_worker_goes_on(outage: Outage) {
    let Some((postgres, mut redis)) = both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded();
    let (api, receiver, _worker) = (installation.serve().await, Receiver::start().await, installation.worker());
    let customer = api.client.prepare(Some(&receiver.url)).await.sign_in("customer").await;
    receiver.has(&customer.place("before-the-outage").await, SOON).await;
    outage.begin(&mut redis);
    let during = customer.place("during-the-outage").await;
    receiver.has(&during, LATE).await;
    outage.end(&mut redis).await;
    receiver.has(&customer.place("after-the-outage").await, LATE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_during_the_outage_holds_at_a_replica_that_noticed_nothing_of_it() {
    let Some((postgres, redis)) = both().await else { return };
    let (a, b) = two_replicas(&postgres, &redis).await;
    let leaver = a.client.sign_in("courier").await;
    leaver.at(&b.base).get("/api/me").await.expect(200);
    redis.pause();
    // The first finds out that Redis is away; what follows doesn't even ask it.
    leaver.get("/api/me").await.expect(200);
    leaver.post("/api/auth/logout", Value::Null).await.expect(204);
    redis.resume();
    // Nobody asks the first replica anything more: it has to make the log-out known by itself.
    until("the log-out holds at the other replica", BEFORE_IT_EXPIRES, async || {
        (leaver.at(&b.base).get("/api/me").await.status == 401).then_some(())
    })
    .await;
    leaver.at(&b.base).get("/api/me").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_still_count_while_redis_is_away() {
    const LIMIT: usize = 30;
    let Some((postgres, mut redis)) = both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded().set("WAYFARE_RATE_LIMIT", LIMIT.to_string());
    let server = installation.serve().await;
    redis.kill();
    let answers = crate::replicas::hammer(&[&server], 3 * LIMIT).await;
    crate::replicas::within_limit(&answers, LIMIT);
    assert!(answers.iter().all(|a| [200, 429].contains(&a.status)), "nothing but answers and refusals");
}
