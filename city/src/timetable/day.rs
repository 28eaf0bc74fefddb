//! One day of the timetable laid out for searching, forwards or mirrored.
//!
//! A route is a set of trips over the same stops that never overtake each other, in order. The day holds the trips of
//! the service days before, on and after it that run between noon of the day before and noon of the day after.
//! Mirrored, time runs backwards: the same search then finds latest departures.

use super::Timetable;
use crate::clock::{DAY, Day};
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

#[derive(Debug, Default)]
pub(crate) struct Running {
    pub routes: Vec<Route>,
    pub stops: Vec<u32>,
    pub arrive: Vec<i32>,
    pub depart: Vec<i32>,
    /// Trip and the seconds by which its service day is shifted.
    pub trips: Vec<(u32, i32)>,
    /// Stop → its range in `served`.
    pub served_first: Vec<u32>,
    /// Route and position in it.
    pub served: Vec<[u32; 2]>,
    pub mirrored: bool,
}

impl Running {
    pub fn of(t: &Timetable, day: Day) -> Self {
        let mut by_pattern: Vec<Vec<(i32, u32, i32)>> = vec![Vec::new(); t.patterns.len()];
        for (back, shift) in [(-1, -DAY), (0, 0), (1, DAY)] {
            let active: Vec<bool> = t.services.iter().map(|s| s.runs(day.plus(back))).collect();
            for (number, trip) in t.trips.iter().enumerate().filter(|(_, trip)| active[trip.service as usize]) {
                let end = t.times_of(number as u32).last().map_or(0, |x| x[0]) + shift;
                let start = trip.start + shift;
                if end >= EARLIEST && start <= LATEST {
                    by_pattern[trip.pattern as usize].push((start, number as u32, shift));
                }
            }
        }
        let mut day = Self::default();
        for (pattern, mut trips) in by_pattern.into_iter().enumerate() {
            trips.sort_unstable();
            for group in in_file(t, &trips) {
                day.route(t, pattern as u32, &group);
            }
        }
        day.index(t.stops.len());
        day
    }

    fn route(&mut self, t: &Timetable, pattern: u32, trips: &[(i32, u32, i32)]) {
        let stops = t.stops_of(pattern);
        self.routes.push(Route {
            stops: self.stops.len() as u32,
            len: stops.len() as u32,
            times: self.arrive.len() as u32,
            first_trip: self.trips.len() as u32,
            trips: trips.len() as u32,
        });
        self.stops.extend(stops);
        for &(_, trip, shift) in trips {
            self.trips.push((trip, shift));
            for [a, d] in t.times_of(trip) {
                self.arrive.push(a + shift);
                self.depart.push(d + shift);
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

/// Splits trips in order of start into groups in which none overtakes another.
fn in_file(t: &Timetable, trips: &[(i32, u32, i32)]) -> Vec<Vec<(i32, u32, i32)>> {
    let mut groups: Vec<Vec<(i32, u32, i32)>> = Vec::new();
    let behind = |a: &(i32, u32, i32), b: &(i32, u32, i32)| {
        let (first, second) = (t.times_of(a.1), t.times_of(b.1));
        first.zip(second).all(|(x, y)| x[0] + a.2 <= y[0] + b.2 && x[1] + a.2 <= y[1] + b.2)
    };
    for trip in trips {
        match groups.iter_mut().find(|g| g.last().is_some_and(|last| behind(last, trip))) {
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
    pub fn get(&self, t: &Timetable, day: Day) -> Arc<DayPlan> {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(d, _)| *d == day) {
            let found = kept.remove(at);
            let plan = Arc::clone(&found.1);
            kept.push(found);
            return plan;
        }
        let plan = Arc::new(DayPlan { forward: Running::of(t, day), mirror: OnceLock::new(), stops: t.stops.len() });
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((day, Arc::clone(&plan)));
        plan
    }
}
