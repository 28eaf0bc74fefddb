//! Delivers the orders' events to the shops' webhooks, in three steps that each can be killed at any moment:
//! the outbox is put on the queue ([`queue`]), events from the queue are taken over once ([`take`]), and what was taken
//! over is sent until it arrives or is given up ([`delivery`], [`dispatch`], [`send`]).
//!
//! An event is taken over in one transaction that also notes the delivery: whatever the queue loses or doubles, our own
//! handler handles each event once. Across HTTP "once" can't be had: a shop may get an event twice, with the same
//! `webhook-id`.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::TimeDelta;

pub mod crash;
pub mod delivery;
pub mod dispatch;
pub mod queue;
pub mod send;
mod sign;

use crate::{
    App, auth,
    bus::{Bus, Note},
    cart,
    catalog::webhook,
    error::Result,
    health,
    orders::event,
    signal,
};
use crash::point;
use dispatch::Dispatch;
use tokio::{sync::Notify, task::JoinHandle};

/// How long to rest when nothing waits and no note comes.
const REST: Duration = Duration::from_secs(1);
/// Guests' carts that nobody touched for so long are forgotten.
const CART_DAYS: i64 = 30;
/// An event that its shop hasn't taken for so long is given up, however seldom it could be tried.
const GIVE_UP_DAYS: i64 = 3;

/// Works until the app is told to stop; what is under way is finished.
pub async fn run(app: Arc<App>) {
    let taken = Notify::new();
    tokio::join!(take_over(&app, &taken), deliver(&app, &taken));
}

/// Takes over what comes, and tells the deliveries' half by `taken`.
async fn take_over(app: &App, taken: &Notify) {
    let mut notes = app.bus.listen();
    let mut tidied = app.clock.now() - TimeDelta::days(1);
    while !app.is_stopping() {
        let busy = match take_waiting(app).await {
            Ok(count) => count > 0,
            Err(cause) => {
                tracing::warn!(%cause, "the worker is waiting");
                false
            }
        };
        if app.clock.now() - tidied > TimeDelta::hours(1) {
            tidied = app.clock.now();
            if let Err(cause) = tidy(app).await {
                tracing::warn!(%cause, "clean-up is postponed");
            }
        }
        if busy {
            taken.notify_one();
        } else {
            let noted = async { while !matches!(notes.recv().await, Ok(Note::Outbox) | Err(_)) {} };
            tokio::select! {
                _ = tokio::time::timeout(REST, noted) => {}
                () = app.stopped() => {}
            }
        }
    }
}

/// Sends what is due, until the app is told to stop and what is in flight has landed.
async fn deliver(app: &Arc<App>, taken: &Notify) {
    let mut dispatch = match Dispatch::new(app.clone()) {
        Ok(dispatch) => dispatch,
        Err(cause) => return tracing::error!(%cause, "webhooks can't be delivered"),
    };
    while !(app.is_stopping() && dispatch.is_idle()) {
        if let Err(cause) = dispatch.start().await {
            tracing::warn!(%cause, "deliveries are waiting");
        }
        let ended = tokio::select! {
            ended = dispatch.ended(), if !dispatch.is_idle() => ended,
            () = taken.notified() => continue,
            () = tokio::time::sleep(REST) => continue,
            () = app.stopped(), if !app.is_stopping() => continue,
        };
        if let Err(cause) = dispatch.settle(ended).await {
            tracing::warn!(%cause, "delivered webhooks couldn't be recorded and will be delivered again");
        }
    }
}

/// Works until SIGTERM or Ctrl-C.
pub async fn until_signalled(app: Arc<App>) -> anyhow::Result<()> {
    let carry = tokio::spawn(Bus::carry(app.bus.clone()));
    let metrics = health::serve_metrics(&app).await?;
    let worker = tokio::spawn(run(app.clone()));
    tracing::info!("the worker is running");
    signal::terminated().await;
    tracing::info!("shutting down: finishing deliveries in progress");
    app.stop();
    ended(worker).await;
    carry.abort();
    metrics.inspect(JoinHandle::abort);
    app.db.close().await;
    tracing::info!("ended");
    Ok(())
}

/// Waits for a worker that was told to stop, as long as one delivery may take.
pub async fn ended(worker: JoinHandle<()>) {
    if tokio::time::timeout(send::PATIENCE + REST, worker).await.is_err() {
        tracing::warn!("the worker was interrupted: deliveries in progress will be repeated");
    }
}

/// Does what waits now; tells how much that was.
pub async fn once(app: &Arc<App>) -> anyhow::Result<usize> {
    let mut done = take_waiting(app).await?;
    let mut dispatch = Dispatch::new(app.clone())?;
    done += dispatch.start().await?;
    while !dispatch.is_idle() {
        let ended = dispatch.ended().await;
        dispatch.settle(ended).await?;
        done += dispatch.start().await?;
    }
    Ok(done)
}

/// Takes over what waits now; tells how much that was. Without Redis, or while it is away, it is taken from the outbox
/// itself: Redis only shares the work out.
async fn take_waiting(app: &App) -> anyhow::Result<usize> {
    if let Some(redis) = &app.redis {
        queue::publish(app, redis).await?;
        let taken = queue::consume(app, redis).await?;
        if !redis.is_away() {
            return Ok(taken);
        }
    }
    Ok(take(app, &event::Entity::waiting(&app.db.write).await?).await?)
}

/// Takes events over, each once: of all that come with one, one finds it waiting. Tells how many were.
pub async fn take(app: &App, ids: &[i64]) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let (tx, now) = (app.db.begin().await?, app.clock.now());
    let events = event::Entity::take(&*tx, ids, now).await?;
    if events.is_empty() {
        return Ok(0);
    }
    point("taken");
    let shops: HashSet<i64> = events.iter().map(|event| event.shop_id).collect();
    let told: HashSet<i64> = webhook::Entity::of(&*tx, shops).await?.iter().map(|webhook| webhook.shop_id).collect();
    let count = events.len();
    let wanted: Vec<_> = events.into_iter().filter(|event| told.contains(&event.shop_id)).collect();
    delivery::Entity::add(&*tx, &wanted, now).await?;
    point("noted");
    tx.commit().await?;
    point("committed");
    Ok(count)
}

async fn tidy(app: &App) -> Result<()> {
    let now = app.clock.now();
    let gone = cart::entity::Entity::forget_guests(&app.db.write, now - TimeDelta::days(CART_DAYS)).await?;
    if gone > 0 {
        tracing::info!(gone, "deleted carts of guests");
    }
    let given_up = delivery::Entity::give_up(&app.db.write, now - TimeDelta::days(GIVE_UP_DAYS), now).await?;
    if given_up > 0 {
        tracing::warn!(given_up, "webhook deliveries that failed for too long were dead-lettered");
        app.metrics.wayfare_webhooks_total.with_label_values(&["dead"]).inc_by(given_up);
    }
    auth::leave::tidy(app).await
}
