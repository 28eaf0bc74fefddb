//! The buses under way: listed, streamed, and as GTFS-Realtime.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

use chrono::{DateTime, TimeDelta};
use city::{Day, Moment};
use futures_util::{StreamExt, future::join_all};
use serde_json::Value;
use wayfare::{
    App,
    clock::Clock,
    config::Config,
    telemetry::Signals,
    transport::{
        buses::{Wanted, Written},
        live,
    },
};

use crate::{
    place::{Place, city},
    sse::Events,
    start::Wayfare,
};

const ALL: Wanted = Wanted { area: None, line: None };

/// A Monday at eight in the city.
async fn rush_hour() -> i64 {
    let city = city().await;
    city.zone().unix(Moment::new(Day::of(2026, 11, 30).expect("a day"), 8 * 3600 + 600))
}

/// A service in the rush hour, where time goes on.
async fn busy() -> Wayfare {
    let wayfare = Wayfare::start().await;
    wayfare.later(TimeDelta::seconds(rush_hour().await - wayfare.now().timestamp()));
    wayfare
}

/// An app whose time stands still until it is told otherwise.
async fn still(change: impl FnOnce(&mut Config)) -> (Arc<App>, Arc<AtomicI64>) {
    let mut config = Place::empty().await.config();
    config.database_url = Some(wayfare::config::Secret::new("sqlite::memory:"));
    change(&mut config);
    let time = Arc::new(AtomicI64::new(rush_hour().await));
    let told = time.clone();
    let clock = Clock::of(move || DateTime::from_timestamp(told.load(Relaxed), 0).expect("a time"));
    (App::new(config, clock, Signals::default(), city().await).await.expect("the app can be made"), time)
}

fn ids(told: &Value) -> BTreeSet<String> {
    let buses = told["buses"].as_array().expect("a list");
    buses.iter().map(|b| b["id"].as_str().expect("an id").to_owned()).collect()
}

/// A quarter of the city, as a question has it, and whether a bus is in it.
async fn quarter() -> (String, impl Fn(&Value) -> bool) {
    let b = city().await.bounds();
    let middle = b.centre();
    let question = format!("box={},{},{},{}", b.south, b.west, middle.lat, middle.lon);
    // Told positions are rounded to a decimetre.
    let holds = move |bus: &Value| {
        bus["lat"].as_f64().expect("a number") <= middle.lat + 1e-6
            && bus["lon"].as_f64().expect("a number") <= middle.lon + 1e-6
    };
    (question, holds)
}

#[tokio::test]
async fn buses_are_told_with_where_they_are_and_where_they_go() {
    let wayfare = busy().await;
    let told = wayfare.get("/api/buses").await.expect(200);
    let buses = told["buses"].as_array().expect("a list");
    assert!(buses.len() > 20, "{} buses", buses.len());
    let bounds = city().await.bounds().grown(500.0);
    for bus in buses {
        let number = |name: &str| bus[name].as_f64().unwrap_or_else(|| panic!("{name}: {bus}"));
        assert!(bounds.contains(city::Point::new(number("lat"), number("lon"))), "{bus}");
        assert!((0.0..360.0).contains(&number("bearing")) && (0.0..30.0).contains(&number("speed")), "{bus}");
        assert!((-60.0..=300.0).contains(&number("delay")), "{bus}");
        let colour = bus["colour"].as_str().expect("a colour");
        assert!(colour.len() == 7 && colour.starts_with('#'), "{bus}");
        for text in [&bus["line"], &bus["headsign"], &bus["next_stop"]["name"]] {
            assert!(!text.as_str().expect("a text").is_empty(), "{bus}");
        }
    }
    assert_eq!(ids(&told).len(), buses.len(), "an id names one bus");
}

#[tokio::test]
async fn a_box_and_a_line_leave_out_the_others() {
    let wayfare = busy().await;
    let (question, holds) = quarter().await;
    let told = wayfare.get(&format!("/api/buses?{question}")).await.expect(200);
    let all = wayfare.get("/api/buses").await.expect(200);
    let some = told["buses"].as_array().expect("a list");
    assert!(!some.is_empty() && some.len() < all["buses"].as_array().expect("a list").len());
    assert!(some.iter().all(holds));
    let line = some[0]["line"].as_str().expect("a line");
    let of_line = wayfare.get(&format!("/api/buses?line={line}")).await.expect(200);
    let of_line = of_line["buses"].as_array().expect("a list");
    assert!(!of_line.is_empty() && of_line.iter().all(|b| b["line"] == line));
    // The whole world, a place far away, a point, a line that isn't.
    assert!(ids(&wayfare.get("/api/buses?box=-90,-180,90,180").await.expect(200)).len() > 20);
    for nothing in ["box=-40.5,-70.5,-40,-70", "box=0,0,0,0", "line=no+such+line"] {
        let told = wayfare.get(&format!("/api/buses?{nothing}")).await.expect(200);
        assert_eq!(told["buses"], Value::Array(vec![]), "{nothing}");
    }
}

