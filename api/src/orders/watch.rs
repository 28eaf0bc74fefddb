//! Events of all the orders that somebody works on, as they come: what a shop's board and a courier's list follow. It tells
//! that something has happened from now on; what there is already is the list's to say.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    App,
    auth::Identity,
    bus::Note,
    error::Result,
    orders::{
        event::{self, OrderEvent},
        order::{self, State, Whose},
        stream::ended,
    },
};

/// How long to wait for a note before looking anyway.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A transaction may end after one that got a higher id: so far back is looked each time.
const OVERLAP: i64 = 100;

struct Watch {
    app: Arc<App>,
    whose: Whose,
    last: i64,
    told: BTreeSet<i64>,
    notes: Receiver<Note>,
}

/// The events after `last`, or from now on, until the end of the process or of what allows `who` to read them.
///
/// # Errors
/// A database that doesn't answer.
pub async fn watch(
    app: Arc<App>,
    who: Identity,
    whose: Whose,
    last: Option<i64>,
) -> Result<impl Stream<Item = OrderEvent> + Send> {
    let ended = ended(app.clone(), who);
    // Listening begins before the first look: nothing falls in between.
    let notes = app.bus.listen();
    let newest = event::Entity::newest(&app.db.write).await?;
    let last = last.unwrap_or(newest).clamp(newest.saturating_sub(OVERLAP).max(0), newest);
    let known = event::Entity::after(&app.db.write, last.saturating_sub(OVERLAP)).await?;
    let told = known.iter().map(|e| e.id).filter(|id| *id <= last).collect();
    let watch = Watch { app, whose, last, told, notes };
    let events = stream::unfold(watch, |mut watch| async move {
        let events = watch.next().await;
        Some((stream::iter(events), watch))
    });
    Ok(events.flatten().take_until(Box::pin(ended)))
}

impl Watch {
    async fn next(&mut self) -> Vec<OrderEvent> {
        loop {
            match self.look().await {
                Ok(events) if !events.is_empty() => return events,
                Ok(_) => {}
                Err(cause) => tracing::debug!(%cause, "an event stream of orders is waiting for the database"),
            }
            self.noted().await;
        }
    }

    async fn look(&mut self) -> Result<Vec<OrderEvent>> {
        let db = &self.app.db.write;
        let found = event::Entity::after(db, self.last.saturating_sub(OVERLAP)).await?;
        let new: Vec<_> = found.into_iter().filter(|e| !self.told.contains(&e.id)).collect();
        let orders = order::Entity::by_ids(db, new.iter().map(|e| e.order_id)).await?;
        self.last = new.iter().map(|e| e.id).fold(self.last, i64::max);
        self.told.extend(new.iter().map(|e| e.id));
        self.told = self.told.split_off(&(self.last.saturating_sub(2 * OVERLAP)));
        let concerns = |event: &event::Model| {
            orders.iter().find(|o| o.id == event.order_id).is_some_and(|o| concerns(self.whose, o, event.state))
        };
        Ok(new.into_iter().filter(concerns).map(OrderEvent::from).collect())
    }

    async fn noted(&mut self) {
        let heard = async {
            loop {
                match self.notes.recv().await {
                    Ok(Note::Order(_)) | Err(RecvError::Lagged(_) | RecvError::Closed) => return,
                    Ok(_) => {}
                }
            }
        };
        let _ = tokio::time::timeout(LOOK_AGAIN, heard).await;
    }
}

/// Couriers also hear of what becomes free to be brought, and of what another one has taken.
fn concerns(whose: Whose, order: &order::Model, state: State) -> bool {
    match whose {
        Whose::All => true,
        Whose::Of(account) => order.account_id == account,
        Whose::Shop(shop) => order.shop_id == shop,
        Whose::Courier(courier) => {
            order.courier_id == Some(courier) || matches!(state, State::Preparing | State::OnTheWay | State::Cancelled)
        }
    }
}
