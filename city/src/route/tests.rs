//! The hierarchy against its slow twin, Dijkstra on the same graph, on random streets.

use super::states::Graph;
use super::{NONE, Scratch, Streets, Sweep, alternatives, track};
use crate::City;
use crate::draft::CityDraft;
use crate::geo::Point;
use crate::network::{Class, DraftWay, Manner, Network, SIGNALS, Snap, Turn, Vehicle};
use crate::random::Random;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A bent lattice with holes, one-ways, restrictions and barriers.
pub(crate) fn random_town(seed: u64, side: usize) -> CityDraft {
    let mut random = Random::new(seed);
    let mut draft = CityDraft::default();
    let middle = Point::new(45.0, 5.0);
    for k in 0..side * side {
        let (x, y) = ((k % side) as f64 * 100.0, (k / side) as f64 * 100.0);
        draft.streets.node(middle.shifted(x + random.between(-30.0, 30.0), y + random.between(-30.0, 30.0)).into());
        let last = draft.streets.nodes.len() - 1;
        draft.streets.marks[last] = if random.chance(0.1) { SIGNALS } else { 0 };
        draft.streets.barriers[last] = if random.chance(0.04) { 1 << Vehicle::Car as u8 } else { 0 };
    }
    for k in 0..side * side {
        for next in [k + 1, k + side] {
            let wraps = next == k + 1 && next % side == 0;
            if next >= side * side || wraps || random.chance(0.15) {
                continue;
            }
            let mut manner = Manner { class: Class::Street as u8, ..Manner::default() };
            let car = 1_000 + random.below(5_000) as u16;
            manner.speed = [[500, 500], [1_500, 1_500], [car, if random.chance(0.25) { 0 } else { car }]];
            let name = format!("Street {}", random.below(20));
            draft.streets.ways.push(DraftWay { nodes: vec![k as u32, next as u32], name, manner });
        }
    }
    let ways = draft.streets.ways.len();
    for _ in 0..side * 3 {
        let from = random.below(ways) as u32;
        let via = *random.pick(&draft.streets.ways[from as usize].nodes);
        let meets = |w: &usize| draft.streets.ways[*w].nodes.contains(&via) && *w != from as usize;
        if let Some(to) = (0..ways).rfind(meets) {
            let only = random.chance(0.2);
            let to = vec![to as u32];
            draft.streets.turns.push(Turn { from, via, over: Vec::new(), to, only, vehicles: 0b110 });
        }
    }
    draft
}

/// Milliseconds from one snap to another by plain Dijkstra over the uncontracted states.
fn slow(n: &Network, g: &Graph, v: Vehicle, from: &Snap, to: &Snap, usable: &dyn Fn(u32) -> bool) -> Option<u32> {
    let share = |w: u32, s: f64| (f64::from(w) * s).round() as u32;
    let mut distance = vec![NONE; g.states];
    let mut queue = BinaryHeap::new();
    for (arc, left) in [(from.segment * 2, 1.0 - f64::from(from.share)), (from.segment * 2 + 1, f64::from(from.share))]
    {
        if usable(arc) {
            let d = share(n.travel(arc, v)?, left);
            let state = g.head[arc as usize] as usize;
            distance[state] = distance[state].min(d);
            queue.push(Reverse((d, g.head[arc as usize])));
        }
    }
    while let Some(Reverse((d, s))) = queue.pop() {
        if d > distance[s as usize] {
            continue;
        }
        for e in g.edges.iter().filter(|e| e.from == s) {
            if d + e.weight < distance[e.to as usize] {
                distance[e.to as usize] = d + e.weight;
                queue.push(Reverse((d + e.weight, e.to)));
            }
        }
    }
    let mut best = NONE;
    for (arc, done) in [(to.segment * 2, f64::from(to.share)), (to.segment * 2 + 1, 1.0 - f64::from(to.share))] {
        for &[state, turn] in g.tails[arc as usize].iter().filter(|_| usable(arc)) {
            if distance[state as usize] != NONE {
                best = best.min(distance[state as usize] + turn + share(n.travel(arc, v)?, done));
            }
        }
    }
    let along =
        super::direct(n, &Streets { head: g.head.clone(), ..Streets::default() }, v, from, to).map(|t| t.weight);
    along.into_iter().chain(Some(best).filter(|b| *b != NONE)).min()
}

