//! An order's events as they come. The table is the truth and is read again after each note; a note that got lost costs a
//! few seconds, so any replica can serve any stream, with Redis or without.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use uuid::Uuid;

use crate::{
    App,
    bus::Note,
    metrics::Held,
    orders::event::{self, OrderEvent},
};

/// How long to wait for a note before looking anyway.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

struct Follow {
    app: Arc<App>,
    order: Uuid,
    last: i64,
    notes: Receiver<Note>,
    ended: bool,
    _open: Held,
}

/// The events of an order after `last`, until its last state or the end of the process.
pub fn follow(app: Arc<App>, order: Uuid, last: i64) -> impl Stream<Item = OrderEvent> + Send + 'static {
    let ended = {
        let app = app.clone();
        async move { app.stopped().await }
    };
    // Listening begins before the first look: nothing falls in between.
    let follow = Follow {
        notes: app.bus.listen(),
        _open: Held::new(&app.metrics.wayfare_event_streams),
        app,
        order,
        last,
        ended: false,
    };
    stream::unfold(follow, |mut follow| async move {
        let events = follow.next().await?;
        Some((stream::iter(events), follow))
    })
    .flatten()
    .take_until(Box::pin(ended))
}

impl Follow {
    async fn next(&mut self) -> Option<Vec<OrderEvent>> {
        while !self.ended {
            match event::Entity::of(&self.app.db.write, self.order, self.last).await {
                Ok(events) if !events.is_empty() => return Some(self.take(events)),
                Ok(_) => {}
                Err(cause) => tracing::debug!(%cause, "an order's stream waits for the database"),
            }
            self.noted().await;
        }
        None
    }

    fn take(&mut self, events: Vec<event::Model>) -> Vec<OrderEvent> {
        if let Some(last) = events.last() {
            self.last = last.id;
            self.ended = last.state.is_last();
        }
        events.into_iter().map(OrderEvent::from).collect()
    }

    async fn noted(&mut self) {
        let order = self.order;
        let heard = async {
            loop {
                match self.notes.recv().await {
                    Ok(Note::Order(id)) if id == order => return,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return,
                }
            }
        };
        let _ = tokio::time::timeout(LOOK_AGAIN, heard).await;
    }
}
