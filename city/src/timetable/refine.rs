//! Which of several journeys that arrive at the same time with as many rides: the one that leaves last, and of those the one
//! that walks least.
//!
//! The labels of the search just made bound a second one, from the goal backwards: it looks only at boardings that one can be
//! in time for with the rides that are left, and keeps at each stop what is late or walks little. That is exact, and small.

use super::day::Running;
use super::range::Ends;
use super::search::{Itinerary, Ride, Rounds};
use super::{NEVER, NONE, Timetable};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A way from a stop to the goal: be off the vehicle there by `by`, walk so many seconds in all, and take this ride next.
#[derive(Debug, Clone, Copy)]
struct Way {
    by: i32,
    walk: u32,
    next: u32,
}

/// A ride, and the one after it.
#[derive(Debug, Clone, Copy)]
struct Link {
    ride: Ride,
    next: u32,
}

/// Somebody aboard of a trip, going backwards.
#[derive(Debug, Clone, Copy)]
struct Aboard {
    trip: u32,
    alight: u32,
    walk: u32,
    next: u32,
}

/// Stop → ways that none beats both in time and in walking.
type Ways = BTreeMap<u32, Vec<Way>>;

/// The best so far: departure, seconds walked, first ride.
type Best = Option<(i32, Reverse<u32>, u32)>;

impl Rounds {
    /// The best journey that arrives when the one found does, with as many rides. Right after the search that found it.
    pub(super) fn refine(
        &mut self,
        t: &Timetable,
        day: &Running,
        depart: i32,
        ends: Ends,
        found: &Itinerary,
    ) -> Itinerary {
        let rides = found.rides.len();
        let (mut links, mut best): (Vec<Link>, Best) = (Vec::new(), None);
        let mut ways = Ways::new();
        for &[stop, walk] in ends.egress {
            keep(&mut ways, stop, Way { by: found.arrive.saturating_sub_unsigned(walk), walk, next: NONE });
        }
        for left in (0..rides).rev() {
            let mut before = Ways::new();
            for (route, from) in self.lines(day, &ways) {
                self.back(day, (route, from), left, &ways, |stop, ride, walk, next| {
                    links.push(Link { ride, next });
                    let link = links.len() as u32 - 1;
                    if left == 0 {
                        let access = (self.rounds[0].ready[stop as usize] - depart).unsigned_abs();
                        let way = (ride.depart.saturating_sub_unsigned(access), Reverse(walk + access), link);
                        best = best.filter(|b| (b.0, b.1) >= (way.0, way.1)).or(Some(way));
                    } else {
                        self.changes(t, day, (stop, left), Way { by: ride.depart, walk, next: link }, &mut before);
                    }
                });
            }
            ways = before;
        }
        best.map_or_else(|| found.clone(), |best| itinerary(found.arrive, best, &links))
    }

    /// Routes that call at the stops, with the last position where they do.
    fn lines(&self, day: &Running, ways: &Ways) -> BTreeMap<u32, u32> {
        let mut lines = BTreeMap::new();
        for &[route, position] in ways.keys().flat_map(|stop| day.served(*stop)) {
            lines.entry(route).and_modify(|last: &mut u32| *last = position.max(*last)).or_insert(position);
        }
        lines
    }

    /// Rides backwards from the position: tells each boarding that one can be in time for with `left` rides before it, the
    /// ride, the seconds walked after boarding and the ride after.
    fn back(
        &self,
        day: &Running,
        (route, from): (u32, u32),
        left: usize,
        ways: &Ways,
        mut board: impl FnMut(u32, Ride, u32, u32),
    ) {
        let r = day.routes[route as usize];
        let time = |times: &[i32], trip: u32, position: u32| times[(r.times + trip * r.len + position) as usize];
        let mut aboard: Vec<Aboard> = Vec::new();
        for position in (0..=from).rev() {
            let stop = day.stop(&r, position);
            let ready = self.rounds[left].ready[stop as usize];
            for on in aboard.iter().filter(|_| ready != NEVER) {
                let depart = time(&day.depart, on.trip, position);
                if depart >= ready {
                    let trip = day.trips[(r.first_trip + on.trip) as usize];
                    let arrive = time(&day.arrive, on.trip, on.alight);
                    let (number, alight) = (trip.number, on.alight);
                    let ride = Ride { trip: number, board: position, alight, depart, arrive, shift: trip.shift };
                    board(stop, ride, on.walk, on.next);
                }
            }
            for way in ways.get(&stop).into_iter().flatten() {
                let Some(trip) = last(r.trips, |trip| time(&day.arrive, trip, position) <= way.by) else { continue };
                if !aboard.iter().any(|on| on.trip >= trip && on.walk <= way.walk) {
                    aboard.retain(|on| on.trip > trip || on.walk < way.walk);
                    aboard.push(Aboard { trip, alight: position, walk: way.walk, next: way.next });
                }
            }
        }
    }

    /// The stops from which one can change to a ride, where one can be in time with the rides that are left.
    fn changes(&self, t: &Timetable, day: &Running, (stop, left): (u32, usize), way: Way, before: &mut Ways) {
        let (first, changes) = if day.mirrored { (&t.transfer_first, &t.transfers) } else { (&t.back_first, &t.back) };
        for &[from, seconds] in &changes[first[stop as usize] as usize..first[stop as usize + 1] as usize] {
            let by = way.by.saturating_sub_unsigned(seconds);
            if self.rounds[left].ride[from as usize] <= by {
                let walked = if t.real(from) == t.real(stop) { 0 } else { seconds };
                keep(before, from, Way { by, walk: way.walk + walked, ..way });
            }
        }
    }
}

/// The last of so many trips in order that is in time.
fn last(trips: u32, in_time: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut low, mut high) = (0, trips);
    while low < high {
        let middle = u32::midpoint(low, high);
        if in_time(middle) { low = middle + 1 } else { high = middle }
    }
    low.checked_sub(1)
}

fn keep(ways: &mut Ways, stop: u32, way: Way) {
    let known = ways.entry(stop).or_default();
    if !known.iter().any(|k| k.by >= way.by && k.walk <= way.walk) {
        known.retain(|k| k.by > way.by || k.walk < way.walk);
        known.push(way);
    }
}

fn itinerary(arrive: i32, (depart, _, first): (i32, Reverse<u32>, u32), links: &[Link]) -> Itinerary {
    let mut rides = Vec::new();
    let mut next = first;
    while let Some(link) = links.get(next as usize) {
        rides.push(link.ride);
        next = link.next;
    }
    Itinerary { depart, arrive, rides }
}
