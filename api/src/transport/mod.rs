//! Journeys, places and the city's map. The engine is the crate `city`; here is what it says on the wire.
//!
//! Short questions are answered on the thread that serves: they take less than handing them to another would. What takes
//! milliseconds goes through [`kept`].

use std::sync::Arc;

use futures_util::stream::BoxStream;
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    payload::{EventStream, Json},
};

pub mod about;
pub mod asked;
pub mod buses;
pub mod density;
pub mod factor;
pub mod geojson;
pub mod gtfs_rt;
pub mod journey;
pub mod kept;
pub mod live;
pub mod load;
pub mod modes;
pub mod places;
pub mod providers;
pub mod routes;
pub mod stops;
pub mod streets;

use crate::{
    App,
    cache::Ready,
    caller::Caller,
    error::{Error, Result},
    ready::Cached,
    tags::Tag,
};
use about::About;
use asked::{Area, Date, Position, Time, today};
use buses::{Buses, Wanted, Written};
use city::{Day, Moment, Point, When};
use density::{Density, Suggestions};
use gtfs_rt::Protobuf;
use journey::{Geometry, Manner};
use kept::Asked;
use modes::Modes;
use places::Places;
use routes::{Question, Routes};
use stops::{Board, Stop};
use streets::Streets;

pub struct TransportApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Tag::Journeys")]
impl TransportApi {
    /// Get the city: name, location and attribution
    #[oai(path = "/city", method = "get", operation_id = "get_city")]
    async fn city(&self) -> Result<Json<About>> {
        Ok(Json(About::of(&self.0.city)))
    }

    /// Get the city's streets as lines, for a map without internet access
    #[oai(path = "/city/streets", method = "get", operation_id = "get_streets")]
    async fn streets(&self) -> Result<Cached<Streets>> {
        let app = &self.0;
        Ok(Cached::for_long(app.kept.get(Asked::Streets, &app.city, |city| Ok(Streets::of(city))).await?))
    }

    /// Compare journeys
    ///
    /// All modes in one answer: time, distance, greenhouse gases with the factors behind them, fare, and what each saves
    /// against driving. A mode that doesn't lead there says why.
    #[oai(path = "/routes", method = "get", operation_id = "compare_routes")]
    #[allow(clippy::too_many_arguments)]
    async fn routes(
        &self,
        /// Where it begins: latitude and longitude, degrees
        from: Query<Position>,
        /// Where it ends: latitude and longitude, degrees
        to: Query<Position>,
        /// Which ways, each in a parameter of its own or separated by commas; all when left out
        #[oai(default)]
        modes: Query<Modes>,
        /// When to leave; now, when neither this nor `arrive` is given
        depart: Query<Option<Time>>,
        /// When to be there at the latest
        arrive: Query<Option<Time>>,
        /// How many more than the best of each mode, at the most
        #[oai(default, validator(minimum(value = "0"), maximum(value = "3")))]
        alternatives: Query<u8>,
        /// How the way is written
        #[oai(default)]
        geometry: Query<Geometry>,
        /// Whether to tell each street and turn
        #[oai(default)]
        steps: Query<bool>,
    ) -> Result<Json<Routes>> {
        let city = &self.0.city;
        let when = self.when(depart.0.as_ref(), arrive.0.as_ref())?;
        let question =
            Question { from: from.0.0, to: to.0.0, modes: modes.0.0, when, alternatives: alternatives.0.into() };
        let manner = Manner { zone: city.zone(), geometry: geometry.0, steps: steps.0 };
        let asked = providers::drives(&self.0, &question).await;
        Ok(Json(routes::compare(city, &question, manner, &asked)?))
    }

    /// Find places by name
    ///
    /// Bears typing errors, knows no accents, understands house numbers. The answer has the form that Photon gives.
    #[oai(path = "/geocode", method = "get", operation_id = "geocode")]
    async fn geocode(
        &self,
        /// A name, an address, a kind of shop
        #[oai(validator(min_length = 1, max_length = 200))]
        q: Query<String>,
        /// Nearer places come first: degrees north
        #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
        lat: Query<Option<f64>>,
        /// Degrees east
        #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
        lon: Query<Option<f64>>,
        /// How many at the most
        #[oai(default = "ten", validator(minimum(value = "1"), maximum(value = "50")))]
        limit: Query<u8>,
        /// Language of the names, as `en`, where there is a choice: the embedded index has one name for each place
        #[oai(validator(pattern = "^[A-Za-z]{2,3}$"))]
        lang: Query<Option<String>>,
    ) -> Result<Json<Places>> {
        let near = lat.0.zip(lon.0).map(|(lat, lon)| Point::new(lat, lon));
        let query = city::Query { text: &q.0, near, limit: limit.0.into() };
        let asked = providers::search(&self.0, query, lang.0.as_deref()).await;
        Ok(Json(places::by_name(&self.0.city, query, asked)))
    }

