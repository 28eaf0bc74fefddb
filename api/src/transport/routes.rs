//! All ways of getting there, side by side.

use city::{City, Mode as Way, Point, When};
use poem_openapi::{Enum, Object};

use crate::{
    clock::Instant,
    error::{Error, Result},
    transport::{
        factor::Factor,
        journey::{Journey, Manner, degrees, instant, tenths},
        providers::{Asked, Engine, Fallback},
    },
};

/// A way of getting there
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "kebab-case", rename = "TravelMode")]
pub enum Mode {
    Foot,
    Bike,
    Car,
    /// Public transport, with the walks that it takes; never a walk alone
    Bus,
    /// By bike to a stop, then as `bus`
    BikeAndBus,
}

impl Mode {
    pub const ALL: [Self; 5] = [Self::Foot, Self::Bike, Self::Car, Self::Bus, Self::BikeAndBus];

    pub fn way(self) -> Way {
        match self {
            Self::Foot => Way::Foot,
            Self::Bike => Way::Bike,
            Self::Car => Way::Car,
            Self::Bus => Way::Bus,
            Self::BikeAndBus => Way::BikeAndBus,
        }
    }
}

/// What is asked.
pub struct Question {
    pub from: Point,
    pub to: Point,
    pub modes: Vec<Mode>,
    pub when: When,
    /// Beyond the best.
    pub alternatives: usize,
}

/// Ways of getting there, to be compared
#[derive(Debug, Object)]
pub struct Routes {
    pub from: End,
    pub to: End,
    /// Of the straight line
    pub beeline_metres: f64,
    /// When to leave or to be there at the latest, as it was understood
    pub at: Instant,
    /// In the order asked
    pub modes: Vec<ModeRoutes>,
    /// What the emissions were worked out with
    pub factors: Vec<Factor>,
}

/// Where a journey begins or ends
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct End {
    /// Degrees north
    pub lat: f64,
    /// Degrees east
    pub lon: f64,
    /// The nearest street for people on foot; absent where it has no name
    pub street: Option<String>,
    /// To that street: far for a point in water or woods. Journeys begin and end on streets
    pub metres_to_street: f64,
}

/// What one mode offers
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ModeRoutes {
    pub mode: Mode,
    /// Who worked them out
    pub engine: Engine,
    /// Why not the provider that is configured
    pub fallback: Option<Fallback>,
    /// Best first; empty when there is none
    pub journeys: Vec<Journey>,
    /// Why there is none
    pub reason: Option<Reason>,
}

/// Why a mode doesn't lead there
#[derive(Debug, Object)]
pub struct Reason {
    /// Stable, for programs: `not_connected`, `no_street_near`, `no_stop_near`, `no_service_in_time`, `walk_is_shorter`,
    /// `no_timetable`, `outside_calendar`
    pub code: String,
    /// A sentence for people
    pub detail: String,
}

/// Compares the modes asked for. `asked`: what a provider said to some of them.
///
/// # Errors
/// 422 for an end outside the city.
pub fn compare(city: &City, question: &Question, manner: Manner, asked: &Asked) -> Result<Routes> {
    let Question { from, to, modes, when, alternatives } = question;
    let ways: Vec<Way> = modes.iter().map(|m| m.way()).collect();
    let (start, end) = (End::of(city, "from", *from)?, End::of(city, "to", *to)?);
    let theirs = |way| asked.get(&way)?.clone().ok();
    let compared = city.compare_with(*from, *to, &ways, *when, *alternatives, theirs);
    let mut factors: Vec<Factor> = Vec::new();
    let mut rows = Vec::with_capacity(modes.len());
    for (mode, row) in modes.iter().zip(compared) {
        let (engine, fallback) = Engine::of(Engine::OpenRouteService, asked.get(&mode.way()));
        let saved = row.saved_grams;
        let (mut journeys, mut reason) = (Vec::new(), None);
        match row.journeys {
            Ok(found) => {
                let car = saved.zip(found.first()).map(|(saved, best)| saved + best.emission.grams);
                for known in found.iter().flat_map(|j| &j.emission.factors) {
                    if !factors.iter().any(|f| f.what == known.what) {
                        factors.push((*known).into());
                    }
                }
                let found = found.into_iter().take(1 + alternatives);
                journeys.extend(found.map(|j| Journey::of(j, car, manner)));
            }
            Err(why) => reason = Some(Reason { code: why.code().to_owned(), detail: sentence(&why) }),
        }
        rows.push(ModeRoutes { mode: *mode, engine, fallback, journeys, reason });
    }
    Ok(Routes {
        from: start,
        to: end,
        beeline_metres: tenths(from.metres_to(*to)),
        at: instant(manner.zone, when.moment()),
        modes: rows,
        factors,
    })
}

impl End {
    fn of(city: &City, name: &str, at: Point) -> Result<Self> {
        let (street, metres) = city.street_at(at).map_err(|why| outside(city, name, at, &why))?;
        let street = Some(street.to_owned()).filter(|s| !s.is_empty());
        Ok(Self { lat: degrees(at.lat), lon: degrees(at.lon), street, metres_to_street: tenths(metres) })
    }
}

/// Tells who mistook the order of the two numbers.
pub fn outside(city: &City, name: &str, at: Point, why: &city::Error) -> Error {
    let swapped = city.street_at(Point::new(at.lon, at.lat)).is_ok();
    let city::Bounds { south, west, north, east } = city.bounds();
    let hint = match swapped {
        true => "its two numbers seem to be swapped: latitude comes first".to_owned(),
        false => format!("it spans latitudes {south:.3} to {north:.3} and longitudes {west:.3} to {east:.3}"),
    };
    Error::invalid(why.code(), format!("`{name}`: {why}, {}; {hint}.", city.name()))
}

fn sentence(why: &city::Error) -> String {
    let text = why.to_string();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str() + ".").unwrap_or_default()
}
