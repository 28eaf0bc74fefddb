//! A shop's system: takes webhooks and remembers what came.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use poem::{Endpoint, EndpointExt, Server, endpoint::make, http::StatusCode, listener::TcpAcceptor};
use tokio::sync::Notify;

use crate::wait::until;

#[derive(Default)]
struct Inner {
    posts: Mutex<Vec<(String, serde_json::Value)>>,
    holds: AtomicBool,
    release: Notify,
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    inner: Arc<Inner>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("a bound socket"));
        let inner = Arc::<Inner>::default();
        let acceptor = TcpAcceptor::from_tokio(listener).expect("a bound socket");
        tokio::spawn(Server::new_with_acceptor(acceptor).run(hook(inner.clone())));
        Self { url, inner }
    }

    /// From now on answers wait for `release`.
    pub fn hold(&self) {
        self.inner.holds.store(true, Relaxed);
    }

    pub fn release(&self) {
        self.inner.holds.store(false, Relaxed);
        self.inner.release.notify_waiters();
    }

    /// Waits for the first event of an order.
    pub async fn has(&self, order: &str, within: Duration) {
        until(&format!("an event of the order {order} comes"), within, async || {
            self.posts().iter().any(|(_, event)| event["order_id"] == order).then_some(())
        })
        .await;
    }

    /// What came so far: `webhook-id` and the event.
    pub fn posts(&self) -> Vec<(String, serde_json::Value)> {
        self.inner.posts.lock().expect("no holder panics").clone()
    }
}

fn hook(inner: Arc<Inner>) -> impl Endpoint {
    make(move |mut request: poem::Request| {
        let inner = inner.clone();
        async move {
            let id = request.header("webhook-id").unwrap_or_default().to_owned();
            let event = request.take_body().into_json().await.unwrap_or_default();
            let released = inner.release.notified();
            inner.posts.lock().expect("no holder panics").push((id, event));
            if inner.holds.load(Relaxed) {
                released.await;
            }
            poem::Result::<StatusCode>::Ok(StatusCode::NO_CONTENT)
        }
    })
    .map_to_response()
}