#[tokio::test]
async fn a_box_that_is_none_is_refused_with_what_is_wrong() {
    let wayfare = busy().await;
    for address in ["/api/buses", "/api/buses/stream"] {
        for unreadable in [
            "",
            "1,2,3",
            "NaN,NaN,NaN,NaN",
            "1,2,3,inf",
            "a,b,c,d",
            "1,2,3,4,5",
            "0x1,2,3,4",
            "91,0,92,0",
            "0,181,1,182",
        ] {
            wayfare.get(&format!("{address}?box={unreadable}")).await.refused(400, "bad_parameter");
        }
        for wrong in ["43.6,7.1,43.5,7.3", "43.5,7.3,43.6,7.1"] {
            wayfare.get(&format!("{address}?box={wrong}")).await.refused(422, "bad_box");
        }
    }
}

#[tokio::test]
async fn at_a_time_outside_the_calendar_there_are_no_buses_and_no_error() {
    let (app, time) = still(|_| {}).await;
    for unix in [0, 4_102_444_800, 8_000_000_000] {
        time.store(unix, Relaxed);
        assert_eq!(app.live.now(&app).await.buses, []);
    }
}

#[tokio::test]
async fn two_replicas_tell_the_same_of_the_same_instant_and_another_seed_tells_otherwise() {
    let ((one, _), (two, _), (other, _)) = tokio::join!(still(|_| {}), still(|_| {}), still(|c| c.bus_seed = 2));
    let (a, b, c) = (one.live.now(&one).await, two.live.now(&two).await, other.live.now(&other).await);
    assert!(a.buses.len() > 20);
    assert_eq!(a.write(&ALL), b.write(&ALL));
    assert_eq!((a.positions(&one.city), a.updates(&one.city)), (b.positions(&two.city), b.updates(&two.city)));
    assert_ne!(a.write(&ALL), c.write(&ALL));
}

#[tokio::test]
async fn of_a_hundred_who_ask_at_once_one_has_the_picture_made() {
    let (app, _) = still(|_| {}).await;
    let pictures = join_all((0..100).map(|_| app.live.now(&app))).await;
    assert!(pictures.iter().all(|p| Arc::ptr_eq(p, &pictures[0])));
}

#[tokio::test]
async fn a_stream_begins_with_the_whole_box_and_goes_on_with_changes_in_it() {
    let wayfare = busy().await;
    let (question, holds) = quarter().await;
    let mut events = Events::of(&wayfare, &format!("/api/buses/stream?{question}")).await;
    let first = events.next().await.expect("a picture");
    assert_eq!(first.kind, "picture");
    assert!(!ids(&first.data).is_empty() && first.data["gone"] == Value::Array(vec![]));
    let mut known = ids(&first.data);
    for _ in 0..2 {
        let next = events.next().await.expect("changes");
        assert_eq!(next.kind, "changes");
        assert!(next.data["buses"].as_array().expect("a list").iter().all(&holds));
        assert!(next.data["at"].as_str() > first.data["at"].as_str() && next.id > first.id);
        for gone in next.data["gone"].as_array().expect("a list") {
            assert!(known.remove(gone.as_str().expect("an id")), "{gone} was never told of");
        }
        known.extend(ids(&next.data));
    }
}

/// What a watcher is told next.
async fn next(stream: &mut (impl futures_util::Stream<Item = Written> + Unpin)) -> Written {
    stream.next().await.expect("the stream goes on")
}

#[tokio::test]
async fn who_comes_back_with_the_last_id_hears_what_changed_at_any_replica() {
    let ((one, time), (two, elsewhen)) = tokio::join!(still(|_| {}), still(|_| {}));
    let mut stayed = Box::pin(live::watch(one.clone(), ALL, None).await);
    let first = next(&mut stayed).await;
    for clock in [&time, &elsewhen] {
        clock.fetch_add(30, Relaxed);
    }
    let second = next(&mut stayed).await;
    assert_eq!((first.kind, second.kind), ("picture", "changes"));
    for app in [&one, &two] {
        let told = next(&mut Box::pin(live::watch(app.clone(), ALL, Some(first.id.clone())).await)).await;
        assert_eq!((told.kind, &told.id, &told.text), ("changes", &second.id, &second.text));
    }
    // Too late, another question, or no id of ours: all of it, again.
    let line = Wanted { line: Some("1".to_owned()), area: None };
    let odd = ["", "-", "0-", "99999999999999999999-x", "\u{0}"].map(|id| (ALL, id.to_owned()));
    for (wanted, id) in odd.into_iter().chain([(line, first.id.clone())]) {
        assert_eq!(next(&mut Box::pin(live::watch(one.clone(), wanted, Some(id)).await)).await.kind, "picture");
    }
    time.fetch_add(200, Relaxed);
    assert_eq!(next(&mut Box::pin(live::watch(one.clone(), ALL, Some(first.id)).await)).await.kind, "picture");
}

