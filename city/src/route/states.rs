//! The graph of one vehicle: its `moves` on the public streets, and in the `zones` beside them.

use super::NONE;
use super::contract::{Edge, contract};
use super::hierarchy::Hierarchy;
use super::moves::Moves;
use super::zones::Zones;
use crate::error::FileError;
use crate::file::stored;
use crate::network::{Network, Vehicle};

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
        let graph = Graph::of(network, vehicle);
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
    /// The parts whose states all lead into and out of the largest part of the public streets.
    pub fn of(network: &Network, vehicle: Vehicle) -> Self {
        let m = Moves::of(network, vehicle);
        let zones = Zones::of(&m);
        let mut states = 0;
        let mut numbers = |kept: &[bool]| -> Vec<u32> {
            let mut number = |kept: &bool| {
                states += u32::from(*kept);
                if *kept { states - 1 } else { NONE }
            };
            kept.iter().map(&mut number).collect()
        };
        let (main, leaving, arriving) = (numbers(&zones.main), numbers(&zones.leaving), numbers(&zones.arriving));
        let mut graph = Self {
            states: states as usize,
            edges: Vec::new(),
            head: vec![NONE; m.head.len()],
            tails: vec![Vec::new(); m.head.len()],
        };
        for (arc, head) in graph.head.iter_mut().enumerate().filter(|(arc, _)| zones.usable[*arc]) {
            let number = if zones.begins_public(&m, arc) { &main } else { &leaving };
            *head = number[m.head[arc] as usize];
        }
        for step in &m.moves {
            let (from, to) = (step.from as usize, step.to as usize);
            let first = |a: u32, b: u32| if a == NONE { b } else { a };
            let (ending, begun) = (arriving[to], leaving[from]);
            // Behind a sign nobody goes on but whoever began there, or ends there.
            let courses = if zones.public[step.arc as usize] {
                let open = if step.gate { NONE } else { main[from] };
                [(open, main[to]), (begun, first(main[to], leaving[to])), (NONE, NONE)]
            } else {
                [(main[from], ending), (begun, first(leaving[to], ending)), (arriving[from], ending)]
            };
            for (from, to) in courses.into_iter().filter(|(from, _)| *from != NONE) {
                graph.step(network, vehicle, [from, to], step.arc, step.turn);
            }
        }
        graph.edges.sort_unstable_by_key(|e| (e.from, e.to, e.weight, e.arc));
        graph
    }

    fn step(&mut self, network: &Network, vehicle: Vehicle, [from, to]: [u32; 2], arc: u32, turn: u32) {
        let Some(travel) = network.travel(arc, vehicle) else { return };
        if self.head[arc as usize] != NONE {
            self.tails[arc as usize].push([from, turn]);
        }
        if to != NONE {
            let length = network.length[arc as usize / 2];
            self.edges.push(Edge { from, to, weight: turn + travel, length, arc });
        }
    }
}
