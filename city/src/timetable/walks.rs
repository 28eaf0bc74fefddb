//! Walks to, from and between stops. On the street network where it reaches; stops off the map are joined to what
//! lies around them by the beeline with an allowance for corners.

use super::platforms::Platforms;
use super::{Change, Feed, Timetable};
use crate::geo::{Coord, Point};
use crate::network::{Network, Snap, Vehicle};
use crate::route::{Scratch, Streets, direct, track};
use std::collections::BTreeMap;

/// A stop farther from every street than this counts as off the map.
pub(super) const STOP_SNAP_METRES: f64 = 150.0;
/// The longest walk between two rides, in seconds (about 500 m).
pub(crate) const LONGEST_CHANGE: u32 = 360;
/// The same where the timetable says that one changes there.
const LONGEST_STATED_CHANGE: u32 = 3_600;
/// The longest walk off the map, in metres of beeline, and how much longer the walk itself is.
const OFF_MAP_METRES: f64 = 400.0;
const OFF_MAP_STRETCH: f64 = 1.35;
/// Metres a second on foot.
pub(crate) const WALK_SPEED: f64 = 5.0 / 3.6;

/// Stops near a place, and the seconds to (or from) each.
pub(crate) type Access = Vec<[u32; 2]>;

fn seconds(milliseconds: u32) -> u32 {
    milliseconds.div_ceil(1000)
}

pub(crate) fn off_map_seconds(metres: f64) -> u32 {
    (metres * OFF_MAP_STRETCH / WALK_SPEED).ceil() as u32
}

impl Timetable {
    /// Stops within `limit` seconds on foot from (`leaving`) or to a place, in order of stop.
    pub fn access(
        &self,
        n: &Network,
        foot: &Streets,
        (at, snap): (Point, Option<&Snap>),
        leaving: bool,
        limit: u32,
        (best, scratch): (&mut Vec<u32>, &mut Scratch),
    ) -> Access {
        best.resize(self.real_stops().max(best.len()), u32::MAX);
        let mut found: BTreeMap<u32, u32> = BTreeMap::new();
        if let Some(snap) = snap {
            // The way from the place itself to the street counts too.
            let spent = (f64::from(snap.metres) / WALK_SPEED * 1000.0) as u32;
            let left = limit.saturating_mul(1000).saturating_sub(spent);
            for [stop, ms] in self.near.around(n, foot, Vehicle::Foot, snap, leaving, left, best, scratch) {
                found.insert(stop, seconds(ms + spent));
            }
        }
        let radius = f64::from(limit) * WALK_SPEED;
        self.grid.within(&self.stops, at, radius, |stop, metres| {
            let walk = match (&self.snaps[stop as usize], snap) {
                (Some(there), Some(here)) if there.segment == here.segment => {
                    let [from, to] = if leaving { [here, there] } else { [there, here] };
                    let spent = (f64::from(here.metres) / WALK_SPEED * 1000.0) as u32;
                    direct(n, foot, Vehicle::Foot, from, to).map(|t| seconds(t.weight + spent))
                }
                (Some(_), Some(_)) => None,
                _ => (metres <= OFF_MAP_METRES).then(|| off_map_seconds(metres)),
            };
            if let Some(walk) = walk.filter(|&w| w <= limit) {
                found.entry(stop).and_modify(|w| *w = walk.min(*w)).or_insert(walk);
            }
        });
        let mut access: Access = found.into_iter().map(|(stop, walk)| [stop, walk]).collect();
        if self.real_stops() < self.stops.len() {
            let further = |&[stop, walk]: &[u32; 2]| self.platforms(stop).skip(1).map(move |p| [p, walk]);
            let platforms: Access = access.iter().flat_map(further).collect();
            access.extend(platforms);
        }
        access
    }
}

