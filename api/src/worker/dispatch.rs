//! Sends deliveries side by side: a few for each shop and a bound for all, so that a shop which doesn't answer holds up
//! nobody else. A shop that fails again and again is left alone for a while, and then one delivery tries it.
//!
//! The events of an order go out one after the other, each once the one before has arrived or is given up.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::TimeDelta;
use reqwest::Client;
use sea_orm::ActiveValue::Set;
use tokio::task::JoinSet;

use crate::{
    App,
    breaker::{self, Breaker, Pass, Turn},
    catalog::webhook,
    clock::Instant,
    egress,
    error::Result,
    orders::event,
    worker::{
        crash::point,
        delivery::{ActiveModel, Entity, Model},
        send::{Outcome, PATIENCE, attempt},
    },
};

/// Deliveries to one shop at once.
const FOR_A_SHOP: usize = 4;
/// Deliveries at once in all.
const FOR_ALL: usize = 256;
/// A claimed delivery is somebody else's turn again after this.
const CLAIM: TimeDelta = TimeDelta::seconds(30);
const LONGEST_WAIT: i64 = 3_600_000;

pub struct Dispatch {
    app: Arc<App>,
    client: Client,
    in_flight: JoinSet<Attempt>,
    shops: HashMap<i64, Shop>,
}

/// A delivery that was tried, as what, and what came of it.
type Attempt = (Model, Pass, Outcome);

#[derive(Default)]
struct Shop {
    in_flight: usize,
    breaker: Breaker,
}

impl Shop {
    fn has_room(&self, now: Instant) -> bool {
        self.in_flight < FOR_A_SHOP && self.breaker.admits(now)
    }
}

impl Dispatch {
    /// # Errors
    /// A configuration that no client can be made of.
    pub fn new(app: Arc<App>) -> anyhow::Result<Self> {
        let client = egress::client(&app.config, PATIENCE)?;
        Ok(Self { app, client, in_flight: JoinSet::new(), shops: HashMap::new() })
    }

    pub fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Starts what is due, as far as there is room; tells how many that were.
    pub async fn start(&mut self) -> Result<usize> {
        let mut started = 0;
        while self.in_flight.len() < FOR_ALL && !self.app.is_stopping() {
            let now = self.app.clock.now();
            let room = FOR_ALL - self.in_flight.len();
            let busy = self.shops.iter().filter(|(_, shop)| !shop.has_room(now)).map(|(id, _)| *id).collect();
            let due = Entity::due(&self.app.db.write, now, busy, room as u64).await?;
            let chosen = self.admit(due, now);
            if chosen.is_empty() {
                break;
            }
            started += self.launch(chosen, now).await?;
        }
        Ok(started)
    }

    /// What there is room for, of what is due.
    fn admit(&mut self, due: Vec<Model>, now: Instant) -> HashMap<i64, (i64, Pass)> {
        let mut chosen = HashMap::new();
        for delivery in due {
            let shop = self.shops.entry(delivery.shop_id).or_default();
            if shop.in_flight < FOR_A_SHOP
                && let Some(pass) = shop.breaker.admit(now)
            {
                shop.in_flight += 1;
                chosen.insert(delivery.event_id, (delivery.shop_id, pass));
            }
        }
        chosen
    }

    async fn launch(&mut self, mut chosen: HashMap<i64, (i64, Pass)>, now: Instant) -> Result<usize> {
        let launched = self.claimed(&mut chosen, now).await;
        // Another worker has it, or nobody could be asked: that says nothing of the shop.
        for (shop, pass) in chosen.into_values() {
            self.landed(shop, pass, breaker::Outcome::GivenUp, now);
        }
        launched
    }

    /// Claims what was chosen and sends it; what is left in `chosen` wasn't sent.
    async fn claimed(&mut self, chosen: &mut HashMap<i64, (i64, Pass)>, now: Instant) -> Result<usize> {
        let app = self.app.clone();
        let db = &app.db.write;
        // In a transaction: outside of one, SQLite's driver drops the error of a change that returns its rows.
        let tx = app.db.begin().await?;
        let claimed = Entity::claim(&*tx, chosen.keys().copied().collect(), now, now + CLAIM).await?;
        tx.commit().await?;
        if claimed.is_empty() {
            return Ok(0);
        }
        point("claimed");
        let mut events: HashMap<i64, event::Model> = event::Entity::by_ids(db, claimed.iter().map(|d| d.event_id))
            .await?
            .into_iter()
            .map(|e| (e.id, e))
            .collect();
        let shops: HashSet<i64> = claimed.iter().map(|d| d.shop_id).collect();
        let webhooks: HashMap<i64, Arc<webhook::Model>> =
            webhook::Entity::of(db, shops).await?.into_iter().map(|w| (w.shop_id, Arc::new(w))).collect();
        let count = claimed.len();
        for delivery in claimed {
            let Some((_, pass)) = chosen.remove(&delivery.event_id) else { continue };
            let event = events.remove(&delivery.event_id);
            let webhook = webhooks.get(&delivery.shop_id).cloned();
            let (app, client) = (self.app.clone(), self.client.clone());
            self.in_flight.spawn(async move {
                let outcome = match event.zip(webhook) {
                    Some((event, webhook)) => attempt(&app, &client, event, &webhook).await,
                    None => Outcome::Failed("the event or its webhook isn't there any more".to_owned()),
                };
                point("sent");
                (delivery, pass, outcome)
            });
        }
        Ok(count)
    }

