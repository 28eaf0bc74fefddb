//! Where one may go on to from where: the moves of one vehicle under the rules of turning, before anything else is known.
//!
//! On foot and by bike a state is a junction; where turns matter it is a junction together with the arc it was entered
//! by, so that restrictions and the cost of turning are exact. By car every junction is split this way, others only where
//! a turn is forbidden to them. Where a course of three or more arcs is forbidden, each beginning of it has a state of its
//! own: it remembers how one came there. Turning round is allowed only where a split junction offers nothing else.

use super::NONE;
use crate::network::{GATE, Network, SIGNALS, Vehicle};
use std::collections::{BTreeMap, BTreeSet};

/// A right-angled turn by car costs half of this, in milliseconds; straight on nothing, turning round all of it.
const TURN_COST: f64 = 7_500.0;
/// What waiting at signals costs a car on average, in milliseconds.
const SIGNAL_COST: u32 = 2_000;
/// What turning round costs a car.
const ROUND_COST: u32 = 20_000;

/// From one state over an arc to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub from: u32,
    pub to: u32,
    pub arc: u32,
    /// Milliseconds of the turn into the arc.
    pub turn: u32,
    /// Only to begin or end the journey behind it.
    pub gate: bool,
}

pub(super) struct Moves {
    pub states: usize,
    /// Arc → the state at its end for whoever begins on it, or `NONE`.
    pub head: Vec<u32>,
    pub moves: Vec<Move>,
    /// Arc → whether it is only for journeys that begin or end there.
    pub ends: Vec<bool>,
}

/// The forbidden turns and courses of one vehicle.
struct Rules<'a> {
    vehicle: Vehicle,
    /// Arc, arc, and the bits of `Network::turns`; sorted.
    turns: Vec<[u32; 3]>,
    courses: BTreeSet<&'a [u32]>,
    /// Beginnings of forbidden courses, of two or more arcs, and the number of each.
    beginnings: BTreeMap<&'a [u32], u32>,
    /// Arc → whether a beginning has it.
    involved: Vec<bool>,
}

impl<'a> Rules<'a> {
    fn of(network: &'a Network, vehicle: Vehicle, arcs: usize) -> Self {
        let bits = 1 << vehicle as u32 | 1 << (GATE + vehicle as u32);
        let turns = network.turns.iter().copied().filter(|t| t[2] & bits != 0).collect();
        let bound = network.banned.iter().filter(|b| b.vehicles & 1 << vehicle as u8 != 0);
        let courses: BTreeSet<&[u32]> = bound.map(|b| b.arcs.as_slice()).collect();
        let mut beginnings: BTreeMap<&[u32], u32> = BTreeMap::new();
        let mut involved = vec![false; arcs];
        for course in &courses {
            (2..course.len()).for_each(|n| _ = beginnings.insert(&course[..n], 0));
            course[..course.len() - 1].iter().for_each(|&a| involved[a as usize] = true);
        }
        beginnings.values_mut().zip(0..).for_each(|(number, n)| *number = n);
        Self { vehicle, turns, courses, beginnings, involved }
    }

    /// Whether the next arc may follow: nothing when not, else whether only to begin or end behind it.
    fn gate(&self, course: &[u32], next: u32) -> Option<bool> {
        let Some(&last) = course.last() else { return Some(false) };
        let mut at = self.turns.partition_point(|t| (t[0], t[1]) < (last, next));
        let mut gate = false;
        while let Some(t) = self.turns.get(at).filter(|t| (t[0], t[1]) == (last, next)) {
            if t[2] & 1 << self.vehicle as u32 != 0 {
                return None;
            }
            (gate, at) = (true, at + 1);
        }
        let whole = course.len() > 1 && {
            let all = joined(course, next);
            (0..course.len() - 1).any(|from| self.courses.contains(&all[from..]))
        };
        (!whole).then_some(gate)
    }

    /// The beginning of a forbidden course that one is in after the next arc: the longest.
    fn beginning(&self, course: &[u32], next: u32) -> Option<u32> {
        if !course.last().is_some_and(|last| self.involved[*last as usize]) {
            return None;
        }
        let all = joined(course, next);
        (0..course.len()).find_map(|from| self.beginnings.get(&all[from..])).copied()
    }
}

fn joined(course: &[u32], next: u32) -> Vec<u32> {
    course.iter().copied().chain([next]).collect()
}

