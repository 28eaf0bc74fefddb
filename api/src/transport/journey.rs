//! A journey on the wire: its legs in order, each with its way, rides with their calls.

use chrono::DateTime;
use city::{Moment, Point, Turning, Zone};
use poem_openapi::{Enum, Object};

use crate::{clock::Instant, money::Money, transport::geojson::LineString};

/// How the way of a leg is written
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Geometry {
    /// Google's encoded polyline, five decimals
    #[default]
    Polyline,
    /// A GeoJSON LineString
    Geojson,
    /// Not at all
    None,
}

/// What is written of a journey, and in which time zone it was meant.
#[derive(Clone, Copy)]
pub struct Manner {
    pub zone: Zone,
    pub geometry: Geometry,
    pub steps: bool,
}

/// A way of getting there, from door to door
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Journey {
    pub depart: Instant,
    pub arrive: Instant,
    /// From leaving to being there, waits included
    pub seconds: i64,
    /// Along the way, over all legs
    pub metres: f64,
    /// How many vehicles of public transport are boarded
    pub rides: u32,
    /// Greenhouse gases for one person, grams of CO2 equivalent; by the `factors` of the answer
    pub co2e_grams: f64,
    /// What that saves against driving, grams; negative when it emits more; absent when no car gets there
    pub saved_grams: Option<f64>,
    /// Absent where no price is known, and for one's own vehicle
    pub fare: Option<Money>,
    pub legs: Vec<Leg>,
}

/// What a leg is done with
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "LegMeans")]
pub enum Means {
    Foot,
    Bike,
    Car,
    /// Public transport
    Ride,
    /// At a stop
    Wait,
}

/// A part of a journey
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Leg {
    pub means: Means,
    pub depart: Instant,
    pub arrive: Instant,
    pub metres: f64,
    /// Stop or street where it begins; absent where it has no name
    pub from: Option<String>,
    /// Stop or street where it ends
    pub to: Option<String>,
    /// The way, with `geometry=polyline`
    pub polyline: Option<String>,
    /// The way, with `geometry=geojson`
    pub geojson: Option<LineString>,
    /// Turn by turn, with `steps=true`; absent for rides and waits
    pub steps: Option<Vec<Step>>,
    /// What to board
    pub ride: Option<Ride>,
}

/// How a step begins
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Turn {
    Depart,
    Straight,
    SlightLeft,
    Left,
    SharpLeft,
    SlightRight,
    Right,
    SharpRight,
    /// Turn round
    Round,
    Roundabout,
    Arrive,
}

/// One street followed
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Step {
    pub turn: Turn,
    /// Absent where it has no name
    pub street: Option<String>,
    /// Until the next step
    pub metres: f64,
    /// Degrees north, where it begins
    pub lat: f64,
    /// Degrees east
    pub lon: f64,
    /// `stairs` or `ferry`
    pub remark: Option<String>,
}

/// What passengers have to do so that a vehicle stops for them
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Asking {
    /// Phone the agency before
    PhoneAgency,
    /// Arrange it with the driver
    AskDriver,
}

/// A ride on public transport
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Ride {
    /// What is written on the front
    pub line: String,
    pub line_name: String,
    pub headsign: String,
    /// `#d7263d`
    pub colour: String,
    /// Number of the trip in this city, as live positions name it
    pub trip: u32,
    /// Absent where it stops for boarding as a matter of course
    pub boarding: Option<Asking>,
    /// Absent where it stops for alighting as a matter of course
    pub alighting: Option<Asking>,
    /// From the stop boarded to the stop left
    pub calls: Vec<Call>,
}

/// A vehicle at a stop
#[derive(Clone, Debug, Object)]
pub struct Call {
    /// Number of the stop
    pub stop: u32,
    pub name: String,
    /// Degrees north
    pub lat: f64,
    /// Degrees east
    pub lon: f64,
    pub arrive: Instant,
    pub depart: Instant,
}

