//! Public transport: what runs when, and the earliest ways through it.
//!
//! `Timetable` is what the file holds; `Running` is one day of it, laid out for searching; `search` is RAPTOR.
//! Walking comes from the street network. Seats, delays and prices are not considered here.

mod board;
mod build;
mod day;
mod fares;
mod feed;
mod platforms;
mod range;
mod refine;
#[cfg(test)]
mod rule_tests;
mod search;
mod shape;
#[cfg(test)]
mod tests;
mod trace;
mod walks;

pub(crate) use board::board;
pub(crate) use build::build;
pub(crate) use day::{DayPlan, Days, Trip as OnDay};
pub(crate) use fares::{Fare, FareRule};
pub(crate) use feed::{
    Change, ChangeRule, Feed, FeedFare, FeedFareRule, FeedLine, FeedShape, FeedStop, FeedTrip, Frequency, Side,
    StopTime,
};
pub(crate) use range::{Ends, arrivals, earliest, latest, profile};
pub(crate) use search::{Itinerary, MOST_RIDES, Ride, Rounds};
pub(crate) use walks::{Access, WALK_SPEED, off_map_seconds};

use crate::clock::Day;
use crate::error::FileError;
use crate::file::{Names, stored};
use crate::geo::Coord;
use crate::network::{Grid, Snap};
use crate::route::Near;

/// No stop, no shape.
pub(crate) const NONE: u32 = u32::MAX;
/// Never: later than every time.
pub(crate) const NEVER: i32 = i32::MAX;

/// A line as passengers know it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// Numbers of names: the feed's id, short, long, agency.
    pub id: u32,
    pub short: u32,
    pub long: u32,
    pub agency: u32,
    /// 0xRRGGBB.
    pub colour: u32,
    /// Kind of vehicle as GTFS numbers them: 0 tram, 1 metro, 2 rail, 3 bus, 4 ferry …
    pub kind: u16,
    /// Which feed it comes from, from 0.
    pub feed: u32,
}
stored!(Line { id, short, long, agency, colour, kind, feed });

/// When trips of a kind run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Service {
    /// Bit 0 for Monday to bit 6 for Sunday.
    pub weekdays: u8,
    pub start: Day,
    pub end: Day,
    pub added: Vec<Day>,
    pub removed: Vec<Day>,
    /// IANA name of the zone in which its days begin; empty for the city's.
    pub zone: String,
}
stored!(Service { weekdays, start, end, added, removed, zone });

impl Service {
    pub fn runs(&self, day: Day) -> bool {
        if self.removed.contains(&day) {
            return false;
        }
        let regular = self.start <= day && day <= self.end && self.weekdays & (1 << day.weekday()) != 0;
        regular || self.added.contains(&day)
    }
}

/// Stops in order, as one line serves them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pattern {
    pub line: u32,
    /// Number of the head sign's name.
    pub headsign: u32,
    /// First of its stops in `pattern_stops`, and how many.
    pub stops: u32,
    pub len: u32,
    /// Its shape, or `NONE`.
    pub shape: u32,
    /// First of its stops' places along the shape in `along`.
    pub along: u32,
}
stored!(Pattern { line, headsign, stops, len, shape, along });

/// One run of a vehicle.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trip {
    /// The name's number of the feed's id; trips that a frequency stands for share one.
    pub id: u32,
    pub pattern: u32,
    pub service: u32,
    /// Seconds after the service day's start at which it begins.
    pub start: i32,
    /// First of its times in `times`, as many as its pattern has stops.
    pub times: u32,
    /// First of its calls' numbers in `sequences`, as many.
    pub sequence: u32,
    /// A `Frequency` as its number.
    pub frequency: u8,
}
stored!(Trip { id, pattern, service, start, times, sequence, frequency });

