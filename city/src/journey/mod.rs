//! Journeys as they are answered: legs with shapes, times, distance, emissions and fare.

mod assemble;
mod board;
mod compare;
mod door;
mod fare;
mod ride;
mod street;
mod transit;

pub use board::Departure;
pub use compare::Comparison;
pub use fare::currency_digits;
pub use street::Summary;

use crate::clock::Moment;
use crate::emissions::Emission;
use crate::geo::Point;
use crate::network::Vehicle;
use crate::route::Step;
use serde::Serialize;

/// A way of getting there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    Foot,
    Bike,
    Car,
    /// Public transport with walks.
    Bus,
    /// By bike to a stop, then as `Bus`.
    BikeAndBus,
}

impl Mode {
    pub const ALL: [Self; 5] = [Self::Foot, Self::Bike, Self::Car, Self::Bus, Self::BikeAndBus];

    /// The vehicle that goes the whole way, if one does.
    #[must_use]
    pub fn vehicle(self) -> Option<Vehicle> {
        match self {
            Self::Foot => Some(Vehicle::Foot),
            Self::Bike => Some(Vehicle::Bike),
            Self::Car => Some(Vehicle::Car),
            Self::Bus | Self::BikeAndBus => None,
        }
    }

    /// The word used in questions.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Foot => "foot",
            Self::Bike => "bike",
            Self::Car => "car",
            Self::Bus => "bus",
            Self::BikeAndBus => "bike-and-bus",
        }
    }

    /// The mode of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.word() == word)
    }
}

/// Leave at, or be there by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    Depart(Moment),
    Arrive(Moment),
}

impl When {
    #[must_use]
    pub fn moment(self) -> Moment {
        match self {
            Self::Depart(m) | Self::Arrive(m) => m,
        }
    }
}

/// A price in the minor unit of its currency, which has as many digits as `currency_digits` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fare {
    pub amount: u32,
    pub currency: String,
}

/// A way of getting there, from door to door.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Journey {
    pub mode: Mode,
    pub depart: Moment,
    pub arrive: Moment,
    pub seconds: i64,
    pub metres: f64,
    pub rides: usize,
    pub legs: Vec<Leg>,
    pub emission: Emission,
    /// Nothing where the feed states no price, and for one's own vehicles.
    pub fare: Option<Fare>,
}

/// What a leg is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    Foot,
    Bike,
    Car,
    Ride,
    Wait,
}

/// A part of a journey.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leg {
    pub means: Means,
    pub depart: Moment,
    pub arrive: Moment,
    pub metres: f64,
    /// Names of the stops or streets at both ends; empty where there is none.
    pub from: String,
    pub to: String,
    pub shape: Vec<Point>,
    /// Empty for rides and waits.
    pub steps: Vec<Step>,
    pub ride: Option<RideDetail>,
}

/// What to board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RideDetail {
    pub line: String,
    pub line_name: String,
    pub headsign: String,
    /// 0xRRGGBB.
    pub colour: u32,
    /// GTFS route type.
    pub kind: u16,
    /// Number of the trip in the city.
    pub trip: u32,
    /// What one has to do to get on and off.
    pub board: Asking,
    pub alight: Asking,
    pub calls: Vec<Call>,
}

/// What one has to do before a vehicle stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asking {
    /// It stops as a matter of course.
    Nothing,
    /// Phone the agency before.
    PhoneAgency,
    /// Arrange it with the driver.
    AskDriver,
}

impl Asking {
    /// Of `pickup_type` and `drop_off_type` as GTFS numbers them.
    pub(crate) fn of(number: u8) -> Self {
        match number {
            2 => Self::PhoneAgency,
            3 => Self::AskDriver,
            _ => Self::Nothing,
        }
    }
}

/// A vehicle at a stop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    pub stop: u32,
    pub name: String,
    pub at: Point,
    pub arrive: Moment,
    pub depart: Moment,
}
