//! A city before it is built: what the importers and the demo city write, and nothing derived.

use crate::areas::AreaKind;
use crate::geo::Coord;
use crate::network;
use crate::timetable::Feed;

/// A thing with a name at a place.
#[derive(Debug, Clone)]
pub(crate) struct DraftPlace {
    pub name: String,
    /// What it is, as OpenStreetMap says it: key and value.
    pub kind: (String, String),
    pub at: Coord,
    /// Street and house number, where known.
    pub street: String,
    pub number: String,
}

/// Where the numbers of people come from; answers say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum PeopleSource {
    #[default]
    Unknown,
    Grid,
    Buildings,
    Demo,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct CityDraft {
    pub name: String,
    /// IANA name; empty until a feed or the demo city gives it.
    pub zone: String,
    pub streets: network::Draft,
    pub feed: Feed,
    pub places: Vec<DraftPlace>,
    /// Buildings: centre and floor area in square metres.
    pub buildings: Vec<(Coord, f32)>,
    /// Rivers, lakes and parks, for maps: kind and outline.
    pub areas: Vec<(AreaKind, Vec<Coord>)>,
    /// Where people live, and how many.
    pub people: Vec<(Coord, f32)>,
    pub people_source: PeopleSource,
}
