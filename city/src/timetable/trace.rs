//! Reading the labels of a search: the rides behind an arrival, and the arrivals everywhere.

use super::day::Running;
use super::search::{Itinerary, Ride, Rounds};
use super::{Access, NEVER};

impl Rounds {
    /// Stop → when one can be there after the last search, by ride or by the first walk.
    pub fn arrivals(&self, stops: usize) -> Vec<i32> {
        let mut best = vec![NEVER; stops];
        for (k, round) in self.rounds.iter().enumerate().filter(|(_, r)| r.ride.len() == stops) {
            let times = if k == 0 { &round.ready } else { &round.ride };
            best.iter_mut().zip(times).for_each(|(b, t)| *b = (*b).min(*t));
        }
        best
    }

    /// The rides that lead to a stop, and from the start.
    pub(super) fn trace(&self, day: &Running, k: usize, last: u32, access: &Access) -> Option<Itinerary> {
        let mut rides = Vec::with_capacity(k);
        let (mut stop, mut k) = (last, k);
        let there = self.rounds[k].ride[last as usize].saturating_add_unsigned(self.egress[last as usize]);
        loop {
            while k > 1 && self.rounds[k - 1].ride[stop as usize] == self.rounds[k].ride[stop as usize] {
                k -= 1;
            }
            let b = self.rounds[k].boarded[stop as usize];
            let r = day.routes.get(b.route as usize)?;
            let row = (r.times + b.trip * r.len) as usize;
            let trip = day.trips[(r.first_trip + b.trip) as usize];
            let (depart, arrive) = (day.depart[row + b.board as usize], day.arrive[row + b.alight as usize]);
            rides.push(Ride { trip: trip.number, board: b.board, alight: b.alight, depart, arrive, shift: trip.shift });
            let boarded = day.stop(r, b.board);
            k -= 1;
            while k > 0 && self.rounds[k - 1].ready[boarded as usize] == self.rounds[k].ready[boarded as usize] {
                k -= 1;
            }
            if k == 0 {
                let walk = access.iter().find(|a| a[0] == boarded)?[1];
                rides.reverse();
                let depart = rides[0].depart.saturating_sub_unsigned(walk);
                return Some(Itinerary { depart, arrive: there, rides });
            }
            stop = self.rounds[k].from[boarded as usize];
        }
    }
}
