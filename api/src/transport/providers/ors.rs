//! OpenRouteService v2, directions as GeoJSON: `POST /v2/directions/{profile}/geojson`, the key in `Authorization`. Whoever
//! runs their own without a key leaves the key out.

use std::sync::Arc;

use city::{Journey, Leg, Means, Mode, Point, Step, Turning, Vehicle, When, emissions, emissions::Traveller};
use poem::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::{
    Fallback,
    kept::Kept,
    provider::{Answer, Provider},
    within,
};
use crate::{App, config::Secret, redis::Redis};

pub const NAME: &str = "openrouteservice";
/// A way whose ends are farther than this from those asked for is another question's.
const OFF_METRES: f64 = 5_000.0;

pub struct Ors {
    provider: Provider,
    kept: Kept<Vec<Way>>,
}

/// One way of the answer, in what we use of it.
#[derive(Debug, Serialize, Deserialize)]
struct Way {
    seconds: f64,
    metres: f64,
    /// Latitude and longitude.
    shape: Vec<[f64; 2]>,
    turns: Vec<Turn>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Turn {
    kind: u8,
    street: String,
    metres: f64,
    /// Which point of the shape it begins at.
    at: usize,
}

/// As the provider documents it; what may be absent is optional here.
#[derive(Deserialize)]
struct Told {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    properties: Properties,
}

#[derive(Deserialize)]
struct Geometry {
    /// Longitude, latitude, perhaps height.
    coordinates: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Properties {
    summary: Summary,
    #[serde(default)]
    segments: Vec<Segment>,
}

/// Both are left out where they are zero.
#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    distance: f64,
    #[serde(default)]
    duration: f64,
}

#[derive(Deserialize)]
struct Segment {
    #[serde(default)]
    steps: Vec<ToldStep>,
}

#[derive(Deserialize)]
struct ToldStep {
    #[serde(default)]
    distance: f64,
    #[serde(rename = "type", default)]
    kind: u8,
    #[serde(default)]
    name: String,
    #[serde(default)]
    way_points: Vec<usize>,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalCode,
}

#[derive(Deserialize)]
struct RefusalCode {
    code: u32,
}

impl Ors {
    pub fn new(url: &str, key: Option<&Secret>, redis: Option<&Redis>) -> anyhow::Result<Self> {
        Ok(Self { provider: Provider::new(NAME, url, key)?, kept: Kept::new(redis.cloned()) })
    }

