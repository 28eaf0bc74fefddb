//! The parts of an `.osm.pbf` that a city needs, in two passes: the ids in it need not be sorted.

use super::report::Report;
use crate::error::ImportError;
use crate::geo::{Coord, Point};
use osmpbf::{Element, ElementReader, RelMemberType};
use std::collections::HashMap;

/// Tags of one element.
pub(super) type Tags = Vec<(String, String)>;

/// The value of a tag.
pub(super) fn tag<'a>(tags: &'a [(String, String)], key: &str) -> Option<&'a str> {
    tags.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
}

pub(super) struct RawWay {
    pub id: i64,
    pub nodes: Vec<i64>,
    pub tags: Tags,
}

/// What a turn restriction leads over.
pub(super) enum RawVia {
    Node(i64),
    Ways(Vec<i64>),
}

/// A turn restriction as drawn.
pub(super) struct RawTurn {
    pub id: i64,
    pub from: Vec<i64>,
    pub via: RawVia,
    pub to: Vec<i64>,
    pub tags: Tags,
}

#[derive(Default)]
pub(super) struct Raw {
    /// Ways with a street, a building, a ferry, or a named place.
    pub ways: Vec<RawWay>,
    pub turns: Vec<RawTurn>,
    /// Node → its place.
    pub at: HashMap<i64, Coord>,
    /// Nodes that say something about traffic or that are places.
    pub tagged: Vec<(i64, Coord, Tags)>,
}

fn wanted_way(k: &str) -> bool {
    matches!(
        k,
        "highway"
            | "building"
            | "route"
            | "amenity"
            | "shop"
            | "tourism"
            | "leisure"
            | "natural"
            | "waterway"
            | "place"
            | "office"
            | "railway"
    )
}

fn wanted_node(k: &str) -> bool {
    matches!(
        k,
        "highway"
            | "barrier"
            | "amenity"
            | "shop"
            | "tourism"
            | "leisure"
            | "place"
            | "office"
            | "addr:housenumber"
            | "railway"
            | "historic"
    )
}

fn owned<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Tags {
    tags.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

pub(super) fn read(bytes: &[u8], report: &mut Report) -> Result<Raw, ImportError> {
    super::guard::check(bytes)?;
    let mut raw = Raw::default();
    let failed = |e: osmpbf::Error| ImportError::Pbf(e.to_string());
    let mut used: Vec<i64> = Vec::new();
    ElementReader::new(bytes)
        .for_each(|element| match element {
            Element::Way(way) if way.tags().any(|(k, _)| wanted_way(k)) => {
                let nodes: Vec<i64> = way.refs().collect();
                used.extend(&nodes);
                // Files with the places of nodes on the ways leave out the nodes themselves.
                if way.node_locations().len() == nodes.len() {
                    let places = way.node_locations().map(|at| Point::new(at.lat(), at.lon()));
                    let known = nodes.iter().copied().zip(places).filter(|(_, at)| at.is_valid());
                    raw.at.extend(known.map(|(id, at)| (id, Coord::from(at))));
                }
                raw.ways.push(RawWay { id: way.id(), nodes, tags: owned(way.tags()) });
            }
            Element::Relation(relation) if relation.tags().any(restricts) => match restriction(&relation) {
                Some(turn) => raw.turns.push(turn),
                None => report.drop("turn restrictions without all their members", relation.id()),
            },
            _ => {}
        })
        .map_err(failed)?;
    used.sort_unstable();
    used.dedup();
    raw.at.reserve(used.len());
    let mut node = |id: i64, lat: f64, lon: f64, tags: Tags| {
        let point = Point::new(lat, lon);
        if !point.is_valid() {
            return report.drop("nodes that aren't on Earth", id);
        }
        if used.binary_search(&id).is_ok() {
            raw.at.insert(id, point.into());
        }
        if tags.iter().any(|(k, _)| wanted_node(k)) {
            raw.tagged.push((id, point.into(), tags));
        }
    };
    ElementReader::new(bytes)
        .for_each(|element| match element {
            Element::Node(n) => node(n.id(), n.lat(), n.lon(), owned(n.tags())),
            Element::DenseNode(n) => node(n.id(), n.lat(), n.lon(), owned(n.tags())),
            _ => {}
        })
        .map_err(failed)?;
    Ok(raw)
}

/// `type=restriction`, or in old data `type=restriction:bicycle`.
fn restricts((key, value): (&str, &str)) -> bool {
    key == "type" && value.strip_prefix("restriction").is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

fn restriction(relation: &osmpbf::Relation) -> Option<RawTurn> {
    let (mut from, mut nodes, mut ways, mut to) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for member in relation.members() {
        match (member.role().unwrap_or_default(), member.member_type) {
            ("from", RelMemberType::Way) => from.push(member.member_id),
            ("via", RelMemberType::Node) => nodes.push(member.member_id),
            ("via", RelMemberType::Way) => ways.push(member.member_id),
            ("to", RelMemberType::Way) => to.push(member.member_id),
            _ => {}
        }
    }
    let via = match nodes[..] {
        [node] if ways.is_empty() => RawVia::Node(node),
        // Nodes beside ways only say where the ways meet.
        _ if !ways.is_empty() => RawVia::Ways(ways),
        _ => return None,
    };
    let complete = !from.is_empty() && !to.is_empty();
    complete.then(|| RawTurn { id: relation.id(), from, via, to, tags: owned(relation.tags()) })
}