#[derive(Debug, Clone, Default)]
pub(crate) struct Timetable {
    pub names: Names,
    /// Stops, and after them the platforms into which rules about changes take some of them apart.
    pub stops: Vec<Coord>,
    /// Stop → its first platform; the last number is that of all stops and platforms.
    pub platform_first: Vec<u32>,
    /// Numbers of names: the feed's ids, and what stands on the signs.
    pub stop_id: Vec<u32>,
    pub stop_name: Vec<u32>,
    /// Fare zone, 0 where none is stated.
    pub stop_zone: Vec<u32>,
    /// Where each stop meets the streets; nothing for stops off the map.
    pub snaps: Vec<Option<Snap>>,
    /// The same for bicycles.
    pub bike_snaps: Vec<Option<Snap>>,
    pub lines: Vec<Line>,
    pub services: Vec<Service>,
    pub patterns: Vec<Pattern>,
    pub pattern_stops: Vec<u32>,
    /// Who may board and alight there, as GTFS numbers it: `pickup_type`, and `drop_off_type` times four.
    pub pattern_calls: Vec<u8>,
    /// Metres along the shape for each stop of each pattern.
    pub along: Vec<f32>,
    pub trips: Vec<Trip>,
    /// Arrival and departure in seconds after the trip's start.
    pub times: Vec<[i32; 2]>,
    /// `stop_sequence` of calls as published.
    pub sequences: Vec<u32>,
    pub fares: Vec<Fare>,
    pub fare_rules: Vec<FareRule>,
    pub shape_first: Vec<u32>,
    pub shape_points: Vec<Coord>,
    /// Stop → its range in `transfers`.
    pub transfer_first: Vec<u32>,
    /// Stop and seconds that a change takes; the stop itself is one of them where one may change there.
    pub transfers: Vec<[u32; 2]>,
    /// The same the other way round.
    pub back_first: Vec<u32>,
    pub back: Vec<[u32; 2]>,
    pub near: Near,
    pub grid: Grid,
}
stored!(Timetable {
    names,
    stops,
    platform_first,
    stop_id,
    stop_name,
    stop_zone,
    snaps,
    bike_snaps,
    lines,
    services,
    patterns,
    pattern_stops,
    pattern_calls,
    along,
    trips,
    times,
    sequences,
    fares,
    fare_rules,
    shape_first,
    shape_points,
    transfer_first,
    transfers,
    back_first,
    back,
    near,
    grid
});

impl Timetable {
    pub fn stop_name(&self, stop: u32) -> &str {
        self.names.get(self.stop_name[stop as usize])
    }

    /// How many stops there are, without the platforms of some.
    pub fn real_stops(&self) -> usize {
        self.platform_first.len() - 1
    }

    /// The stop of a platform.
    pub fn real(&self, platform: u32) -> u32 {
        if (platform as usize) < self.real_stops() {
            return platform;
        }
        self.platform_first.partition_point(|first| *first <= platform) as u32 - 1
    }

    /// A stop, and its platforms.
    pub fn platforms(&self, stop: u32) -> impl Iterator<Item = u32> {
        let further = self.platform_first[stop as usize]..self.platform_first[stop as usize + 1];
        std::iter::once(stop).chain(further)
    }

    /// Who may board at a position of a pattern and who may alight: 0 anybody, 1 nobody, 2 and 3 who asks before.
    pub fn boarding(&self, pattern: u32, position: u32) -> [u8; 2] {
        let rules = self.pattern_calls[(self.patterns[pattern as usize].stops + position) as usize];
        [rules % 4, rules / 4]
    }

    pub fn stops_of(&self, pattern: u32) -> &[u32] {
        let p = &self.patterns[pattern as usize];
        &self.pattern_stops[p.stops as usize..(p.stops + p.len) as usize]
    }

    pub fn line_of(&self, trip: u32) -> u32 {
        self.patterns[self.trips[trip as usize].pattern as usize].line
    }

