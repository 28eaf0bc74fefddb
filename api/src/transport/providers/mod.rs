//! Other people's engines, where they are configured: OpenRouteService for the streets, Photon for names. Whatever one of
//! them does, the embedded engine answers within the budget, and the answer says whose it is.
//!
//! Absent: traffic, other profiles, and everything that isn't asked for by a request. Who configures a provider sends it
//! what people look for: SECURITY.md says what.

pub mod breaker;
mod kept;
mod ors;
mod photon;
mod provider;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use city::{Journey, Place, Point, Vehicle, When};
use poem_openapi::Enum;
use tokio::time::Instant;

pub use provider::address;

use self::{ors::Ors, photon::Photon};
use crate::{App, config::Config, redis::Redis};

/// Whose answer it is
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Engine {
    /// Our own
    Embedded,
    /// OpenRouteService, at the address that the configuration names
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

/// An answer and whose it is.
#[derive(Debug)]
pub struct Told<T> {
    pub answer: T,
    pub engine: Engine,
    pub fallback: Option<Fallback>,
}

impl<T> Told<T> {
    /// The provider's answer, or the embedded one in its place.
    fn of<E>(
        provider: Engine,
        asked: Option<Result<T, Fallback>>,
        embedded: impl FnOnce() -> Result<T, E>,
    ) -> Result<Self, E> {
        match asked {
            Some(Ok(answer)) => Ok(Self { answer, engine: provider, fallback: None }),
            Some(Err(why)) => Ok(Self { answer: embedded()?, engine: Engine::Embedded, fallback: Some(why) }),
            None => Ok(Self { answer: embedded()?, engine: Engine::Embedded, fallback: None }),
        }
    }
}

/// The providers that are configured.
pub struct Providers {
    ors: Option<Ors>,
    photon: Option<Photon>,
    budget: Duration,
}

/// The names of the providers, as metrics have them.
pub const NAMES: [&str; 2] = [ors::NAME, photon::NAME];

impl Providers {
    /// # Errors
    /// A provider's address or key that can't be used.
    pub fn new(config: &Config, redis: Option<&Redis>) -> anyhow::Result<Self> {
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

/// Journeys by one vehicle, as `City::drive`: OpenRouteService's where it is configured and answers.
///
/// # Errors
/// Those of the embedded engine, asked in its place.
pub async fn drive(
    app: &App,
    from: Point,
    to: Point,
    vehicle: Vehicle,
    when: When,
    more: usize,
) -> Result<Told<Vec<Journey>>, city::Error> {
    let providers = &app.providers;
    let asked = match &providers.ors {
        Some(ors) if is_here(app, from) && is_here(app, to) => {
            Some(ors.drive(app, providers.until(), [from, to], vehicle, when, more).await)
        }
        Some(_) | None => None,
    };
    Told::of(Engine::OpenRouteService, asked, || app.city.drive(from, to, vehicle, when, more))
}

/// Places that fit a text, as `City::geocode`: Photon's where it is configured and answers.
pub async fn geocode(app: &App, query: city::Query<'_>) -> Told<Vec<Place>> {
    let providers = &app.providers;
    let asked = match &providers.photon {
        Some(photon) => Some(photon.search(app, providers.until(), query).await),
        None => None,
    };
    let told = Told::of(Engine::Photon, asked, || Ok::<_, std::convert::Infallible>(app.city.geocode(query)));
    told.unwrap_or_else(|never| match never {})
}

/// What is at a point, as `City::reverse`: Photon's where it is configured and answers.
///
/// # Errors
/// Those of the embedded engine, asked in its place.
pub async fn reverse(app: &App, at: Point, limit: usize) -> Result<Told<Vec<Place>>, city::Error> {
    let providers = &app.providers;
    let asked = match &providers.photon {
        Some(photon) if is_here(app, at) => Some(photon.reverse(app, providers.until(), at, limit).await),
        Some(_) | None => None,
    };
    Told::of(Engine::Photon, asked, || app.city.reverse(at, limit))
}

/// A question that isn't about this city is answered here, and stays here.
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