#[test]
fn the_hierarchy_finds_what_dijkstra_finds() {
    for seed in 0..12 {
        let city = City::build(random_town(seed, 9));
        let n = &city.network;
        let mut random = Random::new(seed ^ 77);
        for v in Vehicle::ALL {
            let (graph, streets) = (Graph::of(n, v), &city.streets[v as usize]);
            let mut scratch = Scratch::default();
            for _ in 0..60 {
                let mut snap = || {
                    let p = Point::new(45.0, 5.0).shifted(random.between(-50.0, 900.0), random.between(-50.0, 900.0));
                    n.snap(p.into(), v, 2_000.0)
                };
                let (Some(a), Some(b)) = (snap(), snap()) else {
                    continue;
                };
                let fast = track(n, streets, v, [&a, &b], true, &mut scratch);
                let known = slow(n, &graph, v, &a, &b, &|arc| streets.usable(arc));
                assert_eq!(fast.as_ref().map(|t| t.weight), known, "seed {seed}, {v:?}, {a:?} to {b:?}");
                let sweep = Sweep::from(n, streets, v, &a, &mut scratch);
                assert_eq!(sweep.to(&b), known, "sweep, seed {seed}, {v:?}");
            }
        }
    }
}

#[test]
fn a_track_is_connected_allowed_and_as_long_as_it_says() {
    for seed in 20..30 {
        let city = City::build(random_town(seed, 9));
        let (n, mut random) = (&city.network, Random::new(seed));
        let v = Vehicle::Car;
        let streets = &city.streets[v as usize];
        for _ in 0..60 {
            let mut snap = || {
                n.snap(
                    Point::new(45.0, 5.0).shifted(random.between(0.0, 800.0), random.between(0.0, 800.0)).into(),
                    v,
                    2e3,
                )
            };
            let (Some(a), Some(b)) = (snap(), snap()) else {
                continue;
            };
            for t in alternatives(n, streets, v, [&a, &b], 3, &mut Scratch::default()) {
                for pair in t.arcs.windows(2) {
                    assert_eq!(n.head(pair[0]), n.tail(pair[1]));
                    let banned = n.turns.iter().any(|x| x[0] == pair[0] && x[1] == pair[1] && x[2] & 4 != 0);
                    assert!(!banned, "a forbidden turn was taken");
                }
                assert!(t.arcs.iter().all(|&arc| n.travel(arc, v).is_some()));
                let drawn = crate::geo::line_metres(&t.shape(n, &a, &b));
                assert!(
                    (drawn - t.length as f64 / 100.0).abs() < 1.0 + drawn * 0.01,
                    "{drawn} drawn, {} stated",
                    t.length
                );
                let steps: f64 = super::steps(n, &t, &a, &b).iter().map(|s| s.metres).sum();
                assert!((steps - t.length as f64 / 100.0).abs() < 1.0);
            }
        }
    }
}

#[test]
fn alternatives_differ_and_are_never_faster_than_the_best() {
    let city = City::build(random_town(5, 14));
    let (n, v) = (&city.network, Vehicle::Foot);
    let ends = [(0.0, 0.0), (1200.0, 1200.0)]
        .map(|(x, y)| n.snap(Point::new(45.0, 5.0).shifted(x, y).into(), v, 2e3).unwrap());
    let found = alternatives(n, &city.streets[v as usize], v, [&ends[0], &ends[1]], 3, &mut Scratch::default());
    assert!(found.len() >= 2, "a lattice has more than one way");
    assert!(found.windows(2).all(|w| w[0].weight <= w[1].weight && w[0].arcs != w[1].arcs));
}

#[test]
fn a_turn_that_takes_for_ever_is_refused() {
    let city = City::build(random_town(1, 4));
    let (arcs, mut streets) = (2 * city.network.segments(), city.streets[Vehicle::Car as usize].clone());
    assert!(streets.check(arcs).is_ok());
    streets.tails[0][1] = NONE - 1;
    assert!(streets.check(arcs).is_err());
}