    /// Arrivals and departures of a trip, in seconds after its service day's start.
    pub fn times_of(&self, trip: u32) -> impl ExactSizeIterator<Item = [i32; 2]> + '_ {
        let t = self.trips[trip as usize];
        let len = self.patterns[t.pattern as usize].len as usize;
        self.times[t.times as usize..t.times as usize + len].iter().map(move |[a, d]| [t.start + a, t.start + d])
    }

    /// Shape of a pattern with the metres of its stops along it; nothing where the feed has none.
    pub fn shape_of(&self, pattern: u32) -> Option<(&[Coord], &[f32])> {
        let p = &self.patterns[pattern as usize];
        if p.shape == NONE {
            return None;
        }
        let s = p.shape as usize;
        let points = &self.shape_points[self.shape_first[s] as usize..self.shape_first[s + 1] as usize];
        let along = &self.along[p.along as usize..(p.along + p.len) as usize];
        (points.len() > 1).then_some((points, along))
    }

    /// The first and last day on which anything may run.
    pub fn span(&self) -> Option<(Day, Day)> {
        let regular = self.services.iter().filter(|s| s.weekdays != 0 && s.start <= s.end);
        let regular = regular.flat_map(|s| [s.start, s.end]);
        let days = || regular.clone().chain(self.services.iter().flat_map(|s| s.added.iter().copied()));
        Some((days().min()?, days().max()?))
    }

    pub fn check(&self, states: usize, segments: usize) -> Result<(), FileError> {
        let rows = |first: &[u32], n: usize, end: usize| {
            first.len() == n + 1
                && first.windows(2).all(|w| w[0] <= w[1])
                && first.last().is_some_and(|&l| l as usize == end)
        };
        let n = self.stops.len();
        let real = self.platform_first.len().checked_sub(1).ok_or(FileError::Inconsistent("timetable"))?;
        let fits = |first: u32, len: u32, end: usize| u64::from(first) + u64::from(len) <= end as u64;
        let sane = |t: i32| (-400_000_000..400_000_000).contains(&t);
        let ok = self.stop_name.len() == n
            && self.stop_id.len() == n
            && self.stop_zone.len() == n
            && self.platform_first.windows(2).all(|w| w[0] <= w[1])
            && self.platform_first[0] as usize == real
            && self.platform_first[real] as usize == n
            && self.pattern_calls.len() == self.pattern_stops.len()
            && self.pattern_calls.iter().all(|c| *c < 16)
            && self.fare_rules.iter().all(|r| r.is_sound(self.fares.len(), self.lines.len()))
            && fares::in_order(&self.fare_rules)
            && self.snaps.len() == n
            && self.bike_snaps.len() == n
            && self.snaps.iter().chain(&self.bike_snaps).flatten().all(|s| s.is_sound(segments))
            && self.pattern_stops.iter().all(|&s| (s as usize) < n)
            && self.patterns.iter().all(|p| {
                p.len >= 2
                    && fits(p.stops, p.len, self.pattern_stops.len())
                    && (p.line as usize) < self.lines.len()
                    && (p.shape == NONE
                        || ((p.shape as usize + 1) < self.shape_first.len() && fits(p.along, p.len, self.along.len())))
            })
            && self.trips.iter().all(|t| {
                (t.service as usize) < self.services.len()
                    && sane(t.start)
                    && self.patterns.get(t.pattern as usize).is_some_and(|p| {
                        fits(t.times, p.len, self.times.len()) && fits(t.sequence, p.len, self.sequences.len())
                    })
            })
            && self.times.iter().flatten().all(|&t| sane(t))
            && (self.shape_first.is_empty()
                || rows(&self.shape_first, self.shape_first.len() - 1, self.shape_points.len()))
            && rows(&self.transfer_first, n, self.transfers.len())
            && rows(&self.back_first, n, self.back.len())
            && self.transfers.iter().chain(&self.back).all(|t| (t[0] as usize) < n && t[1] < 1_000_000);
        if !ok {
            return Err(FileError::Inconsistent("timetable"));
        }
        self.grid.check(real)?;
        self.near.check(states)
    }
}
