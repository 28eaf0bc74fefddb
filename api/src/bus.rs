//! Notes between the replicas: "this order changed", "this product's stock is now 3".
//!
//! A note is a hint to look, never the truth: who misses one finds out by looking again after a while. So a lost Redis
//! delays what people see live and loses nothing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::redis::Redis;

const CHANNEL: &str = "notes";
/// How long notes are gathered before they are sent to the other replicas.
const GATHER: Duration = Duration::from_millis(5);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// An order has a new event.
    Order(Uuid),
    /// A product has this much stock.
    Stock { shop: i64, product: i64, stock: i32 },
    /// A manager changed the catalog: forget what is cached.
    Catalog { generation: u64 },
    /// Events wait in the outbox.
    Outbox,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    from: Uuid,
    notes: Vec<Note>,
}

#[derive(Clone)]
pub struct Bus {
    here: broadcast::Sender<Note>,
    redis: Option<Redis>,
    /// Notes on their way to the other replicas.
    waiting: Arc<Mutex<Vec<Note>>>,
    me: Uuid,
}

impl Bus {
    pub fn new(redis: Option<Redis>) -> Self {
        Self { here: broadcast::channel(1024).0, redis, waiting: Arc::default(), me: Uuid::new_v4() }
    }

    pub fn listen(&self) -> broadcast::Receiver<Note> {
        self.here.subscribe()
    }

    /// Tells this process at once, and the others as soon as Redis does.
    pub fn tell(&self, notes: Vec<Note>) {
        for note in &notes {
            // Nobody listening is fine.
            let _ = self.here.send(note.clone());
        }
        let Some(redis) = self.redis.clone().filter(|r| !r.is_away()) else {
            return;
        };
        let mut waiting = self.waiting.lock().expect("no holder panics");
        let first = waiting.is_empty();
        waiting.extend(notes);
        drop(waiting);
        if first {
            tokio::spawn(Self::publish(self.waiting.clone(), redis, self.me));
        }
    }

    /// Sends what has come together in a moment as one message: under load a message for each order is what Redis, and
    /// every replica that reads it, would spend most on.
    async fn publish(waiting: Arc<Mutex<Vec<Note>>>, redis: Redis, from: Uuid) {
        tokio::time::sleep(GATHER).await;
        let notes = std::mem::take(&mut *waiting.lock().expect("no holder panics"));
        if let Ok(text) = serde_json::to_string(&Envelope { from, notes }) {
            // Lost with Redis: who waits for it looks again by itself.
            let _ = redis.ask::<()>(redis::cmd("PUBLISH").arg(redis.key(CHANNEL)).arg(text)).await;
        }
    }

    /// Passes on what other replicas tell, for as long as the process lives.
    pub async fn carry(self: Arc<Self>) {
        let Some(redis) = &self.redis else { return };
        loop {
            if let Err(cause) = self.subscribed(redis).await {
                tracing::debug!(%cause, "no pub/sub messages from other replicas for now");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn subscribed(&self, redis: &Redis) -> redis::RedisResult<()> {
        let mut subscriber = redis.subscriber().await?;
        subscriber.subscribe(redis.key(CHANNEL)).await?;
        let mut messages = subscriber.on_message();
        while let Some(message) = messages.next().await {
            match serde_json::from_slice::<Envelope>(message.get_payload_bytes()) {
                Ok(envelope) if envelope.from == self.me => {}
                Ok(envelope) => envelope.notes.into_iter().for_each(|note| drop(self.here.send(note))),
                // A newer version's note, while replicas are replaced one by one.
                Err(cause) => tracing::debug!(%cause, "unknown pub/sub message"),
            }
        }
        Ok(())
    }
}
