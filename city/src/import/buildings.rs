//! Buildings: where people may live when no grid says so.

use super::osm::middle;
use super::pbf::{Raw, Tags, tag};
use super::report::Report;
use crate::draft::CityDraft;
use crate::geo::{Coord, DEGREE_METRES};

pub(super) fn read(raw: &Raw, draft: &mut CityDraft, report: &mut Report) {
    for way in raw.ways.iter().filter(|w| lived_in(&w.tags)) {
        let outline: Vec<Coord> = way.nodes.iter().filter_map(|n| raw.at.get(n).copied()).collect();
        let floors =
            tag(&way.tags, "building:levels").and_then(|l| l.parse::<f64>().ok()).filter(|l| (0.5..=120.0).contains(l));
        if let Some(at) = middle(&outline) {
            draft.buildings.push((at, (area(&outline) * floors.unwrap_or(1.0)) as f32));
        }
    }
    report.take("buildings", draft.buildings.len());
}

fn lived_in(tags: &Tags) -> bool {
    let kind = tag(tags, "building");
    let other = ["shop", "amenity", "office", "tourism", "leisure"].iter().any(|k| tag(tags, k).is_some());
    kind.is_some_and(|k| {
        !other
            && !matches!(
                k,
                "no" | "garage"
                    | "garages"
                    | "industrial"
                    | "warehouse"
                    | "commercial"
                    | "retail"
                    | "office"
                    | "church"
                    | "chapel"
                    | "school"
                    | "university"
                    | "hospital"
                    | "roof"
                    | "shed"
                    | "hangar"
                    | "ruins"
                    | "construction"
                    | "public"
            )
    })
}

/// Square metres of an outline.
fn area(outline: &[Coord]) -> f64 {
    let Some(first) = outline.first() else {
        return 0.0;
    };
    let shrink = first.point().lat.to_radians().cos();
    let x = |c: &Coord| f64::from(c.lon - first.lon) * 1e-7 * DEGREE_METRES * shrink;
    let y = |c: &Coord| f64::from(c.lat - first.lat) * 1e-7 * DEGREE_METRES;
    let doubled: f64 = outline.windows(2).map(|w| x(&w[0]) * y(&w[1]) - x(&w[1]) * y(&w[0])).sum();
    (doubled / 2.0).abs()
}
