//! Streets out of OpenStreetMap: who may use which way in which direction, how fast.

use super::pbf::{self, Raw, tag};
use super::report::Report;
use super::{access, areas, buildings, places, turns};
use crate::draft::CityDraft;
use crate::error::ImportError;
use crate::geo::Coord;
use crate::network::{DraftWay, SIGNALS};
use std::collections::HashMap;

pub(super) fn read(bytes: &[u8], draft: &mut CityDraft, report: &mut Report) -> Result<(), ImportError> {
    let raw = pbf::read(bytes, report)?;
    let mut nodes: HashMap<i64, u32> = HashMap::with_capacity(raw.at.len());
    let mut ways: HashMap<i64, u32> = HashMap::new();
    for way in &raw.ways {
        let Some(manner) = access::manner(&way.tags) else {
            continue;
        };
        let mut line = Vec::with_capacity(way.nodes.len());
        for id in &way.nodes {
            match raw.at.get(id) {
                Some(&at) => line.push(*nodes.entry(*id).or_insert_with(|| draft.streets.node(at))),
                None => report.drop("nodes of ways outside the extract", id),
            }
        }
        line.dedup();
        if line.len() < 2 {
            report.drop("ways of fewer than two nodes", way.id);
            continue;
        }
        ways.insert(way.id, draft.streets.ways.len() as u32);
        let name = tag(&way.tags, "name").or_else(|| tag(&way.tags, "ref")).unwrap_or_default();
        draft.streets.ways.push(DraftWay { nodes: line, name: name.to_owned(), manner });
    }
    if draft.streets.ways.is_empty() {
        return Err(ImportError::Empty("the OpenStreetMap file holds no street"));
    }
    report.take("ways", draft.streets.ways.len());
    marks(&raw, &nodes, draft);
    turns::read(&raw.turns, &nodes, &ways, draft, report);
    places::read(&raw, draft, report);
    areas::read(&raw, draft, report);
    buildings::read(&raw, draft, report);
    Ok(())
}

/// Signals, and what stands in the way.
fn marks(raw: &Raw, nodes: &HashMap<i64, u32>, draft: &mut CityDraft) {
    for (id, _, tags) in &raw.tagged {
        let Some(&node) = nodes.get(id) else { continue };
        if tag(tags, "highway") == Some("traffic_signals") {
            draft.streets.marks[node as usize] |= SIGNALS;
        }
        if let Some(barrier) = tag(tags, "barrier") {
            draft.streets.barriers[node as usize] = access::barrier(barrier, tags);
        }
    }
}

/// Middle of an outline.
pub(super) fn middle(line: &[Coord]) -> Option<Coord> {
    let n = i64::try_from(line.len()).ok().filter(|n| *n > 0)?;
    let mean = |f: fn(&Coord) -> i32| (line.iter().map(|c| i64::from(f(c))).sum::<i64>() / n) as i32;
    Some(Coord { lat: mean(|c| c.lat), lon: mean(|c| c.lon) })
}