impl Moves {
    pub fn of(network: &Network, vehicle: Vehicle) -> Self {
        let arcs = 2 * network.segments() as u32;
        let rules = Rules::of(network, vehicle, arcs as usize);
        let mut split = vec![vehicle == Vehicle::Car; network.junctions.len()];
        rules.turns.iter().for_each(|t| split[network.head(t[0]) as usize] = true);
        (0..arcs).filter(|a| rules.involved[*a as usize]).for_each(|a| split[network.head(a) as usize] = true);

        let mut leaving: Vec<Vec<u32>> = vec![Vec::new(); network.junctions.len()];
        let mut single = vec![NONE; network.junctions.len()];
        let mut head = vec![NONE; arcs as usize];
        let mut sources: Vec<(u32, Vec<u32>)> = Vec::new();
        for arc in (0..arcs).filter(|&a| network.travel(a, vehicle).is_some()) {
            leaving[network.tail(arc) as usize].push(arc);
            let at = network.head(arc);
            let known = &mut single[at as usize];
            if *known == NONE || split[at as usize] {
                *known = sources.len() as u32;
                sources.push((at, if split[at as usize] { vec![arc] } else { Vec::new() }));
            }
            head[arc as usize] = *known;
        }
        let plain = sources.len() as u32;
        sources.extend(rules.beginnings.keys().map(|course| (network.head(course[course.len() - 1]), course.to_vec())));
        let ends = signed(network, vehicle);
        let mut moves = Self { states: sources.len(), head, moves: Vec::new(), ends };
        for (state, (at, course)) in (0..).zip(&sources) {
            moves.exits(network, &rules, (state, plain), course, &leaving[*at as usize]);
        }
        moves
    }

    /// Adds the moves that leave a state.
    fn exits(&mut self, n: &Network, rules: &Rules, (state, plain): (u32, u32), course: &[u32], leaving: &[u32]) {
        let vehicle = rules.vehicle;
        let allowed = leaving.iter().filter_map(|&next| Some((next, rules.gate(course, next)?)));
        let allowed: Vec<(u32, bool)> = allowed.collect();
        let last = course.last().copied();
        let inside = last.is_some_and(|arc| n.for_ends(arc, vehicle));
        let elsewhere = allowed
            .iter()
            .any(|&(next, gate)| last != Some(next ^ 1) && (inside || !(gate || n.for_ends(next, vehicle))));
        for (arc, gate) in allowed {
            if elsewhere && last == Some(arc ^ 1) {
                continue;
            }
            let turn = match last {
                Some(last) if vehicle == Vehicle::Car => car_turn(n, last, arc, leaving.len()),
                _ => 0,
            };
            let to = rules.beginning(course, arc).map_or(self.head[arc as usize], |number| plain + number);
            self.moves.push(Move { from: state, to, arc, turn, gate });
        }
    }
}

/// The arcs that only journeys which begin or end there may use, where others could pass through. Those in a dead end, by
/// which nobody gets anywhere else, are as good as public, except that a car might turn round there.
fn signed(n: &Network, vehicle: Vehicle) -> Vec<bool> {
    let usable = |arc: &u32| n.travel(*arc, vehicle).is_some();
    let arcs = 0..2 * n.segments() as u32;
    let mut ends: Vec<bool> = arcs.clone().map(|a| usable(&a) && n.for_ends(a, vehicle)).collect();
    if vehicle == Vehicle::Car {
        return ends;
    }
    let mut public = vec![false; n.junctions.len()];
    for arc in arcs.clone().filter(|a| usable(a) && !ends[*a as usize]) {
        public[n.tail(arc) as usize] = true;
        public[n.head(arc) as usize] = true;
    }
    let mut at: Vec<Vec<u32>> = vec![Vec::new(); n.junctions.len()];
    for arc in arcs.clone().filter(|a| ends[*a as usize] || ends[(a ^ 1) as usize]) {
        at[n.tail(arc) as usize].push(arc / 2);
    }
    let mut seen = vec![false; n.segments()];
    for first in 0..n.segments() as u32 {
        if seen[first as usize] || !(ends[2 * first as usize] || ends[2 * first as usize + 1]) {
            continue;
        }
        let (mut zone, mut doors, mut open) = (Vec::new(), BTreeSet::new(), vec![first]);
        while let Some(segment) = open.pop() {
            if std::mem::replace(&mut seen[segment as usize], true) {
                continue;
            }
            zone.push(segment);
            for junction in n.ends[segment as usize] {
                if public[junction as usize] {
                    doors.insert(junction);
                } else {
                    open.extend(&at[junction as usize]);
                }
            }
        }
        if doors.len() == 1 {
            zone.iter().flat_map(|s| [2 * s, 2 * s + 1]).for_each(|arc| ends[arc as usize] = false);
        }
    }
    ends
}

/// What passing from one arc to the next costs a car, in milliseconds.
pub(super) fn car_turn(network: &Network, arc: u32, next: u32, arms: usize) -> u32 {
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
