//! From drawn ways to segments between junctions.
//!
//! A node becomes a junction where ways meet or end, at signals, at barriers and at the node of a turn restriction.
//! A barrier forbids every turn across its node to those it stops: the street stays usable from both sides.

use super::{Banned, Draft, DraftWay, GATE, Grid, Manner, Network, Turn};
use crate::geo::Coord;
use std::collections::HashMap;

/// Longest shape of one segment: keeps indices and pieces small on endless ways.
const MOST_POINTS: usize = 400;

struct Builder<'a> {
    draft: &'a Draft,
    network: Network,
    /// Node → junction, or `u32::MAX`.
    junction: Vec<u32>,
    manners: HashMap<Manner, u16>,
    names: HashMap<&'a str, u32>,
    /// Way → range of its segments.
    segments: Vec<std::ops::Range<u32>>,
    /// Junction → arcs that leave it; filled once all segments are known.
    leaving: Vec<Vec<u32>>,
}

/// Makes the network; ways that name unknown nodes lose them, ways of fewer than two nodes vanish.
pub(crate) fn build(draft: &Draft) -> Network {
    let mut builder = Builder {
        draft,
        network: Network::default(),
        junction: vec![u32::MAX; draft.nodes.len()],
        manners: HashMap::new(),
        names: HashMap::new(),
        segments: Vec::with_capacity(draft.ways.len()),
        leaving: Vec::new(),
    };
    builder.network.first.push(0);
    builder.mark_junctions();
    for way in &draft.ways {
        let start = builder.network.segments() as u32;
        builder.way(way);
        builder.segments.push(start..builder.network.segments() as u32);
    }
    builder.leaving = vec![Vec::new(); builder.network.junctions.len()];
    for arc in 0..2 * builder.network.segments() as u32 {
        builder.leaving[builder.network.tail(arc) as usize].push(arc);
    }
    let mut turns = builder.blocked();
    let mut banned: Vec<Banned> = draft.turns.iter().flat_map(|t| builder.turn(t)).collect();
    banned.retain(|b| match b.arcs[..] {
        [a, b2] => {
            turns.push([a, b2, u32::from(b.vehicles)]);
            false
        }
        _ => true,
    });
    turns.sort_unstable();
    turns.dedup();
    banned.sort_unstable();
    banned.dedup();
    let mut network = builder.network;
    network.turns = turns;
    network.banned = banned;
    network.usable = vec![0; network.segments()];
    network.grid = Grid::over(&network.points, &network.first);
    network
}

impl<'a> Builder<'a> {
    fn mark_junctions(&mut self) {
        let draft = self.draft;
        let mut uses = vec![0u8; draft.nodes.len()];
        for way in &draft.ways {
            let last = way.nodes.len().saturating_sub(1);
            for (i, &node) in way.nodes.iter().enumerate() {
                if let Some(u) = uses.get_mut(node as usize) {
                    *u = u.saturating_add(if i == 0 || i == last { 2 } else { 1 });
                }
            }
        }
        for turn in &draft.turns {
            if let Some(u) = uses.get_mut(turn.via as usize).filter(|u| **u > 0) {
                *u = 2;
            }
        }
        for (node, &used) in uses.iter().enumerate() {
            if used > 1 || (used > 0 && (draft.marks[node] | draft.barriers[node] | draft.gates[node]) != 0) {
                self.junction[node] = self.network.junctions.len() as u32;
                self.network.junctions.push(draft.nodes[node]);
                self.network.marks.push(draft.marks[node]);
            }
        }
    }

    fn way(&mut self, way: &'a DraftWay) {
        let name = self.name(&way.name);
        let manner = self.manner(way.manner);
        let mut shape: Vec<Coord> = Vec::new();
        let mut start = None;
        let nodes: Vec<u32> = way.nodes.iter().copied().filter(|&n| (n as usize) < self.draft.nodes.len()).collect();
        for (i, &node) in nodes.iter().enumerate() {
            let at = self.draft.nodes[node as usize];
            shape.push(at);
            if shape.len() >= MOST_POINTS || i + 1 == nodes.len() {
                self.ensure_junction(node);
            }
            let Some(from) = start else {
                self.ensure_junction(node);
                start = Some(self.junction[node as usize]);
                continue;
            };
            let to = self.junction[node as usize];
            if to != u32::MAX {
                self.segment(&shape, [from, to], name, manner);
                shape.clear();
                shape.push(at);
                start = Some(self.junction[node as usize]);
            }
        }
    }

