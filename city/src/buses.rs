//! Where the buses are: a pure function of timetable, instant and seed, so that every process gives the same answer.
//!
//! A simulated bus keeps to its timetable but for a delay that grows along its way to an amount drawn once for the
//! trip and day, between one minute early and five late. It never runs backwards and never passes a stop early by more.
//! Where it is between two stops follows the shape; how it speeds up, brakes and waits at lights is not considered.

use crate::City;
use crate::clock::{Day, Moment, Zone};
use crate::geo::{Coord, Point};
use crate::random::{Random, mixed};
use crate::timetable::{Frequency, OnDay};
use serde::Serialize;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// The most a bus is early or late at its last stop, in seconds.
const EARLIEST: f64 = -60.0;
const LATEST: f64 = 300.0;

/// A trip of the timetable on one of its service days: what a bus is called for as long as it is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Run {
    pub day: Day,
    /// Number of the trip in the city.
    pub trip: u32,
}

impl fmt::Display for Run {
    /// `2026-11-23.1374`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.day, self.trip)
    }
}

/// A bus at an instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bus {
    pub run: Run,
    pub line: String,
    pub headsign: String,
    /// 0xRRGGBB.
    pub colour: u32,
    pub at: Point,
    /// Degrees clockwise from north, 0 ≤ b < 360.
    pub bearing: f64,
    /// Metres a second; 0 when standing at a stop.
    pub speed: f64,
    /// Seconds behind the timetable; negative when early.
    pub delay: i32,
    /// The stop it stands at or comes to next.
    pub stop: u32,
    pub stop_name: String,
    /// Which stop of its way that is, from 0.
    pub call: u32,
}

/// What its publisher calls a bus's trip, line and next stop; this city's numbers and names where nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedIds<'a> {
    pub trip: Cow<'a, str>,
    pub line: Cow<'a, str>,
    pub stop: Cow<'a, str>,
    /// `stop_sequence` of the call that comes next; nothing where no feed states one.
    pub sequence: Option<u32>,
    /// Unix time at which it arrives there, its delay included.
    pub arrival: i64,
    /// Trips that a frequency stands for share an id and are told apart by their start.
    pub headway: Option<Headway>,
}

/// One of the trips that a frequency stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headway {
    /// Seconds after the service day's start at which it begins.
    pub start: i32,
    /// Whether its times are exact, or merely some minutes apart.
    pub is_exact: bool,
}

/// What tells of two pictures of the buses how to get from the first to the second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Places in the second picture: of buses that came, or are told differently.
    pub told: Vec<usize>,
    /// Those that are over, or not wanted any more.
    pub gone: Vec<Run>,
}

impl City {
    /// All buses under way at a Unix time, in order of their runs; none at a time outside the calendar.
    #[must_use]
    pub fn buses(&self, unix: i64, seed: u64) -> Vec<Bus> {
        let now = self.zone().moment(unix);
        let Ok(plan) = self.plan(now) else {
            return Vec::new();
        };
        let running = &plan.forward;
        let mut buses: Vec<Bus> = Vec::new();
        for route in &running.routes {
            for k in 0..route.trips {
                let trip = running.trips[(route.first_trip + k) as usize];
                let timed = self.timetable.trips[trip.number as usize];
                let last = self.timetable.times[timed.times as usize + route.len as usize - 1];
                let (start, end) = (timed.start + trip.shift, timed.start + last[0] + trip.shift);
                // A delay is no longer than it is at the end; an early bus is not there before it leaves.
                if start <= now.second && f64::from(now.second) <= f64::from(end) + LATEST {
                    buses.extend(self.bus(trip, now, seed));
                }
            }
        }
        buses.sort_unstable_by_key(|b| b.run);
        buses
    }

