//! Buses on the wire, and which of them somebody wants to hear of.

use std::borrow::Cow;

use city::Bounds;
use poem_openapi::{
    Object,
    registry::{MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    clock::Instant,
    error::Result,
    transport::{
        asked::Area,
        journey::{colour, degrees, tenths},
    },
};

/// A bus under way
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Bus")]
pub struct Bus {
    /// The same for as long as it is under way: service day and number of its trip
    pub id: String,
    /// Number of the trip in this city, as journeys and departures name it
    pub trip: u32,
    /// What is written on the front
    pub line: String,
    pub headsign: String,
    /// `#d7263d`
    pub colour: String,
    /// Degrees north
    pub lat: f64,
    /// Degrees east
    pub lon: f64,
    /// Where it heads, degrees clockwise from north
    pub bearing: u16,
    /// Metres a second; 0 at a stop
    pub speed: f64,
    /// Seconds behind the timetable; negative when early
    pub delay: i32,
    /// Where it stands, or comes to next
    pub next_stop: NextStop,
}

/// A stop on a bus's way
#[derive(Debug, Object, Serialize)]
pub struct NextStop {
    /// Number of the stop in this city
    pub id: u32,
    pub name: String,
}

/// The buses under way
#[derive(Debug, Object)]
pub struct Buses {
    /// When they were there
    pub at: Instant,
    pub buses: Vec<Bus>,
}

/// What a watcher of the buses is told
#[derive(Debug, Object)]
pub struct BusNews {
    /// When it was so
    pub at: Instant,
    /// Those that came or changed, each whole; in a `picture` all
    pub buses: Vec<Bus>,
    /// Ids of those that are there, or wanted, no more
    pub gone: Vec<String>,
}

impl From<&city::Bus> for Bus {
    fn from(bus: &city::Bus) -> Self {
        let city::Bus { run, line, headsign, colour: rgb, at, bearing, speed, delay, stop, stop_name, call: _ } = bus;
        Self {
            id: run.to_string(),
            trip: run.trip,
            line: line.clone(),
            headsign: headsign.clone(),
            colour: colour(*rgb),
            lat: degrees(at.lat),
            lon: degrees(at.lon),
            bearing: bearing.round() as u16 % 360,
            speed: tenths(*speed),
            delay: *delay,
            next_stop: NextStop { id: *stop, name: stop_name.clone() },
        }
    }
}

/// Which buses somebody wants to hear of.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Nothing for the whole city.
    pub area: Option<Bounds>,
    /// The line's short name.
    pub line: Option<String>,
}

impl Wanted {
    /// # Errors
    /// 422 for a rectangle that is none.
    pub fn of(area: Option<Area>, line: Option<String>) -> Result<Self> {
        Ok(Self { area: area.map(Area::bounds).transpose()?, line })
    }

    pub fn has(&self, bus: &city::Bus) -> bool {
        self.area.is_none_or(|area| area.contains(bus.at)) && self.line.as_ref().is_none_or(|line| *line == bus.line)
    }
}

/// A [`BusNews`] that is written already: hundreds are told of the same buses, each of which is written once.
#[derive(Debug)]
pub struct Written {
    /// What a client comes back with.
    pub id: String,
    /// `picture` or `changes`.
    pub kind: &'static str,
    pub text: String,
}

impl Type for Written {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        <BusNews as Type>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        BusNews::schema_ref()
    }

    fn register(registry: &mut Registry) {
        BusNews::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for Written {
    fn to_json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok()
    }
}
