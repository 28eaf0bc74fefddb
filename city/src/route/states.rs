//! The graph of one vehicle. On foot and by bike a state is a junction; where turns matter it is a junction together
//! with the arc it was entered by, so that restrictions and the cost of turning are exact.
//!
//! By car every junction is split this way, others only where a turn is forbidden to them. Turning round is allowed
//! only where a split junction offers nothing else.

use super::NONE;
use super::contract::{Edge, contract};
use super::hierarchy::Hierarchy;
use crate::error::FileError;
use crate::file::stored;
use crate::network::{Network, SIGNALS, Vehicle, largest_part};

/// A right-angled turn by car costs half of this, in milliseconds; straight on nothing, turning round all of it.
const TURN_COST: f64 = 7_500.0;
/// What waiting at signals costs a car on average, in milliseconds.
const SIGNAL_COST: u32 = 2_000;
/// What turning round costs a car.
const ROUND_COST: u32 = 20_000;

/// One vehicle's graph and how the network's arcs lead into and out of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Streets {
    /// Arc → the state at its end, or `NONE` where the arc isn't part of the vehicle's main network.
    pub head: Vec<u32>,
    /// Arc → its range in `tails`; one more at the end.
    pub tail_first: Vec<u32>,
    /// States from which the arc may be entered, with the milliseconds of the turn.
    pub tails: Vec<[u32; 2]>,
    pub hierarchy: Hierarchy,
}
stored!(Streets { head, tail_first, tails, hierarchy });

/// The graph before contraction: also what the slow twins search.
pub(crate) struct Graph {
    pub states: usize,
    pub edges: Vec<Edge>,
    pub head: Vec<u32>,
    pub tails: Vec<Vec<[u32; 2]>>,
}

impl Streets {
    /// Builds and contracts the graph.
    pub fn build(network: &Network, vehicle: Vehicle) -> Self {
        let graph = Graph::of(network, vehicle).largest();
        let (hierarchy, number) = contract(graph.states, &graph.edges);
        let renamed = |s: u32| if s == NONE { NONE } else { number[s as usize] };
        let head: Vec<u32> = graph.head.iter().map(|&s| renamed(s)).collect();
        let mut tails = Vec::new();
        let mut tail_first = vec![0];
        for list in &graph.tails {
            tails.extend(list.iter().map(|&[s, cost]| [renamed(s), cost]));
            tail_first.push(tails.len() as u32);
        }
        Self { head, tail_first, tails, hierarchy }
    }

    pub fn tails(&self, arc: u32) -> &[[u32; 2]] {
        &self.tails[self.tail_first[arc as usize] as usize..self.tail_first[arc as usize + 1] as usize]
    }

    /// Whether the vehicle's main network holds the arc.
    pub fn usable(&self, arc: u32) -> bool {
        self.head[arc as usize] != NONE
    }

    pub fn check(&self, arcs: usize) -> Result<(), FileError> {
        let states = self.hierarchy.states();
        let ok = self.head.len() == arcs
            && self.head.iter().all(|&s| s == NONE || (s as usize) < states)
            && self.tail_first.len() == arcs + 1
            && self.tail_first.first() == Some(&0)
            && self.tail_first.windows(2).all(|w| w[0] <= w[1])
            && self.tail_first.last().is_some_and(|&l| l as usize == self.tails.len())
            && self.tails.iter().all(|t| (t[0] as usize) < states && t[1] < NONE / 8);
        if !ok {
            return Err(FileError::Inconsistent("states"));
        }
        self.hierarchy.check(arcs as u32)
    }
}

