//! Water, parks and rivers, where one way draws them.

use super::pbf::{Raw, Tags, tag};
use super::report::Report;
use crate::areas::AreaKind;
use crate::draft::CityDraft;
use crate::geo::Coord;

pub(super) fn read(raw: &Raw, draft: &mut CityDraft, report: &mut Report) {
    for way in &raw.ways {
        let Some(kind) = kind(&way.tags) else {
            continue;
        };
        let closed = way.nodes.len() > 3 && way.nodes.first() == way.nodes.last();
        if kind != AreaKind::River && !closed {
            report.drop("outlines of water or parks that aren't closed", way.id);
            continue;
        }
        let line: Vec<Coord> = way.nodes.iter().filter_map(|n| raw.at.get(n).copied()).collect();
        if line.len() == way.nodes.len() || kind == AreaKind::River {
            draft.areas.push((kind, line));
        }
    }
    report.take("areas of water and parks, and rivers", draft.areas.len());
}

fn kind(tags: &Tags) -> Option<AreaKind> {
    if matches!(tag(tags, "natural"), Some("water" | "bay")) || tag(tags, "waterway") == Some("riverbank") {
        return Some(AreaKind::Water);
    }
    if matches!(tag(tags, "waterway"), Some("river" | "canal")) {
        return Some(AreaKind::River);
    }
    let green = matches!(tag(tags, "leisure"), Some("park" | "garden" | "nature_reserve"));
    (green || matches!(tag(tags, "natural"), Some("wood" | "scrub"))).then_some(AreaKind::Park)
}
