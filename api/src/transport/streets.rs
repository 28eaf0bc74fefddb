//! The city's own map, for a screen without any other under it.

use city::City;
use poem_openapi::Object;

/// The city's streets, as light as can be
#[derive(Debug, Object)]
pub struct Streets {
    /// The most important first: draw them from the last to the first
    pub classes: Vec<StreetClass>,
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
        Self { classes }
    }
}