impl Graph {
    pub fn of(network: &Network, vehicle: Vehicle) -> Self {
        let arcs = 2 * network.segments() as u32;
        let bit = 1u32 << vehicle as u32;
        let forbidden: Vec<[u32; 3]> = network.turns.iter().copied().filter(|t| t[2] & bit != 0).collect();
        let mut split = vec![vehicle == Vehicle::Car; network.junctions.len()];
        forbidden.iter().for_each(|t| split[network.head(t[0]) as usize] = true);

        let mut leaving: Vec<Vec<u32>> = vec![Vec::new(); network.junctions.len()];
        let mut single = vec![NONE; network.junctions.len()];
        let mut head = vec![NONE; arcs as usize];
        let mut states = 0;
        for arc in (0..arcs).filter(|&a| network.travel(a, vehicle).is_some()) {
            leaving[network.tail(arc) as usize].push(arc);
            let at = network.head(arc) as usize;
            if split[at] || single[at] == NONE {
                head[arc as usize] = states;
                states += 1;
                if !split[at] {
                    single[at] = head[arc as usize];
                }
            } else {
                head[arc as usize] = single[at];
            }
        }
        let mut graph =
            Self { states: states as usize, edges: Vec::new(), tails: vec![Vec::new(); arcs as usize], head };
        let mut seen = vec![false; network.junctions.len()];
        for arc in 0..arcs {
            let at = network.head(arc) as usize;
            if graph.head[arc as usize] == NONE || (!split[at] && std::mem::replace(&mut seen[at], true)) {
                continue;
            }
            graph.exits(network, vehicle, arc, split[at], &leaving[at], &forbidden);
        }
        graph
    }

    /// Adds the edges that leave the state at the end of `arc`.
    fn exits(
        &mut self,
        network: &Network,
        vehicle: Vehicle,
        arc: u32,
        split: bool,
        leaving: &[u32],
        forbidden: &[[u32; 3]],
    ) {
        let state = self.head[arc as usize];
        let banned = |next: u32| {
            let at = forbidden.partition_point(|t| (t[0], t[1]) < (arc, next));
            forbidden.get(at).is_some_and(|t| (t[0], t[1]) == (arc, next))
        };
        let allowed: Vec<u32> = leaving.iter().copied().filter(|&n| !split || !banned(n)).collect();
        let elsewhere = allowed.iter().any(|&n| n != arc ^ 1);
        for next in allowed {
            if split && next == arc ^ 1 && elsewhere {
                continue;
            }
            let turn = if vehicle == Vehicle::Car { car_turn(network, arc, next, leaving.len()) } else { 0 };
            let Some(travel) = network.travel(next, vehicle) else {
                continue;
            };
            self.tails[next as usize].push([state, turn]);
            self.edges.push(Edge {
                from: state,
                to: self.head[next as usize],
                weight: turn + travel,
                length: network.length[next as usize / 2],
                arc: next,
            });
        }
    }

    /// The part whose states all reach each other; arcs that don't lead from it into it are dropped.
    pub fn largest(self) -> Self {
        let mut edges = self.edges;
        edges.sort_unstable_by_key(|e| (e.from, e.to, e.weight, e.arc));
        let mut first = vec![0u32; self.states + 1];
        edges.iter().for_each(|e| first[e.from as usize + 1] += 1);
        (1..first.len()).for_each(|i| first[i] += first[i - 1]);
        let to: Vec<u32> = edges.iter().map(|e| e.to).collect();
        let kept = largest_part(&first, &to);
        let mut number = vec![NONE; self.states];
        let mut states = 0;
        for (state, _) in kept.iter().enumerate().filter(|(_, k)| **k) {
            number[state] = states;
            states += 1;
        }
        let renamed = |s: u32| if s == NONE { NONE } else { number[s as usize] };
        let edges = edges
            .into_iter()
            .map(|e| Edge { from: renamed(e.from), to: renamed(e.to), ..e })
            .filter(|e| e.from != NONE && e.to != NONE)
            .collect();
        let mut head: Vec<u32> = self.head.into_iter().map(renamed).collect();
        let mut tails = self.tails;
        for (arc, list) in tails.iter_mut().enumerate() {
            list.iter_mut().for_each(|t| t[0] = renamed(t[0]));
            list.retain(|t| t[0] != NONE);
            if head[arc] == NONE || list.is_empty() {
                head[arc] = NONE;
                list.clear();
            }
        }
        Self { states: states as usize, edges, head, tails }
    }
}

/// What passing from one arc to the next costs a car, in milliseconds.
fn car_turn(network: &Network, arc: u32, next: u32, arms: usize) -> u32 {
    let signals = network.marks[network.head(arc) as usize] & SIGNALS != 0;
    let wait = if signals { SIGNAL_COST } else { 0 };
    if next == arc ^ 1 {
        return ROUND_COST + wait;
    }
    if arms < 3 {
        return wait;
    }
    let bend = super::steps::bend(network, arc, next).abs();
    let share = ((bend - 35.0) / 110.0).clamp(0.0, 1.0);
    wait + (TURN_COST * share * share * (3.0 - 2.0 * share)) as u32
}