    /// How the feed's publisher, and who knows that feed, speak of a bus.
    #[must_use]
    pub fn feed_ids<'a>(&'a self, bus: &'a Bus) -> FeedIds<'a> {
        let t = &self.timetable;
        let own = |name: u32, number: u32| match t.names.get(name) {
            "" => Cow::Owned(number.to_string()),
            id => Cow::Borrowed(id),
        };
        let Some(trip) = t.trips.get(bus.run.trip as usize) else {
            // A bus of another city.
            let [trip, stop] = [bus.run.trip, bus.stop].map(|n| Cow::Owned(n.to_string()));
            let line = Cow::Borrowed(bus.line.as_str());
            return FeedIds { trip, line, stop, sequence: None, arrival: 0, headway: None };
        };
        let line = match t.names.get(t.lines[t.line_of(bus.run.trip) as usize].id) {
            "" => bus.line.as_str(),
            id => id,
        };
        FeedIds {
            trip: own(trip.id, bus.run.trip),
            line: Cow::Borrowed(line),
            stop: own(t.stop_id.get(bus.stop as usize).copied().unwrap_or(0), bus.stop),
            // The demo city's trips have neither ids nor numbers of calls.
            sequence: (trip.id != 0).then(|| t.sequences.get((trip.sequence + bus.call) as usize).copied()).flatten(),
            arrival: self.arrival(bus),
            headway: (trip.frequency != Frequency::None as u8)
                .then_some(Headway { start: trip.start, is_exact: trip.frequency == Frequency::Exact as u8 }),
        }
    }

    /// When a bus is at the stop that it stands at or comes to next.
    fn arrival(&self, bus: &Bus) -> i64 {
        let t = &self.timetable;
        let zone = &t.services[t.trips[bus.run.trip as usize].service as usize].zone;
        let zone = if zone.is_empty() { self.zone() } else { Zone::named(zone) };
        let scheduled = t.times_of(bus.run.trip).nth(bus.call as usize).map_or(0, |x| x[0]);
        zone.unix(Moment::new(bus.run.day, scheduled + bus.delay))
    }

    /// One trip at an instant; nothing before it leaves and after it is there.
    fn bus(&self, on_day: OnDay, now: Moment, seed: u64) -> Option<Bus> {
        let t = &self.timetable;
        let OnDay { number: trip, shift, after } = on_day;
        let day = now.day.plus(after);
        // Seconds after the service day's start, as the timetable counts.
        let second = f64::from(now.second - shift);
        let times = || t.times_of(trip);
        let (start, end) = (f64::from(times().next()?[1]), f64::from(times().last()?[0]));
        let duration = (end - start).max(1.0);
        let last_delay = delay_at_the_end(Run { day, trip }, seed).max(-duration / 4.0);
        // What the timetable says at the instant: scheduled + delay(scheduled) = now, delay growing in proportion.
        let scheduled = start + (second - start) / (1.0 + last_delay / duration);
        if scheduled < start || scheduled > end {
            return None;
        }
        let next = times().position(|x| scheduled <= f64::from(x[1]))?;
        let before = next.saturating_sub(1);
        let (left, reached) = (f64::from(times().nth(before)?[1]), f64::from(times().nth(next)?[0]));
        let share = if next == before { 0.0 } else { ((scheduled - left) / (reached - left).max(1.0)).clamp(0.0, 1.0) };
        let pattern = t.trips[trip as usize].pattern;
        let p = &t.patterns[pattern as usize];
        let (at, bearing, metres) = self.between(pattern, before, next, share);
        let standing = next == before || scheduled >= reached;
        let (stop, line) = (t.real(t.stops_of(pattern)[next]), &t.lines[p.line as usize]);
        Some(Bus {
            run: Run { day, trip },
            line: t.names.get(line.short).to_owned(),
            headsign: t.names.get(p.headsign).to_owned(),
            colour: line.colour,
            at,
            bearing,
            speed: if standing { 0.0 } else { metres / (reached - left).max(1.0) },
            delay: (second - scheduled).round() as i32,
            stop,
            stop_name: t.stop_name(stop).to_owned(),
            call: next as u32,
        })
    }

