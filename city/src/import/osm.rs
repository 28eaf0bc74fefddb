//! Streets out of OpenStreetMap: who may use which way in which direction, how fast.

use super::pbf::{self, Raw, RawWay, tag};
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
    let mut ways: HashMap<i64, Vec<u32>> = HashMap::new();
    for way in &raw.ways {
        let metres = way.nodes.iter().map(|id| raw.at.get(id).copied()).collect::<Option<Vec<_>>>().map(|l| length(&l));
        let Some(manner) = access::manner(&way.tags, metres) else {
            continue;
        };
        if way.tags.iter().any(|(key, _)| key.ends_with(":conditional")) {
            report.drop("rules of ways bound to hours, weights and the like (the others count)", way.id);
        }
        let name = tag(&way.tags, "name").or_else(|| tag(&way.tags, "ref")).unwrap_or_default();
        for line in known_parts(way, &raw, report) {
            let mut line: Vec<u32> =
                line.iter().map(|id| *nodes.entry(*id).or_insert_with(|| draft.streets.node(raw.at[id]))).collect();
            line.dedup();
            if line.len() < 2 {
                report.drop("ways of fewer than two nodes", way.id);
                continue;
            }
            ways.entry(way.id).or_default().push(draft.streets.ways.len() as u32);
            draft.streets.ways.push(DraftWay { nodes: line, name: name.to_owned(), manner });
        }
    }
    if draft.streets.ways.is_empty() {
        return Err(ImportError::Empty("the OpenStreetMap file holds no street"));
    }
    report.take("ways", draft.streets.ways.len());
    marks(&raw, &nodes, draft);
    turns::read(&raw.turns, &turns::Known { nodes: &nodes, ways: &ways }, draft, report);
    places::read(&raw, draft, report);
    areas::read(&raw, draft, report);
    buildings::read(&raw, draft, report);
    Ok(())
}

/// The stretches of a way whose nodes are in the file: nothing is known of how it goes on between them.
fn known_parts<'a>(way: &'a RawWay, raw: &Raw, report: &mut Report) -> Vec<&'a [i64]> {
    for id in way.nodes.iter().filter(|id| !raw.at.contains_key(id)) {
        report.drop("nodes of ways outside the extract (the ways end there)", id);
    }
    way.nodes.split(|id| !raw.at.contains_key(id)).filter(|part| !part.is_empty()).collect()
}

fn length(line: &[Coord]) -> f64 {
    line.windows(2).map(|w| w[0].metres_to(w[1])).sum()
}

/// Signals, and what stands in the way.
fn marks(raw: &Raw, nodes: &HashMap<i64, u32>, draft: &mut CityDraft) {
    for (id, _, tags) in &raw.tagged {
        let Some(&node) = nodes.get(id) else { continue };
        if tag(tags, "highway") == Some("traffic_signals") {
            draft.streets.marks[node as usize] |= SIGNALS;
        }
        if let Some(barrier) = tag(tags, "barrier") {
            let [stopped, ends] = access::barrier(barrier, tags);
            draft.streets.barriers[node as usize] = stopped;
            draft.streets.gates[node as usize] = ends;
        }
    }
}

/// Middle of an outline.
pub(super) fn middle(line: &[Coord]) -> Option<Coord> {
    let n = i64::try_from(line.len()).ok().filter(|n| *n > 0)?;
    let mean = |f: fn(&Coord) -> i32| (line.iter().map(|c| i64::from(f(c))).sum::<i64>() / n) as i32;
    Some(Coord { lat: mean(|c| c.lat), lon: mean(|c| c.lon) })
}
