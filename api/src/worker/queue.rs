//! The queue between outbox and workers: a Redis stream. It may lose or double what it holds: an event that nobody took
//! over is put on it again, and one that comes twice is taken over once.

use std::time::Duration;

use chrono::TimeDelta;
use redis::{
    Value,
    streams::{StreamAutoClaimReply, StreamId, StreamReadReply},
};

use crate::{
    App,
    orders::event,
    redis::{Away, Redis},
    worker::{crash::point, take},
};

const STREAM: &str = "events";
const GROUP: &str = "webhooks";
/// An event that was published this long ago and not taken over is published again.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(30);
/// An event that another worker read this long ago and didn't finish is read again.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// Puts what waits in the outbox on the queue. With Redis away nothing happens: the worker takes from the
/// outbox itself.
pub async fn publish(app: &App, redis: &Redis) -> anyhow::Result<()> {
    if redis.is_away() {
        return Ok(());
    }
    let (tx, now) = (app.db.begin().await?, app.clock.now());
    // Another worker is at it when the rows are locked.
    let Ok(events) = event::Entity::to_publish(&*tx, now - LOST_AFTER).await else {
        return Ok(());
    };
    if events.is_empty() {
        return Ok(());
    }
    point("locked");
    let (mut pipeline, stream) = (redis::pipe(), redis.key(STREAM));
    for event in &events {
        pipeline.xadd(&stream, "*", &[("event", event.id)]).ignore();
    }
    if redis.ask_all::<()>(&pipeline).await.is_err() {
        return Ok(());
    }
    point("queued");
    event::Entity::published(&*tx, events.iter().map(|e| e.id).collect(), now).await?;
    tx.commit().await?;
    point("published");
    Ok(())
}

/// Takes over what is on the queue; tells how much that was.
pub async fn consume(app: &App, redis: &Redis) -> anyhow::Result<usize> {
    let mut entries = match read(redis).await {
        Ok(entries) => entries,
        Err(Away) => return Ok(0),
    };
    entries.extend(stuck(redis).await.unwrap_or_default());
    point("read");
    if entries.is_empty() {
        return Ok(0);
    }
    let events: Vec<i64> = entries.iter().filter_map(|entry| entry.get("event")).collect();
    let taken = take(app, &events).await?;
    let (mut done, stream) = (redis::pipe(), redis.key(STREAM));
    for command in ["XACK", "XDEL"] {
        let done = done.cmd(command).arg(&stream);
        let done = if command == "XACK" { done.arg(GROUP) } else { done };
        entries.iter().fold(done, |done, entry| done.arg(&entry.id)).ignore();
    }
    // When this is lost the entries come again, and are found to be taken.
    let _ = redis.ask_all::<()>(&done).await;
    Ok(taken)
}

async fn read(redis: &Redis) -> Result<Vec<StreamId>, Away> {
    let (mut make, stream) = (redis::cmd("XGROUP"), redis.key(STREAM));
    make.arg("CREATE").arg(&stream).arg(GROUP).arg("0").arg("MKSTREAM");
    // Says BUSYGROUP when there is one, which is as good.
    redis.ask_lenient(&make).await?;
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg(consumer()).arg("COUNT").arg(100).arg("STREAMS").arg(&stream).arg(">");
    let reply: Option<StreamReadReply> = redis.ask(&read).await?;
    Ok(reply.into_iter().flat_map(|r| r.keys).flat_map(|k| k.ids).collect())
}

async fn stuck(redis: &Redis) -> Result<Vec<StreamId>, Away> {
    let mut claim = redis::cmd("XAUTOCLAIM");
    claim
        .arg(redis.key(STREAM))
        .arg(GROUP)
        .arg(consumer())
        .arg(u64::try_from(STUCK_AFTER.as_millis()).unwrap_or(30_000))
        .arg("0")
        .arg("COUNT")
        .arg(100);
    let value: Value = redis.ask(&claim).await?;
    Ok(redis::from_redis_value::<StreamAutoClaimReply>(value).map(|r| r.claimed).unwrap_or_default())
}

fn consumer() -> String {
    format!("{}-{}", std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".to_owned()), std::process::id())
}
