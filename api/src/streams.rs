//! How many event streams may be open at a time: for an account, for an address, and in all.
//!
//! Where there are too many, the slowest makes room: the one whose client has left an event lying
//! for the longest. An account's oldest stream makes room for its new one, so that a phone that
//! changes its network isn't shut out by what it left behind; others than the account itself never
//! do for one whose clients all read: there the new one is refused.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    time::{Duration, Instant},
};

use futures_util::{Stream, StreamExt, stream, stream::BoxStream};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    config::Config,
    error::{Error, Result},
    limit::network,
    metrics::{Held, Metrics},
};

/// An event that lies for so long: its client doesn't read.
const STALLED: Duration = Duration::from_secs(5);

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Account(Uuid),
    Address(IpAddr),
    All,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Address(_) => "address",
            Self::All => "all",
        }
    }
}

/// The scopes' names, for the metrics.
const SCOPES: [&str; 3] = ["account", "address", "all"];

struct Open {
    account: Option<Uuid>,
    address: IpAddr,
    /// Since when an event has been handed out that the client hasn't taken.
    waits: Mutex<Option<Instant>>,
    end: Notify,
}

impl Open {
    fn is_in(&self, scope: Scope) -> bool {
        match scope {
            Scope::Account(id) => self.account == Some(id),
            Scope::Address(address) => self.address == address,
            Scope::All => true,
        }
    }

    fn waits(&self) -> MutexGuard<'_, Option<Instant>> {
        self.waits.lock().expect("no holder panics")
    }

    fn stalled_for(&self) -> Option<Duration> {
        self.waits().map(|since| since.elapsed()).filter(|lain| *lain >= STALLED)
    }
}

/// By number: the lower one was opened earlier.
type Opened = Arc<Mutex<HashMap<u64, Arc<Open>>>>;

pub struct Streams {
    open: Opened,
    next: AtomicU64,
}

/// A stream that was let in; it counts for as long as this lives.
pub struct Admitted {
    opened: Opened,
    number: u64,
    open: Arc<Open>,
    _counted: Held,
}

impl Streams {
    pub fn new(metrics: &Metrics) -> Self {
        for scope in SCOPES {
            metrics.wayfare_event_streams_refused_total.with_label_values(&[scope]);
            metrics.wayfare_event_streams_let_go_total.with_label_values(&[scope]);
        }
        Self { open: Opened::default(), next: AtomicU64::new(0) }
    }

    /// Lets a stream in, for an account or for somebody who isn't signed in.
    ///
    /// # Errors
    /// 429 when the address has too many, 503 when there are too many in all.
    pub fn admit(&self, config: &Config, metrics: &Metrics, account: Option<Uuid>, ip: IpAddr) -> Result<Admitted> {
        let address = network(ip);
        let mut all = self.open.lock().expect("no holder panics");
        let bounds = [
            account.map(|id| (Scope::Account(id), config.streams_account)),
            Some((Scope::Address(address), config.streams_address)),
            Some((Scope::All, config.streams_all)),
        ];
        for (scope, most) in bounds.into_iter().flatten() {
            if all.values().filter(|open| open.is_in(scope)).count() < most as usize {
                continue;
            }
            let Some(number) = makes_room(&all, scope) else {
                metrics.wayfare_event_streams_refused_total.with_label_values(&[scope.name()]).inc();
                return Err(refused(scope));
            };
            if let Some(open) = all.remove(&number) {
                open.end.notify_one();
                metrics.wayfare_event_streams_let_go_total.with_label_values(&[scope.name()]).inc();
            }
        }
        let open = Arc::new(Open { account, address, waits: Mutex::default(), end: Notify::new() });
        let number = self.next.fetch_add(1, Relaxed);
        all.insert(number, open.clone());
        drop(all);
        let _counted = Held::new(&metrics.wayfare_event_streams);
        Ok(Admitted { opened: self.open.clone(), number, open, _counted })
    }
}

/// Which one ends for a new one: the slowest; of an account's own, if none is slow, the oldest.
fn makes_room(all: &HashMap<u64, Arc<Open>>, scope: Scope) -> Option<u64> {
    let within = || all.iter().filter(|(_, open)| open.is_in(scope));
    let slowest = within().filter_map(|(number, open)| Some((open.stalled_for()?, *number))).max();
    let oldest = || within().map(|(number, _)| *number).min();
    match (slowest, scope) {
        (Some((_, number)), _) => Some(number),
        (None, Scope::Account(_)) => oldest(),
        (None, _) => None,
    }
}

fn refused(scope: Scope) -> Error {
    match scope {
        Scope::All => Error::unavailable("too_many_streams", "Too many event streams are open; come back later."),
        _ => Error::throttled("too_many_streams", "Too many event streams are open from here; close some."),
    }
    .retry_after(10)
}

impl Admitted {
    /// The stream, counted until it is dropped, and ended when it has to make room.
    pub fn hold<T>(self, stream: impl Stream<Item = T> + Send + 'static) -> BoxStream<'static, T>
    where
        T: Send + 'static,
    {
        let ended = {
            let open = self.open.clone();
            async move { open.end.notified().await }
        };
        let mut stream = stream.boxed();
        let held = stream::poll_fn(move |context| {
            *self.open.waits() = None;
            let polled = stream.poll_next_unpin(context);
            if let Poll::Ready(Some(_)) = polled {
                *self.open.waits() = Some(Instant::now());
            }
            polled
        });
        held.take_until(Box::pin(ended)).boxed()
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.opened.lock().expect("no holder panics").remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(account: u128, since: Option<u64>) -> Arc<Open> {
        let waits = since.map(|seconds| Instant::now() - Duration::from_secs(seconds));
        Arc::new(Open {
            account: Some(Uuid::from_u128(account)),
            address: IpAddr::from([192, 0, 2, 1]),
            waits: Mutex::new(waits),
            end: Notify::new(),
        })
    }

    #[test]
    fn the_one_whose_client_has_read_nothing_for_the_longest_makes_room() {
        let all =
            HashMap::from([(1, open(1, None)), (2, open(1, Some(9))), (3, open(2, Some(60))), (4, open(1, Some(30)))]);
        assert_eq!(makes_room(&all, Scope::Account(Uuid::from_u128(1))), Some(4));
        assert_eq!(makes_room(&all, Scope::All), Some(3));
    }

    #[test]
    fn where_all_read_an_account_loses_its_oldest_and_nobody_loses_one_to_another() {
        let all = HashMap::from([(1, open(2, None)), (2, open(1, Some(1))), (3, open(1, None))]);
        assert_eq!(makes_room(&all, Scope::Account(Uuid::from_u128(1))), Some(2));
        assert_eq!(makes_room(&all, Scope::Address(IpAddr::from([192, 0, 2, 1]))), None);
        assert_eq!(makes_room(&all, Scope::All), None);
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let ip = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(ip("2001:db8::1"), ip("2001:db8:0:0:ffff::2"));
        assert_ne!(ip("2001:db8::1"), ip("2001:db8:0:1::1"));
        assert_eq!(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
        assert_ne!(ip("192.0.2.1"), ip("192.0.2.2"));
    }
}
