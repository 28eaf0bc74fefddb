//! Where the buses are: a pure function of timetable, instant and seed, so that every process gives the same answer.
//!
//! A simulated bus keeps to its timetable but for a delay that grows along its way to an amount drawn once for the
//! trip and day, between one minute early and five late. It never runs backwards and never passes a stop early by more.

use crate::City;
use crate::clock::{DAY, Moment};
use crate::geo::{Bounds, Point};
use crate::random::{Random, mixed};
use serde::Serialize;

/// The most a bus is early or late at its last stop, in seconds.
const EARLIEST: f64 = -60.0;
const LATEST: f64 = 300.0;

/// A bus at an instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bus {
    /// Number of the trip, and the service day as YYYY-MM-DD: together they name the run.
    pub trip: u32,
    pub day: String,
    pub line: String,
    pub headsign: String,
    /// 0xRRGGBB.
    pub colour: u32,
    pub at: Point,
    /// Degrees clockwise from north.
    pub bearing: f64,
    /// Metres a second; 0 when standing at a stop.
    pub speed: f64,
    /// Seconds behind the timetable; negative when early.
    pub delay: i32,
    /// The stop it stands at or comes to next.
    pub next_stop: u32,
    pub next_stop_name: String,
}

impl City {
    /// All buses under way at a Unix time, within `area` if one is given; in order of day and trip.
    #[must_use]
    pub fn buses(&self, unix: i64, area: Option<Bounds>, seed: u64) -> Vec<Bus> {
        let now = self.zone().moment(unix);
        let Ok(plan) = self.plan(now) else {
            return Vec::new();
        };
        let mut buses: Vec<(i32, Bus)> = Vec::new();
        for route in &plan.forward.routes {
            for k in 0..route.trips {
                let (trip, shift) = plan.forward.trips[(route.first_trip + k) as usize];
                let row = (route.times + k * route.len) as usize;
                let last = row + route.len as usize - 1;
                let (start, end) = (plan.forward.depart[row], plan.forward.arrive[last]);
                if now.second < start - DAY / 24 || now.second > end + DAY / 24 {
                    continue;
                }
                let found = self.bus(trip, now, shift, seed);
                buses.extend(found.filter(|b| area.is_none_or(|a| a.contains(b.at))).map(|b| (shift, b)));
            }
        }
        buses.sort_by_key(|(shift, b)| (*shift, b.trip));
        buses.into_iter().map(|(_, b)| b).collect()
    }

    /// One trip at an instant; nothing before it leaves and after it is there.
    fn bus(&self, trip: u32, now: Moment, shift: i32, seed: u64) -> Option<Bus> {
        let t = &self.timetable;
        let times: Vec<[i32; 2]> = t.times_of(trip).map(|[a, d]| [a + shift, d + shift]).collect();
        let (start, end) = (f64::from(times.first()?[1]), f64::from(times.last()?[0]));
        let duration = (end - start).max(1.0);
        let day = now.day.plus(shift / DAY);
        let drawn = Random::new(mixed(&[seed, u64::from(trip), day.0 as u64])).unit();
        // Most are a little late, few are early: the square favours small numbers.
        let last_delay = (EARLIEST + (LATEST - EARLIEST) * drawn * drawn).max(-duration / 4.0);
        // What the timetable says at the instant: scheduled + delay(scheduled) = now, delay growing in proportion.
        let scheduled = start + (f64::from(now.second) - start) / (1.0 + last_delay / duration);
        if scheduled < start || scheduled > end {
            return None;
        }
        let next = times.iter().position(|x| scheduled <= f64::from(x[1]))?.min(times.len() - 1);
        let pattern = t.trips[trip as usize].pattern;
        let p = &t.patterns[pattern as usize];
        let (at, bearing, speed) = self.place_on(pattern, &times, scheduled, next);
        let stop = t.stops_of(pattern)[next];
        let line = &t.lines[p.line as usize];
        Some(Bus {
            trip,
            day: day.to_string(),
            line: t.names.get(line.short).to_owned(),
            headsign: t.names.get(p.headsign).to_owned(),
            colour: line.colour,
            at,
            bearing,
            speed,
            delay: (f64::from(now.second) - scheduled).round() as i32,
            next_stop: stop,
            next_stop_name: t.stop_name(stop).to_owned(),
        })
    }

    /// Position, bearing and speed between the stop before `next` and `next`.
    fn place_on(&self, pattern: u32, times: &[[i32; 2]], scheduled: f64, next: usize) -> (Point, f64, f64) {
        let before = next.saturating_sub(1);
        let (left, reached) = (f64::from(times[before][1]), f64::from(times[next][0]));
        let share = if next == 0 { 0.0 } else { ((scheduled - left) / (reached - left).max(1.0)).clamp(0.0, 1.0) };
        let part = self.ride_shape(pattern, before as u32, next.max(before) as u32);
        let metres = crate::geo::line_metres(&part);
        let standing = next == 0 || scheduled >= reached;
        let speed = if standing { 0.0 } else { metres / (reached - left).max(1.0) };
        let (at, bearing) = along(&part, metres * share);
        (at, bearing, speed)
    }
}

/// The point so many metres along a line, and the direction there.
fn along(line: &[Point], metres: f64) -> (Point, f64) {
    let mut left = metres;
    let mut bearing = 0.0;
    for pair in line.windows(2) {
        let step = pair[0].metres_to(pair[1]);
        if step > 0.0 {
            bearing = pair[0].bearing_to(pair[1]);
        }
        if left <= step && step > 0.0 {
            return (pair[0].towards(pair[1], left / step), bearing);
        }
        left -= step;
    }
    (line.last().copied().unwrap_or(Point::new(0.0, 0.0)), bearing)
}

/// What a client that knows `before` must hear to know `after`: buses new or moved, and runs that are gone.
#[must_use]
pub fn changes<'a>(before: &[Bus], after: &'a [Bus]) -> (Vec<&'a Bus>, Vec<(u32, String)>) {
    let key = |b: &Bus| (b.trip, b.day.clone());
    let known: std::collections::HashMap<_, &Bus> = before.iter().map(|b| (key(b), b)).collect();
    let there: std::collections::HashSet<_> = after.iter().map(key).collect();
    let moved = after.iter().filter(|b| known.get(&key(b)).is_none_or(|old| old != b)).collect();
    let gone = before.iter().map(key).filter(|k| !there.contains(k)).collect();
    (moved, gone)
}
