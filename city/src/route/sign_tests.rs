//! Signs against first principles: every course of arcs is judged by all it has passed, on random streets.

use super::moves::{Moves, car_turn};
use super::tests::random_town;
use super::zones::Zones;
use super::{Scratch, Streets, direct, track};
use crate::City;
use crate::geo::Point;
use crate::network::{GATE, Manner, Network, Snap, Turn, Vehicle};
use crate::random::Random;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Longest course whose beginning a rule looks at.
const REMEMBERED: usize = 3;

/// A random town with streets for residents, gates, and restrictions over ways.
fn signed_town(seed: u64) -> City {
    let mut draft = random_town(seed, 8);
    let mut random = Random::new(seed ^ 0x51);
    let streets = &mut draft.streets;
    for way in &mut streets.ways {
        let sign = if random.chance(0.1) { random.below(64) as u8 } else { 0 };
        way.manner = Manner { ends: sign, ..way.manner };
    }
    streets.gates.iter_mut().for_each(|g| *g = if random.chance(0.02) { 0b111 } else { 0 });
    for _ in 0..12 {
        let over = random.below(streets.ways.len());
        let [a, b] = [streets.ways[over].nodes[0], streets.ways[over].nodes[1]];
        let (via, end) = if random.chance(0.5) { (a, b) } else { (b, a) };
        let mut touching = |node: u32| {
            let meets = |w: &usize| *w != over && streets.ways[*w].nodes.contains(&node);
            let all: Vec<usize> = (0..streets.ways.len()).filter(meets).collect();
            (!all.is_empty()).then(|| *random.pick(&all) as u32)
        };
        if let Some((from, to)) = touching(via).zip(touching(end)) {
            let (over, to, only) = (vec![[over as u32, end]], vec![to], random.chance(0.3));
            streets.turns.push(Turn { from, via, over, to, only, vehicles: 0b110 });
        }
    }
    City::build(draft)
}

/// What the car has passed lately, and where it is: 0 leaving a zone, 1 on public streets, 2 arriving.
type Place = (Vec<u32>, u8);

struct Judge<'a> {
    n: &'a Network,
    v: Vehicle,
    public: BTreeSet<u32>,
}

impl<'a> Judge<'a> {
    fn of(n: &'a Network, v: Vehicle) -> Self {
        let mut judge = Self { n, v, public: BTreeSet::new() };
        let open = |past: &[u32]| -> Vec<Vec<u32>> {
            let next = judge.next(past).into_iter().filter(|(arc, gate)| !gate && !n.for_ends(*arc, v));
            next.map(|(arc, _)| later(past, arc)).collect()
        };
        let reach = |from: Vec<u32>| {
            let mut known = BTreeSet::from([from.clone()]);
            let mut todo = vec![from];
            while let Some(past) = todo.pop() {
                todo.extend(open(&past).into_iter().filter(|p| known.insert(p.clone())));
            }
            known
        };
        let arcs = (0..2 * n.segments() as u32).filter(|a| n.travel(*a, v).is_some() && !n.for_ends(*a, v));
        let starts: Vec<Vec<u32>> = arcs.map(|a| vec![a]).collect();
        let all: BTreeSet<Vec<u32>> = starts.iter().flat_map(|s| reach(s.clone())).collect();
        let reached: BTreeMap<&Vec<u32>, BTreeSet<Vec<u32>>> = all.iter().map(|s| (s, reach(s.clone()))).collect();
        let part = |s: &Vec<u32>| -> BTreeSet<u32> {
            reached[s].iter().filter(|t| reached[*t].contains(s)).map(|t| t[t.len() - 1]).collect()
        };
        let public = all.iter().map(part).max_by_key(BTreeSet::len).unwrap_or_default();
        judge.public = public;
        judge
    }

    /// The arcs that may follow, and whether only behind a gate.
    fn next(&self, past: &[u32]) -> Vec<(u32, bool)> {
        let (n, bit, last) = (self.n, 1u32 << self.v as u32, past[past.len() - 1]);
        let arcs = (0..2 * n.segments() as u32).filter(|a| n.tail(*a) == n.head(last));
        let arcs = arcs.filter(|a| n.travel(*a, self.v).is_some());
        let pair = |next: u32, bit: u32| n.turns.iter().any(|t| (t[0], t[1]) == (last, next) && t[2] & bit != 0);
        let course = |next: u32| {
            let all = later(past, next);
            n.banned.iter().any(|b| u32::from(b.vehicles) & bit != 0 && all.ends_with(&b.arcs))
        };
        let allowed = arcs.filter(|a| !pair(*a, bit) && !course(*a)).map(|a| (a, pair(a, bit << GATE)));
        let allowed: Vec<(u32, bool)> = allowed.collect();
        let inside = n.for_ends(last, self.v);
        let others = |(a, gate): &(u32, bool)| *a != last ^ 1 && (inside || !(*gate || n.for_ends(*a, self.v)));
        let elsewhere = allowed.iter().any(others);
        allowed.into_iter().filter(|(a, _)| *a != last ^ 1 || !elsewhere).collect()
    }

