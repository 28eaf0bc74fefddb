//! A contracted graph: for each state the arcs to more important ones, forwards and backwards.
//!
//! States are numbered by importance, 0 being the most important, so that a search moves to smaller numbers and the
//! parts that every search visits lie together in memory.

use super::NONE;
use crate::error::FileError;
use crate::file::stored;

/// Set in `via` when the arc is one of the network and the rest is its number; else `via` is the state in the middle.
pub(crate) const ORIGINAL: u32 = 1 << 31;

/// Arcs of each state in rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub first: Vec<u32>,
    /// The state at the other end and milliseconds.
    pub arcs: Vec<[u32; 2]>,
    /// `ORIGINAL | arc` or the middle state.
    pub via: Vec<u32>,
    /// Centimetres.
    pub length: Vec<u32>,
}
stored!(Rows { first, arcs, via, length });

impl Rows {
    pub fn row(&self, state: u32) -> std::ops::Range<usize> {
        self.first[state as usize] as usize..self.first[state as usize + 1] as usize
    }

    fn find(&self, state: u32, other: u32) -> Option<usize> {
        self.row(state).find(|&i| self.arcs[i][0] == other)
    }

    fn check(&self, states: usize, arcs: u32) -> bool {
        self.first.len() == states + 1
            && self.first.first() == Some(&0)
            && self.first.windows(2).all(|w| w[0] <= w[1])
            && self.first.last().is_some_and(|&l| l as usize == self.arcs.len())
            && self.via.len() == self.arcs.len()
            && self.length.len() == self.arcs.len()
            && (0..states as u32).all(|s| {
                // Upwards only, and a middle below both ends: unpacking then always ends.
                self.row(s).all(|i| {
                    let (to, via) = (self.arcs[i][0], self.via[i]);
                    let known =
                        if via & ORIGINAL != 0 { via & !ORIGINAL < arcs } else { via > s && (via as usize) < states };
                    to < s && known
                })
            })
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Hierarchy {
    /// Arcs leaving a state towards more important ones.
    pub up: Rows,
    /// Arcs arriving at a state from more important ones, held at their head.
    pub down: Rows,
}
stored!(Hierarchy { up, down });

impl Hierarchy {
    pub fn states(&self) -> usize {
        self.up.first.len().saturating_sub(1)
    }

    /// Appends the network's arcs behind one arc from `from` to `to`, in order of travel.
    pub fn unpack(&self, from: u32, to: u32, via: u32, out: &mut Vec<u32>) {
        let mut open = vec![(from, to, via)];
        while let Some((from, to, via)) = open.pop() {
            if via & ORIGINAL != 0 {
                out.push(via & !ORIGINAL);
                continue;
            }
            let halves = self.down.find(via, from).zip(self.up.find(via, to));
            if let Some((a, b)) = halves {
                open.push((via, to, self.up.via[b]));
                open.push((from, via, self.down.via[a]));
            }
        }
    }

    pub fn check(&self, arcs: u32) -> Result<(), FileError> {
        let states = self.states();
        let ok = states < NONE as usize && self.up.check(states, arcs) && self.down.check(states, arcs);
        if ok { Ok(()) } else { Err(FileError::Inconsistent("hierarchy")) }
    }
}