    /// Waits until an attempt has ended; gives all that have. Nothing is lost when nobody waits for it any more.
    pub async fn ended(&mut self) -> Vec<Attempt> {
        let first = self.in_flight.join_next().await;
        let others = std::iter::from_fn(|| self.in_flight.try_join_next());
        first.into_iter().chain(others).flatten().collect()
    }

    /// Notes what came of attempts.
    ///
    /// # Errors
    /// A database that doesn't answer: what was sent is sent again.
    pub async fn settle(&mut self, ended: Vec<Attempt>) -> Result<()> {
        let now = self.app.clock.now();
        let mut settled = Vec::with_capacity(ended.len());
        for (delivery, pass, outcome) in ended {
            let says = if outcome.is_unwell() { breaker::Outcome::Failed } else { breaker::Outcome::Answered };
            self.landed(delivery.shop_id, pass, says, now);
            settled.push((delivery, outcome));
        }
        note(&self.app, settled, now).await
    }

    fn landed(&mut self, id: i64, pass: Pass, outcome: breaker::Outcome, now: Instant) {
        let Some(shop) = self.shops.get_mut(&id) else { return };
        shop.in_flight -= 1;
        match shop.breaker.settle(pass, outcome, now) {
            Some(Turn::Opened { rest }) => {
                tracing::warn!(shop = id, seconds = rest.num_seconds(), "circuit breaker open for a shop's webhook");
            }
            Some(Turn::Closed) => tracing::info!(shop = id, "circuit breaker closed for a shop's webhook"),
            None => {}
        }
        if shop.in_flight == 0 && shop.breaker.is_fresh() {
            self.shops.remove(&id);
        }
        let resting = self.shops.values().filter(|shop| shop.breaker.is_open()).count();
        self.app.metrics.wayfare_webhook_shops_resting.set(i64::try_from(resting).unwrap_or(i64::MAX));
    }
}

async fn note(app: &App, settled: Vec<(Model, Outcome)>, now: Instant) -> Result<()> {
    let tx = app.db.begin().await?;
    let mut delivered = Vec::new();
    for (delivery, outcome) in settled {
        match outcome.problem() {
            Some(problem) => Entity::set(&*tx, failed(app, &delivery, problem, now)).await?,
            None => delivered.push(delivery.event_id),
        }
    }
    let count = delivered.len() as u64;
    if count > 0 {
        Entity::delivered(&*tx, delivered, now).await?;
    }
    tx.commit().await?;
    app.metrics.wayfare_webhooks_total.with_label_values(&["delivered"]).inc_by(count);
    Ok(())
}

/// Due again later, or given up.
fn failed(app: &App, delivery: &Model, problem: String, now: Instant) -> ActiveModel {
    let Model { event_id, shop_id, attempts, .. } = *delivery;
    let mut change = ActiveModel { event_id: Set(event_id), ..Default::default() };
    let outcome = if attempts >= i32::try_from(app.config.webhook_attempts).unwrap_or(i32::MAX) {
        tracing::warn!(event = event_id, shop = shop_id, problem, "a webhook delivery was dead-lettered");
        change.dead_at = Set(Some(now));
        "dead"
    } else {
        change.due_at = Set(now + wait(app, attempts));
        "failed"
    };
    change.problem = Set(Some(problem));
    app.metrics.wayfare_webhooks_total.with_label_values(&[outcome]).inc();
    change
}

/// Doubles with each attempt, to an hour; a little chance in it keeps many shops' retries apart.
fn wait(app: &App, attempts: i32) -> TimeDelta {
    let doubled = i64::from(app.config.webhook_backoff_ms) << (attempts - 1).clamp(0, 20);
    let bounded = doubled.min(LONGEST_WAIT);
    TimeDelta::milliseconds(bounded + rand::random_range(0..=bounded / 5))
}