    /// Reverse-geocode a point: address, street, places nearby
    #[oai(path = "/reverse", method = "get", operation_id = "reverse_geocode")]
    async fn reverse(
        &self,
        /// Degrees north
        #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
        lat: Query<f64>,
        /// Degrees east
        #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
        lon: Query<f64>,
        /// How many at the most
        #[oai(default = "ten", validator(minimum(value = "1"), maximum(value = "50")))]
        limit: Query<u8>,
        /// Language of the names, as `en`, where there is a choice: the embedded index has one name for each place
        #[oai(validator(pattern = "^[A-Za-z]{2,3}$"))]
        lang: Query<Option<String>>,
    ) -> Result<Json<Places>> {
        let (at, limit) = (Point::new(lat.0, lon.0), limit.0.into());
        let asked = providers::around(&self.0, at, limit, lang.0.as_deref()).await;
        Ok(Json(places::around(&self.0.city, at, limit, asked)?))
    }

    /// Get population density and public transport coverage by H3 cell
    #[oai(path = "/density", method = "get", operation_id = "get_density")]
    async fn density(
        &self,
        /// Of the H3 grid: 8 has cells of about 0.7 km²; 9 at the most with `access`
        #[oai(default = "eight", validator(minimum(value = "6"), maximum(value = "11")))]
        resolution: Query<u8>,
        /// The day whose timetable counts; today when left out
        day: Query<Option<Date>>,
        /// Only the cells with people whom no stop serves, most first
        #[oai(default)]
        underserved: Query<bool>,
        /// Whether to work out what can be reached in 30 minutes: takes longer
        #[oai(default)]
        access: Query<bool>,
    ) -> Result<Cached<Density>> {
        let (app, day) = (&self.0, self.day(day.0.as_ref())?);
        let (resolution, underserved, access) = (resolution.0, underserved.0, access.0);
        let question = Asked::Density { resolution, day, underserved, access };
        let work = move |city: &_| density::density(city, resolution, day, underserved, access);
        Ok(Cached::for_long(app.kept.get(question, &app.city, work).await?))
    }

    /// Suggest new stops, and a line through them, that would serve the most people
    #[oai(path = "/suggestions", method = "get", operation_id = "suggest_stops")]
    async fn suggestions(
        &self,
        /// How many stops at the most
        #[oai(default = "eight", validator(minimum(value = "1"), maximum(value = "30")))]
        count: Query<u8>,
        /// The day whose timetable counts; today when left out
        day: Query<Option<Date>>,
    ) -> Result<Cached<Suggestions>> {
        let (app, day, count) = (&self.0, self.day(day.0.as_ref())?, count.0);
        let work = move |city: &_| density::suggestions(city, day, count.into());
        Ok(Cached::for_long(app.kept.get(Asked::Suggestions { count, day }, &app.city, work).await?))
    }

    /// List stops near a point, nearest first, or in a rectangle
    #[oai(path = "/stops", method = "get", operation_id = "list_stops")]
    async fn stops(
        &self,
        /// A point: latitude and longitude, degrees
        near: Query<Option<Position>>,
        /// How far from it at the most, metres
        #[oai(default = "five_hundred", validator(minimum(value = "1"), maximum(value = "5000")))]
        radius: Query<u32>,
        /// A rectangle: south, west, north, east, degrees
        #[oai(name = "box")]
        area: Query<Option<Area>>,
        /// How many at the most
        #[oai(default = "hundred", validator(minimum(value = "1"), maximum(value = "5000")))]
        limit: Query<u32>,
    ) -> Result<Json<Vec<Stop>>> {
        let (near, area) = (near.0.map(|p| p.0), area.0.map(Area::bounds).transpose()?);
        Ok(Json(stops::find(&self.0.city, near, radius.0.into(), area, limit.0 as usize)?))
    }

