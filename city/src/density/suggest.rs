//! Where new stops, and a line through them, would serve the most people who aren't served now.
//!
//! Greedy coverage: each stop chosen is the one that adds most, which is within 1 − 1/e (63 %) of the best possible
//! set. Gains in CO2 are an estimate from the assumptions named here, not a forecast. Reproducible: ties go to the
//! lower number.

use super::SERVED_METRES;
use crate::City;
use crate::clock::Day;
use crate::emissions::{CAR_OCCUPANCY, Traveller};
use crate::geo::{Point, line_metres};
use crate::network::{Class, Vehicle};
use crate::{Moment, When};
use serde::Serialize;
use std::collections::BTreeMap;

/// Candidates are at least this far apart. Metres.
const APART: f64 = 120.0;
/// Car trips a day of one person that a near stop turns into bus trips, and their length in kilometres: assumptions.
pub const SHIFTED_TRIPS: f64 = 0.08;
pub const TRIP_KILOMETRES: f64 = 4.0;

/// A stop worth having.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewStop {
    pub at: Point,
    pub street: String,
    /// People it serves whom nothing and no earlier suggestion serves.
    pub people: f64,
    /// Kilograms of CO2e a year saved, by the assumptions stated.
    pub kilograms_a_year: f64,
}

/// Stops, and a line that joins them to the network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    pub stops: Vec<NewStop>,
    /// The existing stop with the most departures near the new ones: the line starts there.
    pub hub: Option<(u32, String)>,
    /// The line on the streets from the hub over the stops in the order driven; empty without a hub.
    pub line: Vec<Point>,
    pub line_metres: f64,
    /// People newly served by all stops together, and the kilograms of CO2e a year.
    pub people: f64,
    pub kilograms_a_year: f64,
    pub unserved_before: f64,
    pub assumptions: &'static str,
}

impl City {
    /// Up to `count` (at most 30) new stops for the timetable of a day, and a line through the first eight.
    #[must_use]
    pub fn suggest(&self, day: Day, count: usize) -> Suggestion {
        let departures = self.departures_by_stop(day);
        let served = self.served_people(&departures);
        let open: Vec<usize> = (0..served.len()).filter(|i| !served[*i]).collect();
        let unserved_before = open.iter().map(|&i| f64::from(self.people.count[i])).sum();
        let stops = self.new_stops(&served, count.min(30));
        let (hub, line) = self.new_line(&stops, &departures);
        let people: f64 = stops.iter().map(|s| s.people).sum();
        Suggestion {
            hub: hub.map(|h| (h, self.timetable.stop_name(h).to_owned())),
            line_metres: line_metres(&line),
            line,
            people,
            kilograms_a_year: kilograms(people),
            stops,
            unserved_before,
            assumptions: "a stop serves those within 400 m; each newly served person replaces 0.08 car trips of 4 km a day by bus",
        }
    }

    /// Corners where a bus could stop, by number of junction.
    fn candidates(&self) -> Vec<u32> {
        let n = &self.network;
        let mut taken: BTreeMap<(i64, i64), u32> = BTreeMap::new();
        for segment in 0..n.segments() as u32 {
            let class = n.manner(segment).class;
            let drivable = n.usable[segment as usize] & (1 << Vehicle::Car as u8) != 0;
            if drivable && (Class::Primary as u8..=Class::Street as u8).contains(&class) {
                let j = n.ends[segment as usize][0];
                let c = n.junctions[j as usize];
                let cell = |v: i32, scale: f64| (f64::from(v) * scale / APART).floor() as i64;
                let key = (cell(c.lat, n.grid.scale[1]), cell(c.lon, n.grid.scale[0]));
                taken.entry(key).and_modify(|k| *k = j.min(*k)).or_insert(j);
            }
        }
        taken.into_values().collect()
    }

    fn new_stops(&self, served: &[bool], count: usize) -> Vec<NewStop> {
        let mut covered = served.to_vec();
        let p = &self.people;
        let mut reach: Vec<(f64, u32, Vec<u32>)> = Vec::new();
        for j in self.candidates() {
            let mut near = Vec::new();
            p.grid.within(&p.at, self.network.junctions[j as usize].point(), SERVED_METRES, |i, _| {
                if !served[i as usize] {
                    near.push(i);
                }
            });
            near.sort_unstable();
            let gain = near.iter().map(|&i| f64::from(p.count[i as usize])).sum();
            reach.push((gain, j, near));
        }
        let mut stops = Vec::new();
        while stops.len() < count {
            // Gains only shrink, so the best after recounting is the best of all.
            for r in &mut reach {
                r.0 = r.2.iter().filter(|i| !covered[**i as usize]).map(|&i| f64::from(p.count[i as usize])).sum();
            }
            let Some(best) = reach.iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else {
                break;
            };
            if best.0 < 1.0 {
                break;
            }
            best.2.iter().for_each(|&i| covered[i as usize] = true);
            let at = self.network.junctions[best.1 as usize].point();
            let street = self.nearest_street(at).map_or(String::new(), |s| s.0.to_owned());
            stops.push(NewStop { at, street, people: best.0, kilograms_a_year: kilograms(best.0) });
        }
        stops
    }

    /// The busiest stop near the middle of the new ones, and the drive from it over them, nearest next.
    fn new_line(&self, stops: &[NewStop], departures: &[u32]) -> (Option<u32>, Vec<Point>) {
        let mut left: Vec<Point> = stops.iter().take(8).map(|s| s.at).collect();
        let Some(first) = left.first().copied() else {
            return (None, Vec::new());
        };
        let t = &self.timetable;
        let value = |s: u32| {
            let far = t.stops[s as usize].point().metres_to(first);
            f64::from(departures[s as usize]) / (1.0 + far / 1_000.0)
        };
        let hub = (0..t.real_stops() as u32)
            .filter(|s| departures[*s as usize] > 0)
            .max_by(|a, b| value(*a).total_cmp(&value(*b)).then(b.cmp(a)));
        let Some(hub) = hub else {
            return (None, Vec::new());
        };
        let (mut at, mut line) = (t.stops[hub as usize].point(), Vec::new());
        let when = When::Depart(Moment::new(Day(0), 0));
        while !left.is_empty() {
            let next =
                (0..left.len()).min_by(|a, b| left[*a].metres_to(at).total_cmp(&left[*b].metres_to(at))).unwrap_or(0);
            let stop = left.remove(next);
            if let Ok(driven) = self.drive(at, stop, Vehicle::Car, when, 0) {
                line.extend(driven.into_iter().flat_map(|j| j.legs).flat_map(|l| l.shape));
            }
            at = stop;
        }
        line.dedup();
        (Some(hub), line)
    }
}

/// Kilograms of CO2e a year that so many newly served people save.
fn kilograms(people: f64) -> f64 {
    let car = Traveller::Car.factor().grams / CAR_OCCUPANCY;
    let saved = (car - Traveller::Bus.factor().grams).max(0.0);
    people * SHIFTED_TRIPS * 365.0 * TRIP_KILOMETRES * saved / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_served_saves_nothing() {
        assert_eq!(kilograms(0.0), 0.0);
        assert!(kilograms(1_000.0) > 0.0);
    }
}