    fn ensure_junction(&mut self, node: u32) {
        if self.junction[node as usize] == u32::MAX {
            self.junction[node as usize] = self.network.junctions.len() as u32;
            self.network.junctions.push(self.draft.nodes[node as usize]);
            self.network.marks.push(self.draft.marks[node as usize]);
        }
    }

    fn segment(&mut self, shape: &[Coord], ends: [u32; 2], name: u32, manner: u16) {
        let metres: f64 = shape.windows(2).map(|w| w[0].metres_to(w[1])).sum();
        let n = &mut self.network;
        n.points.extend_from_slice(shape);
        n.first.push(n.points.len() as u32);
        n.ends.push(ends);
        n.length.push((metres * 100.0).round().min(4e8) as u32);
        n.name.push(name);
        n.manner.push(manner);
    }

    fn name(&mut self, name: &'a str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let names = &mut self.network.names;
        *self.names.entry(name).or_insert_with(|| names.push(name))
    }

    fn manner(&mut self, manner: Manner) -> u16 {
        let manners = &mut self.network.manners;
        *self.manners.entry(manner).or_insert_with(|| {
            manners.push(manner);
            manners.len().min(usize::from(u16::MAX)) as u16 - 1
        })
    }

    /// The pairs of arcs that a barrier keeps apart.
    fn blocked(&self) -> Vec<[u32; 3]> {
        let stops = self.draft.barriers.iter().zip(&self.draft.gates).enumerate();
        let stops = stops.filter(|&(node, (&b, &g))| b | g != 0 && self.junction[node] != u32::MAX);
        let pairs = |(node, (&stopped, &ends)): (usize, (&u8, &u8))| {
            let bits = u32::from(stopped) | u32::from(ends) << GATE;
            let out = &self.leaving[self.junction[node] as usize];
            let both = out.iter().flat_map(|&a| out.iter().map(move |&b| (a ^ 1, b)));
            both.filter(|(a, b)| a / 2 != b / 2).map(|(a, b)| [a, b, bits]).collect::<Vec<_>>()
        };
        stops.flat_map(pairs).collect()
    }

    fn arcs(&self, way: u32) -> impl Iterator<Item = u32> + use<> {
        let segments = self.segments.get(way as usize).cloned().unwrap_or(0..0);
        segments.flat_map(|s| [s * 2, s * 2 + 1])
    }

    /// The forbidden courses of one restriction; none when its ways don't meet.
    fn turn(&self, turn: &Turn) -> Vec<Banned> {
        let n = &self.network;
        let Some((course, end)) = self.course(turn) else { return Vec::new() };
        let out: Vec<u32> = turn.to.iter().flat_map(|w| self.arcs(*w)).filter(|&a| n.tail(a) == end).collect();
        let banned = |known: &[u32], next: u32| {
            let arcs = known.iter().copied().chain([next]).collect();
            Banned { arcs, vehicles: turn.vehicles }
        };
        if !turn.only {
            return out.into_iter().map(|next| banned(&course, next)).collect();
        }
        if out.is_empty() {
            return Vec::new();
        }
        // Whoever comes from the first way keeps to the whole course; turning round is judged elsewhere.
        let off = |at: usize| {
            let (here, next) = (course[at], course.get(at + 1).map_or(out.clone(), |a| vec![*a]));
            let others = self.leaving[n.head(here) as usize].iter().copied();
            others.filter(move |a| !next.contains(a) && a / 2 != here / 2).map(move |a| (at, a))
        };
        (0..course.len()).flat_map(off).map(|(at, next)| banned(&course[..=at], next)).collect()
    }

    /// The arcs of a restriction up to its last way, and the junction at which that begins.
    fn course(&self, turn: &Turn) -> Option<(Vec<u32>, u32)> {
        let n = &self.network;
        let junction = |node: u32| self.junction.get(node as usize).copied().filter(|j| *j != u32::MAX);
        let mut at = junction(turn.via)?;
        let into: Vec<u32> = self.arcs(turn.from).filter(|&a| n.head(a) == at).collect();
        // Two arms on either side mean that the way passes through: which one is meant is then unknown.
        let [first] = into[..] else { return None };
        let mut course = vec![first];
        for &[way, end] in &turn.over {
            let mut along: Vec<u32> = self.arcs(way).filter(|a| a & 1 == 0).collect();
            if n.tail(*along.first()?) != at {
                along = along.into_iter().rev().map(|a| a ^ 1).collect();
            }
            let end = junction(end)?;
            if n.tail(*along.first()?) != at || n.head(*along.last()?) != end {
                return None;
            }
            course.extend(along);
            at = end;
        }
        Some((course, at))
    }
}
