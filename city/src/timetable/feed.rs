//! A timetable as a feed or the demo city first writes it down.

use super::{Line, Service};
use crate::geo::Coord;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Default)]
pub(crate) struct FeedStop {
    /// What its publisher calls it; nothing in the demo city.
    pub id: String,
    pub name: String,
    pub at: Coord,
    /// Fare zone; empty where none is stated.
    pub zone: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct StopTime {
    pub stop: u32,
    /// Seconds after the service day's start.
    pub arrive: i32,
    pub depart: i32,
    /// `stop_sequence` as published.
    pub sequence: u32,
    /// `shape_dist_traveled`, in the feed's own unit.
    pub travelled: Option<f32>,
    /// `pickup_type` and `drop_off_type`, 0 to 3.
    pub pickup: u8,
    pub drop_off: u8,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct FeedTrip {
    pub id: String,
    /// The row of `trips.txt` that it comes from: trips that a frequency stands for share one.
    pub row: u32,
    pub line: u32,
    pub service: u32,
    pub headsign: String,
    /// Number in `shapes`.
    pub shape: Option<u32>,
    pub frequency: Frequency,
    /// In order; times never decrease.
    pub times: Vec<StopTime>,
}

/// Whether a trip stands in the timetable itself or for one of many at a headway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub(crate) enum Frequency {
    #[default]
    None,
    /// About every so many seconds.
    About,
    /// Exactly then (`exact_times=1`).
    Exact,
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
    /// Which feed it comes from, from 0: fares of one aren't those of another.
    pub feed: u32,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct FeedShape {
    pub points: Vec<Coord>,
    /// `shape_dist_traveled` of each point; empty unless all state it and it never decreases.
    pub travelled: Vec<f32>,
}

/// What `transfers.txt` says of a change between two stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Possible: it takes as long as the walk.
    Walk,
    /// The second vehicle waits for the first, or the passengers stay seated.
    Held,
    /// At least so many seconds, and no less than the walk.
    Least(u32),
    Never,
}

/// One side of a rule about changes: any call at the stop, or only those of a line or of a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Side {
    pub stop: u32,
    pub line: Option<u32>,
    /// A row of `trips.txt`.
    pub trip: Option<u32>,
}

/// A rule about changes. Of several that fit, that of the highest rank counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeRule {
    pub from: Side,
    pub to: Side,
    pub change: Change,
    pub rank: u8,
}

/// A price, and to what it applies.
#[derive(Debug, Clone, Default)]
pub(crate) struct FeedFare {
    /// In the currency's minor unit.
    pub amount: u32,
    pub currency: String,
    /// Changes included; 255 for any number.
    pub changes: u8,
    /// Seconds from the first boarding within which the last one must be.
    pub seconds: Option<u32>,
    /// Only this agency's lines; empty for all of the feed.
    pub agency: String,
    pub feed: u32,
    /// Any of these must fit; none means that nothing need.
    pub rules: Vec<FeedFareRule>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FeedFareRule {
    pub line: Option<u32>,
    /// Fare zones; empty for any.
    pub origin: String,
    pub destination: String,
    /// Exactly the zones passed; none for any.
    pub contains: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Feed {
    pub stops: Vec<FeedStop>,
    pub lines: Vec<FeedLine>,
    pub services: Vec<Service>,
    pub trips: Vec<FeedTrip>,
    pub shapes: Vec<FeedShape>,
    pub changes: Vec<ChangeRule>,
    pub fares: Vec<FeedFare>,
    /// How many feeds were put together, and rows of `trips.txt` in them.
    pub feeds: u32,
    pub rows: u32,
}

impl Feed {
    /// Adds another feed's content, renumbered.
    pub fn append(&mut self, other: Self) {
        let (stops, lines) = (self.stops.len() as u32, self.lines.len() as u32);
        let (services, shapes) = (self.services.len() as u32, self.shapes.len() as u32);
        let (feed, rows) = (self.feeds, self.rows);
        self.stops.extend(other.stops);
        self.lines.extend(other.lines.into_iter().map(|l| FeedLine { feed, ..l }));
        self.services.extend(other.services);
        self.shapes.extend(other.shapes);
        let side =
            |s: Side| Side { stop: s.stop + stops, line: s.line.map(|l| l + lines), trip: s.trip.map(|t| t + rows) };
        self.changes.extend(other.changes.into_iter().map(|c| ChangeRule { from: side(c.from), to: side(c.to), ..c }));
        self.fares.extend(other.fares.into_iter().map(|mut fare| {
            fare.feed = feed;
            fare.rules.iter_mut().for_each(|r| r.line = r.line.map(|l| l + lines));
            fare
        }));
        self.trips.extend(other.trips.into_iter().map(|mut t| {
            t.row += rows;
            t.line += lines;
            t.service += services;
            t.shape = t.shape.map(|s| s + shapes);
            t.times.iter_mut().for_each(|x| x.stop += stops);
            t
        }));
        self.feeds += 1;
        self.rows += other.rows;
    }
}

impl FeedLine {
    pub fn line(&self, mut name: impl FnMut(&str) -> u32) -> Line {
        Line {
            id: name(&self.id),
            short: name(&self.short),
            long: name(&self.long),
            agency: name(&self.agency),
            colour: self.colour & 0xff_ffff,
            kind: self.kind,
            feed: self.feed,
        }
    }
}
