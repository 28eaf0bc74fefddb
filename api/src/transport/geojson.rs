//! The forms of GeoJSON (RFC 7946) that answers use. Positions are longitude, latitude, as everywhere in GeoJSON.

use city::Point;
use poem_openapi::{
    Enum, Object,
    types::{ParseFromJSON, ToJSON, Type},
};

use crate::transport::journey::degrees;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum LineType {
    LineString,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DotType {
    Point,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PolygonType {
    Polygon,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum FeatureType {
    Feature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CollectionType {
    FeatureCollection,
}

/// A line
#[derive(Clone, Debug, Object)]
pub struct LineString {
    pub r#type: LineType,
    /// Longitude and latitude, degrees
    pub coordinates: Vec<Vec<f64>>,
}

/// A point
#[derive(Clone, Debug, Object)]
#[oai(rename = "Point")]
pub struct Dot {
    pub r#type: DotType,
    /// Longitude and latitude, degrees
    pub coordinates: Vec<f64>,
}

/// A surface
#[derive(Clone, Debug, Object)]
pub struct Polygon {
    pub r#type: PolygonType,
    /// One ring, closed: longitude and latitude, degrees
    pub coordinates: Vec<Vec<Vec<f64>>>,
}

/// A thing on the map
#[derive(Clone, Debug, Object)]
pub struct Feature<G: Type + ParseFromJSON + ToJSON + Send + Sync, P: Type + ParseFromJSON + ToJSON + Send + Sync> {
    pub r#type: FeatureType,
    pub geometry: G,
    pub properties: P,
}

impl<G: Type + ParseFromJSON + ToJSON + Send + Sync, P: Type + ParseFromJSON + ToJSON + Send + Sync> Feature<G, P> {
    pub fn new(geometry: G, properties: P) -> Self {
        Self { r#type: FeatureType::Feature, geometry, properties }
    }
}

impl LineString {
    pub fn of(line: &[Point]) -> Self {
        Self { r#type: LineType::LineString, coordinates: line.iter().map(|p| position(*p)).collect() }
    }
}

impl Dot {
    pub fn of(at: Point) -> Self {
        Self { r#type: DotType::Point, coordinates: position(at) }
    }
}

impl Polygon {
    /// Of corners, the last not repeated.
    pub fn of(corners: &[Point]) -> Self {
        let ring = corners.iter().chain(corners.first()).map(|p| position(*p)).collect();
        Self { r#type: PolygonType::Polygon, coordinates: vec![ring] }
    }
}

fn position(p: Point) -> Vec<f64> {
    vec![degrees(p.lon), degrees(p.lat)]
}
