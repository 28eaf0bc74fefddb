//! Is there a way around? A small search that may miss one (then an arc too many is kept) but never invents one.

use super::NONE;
use super::contract::Link;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// States looked at before giving up, when removing a state: more make fewer arcs.
pub(super) const THOROUGH: usize = 500;
/// The same when only the importance of a state is estimated.
pub(super) const ROUGH: usize = 30;

pub(super) struct Witness {
    distance: Vec<u32>,
    touched: Vec<u32>,
    queue: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Witness {
    pub fn new(states: usize) -> Self {
        Self { distance: vec![NONE; states], touched: Vec::new(), queue: BinaryHeap::new() }
    }

    /// The distance found to a state; an upper bound, or `NONE`.
    pub fn distance(&self, state: u32) -> u32 {
        self.distance[state as usize]
    }

    /// Searches from `source` without `avoided`, up to `limit`.
    pub fn search(&mut self, out: &[Vec<Link>], source: u32, avoided: u32, limit: u32, most: usize) {
        for state in self.touched.drain(..) {
            self.distance[state as usize] = NONE;
        }
        self.queue.clear();
        self.reach(source, 0);
        let mut settled = 0;
        while let Some(Reverse((d, state))) = self.queue.pop() {
            if d > limit || settled >= most {
                return;
            }
            if d > self.distance[state as usize] {
                continue;
            }
            settled += 1;
            for link in out[state as usize].iter().filter(|l| l.other != avoided) {
                let next = d.saturating_add(link.weight);
                if next <= limit && next < self.distance[link.other as usize] {
                    self.reach(link.other, next);
                }
            }
        }
    }

    fn reach(&mut self, state: u32, distance: u32) {
        if self.distance[state as usize] == NONE {
            self.touched.push(state);
        }
        self.distance[state as usize] = distance;
        self.queue.push(Reverse((distance, state)));
    }
}
