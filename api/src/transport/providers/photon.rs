//! Photon 1.x: names to places and back, `GET /api` and `GET /reverse`. It needs no key, only an address.

use city::{Place, Point, Query};
use poem::http::StatusCode;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    Fallback,
    kept::Kept,
    provider::{Answer, Provider},
    within,
};
use crate::{App, redis::Redis};

pub const NAME: &str = "photon";
/// How far around the city a place still belongs to it.
const AROUND_METRES: f64 = 2_000.0;

pub struct Photon {
    provider: Provider,
    kept: Kept<Vec<Spot>>,
}

struct Question {
    path: &'static str,
    asked: Vec<(&'static str, String)>,
    limit: usize,
    near: Option<Point>,
}

/// A place of the answer, in what we use of it.
#[derive(Debug, Serialize, Deserialize)]
struct Spot {
    lat: f64,
    lon: f64,
    told: Properties,
}

/// As the provider documents it; everything may be absent.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Properties {
    name: String,
    street: String,
    housenumber: String,
    district: String,
    locality: String,
    city: String,
    osm_key: String,
    osm_value: String,
}

#[derive(Deserialize)]
struct Told {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize)]
struct Geometry {
    /// Longitude, latitude.
    coordinates: Vec<f64>,
}

impl Photon {
    pub fn new(url: &str, redis: Option<&Redis>) -> anyhow::Result<Self> {
        Ok(Self { provider: Provider::new(NAME, url, None)?, kept: Kept::new(redis.cloned()) })
    }

    /// As `City::geocode`, best first; what lies outside the city is left out.
    pub async fn search(
        &self,
        app: &App,
        until: Instant,
        query: Query<'_>,
        lang: Option<&str>,
    ) -> Result<Vec<Place>, Fallback> {
        let area = app.city.bounds().grown(AROUND_METRES);
        let mut asked = vec![
            ("q", query.text.to_owned()),
            ("bbox", format!("{:.4},{:.4},{:.4},{:.4}", area.west, area.south, area.east, area.north)),
        ];
        // To some hundred metres: enough for what comes first, and people close by ask the same.
        let near = |p: &Point| [("lat", format!("{:.3}", p.lat)), ("lon", format!("{:.3}", p.lon))];
        asked.extend(query.near.iter().flat_map(near));
        self.in_language(app, until, Question { path: "/api", asked, limit: query.limit, near: query.near }, lang).await
    }

    /// As `City::reverse`, nearest first.
    pub async fn around(
        &self,
        app: &App,
        until: Instant,
        at: Point,
        limit: usize,
        lang: Option<&str>,
    ) -> Result<Vec<Place>, Fallback> {
        let asked = vec![("lat", format!("{:.5}", at.lat)), ("lon", format!("{:.5}", at.lon))];
        self.in_language(app, until, Question { path: "/reverse", asked, limit, near: Some(at) }, lang).await
    }

    /// One that it doesn't speak is refused: then the names as they are there.
    async fn in_language(
        &self,
        app: &App,
        until: Instant,
        question: Question,
        lang: Option<&str>,
    ) -> Result<Vec<Place>, Fallback> {
        if let Some(lang) = lang {
            match self.ask(app, until, &question, &lang.to_lowercase()).await {
                Err(Fallback::Refused) => {}
                settled => return settled,
            }
        }
        self.ask(app, until, &question, "default").await
    }

    async fn ask(&self, app: &App, until: Instant, question: &Question, lang: &str) -> Result<Vec<Place>, Fallback> {
        let Question { path, asked, limit, near } = question;
        let mut asked = asked.clone();
        asked.push(("limit", (*limit).clamp(1, 50).to_string()));
        // Left out, it would be the language of whoever is taken to ask.
        asked.push(("lang", lang.to_owned()));
        let key = (NAME, path, &asked);
        let area = app.city.bounds().grown(AROUND_METRES);
        let ask = self.provider.ask(
            app,
            until,
            path,
            |http, mut url: Url| {
                url.query_pairs_mut().extend_pairs(&asked);
                http.get(url).header("accept", "application/json")
            },
            |answer| read(answer, area),
        );
        let (spots, was_there) = within(until, self.kept.get(&key, ask)).await?;
        if was_there {
            app.metrics.wayfare_provider_calls_total.with_label_values(&[NAME, "kept"]).inc();
        }
        Ok(spots.iter().map(|spot| spot.place(*near)).take(*limit).collect())
    }
}

fn read(answer: &Answer, area: city::Bounds) -> Result<Vec<Spot>, Fallback> {
    #[derive(Deserialize)]
    struct Refusal {}
    match answer.status {
        StatusCode::OK => {}
        // It tells what it doesn't like as an object.
        StatusCode::BAD_REQUEST if serde_json::from_slice::<Refusal>(&answer.body).is_ok() => {
            return Err(Fallback::Refused);
        }
        _ => return Err(Fallback::Unreadable),
    }
    let told: Told = serde_json::from_slice(&answer.body).map_err(|_| Fallback::Unreadable)?;
    let mut spots = Vec::new();
    for Feature { geometry, properties } in told.features {
        let [lon, lat] = geometry.coordinates[..] else { return Err(Fallback::Unreadable) };
        let at = Point::new(lat, lon);
        if !at.is_valid() {
            return Err(Fallback::Unreadable);
        }
        if area.contains(at) {
            spots.push(Spot { lat, lon, told: properties });
        }
    }
    if spots.is_empty() { Err(Fallback::NoAnswer) } else { Ok(spots) }
}

impl Spot {
    fn place(&self, near: Option<Point>) -> Place {
        let at = Point::new(self.lat, self.lon);
        let told = &self.told;
        let first = |texts: [&String; 3]| texts.into_iter().find(|t| !t.is_empty()).cloned().unwrap_or_default();
        // A house has no name but where it stands.
        let house = format!("{} {}", told.street, told.housenumber).trim().to_owned();
        Place {
            id: u32::MAX,
            name: first([&told.name, &house, &told.street]),
            key: told.osm_key.clone(),
            value: told.osm_value.clone(),
            street: told.street.clone(),
            number: told.housenumber.clone(),
            district: first([&told.district, &told.locality, &told.city]),
            at,
            score: 0.0,
            metres: near.map(|p| p.metres_to(at)),
        }
    }
}
