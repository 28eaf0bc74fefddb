//! Turn restrictions of OpenStreetMap, over a node or over ways. Those bound to hours are left out.

use super::pbf::{RawTurn, RawVia, Tags, tag};
use super::report::Report;
use crate::draft::CityDraft;
use crate::network::{DraftWay, Turn, Vehicle};
use std::collections::HashMap;

/// What the numbers of the file have become.
pub(super) struct Known<'a> {
    pub nodes: &'a HashMap<i64, u32>,
    pub ways: &'a HashMap<i64, Vec<u32>>,
}

pub(super) fn read(raw: &[RawTurn], known: &Known, draft: &mut CityDraft, report: &mut Report) {
    for turn in raw {
        let bound = bound(&turn.tags);
        if bound.is_empty() {
            let hours = turn.tags.iter().any(|(k, _)| k.ends_with(":conditional")) || by_hours(&turn.tags);
            let reason = if hours { "turn restrictions for some hours" } else { "turn restrictions for others" };
            report.drop(reason, turn.id);
        }
        for (kind, vehicles) in bound {
            let only = kind.starts_with("only_");
            if !only && !kind.starts_with("no_") {
                report.drop("turn restrictions of an unknown kind", kind);
                continue;
            }
            match known.courses(turn, &draft.streets.ways) {
                Ok(courses) => {
                    let turns = courses.into_iter().map(|course| Turn { only, vehicles, ..course });
                    draft.streets.turns.extend(turns);
                }
                Err(reason) => report.drop(reason, turn.id),
            }
        }
    }
    report.take("turn restrictions", draft.streets.turns.len());
}

/// The restriction's kinds, each with a bit for each vehicle that it binds.
fn bound(tags: &Tags) -> Vec<(&str, u8)> {
    let mut kinds: Vec<(&str, u8)> = Vec::new();
    for vehicle in [Vehicle::Bike, Vehicle::Car] {
        let bit = 1 << vehicle as u8;
        match kind(tags, vehicle) {
            Some(kind) if !is_excepted(tags, vehicle) => match kinds.iter_mut().find(|k| k.0 == kind) {
                Some(known) => known.1 |= bit,
                None => kinds.push((kind, bit)),
            },
            _ => {}
        }
    }
    kinds
}

/// What the vehicle belongs to, the most particular first.
fn groups(vehicle: Vehicle) -> &'static [&'static str] {
    match vehicle {
        Vehicle::Foot => &[],
        Vehicle::Bike => &["bicycle", "vehicle"],
        Vehicle::Car => &["motorcar", "motor_vehicle", "vehicle"],
    }
}

fn kind(tags: &Tags, vehicle: Vehicle) -> Option<&str> {
    let own = groups(vehicle).iter().find_map(|group| {
        let names = |k: &str| k.strip_prefix("restriction:") == Some(group);
        tags.iter().find(|(k, _)| names(k)).map(|(_, v)| v.as_str())
    });
    let for_all = || match tag(tags, "type")?.strip_prefix("restriction:") {
        Some(group) if !groups(vehicle).contains(&group) => None,
        _ => tag(tags, "restriction").filter(|_| !by_hours(tags)),
    };
    own.or_else(for_all)
}

/// Old data name the hours beside the restriction.
fn by_hours(tags: &Tags) -> bool {
    tags.iter().any(|(k, _)| matches!(k.as_str(), "day_on" | "day_off" | "hour_on" | "hour_off"))
}

fn is_excepted(tags: &Tags, vehicle: Vehicle) -> bool {
    let listed = tag(tags, "except").unwrap_or_default().split(';');
    listed.map(str::trim).any(|name| groups(vehicle).contains(&name))
}

impl Known<'_> {
    /// The courses that a restriction is about: one for each way that leads in.
    fn courses(&self, turn: &RawTurn, ways: &[DraftWay]) -> Result<Vec<Turn>, &'static str> {
        const ABSENT: &str = "turn restrictions of ways that aren't here";
        let parts = |id: &i64| self.ways.get(id).ok_or(ABSENT);
        let all = |ids: &[i64]| -> Result<Vec<u32>, _> {
            Ok(ids.iter().map(parts).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().copied().collect())
        };
        let (from, to) = (all(&turn.from)?, all(&turn.to)?);
        let starts: Vec<(u32, Vec<[u32; 2]>)> = match &turn.via {
            RawVia::Node(via) => vec![(*self.nodes.get(via).ok_or(ABSENT)?, Vec::new())],
            RawVia::Ways(ids) => {
                let over = ids.iter().map(parts).collect::<Result<Vec<_>, _>>()?;
                let single: Option<Vec<u32>> = over.iter().map(|p| (p.len() == 1).then(|| p[0])).collect();
                chains(&from, &single.ok_or(ABSENT)?, ways)
            }
        };
        let mut courses = Vec::new();
        for (via, over) in starts {
            let end = over.last().map_or(via, |last| last[1]);
            let at = |list: &[u32], node: u32| -> Vec<u32> {
                list.iter().copied().filter(|w| arms(&ways[*w as usize], node) == 1).collect()
            };
            let (from, to) = (at(&from, via), at(&to, end));
            if !to.is_empty() {
                let course = |from| Turn { from, via, over: over.clone(), to: to.clone(), only: false, vehicles: 0 };
                courses.extend(from.into_iter().map(course));
            }
        }
        if courses.is_empty() { Err("turn restrictions whose ways don't meet at their ends") } else { Ok(courses) }
    }
}

/// The ways passed, in order, each with the node at its far end: from every node at which a way that leads in ends.
fn chains(from: &[u32], over: &[u32], ways: &[DraftWay]) -> Vec<(u32, Vec<[u32; 2]>)> {
    let mut starts: Vec<u32> = from.iter().flat_map(|w| ends(&ways[*w as usize])).collect();
    starts.sort_unstable();
    starts.dedup();
    let chain = |start: &u32| {
        let (mut left, mut at, mut chain) = (over.to_vec(), *start, Vec::new());
        while !left.is_empty() {
            let next = left.iter().position(|w| ends(&ways[*w as usize]).contains(&at))?;
            let way = left.remove(next);
            let [a, b] = ends(&ways[way as usize]);
            at = if a == at { b } else { a };
            chain.push([way, at]);
        }
        Some((*start, chain))
    };
    starts.iter().filter_map(chain).collect()
}

fn ends(way: &DraftWay) -> [u32; 2] {
    [way.nodes[0], way.nodes[way.nodes.len() - 1]]
}

/// How many stretches of a way touch a node: where it is two, which one is meant is unknown.
fn arms(way: &DraftWay, node: u32) -> usize {
    let last = way.nodes.len() - 1;
    let at = way.nodes.iter().enumerate().filter(|(_, n)| **n == node);
    at.map(|(i, _)| usize::from(i > 0) + usize::from(i < last)).sum()
}
