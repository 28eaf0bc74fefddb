//! Delivers the orders' events to the shops' webhooks, in three steps that each can be killed at any moment:
//! the outbox is put on the queue ([`queue`]), an event from the queue is taken over once ([`take`]), and what was taken
//! over is sent until it arrives or is given up ([`delivery`], [`send`]).
//!
//! An event is taken over in one transaction that also notes the delivery: whatever the queue loses or doubles, our own
//! handler handles each event once. Across HTTP "once" can't be had: a shop may get an event twice, with the same
//! `webhook-id`.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

pub mod crash;
pub mod delivery;
pub mod queue;
pub mod send;

use crate::{
    App, auth,
    bus::{Bus, Note},
    cart,
    catalog::webhook,
    error::Result,
    http,
    orders::event,
};
use crash::point;
use sea_orm::EntityTrait;
use tokio::task::JoinHandle;

/// How long to rest when nothing waits and no note comes.
const REST: Duration = Duration::from_secs(1);
/// Guests' carts that nobody touched for so long are forgotten.
const CART_DAYS: i64 = 30;

/// Works until the app is told to stop; what is under way is finished.
pub async fn run(app: Arc<App>) {
    let mut notes = app.bus.listen();
    let mut tidied = app.clock.now() - TimeDelta::days(1);
    while !app.is_stopping() {
        let busy = match once(&app).await {
            Ok(done) => done > 0,
            Err(cause) => {
                tracing::warn!(%cause, "the worker waits");
                false
            }
        };
        if app.clock.now() - tidied > TimeDelta::hours(1) {
            tidied = app.clock.now();
            if let Err(cause) = tidy(&app).await {
                tracing::warn!(%cause, "tidying is put off");
            }
        }
        if !busy {
            let noted = async { while !matches!(notes.recv().await, Ok(Note::Outbox) | Err(_)) {} };
            tokio::select! {
                _ = tokio::time::timeout(REST, noted) => {}
                () = app.stopped() => {}
            }
        }
    }
}

/// Works until SIGTERM or Ctrl-C.
pub async fn until_signalled(app: Arc<App>) -> anyhow::Result<()> {
    let carry = tokio::spawn(Bus::carry(app.bus.clone()));
    let worker = tokio::spawn(run(app.clone()));
    tracing::info!("the worker works");
    http::signalled().await;
    tracing::info!("ending: finishing what is under way");
    app.stop();
    ended(worker).await;
    carry.abort();
    app.db.close().await;
    tracing::info!("ended");
    Ok(())
}

/// Waits for a worker that was told to stop, as long as one delivery may take.
pub async fn ended(worker: JoinHandle<()>) {
    if tokio::time::timeout(send::PATIENCE + REST, worker).await.is_err() {
        tracing::warn!("the worker is cut off: what it was at comes again");
    }
}

/// Does what waits now; tells how much that was.
pub async fn once(app: &App) -> anyhow::Result<usize> {
    let mut done = 0;
    match &app.redis {
        Some(redis) => {
            queue::publish(app, redis).await?;
            done += queue::consume(app, redis).await?;
        }
        None => {
            for id in event::Entity::waiting(&app.db.write).await? {
                done += usize::from(take(app, id).await?);
            }
        }
    }
    done += send::due(app).await?;
    Ok(done)
}

/// Takes an event over, once: of all that come with it, one finds it waiting.
pub async fn take(app: &App, id: i64) -> Result<bool> {
    let tx = app.db.begin().await?;
    let Some(event) = event::Entity::take(&*tx, id, app.clock.now()).await? else {
        return Ok(false);
    };
    point("taken");
    if webhook::Entity::find_by_id(event.shop_id).one(&*tx).await?.is_some() {
        delivery::Entity::add(&*tx, &event, app.clock.now()).await?;
    }
    point("noted");
    tx.commit().await?;
    point("committed");
    Ok(true)
}

async fn tidy(app: &App) -> Result<()> {
    let gone = cart::entity::Entity::forget_guests(&app.db.write, app.clock.now() - TimeDelta::days(CART_DAYS)).await?;
    if gone > 0 {
        tracing::info!(gone, "forgot guests' carts");
    }
    auth::leave::tidy(app).await
}
