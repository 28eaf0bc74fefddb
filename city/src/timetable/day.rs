//! One day of the timetable laid out for searching, forwards or mirrored.
//!
//! A route is a set of trips over the same stops that never overtake each other, in order. The day holds the trips of
//! the service days before, on and after it that run between noon of the day before and noon of the day after. A service
//! day begins at noon minus twelve hours of its own zone: two such starts are 23 or 25 hours apart when clocks change.
//! Where nobody may board, a trip departs before all time; where nobody may alight, it arrives after it. Mirrored, time runs backwards: the same search then finds latest departures.

use super::{NEVER, Timetable};
use crate::clock::{DAY, Day, Zone};
use std::sync::{Arc, Mutex, OnceLock};

const EARLIEST: i32 = -DAY / 2;
const LATEST: i32 = DAY + DAY / 2;

/// Trips over the same stops.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    /// First of its stops in `stops`.
    pub stops: u32,
    pub len: u32,
    /// First of its times: trip × len + stop.
    pub times: u32,
    /// First of its trips, and how many.
    pub first_trip: u32,
    pub trips: u32,
}

/// A trip on one of its service days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trip {
    pub number: u32,
    /// Seconds from the day's start to the service day's, and how many days after the day that is.
    pub shift: i32,
    pub after: i32,
}

#[derive(Debug, Default)]
pub(crate) struct Running {
    pub routes: Vec<Route>,
    pub stops: Vec<u32>,
    pub arrive: Vec<i32>,
    pub depart: Vec<i32>,
    pub trips: Vec<Trip>,
    /// Stop → its range in `served`.
    pub served_first: Vec<u32>,
    /// Route and position in it.
    pub served: Vec<[u32; 2]>,
    pub mirrored: bool,
}

impl Running {
    pub fn of(t: &Timetable, zone: Zone, day: Day) -> Self {
        let mut by_pattern: Vec<Vec<Started>> = vec![Vec::new(); t.patterns.len()];
        for after in -1..=1 {
            let shifts = shifts(t, zone, day, after);
            for (number, trip) in (0..).zip(&t.trips) {
                let Some(shift) = shifts[trip.service as usize] else { continue };
                let end = t.times_of(number).last().map_or(0, |x| x[0]) + shift;
                let start = trip.start + shift;
                if end >= EARLIEST && start <= LATEST {
                    by_pattern[trip.pattern as usize].push((start, Trip { number, shift, after }));
                }
            }
        }
        let mut day = Self::default();
        for (pattern, mut trips) in (0..).zip(by_pattern) {
            trips.sort_unstable_by_key(|(start, trip)| (*start, trip.number, trip.shift));
            for group in in_file(t, &trips) {
                day.route(t, pattern, &group);
            }
        }
        day.index(t.stops.len());
        day
    }

    fn route(&mut self, t: &Timetable, pattern: u32, trips: &[Started]) {
        let stops = t.stops_of(pattern);
        self.routes.push(Route {
            stops: self.stops.len() as u32,
            len: stops.len() as u32,
            times: self.arrive.len() as u32,
            first_trip: self.trips.len() as u32,
            trips: trips.len() as u32,
        });
        self.stops.extend(stops);
        for &(_, trip) in trips {
            self.trips.push(trip);
            for (position, [a, d]) in (0..).zip(t.times_of(trip.number)) {
                let [pickup, drop_off] = t.boarding(pattern, position);
                self.arrive.push(if drop_off == 1 { NEVER } else { a + trip.shift });
                self.depart.push(if pickup == 1 { -NEVER } else { d + trip.shift });
            }
        }
    }

    fn index(&mut self, stops: usize) {
        let mut entries: Vec<[u32; 3]> = Vec::with_capacity(self.stops.len());
        for (number, r) in self.routes.iter().enumerate() {
            let row = &self.stops[r.stops as usize..(r.stops + r.len) as usize];
            entries.extend(row.iter().enumerate().map(|(i, &s)| [s, number as u32, i as u32]));
        }
        entries.sort_unstable();
        self.served_first = vec![0; stops + 1];
        entries.iter().for_each(|e| self.served_first[e[0] as usize + 1] += 1);
        (1..=stops).for_each(|i| self.served_first[i] += self.served_first[i - 1]);
        self.served = entries.into_iter().map(|[_, r, i]| [r, i]).collect();
    }

