//! Which of many fixed places lie near a point: buckets in the hierarchy, filled once, read in microseconds.
//!
//! Each place (a stop) leaves its label at every state of its own upward search; a query's upward search reads the
//! labels of the states it settles. Exact within the limit given when filling.

use super::hierarchy::{Hierarchy, Rows};
use super::search::Side;
use super::states::Streets;
use super::track::{goals, starts};
use crate::error::FileError;
use crate::file::stored;
use crate::network::{Network, Snap, Vehicle};

/// Labels of one direction: state → (place, milliseconds), nearest first.
#[derive(Debug, Clone, Default)]
struct Buckets {
    first: Vec<u32>,
    labels: Vec<[u32; 2]>,
}
stored!(Buckets { first, labels });

#[derive(Debug, Clone, Default)]
pub(crate) struct Near {
    /// Labels of the ways from a point to the places.
    towards: Buckets,
    /// Labels of the ways from the places to a point.
    away: Buckets,
    /// Milliseconds up to which distances are known.
    pub limit: u32,
}
stored!(Near { towards, away, limit });

impl Near {
    /// Fills the buckets for places given by number and snap, up to `limit` milliseconds.
    pub fn build(n: &Network, s: &Streets, v: Vehicle, places: &[(u32, Snap)], limit: u32) -> Self {
        let mut side = Side::default();
        let h = &s.hierarchy;
        let towards = places.iter().flat_map(|(id, snap)| {
            climb(&mut side, h, &h.down, &h.up, goals(n, s, v, snap), limit)
                .into_iter()
                .map(|(state, d)| (state, d, *id))
                .collect::<Vec<_>>()
        });
        let towards = Buckets::of(h.states(), towards.collect());
        let away = places.iter().flat_map(|(id, snap)| {
            climb(&mut side, h, &h.up, &h.down, starts(n, s, v, snap), limit)
                .into_iter()
                .map(|(state, d)| (state, d, *id))
                .collect::<Vec<_>>()
        });
        let away = Buckets::of(h.states(), away.collect());
        Self { towards, away, limit }
    }

    /// Places reachable from (`leaving`) or leading to a point within `limit` milliseconds: number and milliseconds,
    /// in order of number. `best` needs room for every place and holds `u32::MAX` between calls.
    #[expect(clippy::too_many_arguments, reason = "the four parts of the street network always go together")]
    pub fn around(
        &self,
        n: &Network,
        s: &Streets,
        v: Vehicle,
        point: &Snap,
        leaving: bool,
        limit: u32,
        best: &mut [u32],
        scratch: &mut super::Scratch,
    ) -> Vec<[u32; 2]> {
        let (h, limit) = (&s.hierarchy, limit.min(self.limit));
        let side = &mut scratch.forward;
        let (buckets, settled) = if leaving {
            (&self.towards, climb(side, h, &h.up, &h.down, starts(n, s, v, point), limit))
        } else {
            (&self.away, climb(side, h, &h.down, &h.up, goals(n, s, v, point), limit))
        };
        let mut found = Vec::new();
        for (state, d) in settled {
            for &[place, rest] in buckets.row(state) {
                let sum = d + rest;
                if sum > limit {
                    break;
                }
                let Some(known) = best.get_mut(place as usize) else {
                    continue;
                };
                if sum < *known {
                    if *known == u32::MAX {
                        found.push([place, 0]);
                    }
                    *known = sum;
                }
            }
        }
        for f in &mut found {
            f[1] = std::mem::replace(&mut best[f[0] as usize], u32::MAX);
        }
        found.sort_unstable();
        found
    }

    pub fn check(&self, states: usize) -> Result<(), FileError> {
        let ok = |b: &Buckets| {
            b.first.len() == states + 1
                && b.first.windows(2).all(|w| w[0] <= w[1])
                && b.first.last().is_some_and(|&l| l as usize == b.labels.len())
                && b.labels.iter().all(|l| l[1] <= self.limit)
        };
        let small = self.limit < u32::MAX / 4;
        if small && ok(&self.towards) && ok(&self.away) {
            Ok(())
        } else {
            Err(FileError::Inconsistent("stops near streets"))
        }
    }
}

/// All states of one upward search within the limit, with milliseconds.
fn climb(
    side: &mut Side,
    h: &Hierarchy,
    along: &Rows,
    against: &Rows,
    from: impl Iterator<Item = [u32; 2]>,
    limit: u32,
) -> Vec<(u32, u32)> {
    side.reset(h.states());
    from.for_each(|[s, w]| side.reach(s, w, [super::NONE; 2]));
    let mut settled = Vec::with_capacity(64);
    while !side.is_done(limit) {
        settled.extend(side.step(along, against, limit));
    }
    settled
}

impl Buckets {
    fn of(states: usize, mut labels: Vec<(u32, u32, u32)>) -> Self {
        labels.sort_unstable();
        let mut first = vec![0; states + 1];
        labels.iter().for_each(|l| first[l.0 as usize + 1] += 1);
        (1..first.len()).for_each(|i| first[i] += first[i - 1]);
        Self { first, labels: labels.into_iter().map(|(_, d, id)| [id, d]).collect() }
    }

    fn row(&self, state: u32) -> &[[u32; 2]] {
        &self.labels[self.first[state as usize] as usize..self.first[state as usize + 1] as usize]
    }
}
