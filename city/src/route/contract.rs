//! Making the hierarchy: states are removed one by one, the least important first, and an arc is put in wherever the
//! removed one lay on the only shortest way.
//!
//! Importance weighs arcs put in against arcs taken away, their lengths in hops, and depth. The order, and with it
//! the result, depends on nothing but the graph.

use super::hierarchy::{Hierarchy, ORIGINAL, Rows};
use super::witness::{ROUGH, THOROUGH, Witness};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An arc of the graph to contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub from: u32,
    pub to: u32,
    /// Milliseconds.
    pub weight: u32,
    /// Centimetres.
    pub length: u32,
    /// Arc of the network.
    pub arc: u32,
}

/// An arc while contracting; held at both ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub other: u32,
    pub weight: u32,
    length: u32,
    via: u32,
    hops: u32,
}

pub(super) struct Contraction {
    pub out: Vec<Vec<Link>>,
    pub inward: Vec<Vec<Link>>,
    level: Vec<u32>,
    witness: Witness,
    new: Vec<(u32, u32, Link)>,
}

/// Contracts a graph of `states`. Returns the hierarchy and, for each state given, its number in it.
pub(crate) fn contract(states: usize, edges: &[Edge]) -> (Hierarchy, Vec<u32>) {
    let mut c = Contraction {
        out: vec![Vec::new(); states],
        inward: vec![Vec::new(); states],
        level: vec![0; states],
        witness: Witness::new(states),
        new: Vec::new(),
    };
    for e in edges.iter().filter(|e| e.from != e.to) {
        c.link(e.from, e.to, Link { other: e.to, weight: e.weight, length: e.length, via: ORIGINAL | e.arc, hops: 1 });
    }
    let order = c.run();
    let last = states as u32;
    let mut number = vec![0; states];
    for (rank, &state) in order.iter().enumerate() {
        number[state as usize] = last - 1 - rank as u32;
    }
    let up = rows(&c.out, &order, &number);
    let down = rows(&c.inward, &order, &number);
    (Hierarchy { up, down }, number)
}

fn rows(links: &[Vec<Link>], order: &[u32], number: &[u32]) -> Rows {
    let mut rows = Rows { first: vec![0], ..Rows::default() };
    for &state in order.iter().rev() {
        let mut row: Vec<&Link> = links[state as usize].iter().collect();
        row.sort_unstable_by_key(|l| number[l.other as usize]);
        for l in row {
            let via = if l.via & ORIGINAL != 0 { l.via } else { number[l.via as usize] };
            rows.arcs.push([number[l.other as usize], l.weight]);
            rows.via.push(via);
            rows.length.push(l.length);
        }
        rows.first.push(rows.arcs.len() as u32);
    }
    rows
}

impl Contraction {
    /// Adds an arc, or improves the one there is between the two.
    fn link(&mut self, from: u32, to: u32, link: Link) {
        let put = |links: &mut Vec<Link>, other: u32| match links.iter_mut().find(|l| l.other == other) {
            Some(known) if known.weight > link.weight => *known = Link { other, ..link },
            Some(_) => {}
            None => links.push(Link { other, ..link }),
        };
        put(&mut self.out[from as usize], to);
        put(&mut self.inward[to as usize], from);
    }

    /// Contracts everything; the order in which it happened. Each state keeps its arcs to those contracted later.
    fn run(&mut self) -> Vec<u32> {
        let states = self.out.len() as u32;
        let mut queue: BinaryHeap<Reverse<(u32, u32)>> =
            (0..states).map(|s| Reverse((self.importance(s), s))).collect();
        let mut order = Vec::with_capacity(states as usize);
        // Importance is found anew only when a state comes up: its neighbours' removal may have raised it.
        while let Some(Reverse((known, state))) = queue.pop() {
            let importance = self.importance(state);
            if importance > known && queue.peek().is_some_and(|Reverse(next)| (importance, state) > *next) {
                queue.push(Reverse((importance, state)));
                continue;
            }
            order.push(state);
            self.remove(state);
        }
        order
    }

    /// Takes a state out: its neighbours lose their arcs to it and lie deeper.
    fn remove(&mut self, state: u32) {
        self.find_shortcuts(state, THOROUGH);
        let new = std::mem::take(&mut self.new);
        for &(from, to, link) in &new {
            self.link(from, to, link);
        }
        self.new = new;
        let level = self.level[state as usize] + 1;
        for i in 0..self.out[state as usize].len() {
            let other = self.out[state as usize][i].other as usize;
            self.inward[other].retain(|l| l.other != state);
            self.level[other] = self.level[other].max(level);
        }
        for i in 0..self.inward[state as usize].len() {
            let other = self.inward[state as usize][i].other as usize;
            self.out[other].retain(|l| l.other != state);
            self.level[other] = self.level[other].max(level);
        }
    }

    /// Fills `new` with the arcs that removing the state would need.
    fn find_shortcuts(&mut self, state: u32, most: usize) {
        self.new.clear();
        let out = &self.out[state as usize];
        let farthest = out.iter().map(|l| l.weight).max().unwrap_or(0);
        for a in &self.inward[state as usize] {
            self.witness.search(&self.out, a.other, state, a.weight.saturating_add(farthest), most);
            for b in out.iter().filter(|b| b.other != a.other) {
                let weight = a.weight.saturating_add(b.weight);
                if self.witness.distance(b.other) > weight {
                    let link = Link {
                        other: b.other,
                        weight,
                        length: a.length.saturating_add(b.length),
                        via: state,
                        hops: a.hops.saturating_add(b.hops),
                    };
                    self.new.push((a.other, b.other, link));
                }
            }
        }
    }

    /// How late a state should be removed: depth, and arcs and hops put in for each one taken away.
    fn importance(&mut self, state: u32) -> u32 {
        self.find_shortcuts(state, ROUGH);
        let s = state as usize;
        let gone = (self.out[s].len() + self.inward[s].len()).max(1) as u64;
        let gone_hops: u64 = self.out[s].iter().chain(&self.inward[s]).map(|l| u64::from(l.hops)).sum();
        let new_hops: u64 = self.new.iter().map(|(_, _, l)| u64::from(l.hops)).sum();
        let score =
            1000 * u64::from(self.level[s]) + 1000 * self.new.len() as u64 / gone + 1000 * new_hops / gone_hops.max(1);
        score.min(u64::from(u32::MAX)) as u32
    }
}