    /// The point a share of the way from one stop of a pattern to another, the direction there, and the way's metres.
    fn between(&self, pattern: u32, before: usize, next: usize, share: f64) -> (Point, f64, f64) {
        if let Some((line, along)) = self.timetable.shape_of(pattern) {
            let (from, to) = (f64::from(along[before]), f64::from(along[next]));
            let (at, bearing) = on(line, from + (to - from) * share);
            return (at, bearing, (to - from).max(0.0));
        }
        let stops = self.timetable.stops_of(pattern);
        // A bus at its first stop looks towards the second.
        let [a, b] = [stops[before], stops[next.max(before + 1)]].map(|s| self.timetable.stops[s as usize].point());
        (a.towards(b, share), a.bearing_to(b), a.metres_to(b))
    }
}

fn delay_at_the_end(run: Run, seed: u64) -> f64 {
    let drawn = Random::new(mixed(&[seed, u64::from(run.trip), run.day.0 as u64])).unit();
    // Most are a little late, few are early: the square favours small numbers.
    EARLIEST + (LATEST - EARLIEST) * drawn * drawn
}

/// The point so many metres along a line, and the direction there.
fn on(line: &[Coord], metres: f64) -> (Point, f64) {
    let (mut left, mut found) = (metres, None);
    for pair in line.windows(2) {
        let step = pair[0].metres_to(pair[1]);
        if step > 0.0 {
            found = Some((pair, step));
            if left <= step {
                break;
            }
            left -= step;
        }
    }
    let Some((pair, step)) = found else {
        return (line.first().copied().unwrap_or_default().point(), 0.0);
    };
    let (a, b) = (pair[0].point(), pair[1].point());
    (a.towards(b, (left / step).clamp(0.0, 1.0)), a.bearing_to(b))
}

