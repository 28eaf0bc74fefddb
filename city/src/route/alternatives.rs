//! Other sensible ways: over a place that both searches reached, little longer, mostly different, without needless loops.

use super::search::{Meeting, Scratch};
use super::states::Streets;
use super::track::{Track, goals, over, starts, track};
use crate::network::{Network, Snap, Vehicle};
use std::collections::HashSet;

/// How much longer than the best an alternative may take.
const LONGER: f64 = 1.3;
/// The share of the way that it may have in common with those already chosen.
const SHARED: f64 = 0.7;
/// Candidates looked at in full.
const MOST_TRIED: usize = 60;

/// The fastest way and up to `more` others, fastest first.
pub(crate) fn alternatives(
    n: &Network,
    s: &Streets,
    v: Vehicle,
    ends: [&Snap; 2],
    more: usize,
    scratch: &mut Scratch,
) -> Vec<Track> {
    let Some(best) = track(n, s, v, ends, true, scratch) else {
        return Vec::new();
    };
    let mut chosen = vec![best];
    if more == 0 || chosen[0].arcs.len() < 3 {
        return chosen;
    }
    let limit = f64::from(chosen[0].weight) * LONGER + 30_000.0;
    let candidates = candidates(n, s, v, ends, limit as u32, scratch);
    for way in candidates {
        if chosen.len() > more {
            break;
        }
        if is_simple(n, &way) && chosen.iter().all(|c| shared(n, &way, c) < SHARED) {
            chosen.push(way);
        }
    }
    chosen
}

fn candidates(n: &Network, s: &Streets, v: Vehicle, ends: [&Snap; 2], limit: u32, scratch: &mut Scratch) -> Vec<Track> {
    scratch.meet(&s.hierarchy, starts(n, s, v, ends[0]), goals(n, s, v, ends[1]), LONGER);
    let mut found: Vec<Meeting> = Vec::new();
    for &state in &scratch.forward.touched {
        let (f, b) = (scratch.forward.distance(state), scratch.backward.distance(state));
        let weight = f.saturating_add(b);
        if weight <= limit {
            found.push(Meeting { state, weight });
        }
    }
    found.sort_unstable_by_key(|m| (m.weight, m.state));
    found.dedup_by_key(|m| m.weight);
    let ways = found.into_iter().take(MOST_TRIED).filter_map(|m| over(n, s, v, ends, m, true, scratch));
    ways.collect()
}

/// No junction twice: a way that does runs into a side street and back.
fn is_simple(n: &Network, way: &Track) -> bool {
    let mut seen = HashSet::with_capacity(way.arcs.len());
    way.arcs.iter().all(|&a| seen.insert(n.head(a)))
}

/// The share of `way` that also belongs to `other`.
fn shared(n: &Network, way: &Track, other: &Track) -> f64 {
    let known: HashSet<u32> = other.arcs.iter().map(|a| a / 2).collect();
    let sum =
        |arcs: &mut dyn Iterator<Item = &u32>| -> f64 { arcs.map(|a| f64::from(n.length[*a as usize / 2])).sum() };
    let all = sum(&mut way.arcs.iter()).max(1.0);
    sum(&mut way.arcs.iter().filter(|a| known.contains(&(**a / 2)))) / all
}