    /// Where a journey is after the next arc, if it may take it.
    fn phase(&self, phase: u8, arc: u32, gate: bool) -> Option<u8> {
        match (phase, self.public.contains(&arc)) {
            (0, public) => Some(u8::from(public)),
            (1, true) => (!gate).then_some(1),
            (1, false) | (2, false) => Some(2),
            _ => None,
        }
    }

    fn cost(&self, last: u32, next: u32) -> u32 {
        let arms = (0..2 * self.n.segments() as u32).filter(|a| self.n.tail(*a) == self.n.head(last));
        car_turn(self.n, last, next, arms.filter(|a| self.n.travel(*a, self.v).is_some()).count())
    }

    /// Milliseconds from one place to another.
    fn fastest(&self, s: &Streets, from: &Snap, to: &Snap) -> Option<u32> {
        let share = |arc: u32, part: f64| self.n.travel(arc, self.v).map(|w| (f64::from(w) * part).round() as u32);
        let mut queue: BinaryHeap<Reverse<(u32, Place)>> = BinaryHeap::new();
        for (arc, left) in super::track::ends(from, true).into_iter().filter(|(a, _)| s.usable(*a)) {
            queue.push(Reverse((share(arc, left)?, (vec![arc], u8::from(self.public.contains(&arc))))));
        }
        let goals = super::track::ends(to, false);
        let mut best = direct(self.n, s, self.v, from, to).map(|t| t.weight);
        let mut done: BTreeSet<Place> = BTreeSet::new();
        while let Some(Reverse((spent, (past, phase)))) = queue.pop() {
            if !done.insert((past.clone(), phase)) {
                continue;
            }
            for (arc, gate) in self.next(&past) {
                let Some(phase) = self.phase(phase, arc, gate) else { continue };
                let here = spent + self.cost(past[past.len() - 1], arc);
                for (goal, part) in goals.iter().filter(|(g, _)| *g == arc && s.usable(*g)) {
                    let there = here + share(*goal, *part)?;
                    best = Some(best.map_or(there, |b| b.min(there)));
                }
                queue.push(Reverse((here + self.n.travel(arc, self.v)?, (later(&past, arc), phase))));
            }
        }
        best
    }
}

fn later(past: &[u32], arc: u32) -> Vec<u32> {
    let all: Vec<u32> = past.iter().copied().chain([arc]).collect();
    all[all.len().saturating_sub(REMEMBERED)..].to_vec()
}

#[test]
fn journeys_obey_restrictions_over_ways_and_pass_no_street_for_residents() {
    let v = Vehicle::Car;
    let (mut asked, mut begun_inside) = (0, 0);
    for seed in 0..10 {
        let city = signed_town(seed);
        let (n, streets) = (&city.network, &city.streets[v as usize]);
        let judge = Judge::of(n, v);
        assert!(n.banned.len() > 3, "restrictions over ways");
        let zones = Zones::of(&Moves::of(n, v));
        let public: BTreeSet<u32> = (0..).zip(zones.public).filter(|(_, p)| *p).map(|(arc, _)| arc).collect();
        assert_eq!(public.len(), judge.public.len(), "seed {seed}");
        if public != judge.public {
            continue; // Two parts are equally large: which one is the main one is anybody's choice.
        }
        let (mut random, mut scratch) = (Random::new(seed), Scratch::default());
        for _ in 0..40 {
            let mut snap = || {
                let p = Point::new(45.0, 5.0).shifted(random.between(-50.0, 800.0), random.between(-50.0, 800.0));
                n.snap(p.into(), v, 2_000.0)
            };
            let (Some(a), Some(b)) = (snap(), snap()) else { continue };
            let fast = track(n, streets, v, [&a, &b], true, &mut scratch).map(|t| t.weight);
            let known = judge.fastest(streets, &a, &b);
            assert_eq!(fast, known, "seed {seed}, {a:?} to {b:?}");
            asked += 1;
            begun_inside += usize::from(!judge.public.contains(&(a.segment * 2)));
        }
    }
    assert!(asked > 200 && begun_inside > 20, "{asked} asked, {begun_inside} from streets for residents");
}
