//! Sending an event to a webhook, signed as the Standard Webhooks specification says: `webhook-id`, `webhook-timestamp`
//! and `webhook-signature: v1,base64(HMAC-SHA256(key, "id.timestamp.body"))`.
//!
//! A webhook's address is given by a manager, so it is not trusted: redirects are not followed, answers are not read, and
//! addresses of our own network are refused unless the configuration allows them.

use std::{net::IpAddr, sync::OnceLock, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use hmac::{Hmac, Mac};
use reqwest::{Client, Url, dns, redirect::Policy};
use sea_orm::{ActiveValue::Set, EntityTrait};
use sha2::Sha256;

use crate::{
    App,
    catalog::webhook,
    clock::Instant,
    error::{Error, Result},
    orders::event::{self, OrderEvent},
    worker::{
        crash::point,
        delivery::{ActiveModel, Entity, Model},
    },
};

/// How long a webhook may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// A claimed delivery is somebody else's turn again after this.
const CLAIM: TimeDelta = TimeDelta::seconds(30);
const LONGEST_WAIT: i64 = 3_600_000;

/// Sends what is due; tells how many were tried.
pub async fn due(app: &App) -> Result<usize> {
    let due = Entity::due(&app.db.write, app.clock.now()).await?;
    let mut tried = 0;
    for delivery in due {
        if app.is_stopping() {
            break;
        }
        if Entity::claim(&app.db.write, &delivery, app.clock.now() + CLAIM).await? {
            point("claimed");
            let outcome = attempt(app, &delivery).await;
            point("sent");
            settle(app, delivery, outcome).await?;
            tried += 1;
        }
    }
    Ok(tried)
}

async fn attempt(app: &App, delivery: &Model) -> std::result::Result<(), String> {
    let (event, webhook) = read(app, delivery).await.map_err(|e| e.to_string())?;
    let url = Url::parse(&webhook.url).map_err(|e| format!("the address can't be read: {e}"))?;
    let literal = url.host_str().and_then(|h| h.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    if !app.config.webhooks_to_private && literal.is_some_and(is_private) {
        return Err("the address is in a private network".to_owned());
    }
    let body = serde_json::to_string(&OrderEvent::from(event)).map_err(|e| e.to_string())?;
    let (id, time) = (format!("evt_{}", delivery.event_id), app.clock.now());
    let request = client(app.config.webhooks_to_private)?
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", time.timestamp())
        .header("webhook-signature", sign(&webhook.secret, &id, time, &body))
        .body(body);
    let answer = request.send().await.map_err(|e| format!("no answer: {}", e.without_url()))?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("answered {}", answer.status())) }
}

async fn read(app: &App, delivery: &Model) -> Result<(event::Model, webhook::Model)> {
    let event =
        event::Entity::find_by_id(delivery.event_id).one(&app.db.write).await?.ok_or_else(|| Error::no("event"))?;
    let webhook =
        webhook::Entity::find_by_id(delivery.shop_id).one(&app.db.write).await?.ok_or_else(|| Error::no("webhook"))?;
    Ok((event, webhook))
}

async fn settle(app: &App, delivery: Model, outcome: std::result::Result<(), String>) -> Result<()> {
    let now = app.clock.now();
    let attempts = delivery.attempts + 1;
    let mut change = ActiveModel { event_id: Set(delivery.event_id), ..Default::default() };
    let outcome = match outcome {
        Ok(()) => {
            change.delivered_at = Set(Some(now));
            change.problem = Set(None);
            "delivered"
        }
        Err(problem) if attempts >= i32::try_from(app.config.webhook_attempts).unwrap_or(i32::MAX) => {
            tracing::warn!(event = delivery.event_id, shop = delivery.shop_id, problem, "a webhook is given up");
            change.dead_at = Set(Some(now));
            change.problem = Set(Some(problem));
            "dead"
        }
        Err(problem) => {
            change.due_at = Set(now + wait(app, attempts));
            change.problem = Set(Some(problem));
            "failed"
        }
    };
    app.metrics.wayfare_webhooks_total.with_label_values(&[outcome]).inc();
    // In a transaction: outside of one, SQLite's driver drops the error of a change that returns its row.
    let tx = app.db.begin().await?;
    Entity::set(&*tx, change).await?;
    tx.commit().await
}

/// Doubles with each attempt, to an hour; a little chance in it keeps many shops' retries apart.
fn wait(app: &App, attempts: i32) -> TimeDelta {
    let doubled = i64::from(app.config.webhook_backoff_ms) << (attempts - 1).clamp(0, 20);
    let bounded = doubled.min(LONGEST_WAIT);
    TimeDelta::milliseconds(bounded + rand::random_range(0..=bounded / 5))
}

fn sign(secret: &str, id: &str, time: Instant, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let mac = Hmac::<Sha256>::new_from_slice(&key)
        .expect("HMAC takes keys of any length")
        .chain_update(format!("{id}.{}.{body}", time.timestamp()));
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn client(to_private: bool) -> std::result::Result<Client, String> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    let builder = Client::builder()
        .timeout(PATIENCE)
        .redirect(Policy::none())
        .user_agent(concat!("wayfare/", env!("CARGO_PKG_VERSION")));
    let builder = if to_private { builder } else { builder.dns_resolver(PublicOnly) };
    let client = builder.build().map_err(|e| e.to_string())?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// Resolves names to public addresses alone: a name that points into our own network leads nowhere.
struct PublicOnly;

impl dns::Resolve for PublicOnly {
    fn resolve(&self, name: dns::Name) -> dns::Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<_> = found.filter(|a| !is_private(a.ip())).collect();
            if public.is_empty() {
                return Err("the name leads into a private network".into());
            }
            Ok(Box::new(public.into_iter()) as dns::Addrs)
        })
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}