    /// List the next departures from a stop
    #[oai(path = "/stops/:id/departures", method = "get", operation_id = "list_departures")]
    async fn departures(
        &self,
        id: Path<i64>,
        /// From when on; now when left out
        from: Query<Option<Time>>,
        /// How many at the most
        #[oai(default = "ten", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
    ) -> Result<Json<Board>> {
        let from = self.moment(from.0.as_ref())?;
        Ok(Json(stops::board(&self.0.city, id.0, from, limit.0.into())?))
    }

    /// List the buses on their way
    ///
    /// Simulated from the timetable, with a delay that is drawn for each trip and day: the same at every replica. A new
    /// picture every two seconds. At a time outside the timetable's calendar there are none.
    #[oai(path = "/buses", method = "get", operation_id = "list_buses")]
    async fn buses(
        &self,
        /// Only within a rectangle: south, west, north, east, degrees
        #[oai(name = "box")]
        area: Query<Option<Area>>,
        /// Only of this line, by what is written on the front
        #[oai(validator(max_length = 60))]
        line: Query<Option<String>>,
    ) -> Result<Cached<Buses>> {
        let wanted = Wanted::of(area.0, line.0)?;
        Ok(Ready::of(self.0.live.now(&self.0).await.write(&wanted)).into())
    }

    /// Stream bus positions
    ///
    /// Server-sent events: first a `picture`, which is all there is; then `changes`: buses that came or moved, each whole,
    /// and the ids of those that are gone or have left the box. A client that comes back with `Last-Event-ID` within two
    /// minutes hears what changed since, at whichever replica; later, or with another question, it gets a new `picture`.
    #[oai(path = "/buses/stream", method = "get", operation_id = "watch_buses")]
    async fn watch(
        &self,
        caller: Data<&Caller>,
        /// Only within a rectangle: south, west, north, east, degrees
        #[oai(name = "box")]
        area: Query<Option<Area>>,
        /// Only of this line, by what is written on the front
        #[oai(validator(max_length = 60))]
        line: Query<Option<String>>,
        /// The id of the event that was seen last
        #[oai(name = "Last-Event-ID", validator(max_length = 200))]
        last: Header<Option<String>>,
    ) -> Result<EventStream<BoxStream<'static, Written>>> {
        let app = &self.0;
        let wanted = Wanted::of(area.0, line.0)?;
        let admitted = app.streams.admit(&app.config, &app.metrics, None, caller.ip)?;
        let news = admitted.hold(live::watch(app.clone(), wanted, last.0).await);
        Ok(EventStream::new(news).to_event(live::event).keep_alive(std::time::Duration::from_secs(15)))
    }

    /// Get bus positions as GTFS-Realtime
    #[oai(path = "/gtfs-rt/vehicle-positions", method = "get", operation_id = "get_vehicle_positions")]
    async fn positions(&self) -> Result<Protobuf> {
        Ok(Protobuf(self.0.live.now(&self.0).await.positions(&self.0.city)))
    }

    /// Get bus delays as GTFS-Realtime
    #[oai(path = "/gtfs-rt/trip-updates", method = "get", operation_id = "get_trip_updates")]
    async fn updates(&self) -> Result<Protobuf> {
        Ok(Protobuf(self.0.live.now(&self.0).await.updates(&self.0.city)))
    }
}

impl TransportApi {
    fn when(&self, depart: Option<&Time>, arrive: Option<&Time>) -> Result<When> {
        match (depart, arrive) {
            (Some(_), Some(_)) => {
                Err(Error::invalid("depart_and_arrive", "Give either `depart` or `arrive`, not both."))
            }
            (depart, None) => Ok(When::Depart(self.moment(depart)?)),
            (None, arrive) => Ok(When::Arrive(self.moment(arrive)?)),
        }
    }

    /// As asked, or now.
    fn moment(&self, time: Option<&Time>) -> Result<Moment> {
        let (city, now) = (&self.0.city, self.0.clock.now());
        time.map_or_else(|| Ok(city.zone().moment(now.timestamp())), |time| time.moment(city, now))
    }

    /// As asked, or today.
    fn day(&self, day: Option<&Date>) -> Result<Day> {
        day.map_or_else(|| Ok(today(&self.0.city, self.0.clock.now())), Date::day)
    }
}

fn eight() -> u8 {
    8
}

fn ten() -> u8 {
    10
}

fn hundred() -> u32 {
    100
}

fn five_hundred() -> u32 {
    500
}
