//! From a feed to the compact timetable: equal stop sequences share a pattern, equal times share a profile.

use super::walks::{STOP_SNAP_METRES, transfers};
use super::{Feed, NONE, Pattern, Timetable, Trip};
use crate::file::Names;
use crate::geo::Coord;
use crate::network::{Grid, Network, Vehicle};
use crate::route::{Near, Scratch, Streets};
use std::collections::HashMap;

/// How far from a stop the street network is asked for: bounds access, egress and changes. Milliseconds on foot.
const NEAR_LIMIT: u32 = 2_400_000;

/// Makes the timetable; trips of fewer than two stops or with unknown numbers are left out.
pub(crate) fn build(feed: &Feed, network: &Network, foot: &Streets) -> Timetable {
    let mut t = Timetable { stops: feed.stops.iter().map(|s| s.at).collect(), ..Timetable::default() };
    let mut names = Interned::default();
    t.stop_id = feed.stops.iter().map(|s| names.number(&s.id)).collect();
    t.stop_name = feed.stops.iter().map(|s| names.number(&s.name)).collect();
    t.lines = feed.lines.iter().map(|l| l.line(|n| names.number(n))).collect();
    t.services.clone_from(&feed.services);
    t.shape_first.push(0);
    for shape in &feed.shapes {
        t.shape_points.extend(shape);
        t.shape_first.push(t.shape_points.len() as u32);
    }
    trips(&mut t, feed, &mut names);
    t.names = names.names;
    t.snaps = t.stops.iter().map(|&s| network.snap(s, Vehicle::Foot, STOP_SNAP_METRES)).collect();
    t.bike_snaps = t.stops.iter().map(|&s| network.snap(s, Vehicle::Bike, STOP_SNAP_METRES)).collect();
    let places: Vec<_> = (0..).zip(&t.snaps).filter_map(|(i, s)| s.map(|s| (i, s))).collect();
    t.near = Near::build(network, foot, Vehicle::Foot, &places, NEAR_LIMIT);
    t.grid = Grid::of_points(&t.stops);
    transfers(&mut t, feed, network, foot, &mut Scratch::default());
    t
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

fn trips(t: &mut Timetable, feed: &Feed, names: &mut Interned) {
    let mut patterns: HashMap<(u32, u32, u32, Vec<u32>), u32> = HashMap::new();
    let mut profiles: HashMap<Vec<[i32; 2]>, u32> = HashMap::new();
    for trip in &feed.trips {
        let known = trip.times.iter().all(|s| (s.stop as usize) < t.stops.len());
        let ordered = trip.times.windows(2).all(|w| w[0].depart <= w[1].arrive)
            && trip.times.iter().all(|s| s.arrive <= s.depart);
        let lines = (trip.line as usize) < t.lines.len() && (trip.service as usize) < t.services.len();
        if trip.times.len() < 2 || !known || !ordered || !lines {
            continue;
        }
        let stops: Vec<u32> = trip.times.iter().map(|s| s.stop).collect();
        let shape = trip.shape.filter(|&s| (s as usize) < feed.shapes.len()).unwrap_or(NONE);
        let headsign = names.number(&trip.headsign);
        let next = t.patterns.len() as u32;
        let pattern = *patterns.entry((trip.line, headsign, shape, stops.clone())).or_insert(next);
        if pattern == next {
            let first = t.pattern_stops.len() as u32;
            let along = if shape == NONE { 0 } else { t.along.len() as u32 };
            if shape != NONE {
                let places: Vec<Coord> = stops.iter().map(|&s| t.stops[s as usize]).collect();
                t.along.extend(along_shape(&feed.shapes[shape as usize], &places));
            }
            t.patterns.push(Pattern { line: trip.line, headsign, stops: first, len: stops.len() as u32, shape, along });
            t.pattern_stops.extend(&stops);
        }
        let start = trip.times[0].depart;
        let profile: Vec<[i32; 2]> = trip.times.iter().map(|s| [s.arrive - start, s.depart - start]).collect();
        let place = t.times.len() as u32;
        let times = *profiles.entry(profile).or_insert_with_key(|profile| {
            t.times.extend(profile);
            place
        });
        let id = names.number(&trip.id);
        t.trips.push(Trip { id, pattern, service: trip.service, start, times });
    }
}

/// Metres along a line for each of several places in order: the nearest place at or after the one before, looking
/// ahead a bounded way so that a line which crosses itself isn't cut short.
pub(crate) fn along_shape(line: &[Coord], places: &[Coord]) -> Vec<f32> {
    let mut sums = vec![0.0; line.len()];
    for i in 1..line.len() {
        sums[i] = sums[i - 1] + line[i - 1].metres_to(line[i]);
    }
    let total = sums.last().copied().unwrap_or(0.0);
    let beeline: f64 = places.windows(2).map(|w| w[0].metres_to(w[1])).sum();
    let stretch = if beeline > 0.0 { (total / beeline).clamp(1.0, 4.0) } else { 1.0 };
    let (mut from, mut at) = (0, 0.0f64);
    let mut out = Vec::with_capacity(places.len());
    for (i, place) in places.iter().enumerate() {
        let hop = if i == 0 { 0.0 } else { places[i - 1].metres_to(*place) };
        let reach = at + hop * stretch * 2.0 + 400.0;
        let (mut best, mut best_at, mut best_piece) = (f64::INFINITY, at, from);
        for p in from..line.len().saturating_sub(1) {
            if sums[p] > reach {
                break;
            }
            let (share, distance) = project(line[p], line[p + 1], *place);
            let here = sums[p] + share * (sums[p + 1] - sums[p]);
            if distance + 1e-6 < best && here + 1e-6 >= at {
                (best, best_at, best_piece) = (distance, here, p);
            }
        }
        (from, at) = (best_piece, best_at);
        out.push(at as f32);
    }
    out
}

fn project(a: Coord, b: Coord, p: Coord) -> (f64, f64) {
    let (a, b, p) = (a.point(), b.point(), p.point());
    let shrink = a.lat.to_radians().cos();
    let (bx, by) = ((b.lon - a.lon) * shrink, b.lat - a.lat);
    let (px, py) = ((p.lon - a.lon) * shrink, p.lat - a.lat);
    let square = bx * bx + by * by;
    let share = if square > 0.0 { ((px * bx + py * by) / square).clamp(0.0, 1.0) } else { 0.0 };
    (share, a.towards(b, share).metres_to(p))
}
