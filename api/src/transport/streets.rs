//! The city's own map, for a screen without any other under it.

use city::{AreaKind, City};
use poem_openapi::{Enum, Object};

/// The city's streets and what lies between them, as light as can be
#[derive(Debug, Object)]
pub struct Streets {
    /// The most important first: draw them from the last to the first
    pub classes: Vec<StreetClass>,
    /// What lies under the streets: draw them from the first to the last
    pub grounds: Vec<Ground>,
}

/// All areas of a kind
#[derive(Debug, Object)]
pub struct Ground {
    pub kind: GroundKind,
    /// Encoded polylines, five decimals; an outline ends where it begins
    pub lines: Vec<String>,
}

/// What an area is
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum GroundKind {
    /// Parks, gardens, woods: outlines
    Park,
    /// A river's course: a line
    River,
    /// Lakes, basins, wide rivers: outlines
    Water,
}

/// All streets of a kind
#[derive(Debug, Object)]
pub struct StreetClass {
    /// `motorway`, `trunk`, `primary`, `secondary`, `tertiary`, `street`, `living`, `service`, `track`, `cycleway`, `path`,
    /// `steps`, `ferry`
    pub class: String,
    pub streets: Vec<Street>,
}

/// All that is called by one name
#[derive(Debug, Object)]
pub struct Street {
    /// Empty where it has none
    pub name: String,
    /// Encoded polylines, five decimals
    pub lines: Vec<String>,
}

impl Streets {
    pub fn of(city: &City) -> Self {
        let mut classes: Vec<StreetClass> = Vec::new();
        for city::Street { class, name, lines } in city.streets() {
            if classes.last().is_none_or(|last| last.class != class) {
                classes.push(StreetClass { class: class.to_owned(), streets: vec![] });
            }
            let lines = lines.iter().map(|line| city::encode_polyline(line)).collect();
            if let Some(last) = classes.last_mut() {
                last.streets.push(Street { name: name.to_owned(), lines });
            }
        }
        let grounds = [
            (GroundKind::Park, AreaKind::Park),
            (GroundKind::River, AreaKind::River),
            (GroundKind::Water, AreaKind::Water),
        ]
        .map(|(kind, of)| {
            let areas = city.areas().filter(|area| area.kind == of);
            Ground { kind, lines: areas.map(|area| city::encode_polyline(&area.line)).collect() }
        });
        Self { classes, grounds: grounds.into_iter().filter(|ground| !ground.lines.is_empty()).collect() }
    }
}
