//! How densely people live and how well they are served, by hexagon; and where a stop would serve the most of them.

use std::collections::HashMap;

use city::{City, Day, DensityCell, Moment};
use poem_openapi::Object;

use crate::{
    error::{Error, Result},
    transport::{
        geojson::{CollectionType, Feature, Polygon},
        journey::{degrees, tenths},
    },
};

/// Hexagons of the H3 grid that hold anything: a GeoJSON FeatureCollection
#[derive(Debug, Object)]
pub struct Density {
    pub r#type: CollectionType,
    pub features: Vec<Feature<Polygon, CellProperties>>,
    /// Of the H3 grid: 8 has cells of about 0.7 km², each step finer a seventh of that
    pub resolution: u8,
    /// The day whose timetable counts, as `2026-11-23`
    pub day: String,
    /// Where the numbers of people come from, in words
    pub people_source: String,
}

/// What a hexagon holds
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CellProperties {
    /// The cell's H3 index
    pub h3: String,
    pub people: f64,
    pub people_per_square_kilometre: f64,
    /// Of this very cell: they differ in area
    pub square_kilometres: f64,
    pub stops: u32,
    /// Shops, restaurants and other places to go to
    pub places: u32,
    /// From all its stops, between 7 and 19 o'clock
    pub departures_an_hour: f64,
    /// People who live farther than 400 m from every stop with a departure that day
    pub unserved: f64,
    /// Share of the city's people who can be reached within 30 minutes from 8:00, on foot and by public transport: 0 to 1;
    /// with `access=true`, for cells with people
    pub access: Option<f64>,
}

/// Where new stops would serve the most people
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Suggestions {
    /// The day whose timetable counts, as `2026-11-23`
    pub day: String,
    /// In the order in which they are worth most: each serves people whom nothing before it serves
    pub stops: Vec<SuggestedStop>,
    /// The existing stop that a line through the first eight would start from
    pub hub: Option<Hub>,
    /// That line on the streets: an encoded polyline, five decimals; empty without a hub
    pub line: String,
    pub line_metres: f64,
    /// People newly served by all of the stops
    pub people: f64,
    /// Kilograms of CO2e a year that all of the stops save, by the assumptions stated: an estimate, no forecast
    pub kilograms_a_year: f64,
    /// People whom nothing serves today
    pub unserved_before: f64,
    /// What the numbers rest on
    pub assumptions: String,
    /// How the stops are chosen
    pub method: String,
    /// Where the numbers of people come from, in words
    pub people_source: String,
}

/// A stop worth having
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SuggestedStop {
    /// Degrees north
    pub lat: f64,
    /// Degrees east
    pub lon: f64,
    /// Absent where it has no name
    pub street: Option<String>,
    /// People it serves whom nothing and no stop before it serves
    pub people: f64,
    /// Kilograms of CO2e a year
    pub kilograms_a_year: f64,
}

/// An existing stop
#[derive(Debug, Object)]
pub struct Hub {
    /// Number of the stop
    pub stop: u32,
    pub name: String,
}

/// The finest grid whose access scores are worked out: each cell costs a search of the timetable.
const FINEST_ACCESS: u8 = 9;

/// # Errors
/// 422 for a day outside the timetable, and for access scores of too fine a grid.
pub fn density(city: &City, resolution: u8, day: Day, underserved: bool, access: bool) -> Result<Density> {
    known(city, day)?;
    if access && resolution > FINEST_ACCESS {
        let detail = format!("With `access`, give a resolution of {FINEST_ACCESS} at most.");
        return Err(Error::invalid("too_fine_for_access", detail));
    }
    let cells = if underserved { city.underserved(resolution, day, 1.0)? } else { city.density(resolution, day)? };
    let scores = if access { city.access(resolution, Moment::new(day, 8 * 3600), 1_800)? } else { vec![] };
    let shares: HashMap<&str, f64> = scores.iter().map(|s| (s.id.as_str(), s.share)).collect();
    let score = |id: &str| shares.get(id).map(|share| (share * 1e4).round() / 1e4);
    let feature = |cell: DensityCell| {
        let outline = Polygon::of(&cell.outline);
        Feature::new(outline, CellProperties { access: score(&cell.id), ..cell.into() })
    };
    Ok(Density {
        r#type: CollectionType::FeatureCollection,
        features: cells.into_iter().map(feature).collect(),
        resolution,
        day: day.to_string(),
        people_source: city.people_are().to_owned(),
    })
}

impl From<DensityCell> for CellProperties {
    fn from(cell: DensityCell) -> Self {
        Self {
            h3: cell.id,
            people: tenths(cell.people),
            people_per_square_kilometre: cell.people_per_square_kilometre.round(),
            square_kilometres: (cell.square_kilometres * 1e4).round() / 1e4,
            stops: cell.stops,
            places: cell.places,
            departures_an_hour: tenths(cell.departures_an_hour),
            unserved: tenths(cell.unserved),
            access: None,
        }
    }
}

/// # Errors
/// 422 for a day outside the timetable.
pub fn suggestions(city: &City, day: Day, count: usize) -> Result<Suggestions> {
    known(city, day)?;
    let found = city.suggest(day, count);
    let stop = |stop: city::NewStop| SuggestedStop {
        lat: degrees(stop.at.lat),
        lon: degrees(stop.at.lon),
        street: Some(stop.street).filter(|s| !s.is_empty()),
        people: tenths(stop.people),
        kilograms_a_year: tenths(stop.kilograms_a_year),
    };
    Ok(Suggestions {
        day: day.to_string(),
        hub: found.hub.map(|(stop, name)| Hub { stop, name }),
        line: city::encode_polyline(&found.line),
        line_metres: tenths(found.line_metres),
        people: tenths(found.people),
        kilograms_a_year: tenths(found.kilograms_a_year),
        unserved_before: tenths(found.unserved_before),
        assumptions: found.assumptions.to_owned(),
        method: "greedy coverage: each stop is the corner that serves most of those whom nothing serves yet, which is \
                 at least 63 % of what the best set of as many stops could do"
            .to_owned(),
        people_source: city.people_are().to_owned(),
        stops: found.stops.into_iter().map(stop).collect(),
    })
}

fn known(city: &City, day: Day) -> Result<()> {
    match city.calendar() {
        Some((first, last)) if day < first || day > last => {
            Err(city::Error::OutsideCalendar { first: first.to_string(), last: last.to_string() }.into())
        }
        _ => Ok(()),
    }
}
