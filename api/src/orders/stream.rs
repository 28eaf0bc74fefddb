//! An order's events as they come. The table is the truth and is read again after each note; a note that got lost costs a
//! few seconds, so any replica can serve any stream, with Redis or without.
//!
//! A stream ends when its reader may not read the order any more: the session is over, the role has changed, or another
//! courier has taken what was free.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use uuid::Uuid;

use crate::{
    App,
    auth::Identity,
    bus::Note,
    error::Result,
    orders::{
        event::{self, OrderEvent},
        moves, order,
    },
};

/// How long to wait for a note before looking anyway.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

struct Follow {
    app: Arc<App>,
    who: Identity,
    order: Uuid,
    last: i64,
    notes: Receiver<Note>,
    ended: bool,
}

/// The events of an order after `last`, until its last state, the end of what allows `who` to read them, or the end of the
/// process.
pub fn follow(app: Arc<App>, who: Identity, order: Uuid, last: i64) -> impl Stream<Item = OrderEvent> + Send + 'static {
    let ended = ended(app.clone(), who.clone());
    // Listening begins before the first look: nothing falls in between.
    let follow = Follow { notes: app.bus.listen(), app, who, order, last, ended: false };
    stream::unfold(follow, |mut follow| async move {
        let events = follow.next().await?;
        Some((stream::iter(events), follow))
    })
    .flatten()
    .take_until(Box::pin(ended))
}

/// Resolves when the process ends or `who` isn't allowed in any more.
pub async fn ended(app: Arc<App>, who: Identity) {
    tokio::select! {
        () = app.stopped() => {}
        () = who.withdrawn(&app) => {}
    }
}

impl Follow {
    async fn next(&mut self) -> Option<Vec<OrderEvent>> {
        while !self.ended {
            match self.look().await {
                Ok(Some(events)) if events.is_empty() => {}
                Ok(Some(events)) => return Some(self.take(events)),
                Ok(None) => return None,
                Err(cause) => tracing::debug!(%cause, "an order's event stream is waiting for the database"),
            }
            self.noted().await;
        }
        None
    }

    /// What is new; nothing when it isn't for `who` any more.
    async fn look(&self) -> Result<Option<Vec<event::Model>>> {
        let db = &self.app.db.write;
        let events = event::Entity::of(db, self.order, self.last).await?;
        if events.is_empty() {
            return Ok(Some(events));
        }
        let order = order::Entity::by_id(db, self.order).await?;
        Ok(moves::visible(order, &self.who).is_ok().then_some(events))
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
