//! RAPTOR: round k finds every stop's earliest arrival with at most k rides.
//!
//! Between two rides lies one change, at a stop or by a walk; before the first and after the last, one walk each. Arrivals by ride and
//! times at which one can board are kept apart, because who has just walked may not walk again.
//! Labels of later departures may stay for a range query: they only ever improve.

use super::day::Running;
use super::{Access, NEVER, NONE, Timetable};

/// Rides in one journey at most.
pub(crate) const MOST_RIDES: usize = 8;

/// One ride of an itinerary, times in seconds of the day searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ride {
    pub trip: u32,
    /// Positions in the trip's pattern.
    pub board: u32,
    pub alight: u32,
    pub depart: i32,
    pub arrive: i32,
    /// Seconds by which the trip's service day is shifted.
    pub shift: i32,
}

/// A journey by public transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Itinerary {
    /// When to leave, and when one is there.
    pub depart: i32,
    pub arrive: i32,
    pub rides: Vec<Ride>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Boarded {
    pub route: u32,
    pub trip: u32,
    pub board: u32,
    pub alight: u32,
}

/// Labels of one round: stop → best with at most so many rides.
#[derive(Debug, Default, Clone)]
pub(super) struct Round {
    /// Earliest arrival by ride.
    pub ride: Vec<i32>,
    /// Earliest time to board: by ride, or by ride and walk.
    pub ready: Vec<i32>,
    pub boarded: Vec<Boarded>,
    /// Stop walked from before boarding here; the stop itself when none was.
    pub from: Vec<u32>,
}

/// Working memory of searches.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    pub(super) rounds: Vec<Round>,
    /// Route → first position to scan from, `NONE` unless queued.
    queued: Vec<u32>,
    queue: Vec<u32>,
    marked: Vec<u32>,
    is_marked: Vec<bool>,
    alighted: Vec<u32>,
    /// Stop → seconds from it to the goal, `NONE` where too far.
    pub(super) egress: Vec<u32>,
    /// Rides → earliest arrival at the goal, over all departures searched so far.
    goal: [i32; MOST_RIDES + 1],
}

impl Rounds {
    /// Forgets everything and sets the goal.
    pub fn begin(&mut self, stops: usize, routes: usize, egress: &Access) {
        if self.rounds.is_empty() {
            self.rounds.resize_with(MOST_RIDES + 1, Round::default);
        }
        for round in &mut self.rounds {
            round.ride.clear();
        }
        self.egress.clear();
        self.egress.resize(stops, NONE);
        egress.iter().for_each(|&[stop, walk]| self.egress[stop as usize] = walk);
        self.queued.clear();
        self.queued.resize(routes, NONE);
        self.is_marked.clear();
        self.is_marked.resize(stops, false);
        self.marked.clear();
        self.goal = [NEVER; MOST_RIDES + 1];
    }

    /// An upper bound of the arrival, such as that of walking all the way: later ones are not looked for.
    pub fn bound(&mut self, arrive: i32) {
        self.goal.iter_mut().for_each(|g| *g = arrive.min(*g));
    }

    /// Searches from one departure at the stops in `seeds`; the itineraries that arrive earlier than all before with as
    /// few rides. `access` holds the walks to all stops from which any search since `begin` set out.
    pub fn run(
        &mut self,
        t: &Timetable,
        day: &Running,
        (depart, seeds): (i32, &[[u32; 2]]),
        access: &Access,
        most: usize,
    ) -> Vec<Itinerary> {
        let mut found = Vec::new();
        self.prepare(0, t.stops.len());
        self.marked.drain(..).for_each(|stop| self.is_marked[stop as usize] = false);
        for &[stop, walk] in seeds {
            let ready = depart.saturating_add_unsigned(walk);
            let round = &mut self.rounds[0];
            if ready < round.ready[stop as usize] {
                round.ready[stop as usize] = ready;
                round.from[stop as usize] = stop;
                self.marked.push(stop);
            }
        }
        for k in 1..=most.min(MOST_RIDES) {
            if self.marked.is_empty() {
                break;
            }
            self.prepare(k, t.stops.len());
            self.queue_routes(day);
            self.alighted.clear();
            let mut best = self.goal[k].min(self.goal[k - 1]);
            let mut last = NONE;
            for i in 0..self.queue.len() {
                let route = self.queue[i];
                let from = std::mem::replace(&mut self.queued[route as usize], NONE);
                self.scan(day, k, route, from, &mut best, &mut last);
            }
            self.goal[k] = best;
            if last != NONE {
                found.extend(self.trace(day, k, last, access));
            }
            self.walk(t, k, day.mirrored);
        }
        found
    }

