//! From one place on a street to another: the whole way as arcs, with its parts at both ends.

use super::NONE;
use super::search::{Meeting, Scratch};
use super::states::Streets;
use crate::geo::Point;
use crate::network::{Network, Snap, Vehicle};

/// A way along the streets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Track {
    /// Milliseconds.
    pub weight: u32,
    /// Centimetres.
    pub length: u64,
    /// All arcs, the first and the last used in part. Empty when only the summary was asked for.
    pub arcs: Vec<u32>,
}

/// The arcs by which a place may be left or reached, with the share of the arc still to go or already done.
pub(super) fn ends(snap: &Snap, leaving: bool) -> [(u32, f64); 2] {
    let share = f64::from(snap.share);
    let along = if leaving { 1.0 - share } else { share };
    [(snap.segment * 2, along), (snap.segment * 2 + 1, 1.0 - along)]
}

fn part(whole: u32, share: f64) -> u32 {
    (f64::from(whole) * share).round() as u32
}

/// States to start from, with milliseconds.
pub(super) fn starts<'a>(
    n: &'a Network,
    s: &'a Streets,
    v: Vehicle,
    from: &Snap,
) -> impl Iterator<Item = [u32; 2]> + use<'a> {
    let options = ends(from, true).into_iter().filter(|(arc, _)| s.usable(*arc));
    options.filter_map(move |(arc, share)| Some([s.head[arc as usize], part(n.travel(arc, v)?, share)]))
}

/// States to end at, with milliseconds.
pub(super) fn goals<'a>(
    n: &'a Network,
    s: &'a Streets,
    v: Vehicle,
    to: &Snap,
) -> impl Iterator<Item = [u32; 2]> + use<'a> {
    let options = ends(to, false).into_iter().filter(|(arc, _)| s.usable(*arc));
    options.flat_map(move |(arc, share)| {
        let rest = n.travel(arc, v).map(|w| part(w, share));
        rest.into_iter().flat_map(move |w| s.tails(arc).iter().map(move |&[state, turn]| [state, turn + w]))
    })
}

/// The way along a single segment, where both places lie on it in the right order.
pub(crate) fn direct(n: &Network, s: &Streets, v: Vehicle, from: &Snap, to: &Snap) -> Option<Track> {
    if from.segment != to.segment {
        return None;
    }
    let (a, b) = (f64::from(from.share), f64::from(to.share));
    let arc = from.segment * 2 + u32::from(b < a);
    let whole = n.travel(arc, v).filter(|_| s.usable(arc) || a == b)?;
    let share = (b - a).abs();
    let length = (f64::from(n.length[from.segment as usize]) * share).round() as u64;
    Some(Track { weight: part(whole, share), length, arcs: vec![arc] })
}

/// The fastest way, with its arcs when `full`.
pub(crate) fn track(
    n: &Network,
    s: &Streets,
    v: Vehicle,
    [from, to]: [&Snap; 2],
    full: bool,
    scratch: &mut Scratch,
) -> Option<Track> {
    let along = direct(n, s, v, from, to);
    let met = scratch.meet(&s.hierarchy, starts(n, s, v, from), goals(n, s, v, to), 1.0);
    match (along, met) {
        (Some(along), Some(met)) if met.weight < along.weight => over(n, s, v, [from, to], met, full, scratch),
        (None, Some(met)) => over(n, s, v, [from, to], met, full, scratch),
        (along, _) => along,
    }
}

/// The way over a meeting of the two searches.
pub(super) fn over(
    n: &Network,
    s: &Streets,
    v: Vehicle,
    [from, to]: [&Snap; 2],
    met: Meeting,
    full: bool,
    scratch: &Scratch,
) -> Option<Track> {
    let h = &s.hierarchy;
    let (start, end) = (root(&scratch.forward, met.state), root(&scratch.backward, met.state));
    let left = ends(from, true).into_iter().filter(|(a, _)| s.head[*a as usize] == start);
    let (first, left) = left.min_by_key(|(a, share)| n.travel(*a, v).map_or(NONE, |w| part(w, *share)))?;
    let cost = |arc: u32, share: f64| {
        let turn = s.tails(arc).iter().filter(|t| t[0] == end).map(|t| t[1]).min()?;
        Some(turn + part(n.travel(arc, v)?, share))
    };
    let reached = ends(to, false).into_iter().filter(|(a, _)| s.usable(*a));
    let (last, done) =
        reached.filter_map(|(a, d)| cost(a, d).map(|c| (c, a, d))).min_by_key(|x| x.0).map(|x| (x.1, x.2))?;
    let partial = |arc: u32, share: f64| (f64::from(n.length[arc as usize / 2]) * share).round() as u64;
    let length = scratch.length(h, met.state) + partial(first, left) + partial(last, done);
    let mut arcs = Vec::new();
    if full {
        arcs = scratch.arcs(h, met.state).0;
        arcs.insert(0, first);
        arcs.push(last);
    }
    Some(Track { weight: met.weight, length, arcs })
}

fn root(side: &super::search::Side, mut state: u32) -> u32 {
    while let [_, before] = side.parent(state)
        && before != NONE
    {
        state = before;
    }
    state
}

impl Track {
    /// The shape on the map, from place to place.
    pub fn shape(&self, n: &Network, from: &Snap, to: &Snap) -> Vec<Point> {
        let mut line = vec![from.at.point()];
        let last = self.arcs.len().saturating_sub(1);
        for (i, &arc) in self.arcs.iter().enumerate() {
            let shape = n.shape(arc / 2);
            let (mut low, mut high) = (0, shape.len());
            let back = arc & 1 == 1;
            if i == 0 {
                if back { high = from.piece as usize + 1 } else { low = from.piece as usize + 1 }
            }
            if i == last {
                if back { low = low.max(to.piece as usize + 1) } else { high = high.min(to.piece as usize + 1) }
            }
            let part = shape.get(low..high).unwrap_or_default();
            let mut push = |c: &crate::geo::Coord| {
                let p = c.point();
                if line.last() != Some(&p) {
                    line.push(p);
                }
            };
            if back { part.iter().rev().for_each(&mut push) } else { part.iter().for_each(&mut push) }
        }
        let end = to.at.point();
        if line.last() != Some(&end) {
            line.push(end);
        }
        line
    }
}
