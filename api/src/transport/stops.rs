//! Stops, and what leaves from them.

use city::{Bounds, City, Moment, Point};
use poem_openapi::Object;

use crate::{
    clock::Instant,
    error::{Error, Result},
    transport::journey::{colour, degrees, instant, tenths},
};

/// A stop of public transport
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Stop {
    /// Number of the stop in this city
    pub id: u32,
    pub name: String,
    /// Degrees north
    pub lat: f64,
    /// Degrees east
    pub lon: f64,
    /// Straight from `near`, when that was given
    pub metres: Option<f64>,
}

/// A stop, and what leaves from it next
#[derive(Debug, Object)]
pub struct Board {
    pub stop: Stop,
    /// In the order of time; by the timetable
    pub departures: Vec<Departure>,
}

/// A vehicle about to leave
#[derive(Debug, Object)]
pub struct Departure {
    pub at: Instant,
    /// What is written on the front
    pub line: String,
    pub headsign: String,
    /// `#d7263d`
    pub colour: String,
    /// Number of the trip in this city, as live positions name it
    pub trip: u32,
}

impl From<city::Stop> for Stop {
    fn from(stop: city::Stop) -> Self {
        let city::Stop { id, name, at, metres } = stop;
        Self { id, name, lat: degrees(at.lat), lon: degrees(at.lon), metres: metres.map(tenths) }
    }
}

/// # Errors
/// 422 unless there is either a point or a rectangle.
pub fn find(city: &City, near: Option<Point>, radius: f64, area: Option<Bounds>, limit: usize) -> Result<Vec<Stop>> {
    let found = match (near, area) {
        (Some(near), None) => city.stops_near(near, radius, limit),
        (None, Some(area)) => city.stops_in(area, limit),
        _ => return Err(Error::invalid("near_or_box", "Give either `near` or `box`.")),
    };
    Ok(found.into_iter().map(Stop::from).collect())
}

/// # Errors
/// 404 for an unknown stop; 422 for a time outside the timetable.
pub fn board(city: &City, stop: i64, from: Moment, limit: usize) -> Result<Board> {
    let id = u32::try_from(stop).map_err(|_| Error::no("stop"))?;
    let stop = city.stop(id).map_err(|_| Error::no("stop"))?;
    let departure = |d: city::Departure| Departure {
        at: instant(city.zone(), d.at),
        line: d.line,
        headsign: d.headsign,
        colour: colour(d.colour),
        trip: d.trip,
    };
    let departures = city.departures(id, from, limit)?.into_iter().map(departure).collect();
    Ok(Board { stop: stop.into(), departures })
}