    /// Starts a round from what fewer rides achieve.
    fn prepare(&mut self, k: usize, stops: usize) {
        let (before, after) = self.rounds.split_at_mut(k);
        let round = &mut after[0];
        if round.ride.len() != stops {
            round.ride.resize(stops, NEVER);
            round.ready.clear();
            round.ready.resize(stops, NEVER);
            round.boarded.resize(stops, Boarded::default());
            round.from.resize(stops, NONE);
        }
        if let Some(before) = before.last() {
            // A label that fewer rides improved has no parent in this round: `trace` looks it up there.
            round.ride.iter_mut().zip(&before.ride).for_each(|(r, b)| *r = (*r).min(*b));
            round.ready.iter_mut().zip(&before.ready).for_each(|(r, b)| *r = (*r).min(*b));
        }
    }

    fn queue_routes(&mut self, day: &Running) {
        self.queue.clear();
        for stop in self.marked.drain(..) {
            self.is_marked[stop as usize] = false;
            for &[route, position] in day.served(stop) {
                let queued = &mut self.queued[route as usize];
                if *queued == NONE {
                    self.queue.push(route);
                }
                *queued = position.min(*queued);
            }
        }
    }

    fn scan(&mut self, day: &Running, k: usize, route: u32, from: u32, best: &mut i32, last: &mut u32) {
        let r = &day.routes[route as usize];
        let len = r.len as usize;
        let (before, after) = self.rounds.split_at_mut(k);
        let (ready, round) = (&before[k - 1].ready, &mut after[0]);
        let stops = &day.stops[r.stops as usize..][..len];
        let arrive = &day.arrive[r.times as usize..][..len * r.trips as usize];
        let depart = &day.depart[r.times as usize..][..len * r.trips as usize];
        let (mut trip, mut board) = (r.trips as usize, 0);
        for position in from as usize..len {
            let stop = stops[position] as usize;
            if trip < r.trips as usize {
                let at = arrive[trip * len + position];
                if at < round.ride[stop] && at < *best {
                    round.ride[stop] = at;
                    round.boarded[stop] =
                        Boarded { route, trip: trip as u32, board: board as u32, alight: position as u32 };
                    self.alighted.push(stop as u32);
                    if self.egress[stop] != NONE && at.saturating_add_unsigned(self.egress[stop]) < *best {
                        *best = at.saturating_add_unsigned(self.egress[stop]);
                        *last = stop as u32;
                    }
                }
            }
            let here = ready[stop];
            if here == NEVER {
                continue;
            }
            let catches = |trip: usize| depart[trip * len + position] >= here;
            let mut earlier = trip;
            if trip == r.trips as usize {
                let (mut low, mut high) = (0, trip);
                while low < high {
                    let middle = (low + high) / 2;
                    if catches(middle) { high = middle } else { low = middle + 1 }
                }
                earlier = low;
            } else {
                while earlier > 0 && catches(earlier - 1) {
                    earlier -= 1;
                }
            }
            if earlier < trip {
                (trip, board) = (earlier, position);
            }
        }
    }

    /// Makes the stops ready for boarding at which one can change from those reached.
    fn walk(&mut self, t: &Timetable, k: usize, mirrored: bool) {
        let round = &mut self.rounds[k];
        let (first, walks) = if mirrored { (&t.back_first, &t.back) } else { (&t.transfer_first, &t.transfers) };
        let goal = self.goal[k];
        for i in 0..self.alighted.len() {
            let stop = self.alighted[i] as usize;
            let at = round.ride[stop];
            for &[to, seconds] in &walks[first[stop] as usize..first[stop + 1] as usize] {
                let (to, ready) = (to as usize, at.saturating_add_unsigned(seconds));
                if ready < round.ready[to] && ready < goal {
                    round.ready[to] = ready;
                    round.from[to] = stop as u32;
                    if !std::mem::replace(&mut self.is_marked[to], true) {
                        self.marked.push(to as u32);
                    }
                }
            }
        }
    }
}
