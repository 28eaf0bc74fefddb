//! Time as an argument. The one place that asks the system for it; clippy refuses `Utc::now` elsewhere.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};

pub type Instant = DateTime<Utc>;

#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    #[allow(clippy::disallowed_methods)]
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    /// A clock that tells what `now` tells.
    pub fn of(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// In microseconds, as PostgreSQL keeps it: what was answered is what is read later.
    pub fn now(&self) -> Instant {
        (self.0)().trunc_subsecs(6)
    }
}