/// Fills the changes between stops and platforms, both ways round.
pub(super) fn transfers(
    t: &mut Timetable,
    feed: &Feed,
    platforms: &Platforms,
    n: &Network,
    foot: &Streets,
    scratch: &mut Scratch,
) {
    let mut walks: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut best = Vec::new();
    let real = t.real_stops() as u32;
    for stop in 0..real {
        let snap = t.snaps[stop as usize].map(|s| Snap { metres: 0.0, ..s });
        let at: Coord = t.stops[stop as usize];
        let near = t.access(n, foot, (at.point(), snap.as_ref()), true, LONGEST_CHANGE, (&mut best, scratch));
        let near = near.into_iter().filter(|a| a[0] < real && a[0] != stop);
        walks.extend(near.map(|[other, walk]| ((stop, other), walk)));
        walks.insert((stop, stop), 0);
    }
    let mut rules: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    for (number, rule) in (0..).zip(&feed.changes).filter(|(_, r)| r.from.stop.max(r.to.stop) < real) {
        rules.entry((rule.from.stop, rule.to.stop)).or_default().push(number);
    }
    let mut changes: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut add = |(from, to): (u32, u32), near: Option<u32>, far: Option<u32>, rules: &[u32]| {
        for a in platforms.all(from) {
            for b in platforms.all(to) {
                let fitting =
                    rules.iter().map(|&r| (r, &feed.changes[r as usize])).filter(|(r, x)| platforms.fits(*r, x, a, b));
                let rule = fitting.max_by_key(|(number, rule)| (rule.rank, std::cmp::Reverse(*number)));
                let seconds = match rule.map(|r| r.1.change) {
                    None => near,
                    Some(Change::Walk) => far,
                    Some(Change::Held) => Some(0),
                    // A minimum makes nobody walk faster.
                    Some(Change::Least(least)) => far.map(|walk| walk.max(least)),
                    Some(Change::Never) => None,
                };
                changes.extend(seconds.map(|s| ((a, b), s)));
            }
        }
    };
    for (&pair, &walk) in &walks {
        add(pair, Some(walk), Some(walk), rules.get(&pair).map_or(&[], Vec::as_slice));
    }
    for (&pair, numbers) in rules.iter().filter(|(pair, _)| !walks.contains_key(pair)) {
        let far = far_walk(t, pair, n, foot, scratch);
        add(pair, None, far, numbers);
    }
    (t.transfer_first, t.transfers) = rows(t.stops.len(), changes.iter().map(|(&(a, b), &w)| (a, b, w)));
    let mut back: Vec<(u32, u32, u32)> = changes.iter().map(|(&(a, b), &w)| (b, a, w)).collect();
    back.sort_unstable();
    (t.back_first, t.back) = rows(t.stops.len(), back.into_iter());
}

/// Seconds on foot between two stops that are no near neighbours; nothing where nobody would walk so far.
pub(super) fn far_walk(
    t: &Timetable,
    (from, to): (u32, u32),
    n: &Network,
    foot: &Streets,
    scratch: &mut Scratch,
) -> Option<u32> {
    let [a, b] = [from, to].map(|s| t.snaps[s as usize].map(|s| Snap { metres: 0.0, ..s }));
    let track = a.zip(b).and_then(|(a, b)| track(n, foot, Vehicle::Foot, [&a, &b], false, scratch));
    let beeline = t.stops[from as usize].metres_to(t.stops[to as usize]);
    let walk = track.map_or_else(|| off_map_seconds(beeline), |track| seconds(track.weight));
    (walk <= LONGEST_STATED_CHANGE).then_some(walk)
}

fn rows(stops: usize, walks: impl Iterator<Item = (u32, u32, u32)>) -> (Vec<u32>, Vec<[u32; 2]>) {
    let mut first = vec![0; stops + 1];
    let mut list = Vec::new();
    for (from, to, walk) in walks {
        first[from as usize + 1] += 1;
        list.push([to, walk]);
    }
    (1..first.len()).for_each(|i| first[i] += first[i - 1]);
    (first, list)
}
