//! From one place to everywhere: an upward search, then one pass over all states from the most important down.

use super::NONE;
use super::search::Scratch;
use super::states::Streets;
use super::track::{direct, goals, starts};
use crate::network::{Network, Snap, Vehicle};

/// Milliseconds from one place to every state of a vehicle's graph.
pub(crate) struct Sweep<'a> {
    network: &'a Network,
    streets: &'a Streets,
    vehicle: Vehicle,
    from: Snap,
    distance: Vec<u32>,
}

impl<'a> Sweep<'a> {
    pub fn from(
        network: &'a Network,
        streets: &'a Streets,
        vehicle: Vehicle,
        from: &Snap,
        scratch: &mut Scratch,
    ) -> Self {
        let h = &streets.hierarchy;
        let side = &mut scratch.forward;
        side.reset(h.states());
        starts(network, streets, vehicle, from).for_each(|[s, w]| side.reach(s, w, [NONE; 2]));
        while !side.is_done(NONE - 1) {
            side.step(&h.up, &h.down, NONE);
        }
        let mut distance = vec![NONE; h.states()];
        side.touched.iter().for_each(|&s| distance[s as usize] = side.distance(s));
        for state in 0..h.states() {
            let mut best = distance[state];
            for &[above, weight] in &h.down.arcs[h.down.row(state as u32)] {
                best = best.min(distance[above as usize].saturating_add(weight));
            }
            distance[state] = best;
        }
        Self { network, streets, vehicle, from: *from, distance }
    }

    /// Milliseconds to a place, if it can be reached.
    pub fn to(&self, place: &Snap) -> Option<u32> {
        let along = direct(self.network, self.streets, self.vehicle, &self.from, place).map(|t| t.weight);
        let around = goals(self.network, self.streets, self.vehicle, place)
            .map(|[s, w]| self.distance[s as usize].saturating_add(w))
            .filter(|d| *d < NONE);
        along.into_iter().chain(around).min()
    }
}
