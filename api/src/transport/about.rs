//! The city itself, on the wire.

use city::City;
use poem_openapi::Object;

/// The city that everything is asked of
#[derive(Debug, Object)]
#[oai(rename = "City", skip_serializing_if_is_none)]
pub struct About {
    pub name: String,
    /// The rectangle around its streets
    pub bounds: Bounds,
    /// IANA name of its time zone: local times in questions and answers are in it
    pub zone: String,
    /// Whether it is the made-up city that is used when no other is given
    pub demo: bool,
    /// What to write on a map of it
    pub attribution: String,
    /// The days that the timetable covers; absent without a timetable
    pub calendar: Option<Calendar>,
    /// How many people the city knows of
    pub people: u64,
    /// Where the numbers of people come from, in words
    pub people_source: String,
}

/// A rectangle, degrees
#[derive(Debug, Object)]
#[oai(rename = "Bounds")]
pub struct Bounds {
    pub south: f64,
    pub west: f64,
    pub north: f64,
    pub east: f64,
}

/// From one day to another, both included, as `2026-11-23`
#[derive(Debug, Object)]
pub struct Calendar {
    pub first: String,
    pub last: String,
}

impl About {
    pub fn of(city: &City) -> Self {
        let city::Bounds { south, west, north, east } = city.bounds();
        let attribution = if city.is_demo() {
            "Wayfare's demo city: made up, free to use"
        } else {
            "© OpenStreetMap contributors (ODbL 1.0); timetables: their publishers"
        };
        Self {
            name: city.name().to_owned(),
            bounds: Bounds { south, west, north, east },
            zone: if city.zone_name().is_empty() { "UTC".to_owned() } else { city.zone_name().to_owned() },
            demo: city.is_demo(),
            attribution: attribution.to_owned(),
            calendar: city.calendar().map(|(a, b)| Calendar { first: a.to_string(), last: b.to_string() }),
            people: city.people().round() as u64,
            people_source: city.people_are().to_owned(),
        }
    }
}
