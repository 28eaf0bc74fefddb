//! The streets as buses see them: the cheapest way between two crossings, and what a crossing is called.

use super::ground::{Ground, WIDE};
use super::streets::Plan;
use crate::network::Class;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Column and row of the lattice.
pub(super) type Crossing = (usize, usize);

/// The lattice as buses see it: wide streets are preferred, narrow ones cost more, paths are closed.
pub(super) struct Streets<'a> {
    arms: HashMap<Crossing, Vec<(Crossing, u64)>>,
    names: HashMap<Crossing, Vec<&'a str>>,
}

impl<'a> Streets<'a> {
    pub fn of(ground: &Ground, plan: &'a Plan) -> Self {
        let mut streets = Self { arms: HashMap::new(), names: HashMap::new() };
        for block in &plan.blocks {
            for end in [block.from, block.to] {
                let names = streets.names.entry(end).or_default();
                if !names.contains(&block.name.as_str()) {
                    names.push(&block.name);
                }
            }
            let weight = match block.class {
                Class::Secondary => 10,
                Class::Tertiary => 11,
                Class::Street => 22,
                Class::Living => 40,
                _ => continue,
            };
            let length =
                ground.coord(block.from.0, block.from.1).metres_to(ground.coord(block.to.0, block.to.1)).round() as u64;
            streets.arms.entry(block.from).or_default().push((block.to, length * weight));
            streets.arms.entry(block.to).or_default().push((block.from, length * weight));
        }
        streets
    }

    pub fn label(&self, at: Crossing) -> String {
        let names = self.names.get(&at).map(Vec::as_slice).unwrap_or_default();
        match names {
            [] => format!("Crossing {}", at.1 * WIDE + at.0),
            [one] => (*one).to_owned(),
            [a, b, ..] => format!("{a} / {b}"),
        }
    }

    /// The cheapest way between two crossings; nothing where there is none.
    pub fn way(&self, from: Crossing, to: Crossing) -> Vec<Crossing> {
        let mut best: HashMap<Crossing, (u64, Crossing)> = HashMap::from([(from, (0, from))]);
        let mut queue = BinaryHeap::from([Reverse((0, from))]);
        while let Some(Reverse((cost, at))) = queue.pop() {
            if at == to {
                break;
            }
            if cost > best[&at].0 {
                continue;
            }
            for &(next, more) in self.arms.get(&at).map(Vec::as_slice).unwrap_or_default() {
                let sum = cost + more;
                if best.get(&next).is_none_or(|b| sum < b.0) {
                    best.insert(next, (sum, at));
                    queue.push(Reverse((sum, next)));
                }
            }
        }
        let mut way = Vec::new();
        let mut at = to;
        while let Some((_, before)) = best.get(&at) {
            way.push(at);
            if *before == at {
                way.reverse();
                return way;
            }
            at = *before;
        }
        Vec::new()
    }
}