    /// As `City::drive`.
    pub async fn drive(
        &self,
        app: &App,
        until: Instant,
        ends: [Point; 2],
        vehicle: Vehicle,
        when: When,
        more: usize,
    ) -> Result<Vec<Journey>, Fallback> {
        let profile = match vehicle {
            Vehicle::Car => "driving-car",
            Vehicle::Bike => "cycling-regular",
            Vehicle::Foot => "foot-walking",
        };
        let body = question(ends, more).to_string();
        let key = (NAME, profile, &body);
        let path = format!("/v2/directions/{profile}/geojson");
        let ask = self.provider.ask(
            app,
            until,
            &path,
            |http, url| {
                let request = http.post(url).header("content-type", "application/json");
                request.header("accept", "application/geo+json").body(body.clone())
            },
            |answer| read(answer, ends),
        );
        let (ways, was_there): (Arc<Vec<Way>>, bool) = within(until, self.kept.get(&key, ask)).await?;
        if was_there {
            app.metrics.wayfare_provider_calls_total.with_label_values(&[NAME, "kept"]).inc();
        }
        Ok(ways.iter().map(|way| way.journey(vehicle, when)).collect())
    }
}

/// Positions to a metre: two people at the same door ask the same.
fn question(ends: [Point; 2], more: usize) -> serde_json::Value {
    let round = |degrees: f64| (degrees * 1e5).round() / 1e5;
    let coordinates = ends.map(|p| [round(p.lon), round(p.lat)]);
    let mut body = json!({ "coordinates": coordinates, "instructions": true, "units": "m", "language": "en" });
    if more > 0 {
        body["alternative_routes"] = json!({ "target_count": more.min(2) + 1 });
    }
    body
}

/// Makes sense of an answer, or says why there is none.
fn read(answer: &Answer, ends: [Point; 2]) -> Result<Vec<Way>, Fallback> {
    if answer.status != StatusCode::OK {
        let refusal: Refusal = serde_json::from_slice(&answer.body).map_err(|_| Fallback::Unreadable)?;
        return Err(match refusal.error.code {
            // No route between the points; no street near one of them.
            2009 | 2010 => Fallback::NoAnswer,
            2000..=2099 => Fallback::Refused,
            _ => Fallback::Unreadable,
        });
    }
    let told: Told = serde_json::from_slice(&answer.body).map_err(|_| Fallback::Unreadable)?;
    let ways: Option<Vec<Way>> = told.features.into_iter().map(|f| Way::of(f, ends)).collect();
    ways.filter(|ways| !ways.is_empty()).ok_or(Fallback::Unreadable)
}

impl Way {
    /// Nothing for one that can't be: no line, numbers that are none, ends elsewhere.
    fn of(feature: Feature, [from, to]: [Point; 2]) -> Option<Self> {
        let Summary { distance, duration } = feature.properties.summary;
        let pair = |c: &Vec<f64>| Some([*c.get(1)?, *c.first()?]);
        let shape: Vec<[f64; 2]> = feature.geometry.coordinates.iter().map(pair).collect::<Option<_>>()?;
        let point = |c: &[f64; 2]| Point::new(c[0], c[1]);
        let is_number = |n: f64| n.is_finite() && (0.0..1e8).contains(&n);
        let is_near = |at: Option<&[f64; 2]>, end: Point| at.is_some_and(|c| point(c).metres_to(end) < OFF_METRES);
        let steps = || feature.properties.segments.iter().flat_map(|s| &s.steps);
        let is_sound = shape.len() > 1
            && shape.iter().all(|c| point(c).is_valid())
            && is_near(shape.first(), from)
            && is_near(shape.last(), to)
            && is_number(distance)
            && is_number(duration)
            && steps().all(|s| is_number(s.distance));
        let turn = |s: &ToldStep| Turn {
            kind: s.kind,
            // A street without a name is called a dash.
            street: if s.name == "-" { String::new() } else { s.name.clone() },
            metres: s.distance,
            at: s.way_points.first().copied().unwrap_or(0).min(shape.len().saturating_sub(1)),
        };
        let turns = steps().map(turn).collect();
        is_sound.then_some(Self { seconds: duration, metres: distance, shape, turns })
    }

    fn journey(&self, vehicle: Vehicle, when: When) -> Journey {
        let seconds = self.seconds.ceil() as i32;
        let depart = match when {
            When::Depart(m) => m,
            When::Arrive(m) => m.plus(-seconds),
        };
        let (mode, means, traveller) = match vehicle {
            Vehicle::Foot => (Mode::Foot, Means::Foot, Traveller::Foot),
            Vehicle::Bike => (Mode::Bike, Means::Bike, Traveller::Bike),
            Vehicle::Car => (Mode::Car, Means::Car, Traveller::Car),
        };
        let mut named = self.turns.iter().map(|t| &t.street).filter(|s| !s.is_empty());
        let from = named.next().cloned().unwrap_or_default();
        let leg = Leg {
            means,
            depart,
            arrive: depart.plus(seconds),
            metres: self.metres,
            to: named.next_back().unwrap_or(&from).clone(),
            from,
            shape: self.shape.iter().map(|c| Point::new(c[0], c[1])).collect(),
            steps: self.turns.iter().map(|t| self.step(t)).collect(),
            ride: None,
        };
        Journey {
            mode,
            depart: leg.depart,
            arrive: leg.arrive,
            seconds: i64::from(seconds),
            metres: self.metres,
            rides: 0,
            emission: emissions::of(&[(traveller, self.metres)]),
            legs: vec![leg],
            fare: None,
        }
    }

    fn step(&self, turn: &Turn) -> Step {
        let [lat, lon] = self.shape.get(turn.at).copied().unwrap_or_default();
        let (street, metres, at) = (turn.street.clone(), turn.metres, Point::new(lat, lon));
        Step { turning: turning(turn.kind), street, metres, at, remark: None }
    }
}

/// The provider's numbers of turns.
fn turning(kind: u8) -> Turning {
    match kind {
        0 => Turning::Left,
        1 => Turning::Right,
        2 => Turning::SharpLeft,
        3 => Turning::SharpRight,
        4 | 12 => Turning::SlightLeft,
        5 | 13 => Turning::SlightRight,
        7 => Turning::Roundabout,
        9 => Turning::Round,
        10 => Turning::Arrive,
        11 => Turning::Depart,
        // 6 is straight on, 8 leaves a roundabout.
        _ => Turning::Straight,
    }
}