impl Journey {
    /// `car`: the grams of the drive that it is compared with.
    pub fn of(journey: city::Journey, car: Option<f64>, manner: Manner) -> Self {
        let city::Journey { mode: _, depart, arrive, seconds, metres, rides, legs, emission, fare } = journey;
        Self {
            depart: instant(manner.zone, depart),
            arrive: instant(manner.zone, arrive),
            seconds,
            metres: tenths(metres),
            rides: rides as u32,
            co2e_grams: tenths(emission.grams),
            saved_grams: car.map(|car| tenths(car - emission.grams)),
            fare: fare.map(|f| Money { amount: f.amount.into(), currency: f.currency }),
            legs: legs.into_iter().map(|leg| Leg::of(leg, manner)).collect(),
        }
    }
}

impl Leg {
    fn of(leg: city::Leg, manner: Manner) -> Self {
        let city::Leg { means, depart, arrive, metres, from, to, shape, steps, ride } = leg;
        let (polyline, geojson) = match manner.geometry {
            Geometry::Polyline => (Some(city::encode_polyline(&shape)), None),
            Geometry::Geojson => (None, Some(LineString::of(&shape))),
            Geometry::None => (None, None),
        };
        Self {
            means: match means {
                city::Means::Foot => Means::Foot,
                city::Means::Bike => Means::Bike,
                city::Means::Car => Means::Car,
                city::Means::Ride => Means::Ride,
                city::Means::Wait => Means::Wait,
            },
            depart: instant(manner.zone, depart),
            arrive: instant(manner.zone, arrive),
            metres: tenths(metres),
            from: named(from),
            to: named(to),
            polyline,
            geojson,
            steps: (manner.steps && !steps.is_empty()).then(|| steps.into_iter().map(Step::from).collect()),
            ride: ride.map(|ride| Ride::of(ride, manner.zone)),
        }
    }
}

impl From<city::Step> for Step {
    fn from(step: city::Step) -> Self {
        let city::Step { turning, street, metres, at, remark } = step;
        Self {
            turn: match turning {
                Turning::Depart => Turn::Depart,
                Turning::Straight => Turn::Straight,
                Turning::SlightLeft => Turn::SlightLeft,
                Turning::Left => Turn::Left,
                Turning::SharpLeft => Turn::SharpLeft,
                Turning::SlightRight => Turn::SlightRight,
                Turning::Right => Turn::Right,
                Turning::SharpRight => Turn::SharpRight,
                Turning::Round => Turn::Round,
                Turning::Roundabout => Turn::Roundabout,
                Turning::Arrive => Turn::Arrive,
            },
            street: named(street),
            metres: tenths(metres),
            lat: degrees(at.lat),
            lon: degrees(at.lon),
            remark: remark.map(str::to_owned),
        }
    }
}

impl Asking {
    fn of(asking: city::Asking) -> Option<Self> {
        match asking {
            city::Asking::Nothing => None,
            city::Asking::PhoneAgency => Some(Self::PhoneAgency),
            city::Asking::AskDriver => Some(Self::AskDriver),
        }
    }
}

impl Ride {
    fn of(ride: city::RideDetail, zone: Zone) -> Self {
        let city::RideDetail { line, line_name, headsign, colour: rgb, kind: _, trip, board, alight, calls } = ride;
        let [boarding, alighting] = [board, alight].map(Asking::of);
        let call = |call: city::Call| {
            let city::Call { stop, name, at: Point { lat, lon }, arrive, depart } = call;
            let (arrive, depart) = (instant(zone, arrive), instant(zone, depart));
            Call { stop, name, lat: degrees(lat), lon: degrees(lon), arrive, depart }
        };
        let calls = calls.into_iter().map(call).collect();
        Self { line, line_name, headsign, colour: colour(rgb), trip, boarding, alighting, calls }
    }
}

/// As style sheets write it.
pub fn colour(rgb: u32) -> String {
    format!("#{rgb:06x}")
}

/// The instant of a local moment.
pub fn instant(zone: Zone, moment: Moment) -> Instant {
    DateTime::from_timestamp(zone.unix(moment), 0).unwrap_or_default()
}

/// Metres and grams are no better known than this.
pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Ten centimetres on the ground.
pub fn degrees(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn named(name: String) -> Option<String> {
    Some(name).filter(|n| !n.is_empty())
}