    /// The same day with time running backwards: −t, stops reversed, arrivals as departures.
    pub fn mirror(&self, stops: usize) -> Self {
        let mut m = Self { mirrored: !self.mirrored, ..Self::default() };
        for r in &self.routes {
            let len = r.len as usize;
            m.routes.push(Route {
                stops: m.stops.len() as u32,
                times: m.arrive.len() as u32,
                first_trip: m.trips.len() as u32,
                ..*r
            });
            m.stops.extend(self.stops[r.stops as usize..][..len].iter().rev());
            for trip in (0..r.trips as usize).rev() {
                m.trips.push(self.trips[r.first_trip as usize + trip]);
                let row = r.times as usize + trip * len;
                m.arrive.extend(self.depart[row..row + len].iter().rev().map(|t| -t));
                m.depart.extend(self.arrive[row..row + len].iter().rev().map(|t| -t));
            }
        }
        m.index(stops);
        m
    }

    pub fn served(&self, stop: u32) -> &[[u32; 2]] {
        &self.served[self.served_first[stop as usize] as usize..self.served_first[stop as usize + 1] as usize]
    }

    /// The stop at a position of a route.
    pub fn stop(&self, r: &Route, position: u32) -> u32 {
        self.stops[(r.stops + position) as usize]
    }
}

/// When a trip begins, in seconds of the day, and which it is.
type Started = (i32, Trip);

/// Service → the seconds by which its day, so many days after the day, is shifted; nothing when it doesn't run then.
fn shifts(t: &Timetable, zone: Zone, day: Day, after: i32) -> Vec<Option<i32>> {
    let (date, start) = (day.plus(after), zone.start(day));
    let mut known: Vec<(&str, i32)> = Vec::new();
    let shift = |name: &str| {
        let own = if name.is_empty() { zone } else { Zone::named(name) };
        (own.start(date) - start) as i32
    };
    let mut shifts = Vec::with_capacity(t.services.len());
    for service in &t.services {
        if !service.runs(date) {
            shifts.push(None);
            continue;
        }
        let at = known.iter().position(|k| k.0 == service.zone).unwrap_or_else(|| {
            known.push((&service.zone, shift(&service.zone)));
            known.len() - 1
        });
        shifts.push(Some(known[at].1));
    }
    shifts
}

/// Splits trips in order of start into groups in which none overtakes another.
fn in_file(t: &Timetable, trips: &[Started]) -> Vec<Vec<Started>> {
    let mut groups: Vec<Vec<Started>> = Vec::new();
    let behind = |a: &Trip, b: &Trip| {
        let (first, second) = (t.times_of(a.number), t.times_of(b.number));
        first.zip(second).all(|(x, y)| x[0] + a.shift <= y[0] + b.shift && x[1] + a.shift <= y[1] + b.shift)
    };
    for trip in trips {
        match groups.iter_mut().find(|g| g.last().is_some_and(|last| behind(&last.1, &trip.1))) {
            Some(group) => group.push(*trip),
            None => groups.push(vec![*trip]),
        }
    }
    groups
}

/// Both layouts of one day; the mirror is made when first asked for.
#[derive(Debug)]
pub(crate) struct DayPlan {
    pub forward: Running,
    mirror: OnceLock<Running>,
    stops: usize,
}

impl DayPlan {
    pub fn mirror(&self) -> &Running {
        self.mirror.get_or_init(|| self.forward.mirror(self.stops))
    }
}

/// The days asked for lately: a pure function of the day, kept because making one takes milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Days(Mutex<Vec<(Day, Arc<DayPlan>)>>);

/// A week and a day more.
const KEPT: usize = 8;

impl Days {
    pub fn get(&self, t: &Timetable, zone: Zone, day: Day) -> Arc<DayPlan> {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(d, _)| *d == day) {
            let found = kept.remove(at);
            let plan = Arc::clone(&found.1);
            kept.push(found);
            return plan;
        }
        let plan =
            Arc::new(DayPlan { forward: Running::of(t, zone, day), mirror: OnceLock::new(), stops: t.stops.len() });
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((day, Arc::clone(&plan)));
        plan
    }
}