#[tokio::test]
async fn the_id_comes_back_as_a_header() {
    let wayfare = busy().await;
    let first = Events::of(&wayfare, "/api/buses/stream").await.next().await.expect("a picture");
    let back = wayfare.with("last-event-id", &first.id);
    assert_eq!(Events::of(&back, "/api/buses/stream").await.next().await.expect("changes").kind, "changes");
}

#[tokio::test]
async fn streams_of_buses_come_uncompressed_and_end_with_the_service() {
    let wayfare = busy().await;
    let browser = wayfare.with("accept-encoding", "gzip, br");
    let mut events = Events::of(&browser, "/api/buses/stream").await;
    assert_eq!(events.next().await.expect("readable as it is").kind, "picture");
    assert_eq!(wayfare.metric("wayfare_event_streams").await, 1.0);
    wayfare.app.stop();
    while events.next().await.is_some() {}
    assert_eq!(wayfare.metric("wayfare_event_streams").await, 0.0);
}

/// A field of a protobuf message, by the encoding's own text and not by the service's code: number, and its bytes.
fn fields(mut message: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(message: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = message.split_first().expect("a byte more");
            *message = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let value = match tag & 7 {
            0 => varint(&mut message).to_le_bytes().to_vec(),
            kind => {
                let length = if kind == 5 { 4 } else { usize::try_from(varint(&mut message)).expect("a length") };
                let (value, rest) = message.split_at(length);
                message = rest;
                value.to_vec()
            }
        };
        found.push((tag >> 3, value));
    }
    found
}

/// What stands at a path of field numbers, the first of each.
fn at(message: &[u8], path: &[u64]) -> Vec<u8> {
    path.iter().fold(message.to_vec(), |message, number| {
        let found = fields(&message).into_iter().find(|(n, _)| n == number);
        found.unwrap_or_else(|| panic!("no field {number} of {path:?}")).1
    })
}

#[tokio::test]
async fn the_positions_are_a_feed_of_gtfs_realtime() {
    let (app, _) = still(|_| {}).await;
    let picture = app.live.now(&app).await;
    let bus = &picture.buses[0];
    let feed = picture.positions(&app.city);
    let text = |path: &[u64]| String::from_utf8(at(&feed, path)).expect("a text");
    let number = |path: &[u64]| f32::from_le_bytes(at(&feed, path).try_into().expect("four bytes"));
    let whole = |path: &[u64]| u64::from_le_bytes(at(&feed, path).try_into().expect("a number"));
    // gtfs-realtime.proto: FeedMessage.header = 1, entity = 2; FeedEntity.vehicle = 4; VehiclePosition.trip = 1, position = 2.
    assert_eq!(text(&[1, 1]), "2.0");
    assert_eq!(whole(&[1, 3]), u64::try_from(picture.at).expect("after 1970"));
    assert_eq!(fields(&feed).iter().filter(|(n, _)| *n == 2).count(), picture.buses.len());
    assert_eq!(text(&[2, 1]), bus.run.to_string());
    assert_eq!(text(&[2, 4, 1, 1]), bus.run.trip.to_string());
    assert_eq!(text(&[2, 4, 1, 3]), "20261130");
    assert_eq!((number(&[2, 4, 2, 1]), number(&[2, 4, 2, 2])), (bus.at.lat as f32, bus.at.lon as f32));
    assert_eq!(text(&[2, 4, 7]), bus.stop.to_string());
    // FeedEntity.trip_update = 3; TripUpdate.delay = 5, in two's complement.
    assert_eq!(
        u64::from_le_bytes(at(&picture.updates(&app.city), &[2, 3, 5]).try_into().expect("a number")) as i32,
        bus.delay
    );
}

#[tokio::test]
async fn the_feeds_are_served_as_protobuf_and_documented_as_bytes() {
    let wayfare = busy().await;
    let document = wayfare.get("/openapi.json").await.expect(200);
    for feed in ["/api/gtfs-rt/vehicle-positions", "/api/gtfs-rt/trip-updates"] {
        let answer = wayfare.get(feed).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-protobuf")));
        assert_eq!(at(&answer.body, &[1, 1]), b"2.0");
        let schema = &document["paths"][feed]["get"]["responses"]["200"]["content"]["application/x-protobuf"]["schema"];
        assert_eq!((schema["type"].as_str(), schema["format"].as_str()), (Some("string"), Some("binary")), "{schema}");
    }
}
