//! `wayfare route` and `wayfare geocode`.

use chrono::Timelike;
use city::{City, Day, Query, When};
use clap::{Args, ValueEnum};
use poem_openapi::types::{ParseFromParameter, ToJSON};
use serde_json::{Value, json};

use crate::{
    clock::Instant,
    transport::{
        asked::{Time, in_zone},
        journey::{Geometry, Manner},
        places,
        providers::Asked,
        routes::{self, Mode, Question, Routes},
    },
};

use super::{sketch, spot};

/// A way of getting there
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ModeName {
    Foot,
    Bike,
    Car,
    Bus,
    BikeAndBus,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Foot => Self::Foot,
            ModeName::Bike => Self::Bike,
            ModeName::Car => Self::Car,
            ModeName::Bus => Self::Bus,
            ModeName::BikeAndBus => Self::BikeAndBus,
        }
    }
}

#[derive(Args)]
pub struct Route {
    /// Where it begins: a name, an address, or `lat,lon`
    #[arg(allow_hyphen_values = true)]
    from: String,
    /// Where it ends
    #[arg(allow_hyphen_values = true)]
    to: String,
    /// Which ways; all when left out
    #[arg(long, visible_alias = "modes", value_delimiter = ',', value_name = "MODE")]
    mode: Vec<ModeName>,
    /// When to leave: 08:00 (today), 2026-11-23T08:00 in the city's time, or RFC 3339
    #[arg(long, value_name = "TIME", conflicts_with = "arrive")]
    depart: Option<String>,
    /// When to be there at the latest
    #[arg(long, value_name = "TIME")]
    arrive: Option<String>,
    /// How many more than the best of each mode
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u8).range(..=3))]
    alternatives: u8,
    /// Print what `GET /api/routes` answers
    #[arg(long, conflicts_with = "geojson")]
    json: bool,
    /// Print the legs as GeoJSON, for a map
    #[arg(long)]
    geojson: bool,
}

impl Route {
    /// What to print.
    ///
    /// # Errors
    /// What can't be found or understood.
    pub fn answer(self, city: &City, now: Instant) -> anyhow::Result<String> {
        let ((from, start), (to, end)) = (spot(city, &self.from)?, spot(city, &self.to)?);
        let moment = |text: &str| -> anyhow::Result<_> {
            let time = Time::parse_from_parameter(text).map_err(|e| anyhow::anyhow!("{}", e.into_message()))?;
            Ok(time.moment(city, now)?)
        };
        let when = match (&self.depart, &self.arrive) {
            (_, Some(time)) => When::Arrive(moment(time)?),
            (Some(time), None) => When::Depart(moment(time)?),
            (None, None) => When::Depart(city.zone().moment(now.timestamp())),
        };
        let modes =
            if self.mode.is_empty() { Mode::ALL.to_vec() } else { self.mode.into_iter().map(Mode::from).collect() };
        let question = Question { from: start, to: end, modes, when, alternatives: self.alternatives.into() };
        let geometry = if self.geojson { Geometry::Geojson } else { Geometry::Polyline };
        let manner = Manner { zone: city.zone(), geometry, steps: self.json };
        let routes = routes::compare(city, &question, manner, &Asked::new())?;
        if self.json {
            return Ok(serde_json::to_string_pretty(&routes.to_json())? + "\n");
        }
        if self.geojson {
            return Ok(serde_json::to_string(&features(&routes))? + "\n");
        }
        Ok(sketch::table(city, &format!("{from} → {to}"), when, &routes))
    }
}

/// Each leg as a line with what it is.
fn features(routes: &Routes) -> Value {
    let journeys = routes.modes.iter().flat_map(|m| m.journeys.iter().map(move |j| (m.mode, j)));
    let legs = journeys.flat_map(|(mode, journey)| journey.legs.iter().map(move |leg| (mode, leg)));
    let features = legs.map(|(mode, leg)| {
        json!({
            "type": "Feature",
            "geometry": leg.geojson.to_json(),
            "properties": {
                "mode": mode.to_json(), "means": leg.means.to_json(), "from": leg.from, "to": leg.to,
                "depart": leg.depart.to_json(), "arrive": leg.arrive.to_json(), "metres": leg.metres,
                "line": leg.ride.as_ref().map(|r| &r.line),
            },
        })
    });
    json!({ "type": "FeatureCollection", "features": features.collect::<Vec<_>>() })
}

#[derive(Args)]
pub struct Geocode {
    /// A name, an address, a kind of shop
    text: String,
    /// Nearer places come first: a name or `lat,lon`
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    near: Option<String>,
    /// How many at the most
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=50))]
    limit: u8,
    /// Print what `GET /api/geocode` answers
    #[arg(long)]
    json: bool,
}

impl Geocode {
    /// What to print.
    ///
    /// # Errors
    /// When nothing is found.
    pub fn answer(self, city: &City) -> anyhow::Result<String> {
        let near = self.near.as_deref().map(|text| spot(city, text)).transpose()?.map(|(_, at)| at);
        if self.json {
            let found = places::by_name(city, Query { text: &self.text, near, limit: self.limit.into() }, None);
            return Ok(serde_json::to_string_pretty(&found.to_json())? + "\n");
        }
        let found = city.geocode(Query { text: &self.text, near, limit: self.limit.into() });
        anyhow::ensure!(!found.is_empty(), "no place in {} is like `{}`; try fewer words", city.name(), self.text);
        let line = |p: city::Place| {
            let address = format!("{} {}", p.street, p.number);
            let address = Some(address.trim()).filter(|a| !a.is_empty() && *a != p.name).map(|a| format!(", {a}"));
            let place = format!("{}{}", p.name, address.unwrap_or_default());
            format!("{:.6},{:.6}  {place:<44} {:<14} {}\n", p.at.lat, p.at.lon, p.value, p.district)
        };
        Ok(found.into_iter().map(line).collect())
    }
}

/// `08:05` as clocks in the city show it; `02:30+01:00` in the hour that they show twice.
pub(super) fn clock(city: &City, at: Instant) -> String {
    let local = in_zone(city, at.timestamp());
    let day = Day::parse(&local.format("%Y%m%d").to_string()).unwrap_or_default();
    let second = i32::try_from(local.num_seconds_from_midnight()).unwrap_or(0);
    let is_twice = city.zone().shown(day, second).len() > 1;
    local.format(if is_twice { "%H:%M%:z" } else { "%H:%M" }).to_string()
}

/// `2026-11-28` as calendars in the city show it.
pub(super) fn date(city: &City, at: Instant) -> String {
    in_zone(city, at.timestamp()).format("%Y-%m-%d").to_string()
}