/// What somebody who was told of the wanted buses of one picture must hear to know those of a later one. Both are in order
/// of their runs, as `City::buses` gives them.
#[must_use]
pub fn changes(before: &[Bus], after: &[Bus], wanted: impl Fn(&Bus) -> bool) -> Changes {
    let mut changes = Changes::default();
    let (mut old, mut new) = (0, 0);
    loop {
        let order = match (before.get(old), after.get(new)) {
            (Some(a), Some(b)) => a.run.cmp(&b.run),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return changes,
        };
        let was = order.is_le().then(|| &before[old]).filter(|b| wanted(b));
        let is = order.is_ge().then(|| &after[new]).filter(|b| wanted(b));
        match (was, is) {
            (Some(was), None) => changes.gone.push(was.run),
            (was, Some(is)) if was != Some(is) => changes.told.push(new),
            (_, _) => {}
        }
        old += usize::from(order.is_le());
        new += usize::from(order.is_ge());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bounds, DEMO_SEED};
    use std::collections::BTreeMap;
    use std::sync::OnceLock;

    fn demo() -> &'static City {
        static CITY: OnceLock<City> = OnceLock::new();
        CITY.get_or_init(|| City::demo(DEMO_SEED))
    }

    /// A Monday, as a Unix time.
    fn monday(hour: i32, minute: i32) -> i64 {
        demo().zone().unix(Moment::new(Day::of(2026, 11, 23).unwrap(), hour * 3600 + minute * 60))
    }

    /// Metres from a point to the nearest place of a line.
    fn metres_off(at: Point, line: &[Coord]) -> f64 {
        let to_pair = |pair: &[Coord]| {
            let (a, b) = (pair[0].point(), pair[1].point());
            let (whole, to) = (a.metres_to(b), a.metres_to(at));
            let angle = (a.bearing_to(at) - a.bearing_to(b)).to_radians();
            let along = (to * angle.cos()).clamp(0.0, whole);
            a.towards(b, if whole > 0.0 { along / whole } else { 0.0 }).metres_to(at)
        };
        line.windows(2).map(to_pair).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn a_bus_is_on_its_shape() {
        for minute in 0..30 {
            for bus in demo().buses(monday(8, minute), 1) {
                let pattern = demo().timetable.trips[bus.run.trip as usize].pattern;
                let (line, _) = demo().timetable.shape_of(pattern).expect("the demo's lines have shapes");
                assert!(metres_off(bus.at, line) < 0.5, "{bus:?}");
            }
        }
    }

    #[test]
    fn a_run_goes_forward_second_by_second_from_its_first_stop_to_its_last() {
        let (start, mut seen) = (monday(8, 0), BTreeMap::<Run, Vec<Bus>>::new());
        for unix in start..start + 5400 {
            for bus in demo().buses(unix, 1) {
                seen.entry(bus.run).or_default().push(bus);
            }
        }
        let mut whole = 0;
        for (run, told) in seen {
            for pair in told.windows(2) {
                assert!(pair[0].call <= pair[1].call, "{run} runs backwards");
                let metres = pair[0].at.metres_to(pair[1].at);
                assert!(metres < 25.0, "{run} jumps {metres} m: {pair:?}");
                assert!(pair[0].delay.abs_diff(pair[1].delay) <= 1, "{run}: {pair:?}");
            }
            let pattern = demo().timetable.trips[run.trip as usize].pattern;
            let last = demo().timetable.stops_of(pattern).len() as u32 - 1;
            whole += usize::from(told[0].call == 0 && told[told.len() - 1].call == last);
        }
        assert!(whole > 20, "{whole} runs from end to end");
    }

    #[test]
    fn delays_are_bounded_and_another_seed_draws_others() {
        let (one, two) = (demo().buses(monday(8, 0), 1), demo().buses(monday(8, 0), 2));
        let range = EARLIEST as i32..=LATEST as i32;
        assert!(one.iter().chain(&two).all(|b| range.contains(&b.delay)));
        assert!(one.iter().any(|b| b.delay > 30) && one.iter().any(|b| b.delay < 0), "nobody is late, or nobody early");
        assert_ne!(one, two);
    }

    #[test]
    fn a_time_outside_the_calendar_has_no_buses() {
        for unix in [i64::MIN, -1, 0, 4_000_000_000_000, i64::MAX] {
            assert_eq!(demo().buses(unix, 1), []);
        }
    }

    /// What a client makes of what it is told.
    fn apply(known: &mut BTreeMap<Run, Bus>, after: &[Bus], changes: &Changes) {
        for run in &changes.gone {
            assert!(known.remove(run).is_some(), "{run} is gone and was never told of");
        }
        known.extend(changes.told.iter().map(|&at| (after[at].run, after[at].clone())));
    }

    #[test]
    fn who_hears_the_changes_knows_the_picture_whatever_the_box() {
        let mut random = Random::new(7);
        for _ in 0..40 {
            let b = demo().bounds();
            let mut point = || Point::new(random.between(b.south, b.north), random.between(b.west, b.east));
            let area = Bounds::around([point(), point()]).unwrap();
            let (mut unix, mut known, mut before) = (monday(7, 0), BTreeMap::new(), Vec::new());
            for step in [0, 2, 2, 90, 7200, 60_000] {
                unix += step;
                let after = demo().buses(unix, 1);
                apply(&mut known, &after, &changes(&before, &after, |bus| area.contains(bus.at)));
                let there: Vec<&Bus> = after.iter().filter(|bus| area.contains(bus.at)).collect();
                assert_eq!(known.values().collect::<Vec<_>>(), there);
                before = after;
            }
        }
    }

    #[test]
    fn nothing_new_is_nothing_to_tell() {
        let now = demo().buses(monday(8, 0), 1);
        assert_eq!(changes(&now, &now, |_| true), Changes::default());
    }
}
