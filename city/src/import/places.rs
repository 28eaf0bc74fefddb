//! Names on the map: addresses, shops, amenities, districts. Streets name themselves.

use super::osm::middle;
use super::pbf::{Raw, Tags, tag};
use super::report::Report;
use crate::draft::{CityDraft, DraftPlace};
use crate::geo::Coord;

/// The keys that make something a place, the most telling first.
const KINDS: [&str; 9] = ["place", "shop", "amenity", "tourism", "leisure", "historic", "office", "railway", "natural"];

/// Furniture of the street rather than somewhere to go.
const NOT_PLACES: [&str; 12] = [
    "bench",
    "waste_basket",
    "parking_space",
    "vending_machine",
    "telephone",
    "post_box",
    "drinking_water",
    "recycling",
    "bicycle_parking",
    "tree",
    "crossing",
    "level_crossing",
];

pub(super) fn read(raw: &Raw, draft: &mut CityDraft, report: &mut Report) {
    let before = draft.places.len();
    for (_, at, tags) in &raw.tagged {
        draft.places.extend(place(*at, tags));
    }
    for way in raw.ways.iter().filter(|w| tag(&w.tags, "highway").is_none()) {
        let outline: Vec<Coord> = way.nodes.iter().filter_map(|n| raw.at.get(n).copied()).collect();
        if let Some(at) = middle(&outline) {
            draft.places.extend(place(at, &way.tags));
        }
    }
    report.take("places and addresses", draft.places.len() - before);
}

fn place(at: Coord, tags: &Tags) -> Option<DraftPlace> {
    let kind = KINDS.iter().find_map(|k| tag(tags, k).map(|v| ((*k).to_owned(), v.to_owned())));
    let kind = kind.filter(|(_, v)| !NOT_PLACES.contains(&v.as_str()));
    let text = |key: &str| tag(tags, key).unwrap_or_default().trim().to_owned();
    let (name, street, number) = (text("name"), text("addr:street"), text("addr:housenumber"));
    let addressed = !street.is_empty() && !number.is_empty();
    let kind = match kind {
        Some((key, _)) if name.is_empty() && !addressed && key != "shop" && key != "amenity" => {
            return None;
        }
        Some(kind) => kind,
        None if addressed => ("building".to_owned(), "yes".to_owned()),
        None => return None,
    };
    Some(DraftPlace { name, kind, at, street, number })
}
