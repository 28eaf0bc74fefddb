//! Server-sent events as a client reads them.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use reqwest::Method;
use serde_json::Value;

use crate::client::Client;

/// Nothing that is told at once takes so long: who waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Events {
    bytes: std::pin::Pin<Box<dyn Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    read: String,
}

#[derive(Debug, PartialEq)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub data: Value,
}

impl Events {
    pub async fn of(client: &Client, path: &str) -> Self {
        let answer = client.request(Method::GET, path).send().await.expect("the service answers");
        assert_eq!(answer.status().as_u16(), 200);
        let kind = answer.headers()["content-type"].to_str().expect("a type").to_owned();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self { bytes: Box::pin(answer.bytes_stream()), read: String::new() }
    }

    /// The next event; nothing when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an event or the end comes in time")
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (parse(block), rest.to_owned());
                self.read = rest;
                if event.is_some() {
                    return event;
                }
            }
            let bytes = self.bytes.next().await?.expect("the stream doesn't break off");
            self.read += &String::from_utf8_lossy(&bytes);
        }
    }
}

/// Nothing for a comment, which keeps a connection alive.
fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| {
        block.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).map(|v| v.trim_start().to_owned())
    };
    let data = serde_json::from_str(&field("data")?).expect("data is JSON");
    Some(Event { id: field("id").unwrap_or_default(), kind: field("event").unwrap_or_default(), data })
}
