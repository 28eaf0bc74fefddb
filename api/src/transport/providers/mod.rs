//! Other people's engines, where they are configured: OpenRouteService for the streets, Photon for names. Whatever one of
//! them does, the embedded engine answers within the budget, and the answer says whose it is.
//!
//! Absent: traffic, other profiles, and everything that isn't asked for by a request. Who configures a provider sends it
//! what people look for: SECURITY.md says what.

mod kept;
mod ors;
mod photon;
mod provider;

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::Context;
use city::{Journey, Mode, Place, Point, Query};
use futures_util::future::join_all;
use poem_openapi::Enum;
use tokio::time::Instant;

use self::{ors::Ors, photon::Photon, provider::address};
use crate::{App, config::Config, metrics::Metrics, redis::Redis, transport::routes::Question};

/// Who worked an answer out
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Engine {
    /// This service
    Embedded,
    /// OpenRouteService, at the address that the configuration names
    #[oai(rename = "openrouteservice")]
    OpenRouteService,
    /// Photon, at the address that the configuration names
    Photon,
}

/// Why the embedded engine answered although a provider is configured
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Fallback {
    /// The provider knows no way, or no such place
    NoAnswer,
    /// It doesn't take this question, or our key
    Refused,
    /// It has answered as often as it does in a minute or a day
    Quota,
    /// It took too long
    TimedOut,
    /// It can't be reached, or is in trouble
    Away,
    /// What it answered makes no sense
    Unreadable,
    /// It isn't asked for a while, after one of the others
    Resting,
}

impl Engine {
    /// Whose answer it is, given what the provider said when it was asked; and why it isn't the provider's.
    pub fn of<T>(provider: Self, asked: Option<&Result<T, Fallback>>) -> (Self, Option<Fallback>) {
        match asked {
            Some(Ok(_)) => (provider, None),
            Some(Err(why)) => (Self::Embedded, Some(*why)),
            None => (Self::Embedded, None),
        }
    }
}

impl Fallback {
    pub const ALL: [Self; 7] =
        [Self::NoAnswer, Self::Refused, Self::Quota, Self::TimedOut, Self::Away, Self::Unreadable, Self::Resting];

    pub fn word(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Refused => "refused",
            Self::Quota => "quota",
            Self::TimedOut => "timed_out",
            Self::Away => "away",
            Self::Unreadable => "unreadable",
            Self::Resting => "resting",
        }
    }
}

/// The providers that are configured.
pub struct Providers {
    ors: Option<Ors>,
    photon: Option<Photon>,
    budget: Duration,
}

impl Providers {
    /// # Errors
    /// A provider's address or key that can't be used.
    pub fn new(config: &Config, redis: Option<&Redis>, metrics: &Metrics) -> anyhow::Result<Self> {
        start_at_zero(metrics);
        let ors = config.ors_url.as_deref().map(|url| Ors::new(url, config.ors_key.as_ref(), redis)).transpose();
        let photon = config.photon_url.as_deref().map(|url| Photon::new(url, redis)).transpose();
        Ok(Self {
            ors: ors.context("WAYFARE_ORS_URL")?,
            photon: photon.context("WAYFARE_PHOTON_URL")?,
            budget: Duration::from_millis(config.provider_ms.into()),
        })
    }

    /// When what is asked now has to be answered.
    fn until(&self) -> Instant {
        Instant::now() + self.budget
    }
}

/// What is wrong with the settings of the providers.
pub fn problems(config: &Config) -> Vec<String> {
    let urls = [
        ("WAYFARE_ORS_URL", &config.ors_url, config.ors_key.is_some()),
        ("WAYFARE_PHOTON_URL", &config.photon_url, false),
    ];
    let mut problems: Vec<_> = urls
        .into_iter()
        .filter_map(|(name, url, has_key)| Some((name, address(url.as_ref()?, has_key).err()?)))
        .map(|(name, problem)| format!("{name}: {problem}"))
        .collect();
    if config.ors_key.is_some() && config.ors_url.is_none() {
        problems.push("WAYFARE_ORS_KEY: give WAYFARE_ORS_URL, too: the key is for nobody else".to_owned());
    }
    let asks = config.ors_url.is_some() || config.photon_url.is_some();
    if asks && u64::from(config.provider_ms) >= 1_000 * u64::from(config.timeout_seconds) {
        problems.push("WAYFARE_PROVIDER_MS: less than WAYFARE_TIMEOUT_SECONDS, or nobody hears the answer".to_owned());
    }
    problems
}

fn start_at_zero(metrics: &Metrics) {
    for provider in [ors::NAME, photon::NAME] {
        for outcome in ["ok", "kept"].into_iter().chain(Fallback::ALL.map(Fallback::word)) {
            metrics.wayfare_provider_calls_total.with_label_values(&[provider, outcome]);
        }
        metrics.wayfare_provider_duration_seconds.with_label_values(&[provider]);
        metrics.wayfare_provider_resting.with_label_values(&[provider]);
    }
}

/// What a provider said to the modes that it was asked for.
pub type Asked = HashMap<Mode, Result<Vec<Journey>, Fallback>>;

/// Journeys by the modes that go on streets the whole way, all asked at once: OpenRouteService's, or why there are none.
/// Nothing where it isn't configured.
pub async fn drives(app: &App, question: &Question) -> Asked {
    let Question { from, to, ref modes, when, alternatives } = *question;
    let Some(ors) = app.providers.ors.as_ref().filter(|_| is_here(app, from) && is_here(app, to)) else {
        return Asked::new();
    };
    let until = app.providers.until();
    let streets = modes.iter().filter_map(|mode| Some((mode.way(), mode.way().vehicle()?)));
    let ask = async |(mode, vehicle)| (mode, ors.drive(app, until, [from, to], vehicle, when, alternatives).await);
    join_all(streets.map(ask)).await.into_iter().collect()
}

/// Places that fit a text: Photon's, or why there are none. Nothing where it isn't configured.
pub async fn search(app: &App, query: Query<'_>, lang: Option<&str>) -> Option<Result<Vec<Place>, Fallback>> {
    let photon = app.providers.photon.as_ref()?;
    Some(photon.search(app, app.providers.until(), query, lang).await)
}

/// What is at a point: Photon's, or why there is none. Nothing where it isn't configured.
pub async fn around(app: &App, at: Point, limit: usize, lang: Option<&str>) -> Option<Result<Vec<Place>, Fallback>> {
    let photon = app.providers.photon.as_ref().filter(|_| is_here(app, at))?;
    Some(photon.around(app, app.providers.until(), at, limit, lang).await)
}

/// What isn't about this city is nobody else's business.
fn is_here(app: &App, at: Point) -> bool {
    app.city.nearest_street(at).is_some()
}

/// An outer bound for what is shared between requests: one that waits for another's question waits no longer than for its own.
async fn within<T>(
    until: Instant,
    work: impl Future<Output = Result<(Arc<T>, bool), Fallback>>,
) -> Result<(Arc<T>, bool), Fallback> {
    const GRACE: Duration = Duration::from_millis(100);
    tokio::time::timeout_at(until + GRACE, work).await.unwrap_or(Err(Fallback::TimedOut))
}
