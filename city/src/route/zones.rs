//! What lies behind signs: streets that are only for journeys that begin or end there, and all that is reached over
//! these alone.
//!
//! Such a zone has two copies of its states, one for journeys that leave it and one for those that arrive: whoever has
//! entered one can't go on to the public streets, and whoever has left his own can't come back through another.

use super::moves::{Move, Moves};
use crate::network::largest_part;

/// Which states and arcs are the public streets', and which belong to zones that can be left and reached.
pub(super) struct Zones {
    /// State → whether it is one of the largest part of the public streets, whose states all reach each other, or of the
    /// beginnings that lead there.
    pub main: Vec<bool>,
    /// State → whether its copy for journeys that leave a zone is needed, and the one for those that arrive.
    pub leaving: Vec<bool>,
    pub arriving: Vec<bool>,
    /// Arc → whether it is a public street's.
    pub public: Vec<bool>,
    /// Arc → whether journeys may begin and end on it.
    pub usable: Vec<bool>,
}

/// Neighbours of each state, in rows.
struct Neighbours {
    first: Vec<u32>,
    to: Vec<u32>,
}

impl Neighbours {
    fn of(states: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let pairs: Vec<(u32, u32)> = pairs.collect();
        let mut first = vec![0u32; states + 1];
        pairs.iter().for_each(|(from, _)| first[*from as usize + 1] += 1);
        (1..first.len()).for_each(|i| first[i] += first[i - 1]);
        let (mut next, mut to) = (first.clone(), vec![0; first[states] as usize]);
        for (from, other) in pairs {
            to[next[from as usize] as usize] = other;
            next[from as usize] += 1;
        }
        Self { first, to }
    }

    /// All states that the ones given lead to, themselves included, without passing one that isn't `allowed`.
    fn reach(&self, from: impl Iterator<Item = u32>, allowed: impl Fn(u32) -> bool) -> Vec<bool> {
        let mut known = vec![false; self.first.len() - 1];
        let mut open: Vec<u32> = from.filter(|s| allowed(*s)).collect();
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut known[state as usize], true) {
                continue;
            }
            let row = self.first[state as usize] as usize..self.first[state as usize + 1] as usize;
            open.extend(self.to[row].iter().filter(|s| !known[**s as usize] && allowed(**s)));
        }
        known
    }
}

impl Zones {
    pub fn of(m: &Moves) -> Self {
        let open = |step: &&Move| !step.gate && !m.ends[step.arc as usize];
        let streets = Neighbours::of(m.states, m.moves.iter().filter(open).map(|m| (m.from, m.to)));
        let mut main = largest_part(&streets.first, &streets.to);
        let mut public = vec![false; m.head.len()];
        for m in m.moves.iter().filter(open).filter(|m| main[m.from as usize] && main[m.to as usize]) {
            public[m.arc as usize] = true;
        }
        // Behind some restrictions begin courses that nobody comes to from elsewhere, and that lead into the rest.
        let open_moves = || m.moves.iter().filter(open);
        let back = Neighbours::of(m.states, open_moves().map(|m| (m.to, m.from)));
        let leads_in = back.reach((0..).zip(&main).filter(|(_, main)| **main).map(|(s, _)| s), |_| true);
        let heads = m.head.iter().enumerate().filter(|(arc, _)| public[*arc]).map(|(_, head)| *head);
        let begun = open_moves().filter(|m| public[m.arc as usize]).map(|m| m.to).chain(heads);
        let beginnings = streets.reach(begun, |s| leads_in[s as usize]);
        main.iter_mut().zip(beginnings).for_each(|(main, begins)| *main |= begins);
        let mut zones = Self { main, leaving: Vec::new(), arriving: Vec::new(), public, usable: Vec::new() };
        zones.find(m);
        zones
    }

    /// Whether a journey that begins on an arc begins on the public streets. Behind some restrictions it doesn't even
    /// where others pass.
    pub fn begins_public(&self, m: &Moves, arc: usize) -> bool {
        self.public[arc] && self.main[m.head[arc] as usize]
    }

    fn find(&mut self, m: &Moves) {
        let (main, public) = (&self.main, &self.public);
        let inside = m.moves.iter().filter(|m| !(public[m.arc as usize] && main[m.to as usize]));
        let behind = m.moves.iter().filter(|m| !public[m.arc as usize]);
        let forward = |moves: &mut dyn Iterator<Item = &Move>| Neighbours::of(m.states, moves.map(|m| (m.from, m.to)));
        let backward = |moves: &mut dyn Iterator<Item = &Move>| Neighbours::of(m.states, moves.map(|m| (m.to, m.from)));
        let exits = m.moves.iter().filter(|m| public[m.arc as usize] && main[m.to as usize]).map(|m| m.from);
        let leaves = backward(&mut inside.clone()).reach(exits, |_| true);
        let entries = behind.clone().filter(|m| main[m.from as usize]).map(|m| m.to);
        let arrives = forward(&mut behind.clone()).reach(entries, |_| true);
        let mut usable = public.clone();
        for m in behind.clone().filter(|m| main[m.from as usize] || arrives[m.from as usize]) {
            usable[m.arc as usize] = true;
        }
        for (arc, usable) in usable.iter_mut().enumerate() {
            *usable = *usable && (self.begins_public(m, arc) || leaves[m.head[arc] as usize]);
        }
        let starts = (0..m.head.len()).filter(|&arc| usable[arc] && !self.begins_public(m, arc)).map(|arc| m.head[arc]);
        let leaving = forward(&mut inside.clone()).reach(starts, |s| leaves[s as usize]);
        let goals = behind.clone().filter(|m| usable[m.arc as usize]).map(|m| m.from);
        let arriving = backward(&mut behind.clone()).reach(goals, |s| arrives[s as usize]);
        (self.leaving, self.arriving, self.usable) = (leaving, arriving, usable);
    }
}
