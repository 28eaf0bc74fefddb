//! From a feed to the compact timetable: equal stop sequences share a pattern, equal times share a profile.

use super::platforms::Platforms;
use super::walks::{STOP_SNAP_METRES, transfers};
use super::{Feed, FeedTrip, NONE, Pattern, StopTime, Timetable, Trip, fares, shape};
use crate::file::Names;
use crate::geo::Coord;
use crate::network::{Grid, Network, Vehicle};
use crate::route::{Near, Scratch, Streets};
use std::collections::HashMap;

/// How far from a stop the street network is asked for: bounds access, egress and changes. Milliseconds on foot.
const NEAR_LIMIT: u32 = 2_400_000;

/// Makes the timetable; trips of fewer than two stops or with unknown numbers are left out.
pub(crate) fn build(feed: &Feed, network: &Network, foot: &Streets) -> Timetable {
    let platforms = Platforms::of(feed);
    let mut t = Timetable { platform_first: platforms.first.clone(), ..Timetable::default() };
    let mut names = Interned::default();
    for stop in &feed.stops {
        t.stops.push(stop.at);
        t.stop_id.push(names.number(&stop.id));
        t.stop_name.push(names.number(&stop.name));
        t.stop_zone.push(names.number(&stop.zone));
    }
    t.snaps = t.stops.iter().map(|&s| network.snap(s, Vehicle::Foot, STOP_SNAP_METRES)).collect();
    t.bike_snaps = t.stops.iter().map(|&s| network.snap(s, Vehicle::Bike, STOP_SNAP_METRES)).collect();
    let places: Vec<_> = (0..).zip(&t.snaps).filter_map(|(i, s)| s.map(|s| (i, s))).collect();
    t.near = Near::build(network, foot, Vehicle::Foot, &places, NEAR_LIMIT);
    t.grid = Grid::of_points(&t.stops);
    add_platforms(&mut t);
    t.lines = feed.lines.iter().map(|l| l.line(|n| names.number(n))).collect();
    t.services.clone_from(&feed.services);
    (t.fares, t.fare_rules) = fares::of(feed, |n| names.number(n));
    t.shape_first.push(0);
    for shape in &feed.shapes {
        t.shape_points.extend(&shape.points);
        t.shape_first.push(t.shape_points.len() as u32);
    }
    trips(&mut t, feed, &platforms, &mut names);
    t.names = names.names;
    transfers(&mut t, feed, &platforms, network, foot, &mut Scratch::default());
    t
}

/// A platform is its stop but for the changes.
fn add_platforms(t: &mut Timetable) {
    for stop in 0..t.real_stops() {
        for _ in t.platform_first[stop]..t.platform_first[stop + 1] {
            t.stops.push(t.stops[stop]);
            t.stop_id.push(t.stop_id[stop]);
            t.stop_name.push(t.stop_name[stop]);
            t.stop_zone.push(t.stop_zone[stop]);
            t.snaps.push(t.snaps[stop]);
            t.bike_snaps.push(t.bike_snaps[stop]);
        }
    }
}

#[derive(Default)]
struct Interned {
    names: Names,
    known: HashMap<String, u32>,
}

impl Interned {
    fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(&n) = self.known.get(text) {
            return n;
        }
        let n = self.names.push(text);
        self.known.insert(text.to_owned(), n);
        n
    }
}

/// What trips have in common that share a pattern: line, head sign, shape, and each call's platform, rules and distance.
type Shared = (u32, u32, u32, Vec<(u32, u8, Option<u32>)>);

fn trips(t: &mut Timetable, feed: &Feed, platforms: &Platforms, names: &mut Interned) {
    let mut patterns: HashMap<Shared, u32> = HashMap::new();
    let mut profiles: HashMap<Vec<[i32; 2]>, u32> = HashMap::new();
    let mut sequences: HashMap<Vec<u32>, u32> = HashMap::new();
    for trip in feed.trips.iter().filter(|trip| is_usable(trip, feed)) {
        let shape = trip.shape.filter(|&s| (s as usize) < feed.shapes.len());
        let call = |c: &StopTime| {
            let travelled = shape.and(c.travelled).map(f32::to_bits);
            (platforms.of_call(c.stop, trip.line, trip.row), c.pickup | c.drop_off << 2, travelled)
        };
        let calls: Vec<_> = trip.times.iter().map(call).collect();
        let headsign = names.number(&trip.headsign);
        let shared = (trip.line, headsign, shape.unwrap_or(NONE), calls);
        let pattern = match patterns.get(&shared) {
            Some(&pattern) => pattern,
            None => {
                let pattern = add_pattern(t, feed, &shared);
                patterns.insert(shared, pattern);
                pattern
            }
        };
        let start = trip.times[0].depart;
        let profile: Vec<[i32; 2]> = trip.times.iter().map(|s| [s.arrive - start, s.depart - start]).collect();
        let place = t.times.len() as u32;
        let times = *profiles.entry(profile).or_insert_with_key(|profile| {
            t.times.extend(profile);
            place
        });
        let place = t.sequences.len() as u32;
        let sequence = *sequences.entry(trip.times.iter().map(|s| s.sequence).collect()).or_insert_with_key(|all| {
            t.sequences.extend(all);
            place
        });
        let (id, frequency) = (names.number(&trip.id), trip.frequency as u8);
        t.trips.push(Trip { id, pattern, service: trip.service, start, times, sequence, frequency });
    }
}

fn is_usable(trip: &FeedTrip, feed: &Feed) -> bool {
    let known = trip.times.iter().all(|s| (s.stop as usize) < feed.stops.len() && s.pickup < 4 && s.drop_off < 4);
    let ordered =
        trip.times.windows(2).all(|w| w[0].depart <= w[1].arrive) && trip.times.iter().all(|s| s.arrive <= s.depart);
    let lines = (trip.line as usize) < feed.lines.len() && (trip.service as usize) < feed.services.len();
    trip.times.len() >= 2 && known && ordered && lines
}

fn add_pattern(t: &mut Timetable, feed: &Feed, (line, headsign, shape, calls): &Shared) -> u32 {
    let places: Vec<Coord> = calls.iter().map(|c| t.stops[c.0 as usize]).collect();
    let travelled: Vec<Option<f32>> = calls.iter().map(|c| c.2.map(f32::from_bits)).collect();
    let along = feed.shapes.get(*shape as usize).and_then(|shape| shape::along(shape, &places, &travelled));
    t.patterns.push(Pattern {
        line: *line,
        headsign: *headsign,
        stops: t.pattern_stops.len() as u32,
        len: calls.len() as u32,
        shape: if along.is_some() { *shape } else { NONE },
        along: if along.is_some() { t.along.len() as u32 } else { 0 },
    });
    t.along.extend(along.unwrap_or_default());
    t.pattern_stops.extend(calls.iter().map(|c| c.0));
    t.pattern_calls.extend(calls.iter().map(|c| c.1));
    t.patterns.len() as u32 - 1
}
