//! Places by name and names by place, in the form that Photon answers in.

use city::{City, Place, Point, Query};
use poem_openapi::{Enum, Object};

use crate::{
    error::Error,
    transport::{
        geojson::{CollectionType, Dot, Feature, FeatureType},
        journey::tenths,
        providers::{Engine, Fallback},
        routes::outside,
    },
};

/// Places, best first: a GeoJSON FeatureCollection as Photon gives it
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Places {
    pub r#type: CollectionType,
    pub features: Vec<Feature<Dot, PlaceProperties>>,
    /// Who found them
    pub engine: Engine,
    /// Why not the provider that is configured
    pub fallback: Option<Fallback>,
}

/// What kind of answer a place is
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "PlaceType")]
pub enum Kind {
    /// An address, or something that has one
    House,
    Street,
    /// A district
    District,
    /// Anything else with a name
    Other,
}

/// What is known of a place
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PlaceProperties {
    pub r#type: Kind,
    pub name: String,
    pub street: Option<String>,
    pub housenumber: Option<String>,
    pub district: Option<String>,
    pub city: String,
    /// As OpenStreetMap has it: `amenity`
    pub osm_key: String,
    /// As OpenStreetMap has it: `restaurant`
    pub osm_value: String,
    /// From the point that the question gave
    pub metres: Option<f64>,
}

impl Places {
    fn of(city: &City, found: Vec<Place>, (engine, fallback): (Engine, Option<Fallback>)) -> Self {
        let feature = |place: Place| Feature {
            r#type: FeatureType::Feature,
            geometry: Dot::of(place.at),
            properties: PlaceProperties::of(city, place),
        };
        Self {
            r#type: CollectionType::FeatureCollection,
            features: found.into_iter().map(feature).collect(),
            engine,
            fallback,
        }
    }
}

impl PlaceProperties {
    fn of(city: &City, place: Place) -> Self {
        let Place { id: _, name, key, value, street, number, district, at: _, score: _, metres } = place;
        let some = |text: String| Some(text).filter(|t| !t.is_empty());
        let r#type = match key.as_str() {
            _ if !number.is_empty() => Kind::House,
            "highway" => Kind::Street,
            "place" if ["suburb", "neighbourhood", "quarter", "city_district"].contains(&value.as_str()) => {
                Kind::District
            }
            _ => Kind::Other,
        };
        Self {
            r#type,
            name,
            street: some(street),
            housenumber: some(number),
            district: some(district),
            city: city.name().to_owned(),
            osm_key: key,
            osm_value: value,
            metres: metres.map(tenths),
        }
    }
}

/// `asked`: what a provider said, where one is configured.
pub fn by_name(city: &City, query: Query<'_>, asked: Option<Result<Vec<Place>, Fallback>>) -> Places {
    let whose = Engine::of(Engine::Photon, asked.as_ref());
    let found = asked.and_then(Result::ok).unwrap_or_else(|| city.geocode(query));
    Places::of(city, found, whose)
}

/// As [`by_name`], by a point.
///
/// # Errors
/// 422 for a point outside the city.
pub fn around(
    city: &City,
    at: Point,
    limit: usize,
    asked: Option<Result<Vec<Place>, Fallback>>,
) -> Result<Places, Error> {
    let whose = Engine::of(Engine::Photon, asked.as_ref());
    let found = asked.and_then(Result::ok).map_or_else(|| city.reverse(at, limit), Ok);
    Ok(Places::of(city, found.map_err(|why| outside(city, "lat, lon", at, &why))?, whose))
}
