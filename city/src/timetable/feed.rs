//! A timetable as a feed or the demo city first writes it down.

use super::{Line, Service};
use crate::geo::Coord;

#[derive(Debug, Clone, Default)]
pub(crate) struct FeedStop {
    /// What its publisher calls it; nothing in the demo city.
    pub id: String,
    pub name: String,
    pub at: Coord,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StopTime {
    pub stop: u32,
    /// Seconds after the service day's start.
    pub arrive: i32,
    pub depart: i32,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct FeedTrip {
    pub id: String,
    pub line: u32,
    pub service: u32,
    pub headsign: String,
    /// Number in `shapes`.
    pub shape: Option<u32>,
    /// In order; times never decrease.
    pub times: Vec<StopTime>,
}

/// What a line's numbers of names mean before the names are gathered.
#[derive(Debug, Clone, Default)]
pub(crate) struct FeedLine {
    pub id: String,
    pub short: String,
    pub long: String,
    pub agency: String,
    pub colour: u32,
    pub kind: u16,
    /// Hundredths and currency; changes included.
    pub fare: Option<(u32, String, u8)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Feed {
    pub stops: Vec<FeedStop>,
    pub lines: Vec<FeedLine>,
    pub services: Vec<Service>,
    pub trips: Vec<FeedTrip>,
    pub shapes: Vec<Vec<Coord>>,
    /// From, to, seconds; `None` where the change is forbidden.
    pub transfers: Vec<(u32, u32, Option<u32>)>,
}

impl Feed {
    /// Adds another feed's content, renumbered.
    pub fn append(&mut self, other: Self) {
        let (stops, lines) = (self.stops.len() as u32, self.lines.len() as u32);
        let (services, shapes) = (self.services.len() as u32, self.shapes.len() as u32);
        self.stops.extend(other.stops);
        self.lines.extend(other.lines);
        self.services.extend(other.services);
        self.shapes.extend(other.shapes);
        self.transfers.extend(other.transfers.into_iter().map(|(a, b, s)| (a + stops, b + stops, s)));
        self.trips.extend(other.trips.into_iter().map(|mut t| {
            t.line += lines;
            t.service += services;
            t.shape = t.shape.map(|s| s + shapes);
            t.times.iter_mut().for_each(|x| x.stop += stops);
            t
        }));
    }
}

impl FeedLine {
    pub fn line(&self, mut name: impl FnMut(&str) -> u32) -> Line {
        let (fare, currency, changes) = match &self.fare {
            Some((amount, currency, changes)) => (*amount, name(currency), *changes),
            None => (u32::MAX, 0, 0),
        };
        Line {
            id: name(&self.id),
            short: name(&self.short),
            long: name(&self.long),
            agency: name(&self.agency),
            colour: self.colour & 0xff_ffff,
            kind: self.kind,
            fare,
            currency,
            changes,
        }
    }
}
