//! GTFS-Realtime 2.0, positions and delays: the messages of `gtfs-realtime.proto` that we fill, by their field numbers.
//!
//! Trips, routes and stops go by the ids of the feed that the city was made from, so that who has that feed can tell what is
//! late; the demo city comes from no feed, and its own numbers are told. A call is named by its `stop_sequence`, too, since a
//! trip may call at a stop twice, and its arrival is told as a time, too, since the feed may state none there.

use bytes::Bytes;
use city::{Bus, City, FeedIds, Headway};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use prost::Message;

const CONTENT_TYPE: &str = "application/x-protobuf";

#[derive(Clone, PartialEq, Message)]
struct FeedMessage {
    #[prost(message, required, tag = "1")]
    header: FeedHeader,
    #[prost(message, repeated, tag = "2")]
    entity: Vec<FeedEntity>,
}

#[derive(Clone, PartialEq, Message)]
struct FeedHeader {
    #[prost(string, required, tag = "1")]
    gtfs_realtime_version: String,
    /// 0: the whole of it.
    #[prost(int32, optional, tag = "2")]
    incrementality: Option<i32>,
    #[prost(uint64, optional, tag = "3")]
    timestamp: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct FeedEntity {
    #[prost(string, required, tag = "1")]
    id: String,
    #[prost(message, optional, tag = "3")]
    trip_update: Option<TripUpdate>,
    #[prost(message, optional, tag = "4")]
    vehicle: Option<VehiclePosition>,
}

#[derive(Clone, PartialEq, Message)]
struct TripDescriptor {
    #[prost(string, optional, tag = "1")]
    trip_id: Option<String>,
    /// HH:MM:SS, beyond 24 after midnight: only of trips that a frequency stands for, which differ by it alone.
    #[prost(string, optional, tag = "2")]
    start_time: Option<String>,
    /// YYYYMMDD
    #[prost(string, optional, tag = "3")]
    start_date: Option<String>,
    /// 0: as scheduled. 2: unscheduled, as trips of a frequency without exact times are.
    #[prost(int32, optional, tag = "4")]
    schedule_relationship: Option<i32>,
    #[prost(string, optional, tag = "5")]
    route_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct VehicleDescriptor {
    #[prost(string, optional, tag = "1")]
    id: Option<String>,
    /// What passengers see on it.
    #[prost(string, optional, tag = "2")]
    label: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Position {
    #[prost(float, required, tag = "1")]
    latitude: f32,
    #[prost(float, required, tag = "2")]
    longitude: f32,
    #[prost(float, optional, tag = "3")]
    bearing: Option<f32>,
    /// Metres a second.
    #[prost(float, optional, tag = "5")]
    speed: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct VehiclePosition {
    #[prost(message, optional, tag = "1")]
    trip: Option<TripDescriptor>,
    #[prost(message, optional, tag = "2")]
    position: Option<Position>,
    #[prost(uint32, optional, tag = "3")]
    current_stop_sequence: Option<u32>,
    /// 1: stands at the stop, 2: on its way there.
    #[prost(int32, optional, tag = "4")]
    current_status: Option<i32>,
    #[prost(uint64, optional, tag = "5")]
    timestamp: Option<u64>,
    #[prost(string, optional, tag = "7")]
    stop_id: Option<String>,
    #[prost(message, optional, tag = "8")]
    vehicle: Option<VehicleDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
struct TripUpdate {
    #[prost(message, optional, tag = "1")]
    trip: Option<TripDescriptor>,
    #[prost(message, repeated, tag = "2")]
    stop_time_update: Vec<StopTimeUpdate>,
    #[prost(message, optional, tag = "3")]
    vehicle: Option<VehicleDescriptor>,
    #[prost(uint64, optional, tag = "4")]
    timestamp: Option<u64>,
    /// Seconds
    #[prost(int32, optional, tag = "5")]
    delay: Option<i32>,
}

/// It holds for the stops after this one, too.
#[derive(Clone, PartialEq, Message)]
struct StopTimeUpdate {
    #[prost(uint32, optional, tag = "1")]
    stop_sequence: Option<u32>,
    #[prost(message, optional, tag = "2")]
    arrival: Option<StopTimeEvent>,
    #[prost(string, optional, tag = "4")]
    stop_id: Option<String>,
    /// 0: as scheduled.
    #[prost(int32, optional, tag = "5")]
    schedule_relationship: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct StopTimeEvent {
    #[prost(int32, optional, tag = "1")]
    delay: Option<i32>,
    /// Unix time.
    #[prost(int64, optional, tag = "2")]
    time: Option<i64>,
}

/// Where each bus is.
pub fn positions(city: &City, at: i64, buses: &[Bus]) -> Bytes {
    feed(city, at, buses, |bus, ids, timestamp| FeedEntity {
        vehicle: Some(VehiclePosition {
            trip: Some(trip(bus, &ids)),
            position: Some(Position {
                latitude: bus.at.lat as f32,
                longitude: bus.at.lon as f32,
                bearing: Some(bus.bearing as f32),
                speed: Some(bus.speed as f32),
            }),
            current_stop_sequence: ids.sequence,
            current_status: Some(if bus.speed > 0.0 { 2 } else { 1 }),
            timestamp: Some(timestamp),
            stop_id: Some(ids.stop.into_owned()),
            vehicle: Some(vehicle(bus)),
        }),
        id: bus.run.to_string(),
        ..FeedEntity::default()
    })
}

/// How late each bus is.
pub fn updates(city: &City, at: i64, buses: &[Bus]) -> Bytes {
    feed(city, at, buses, |bus, ids, timestamp| FeedEntity {
        trip_update: Some(TripUpdate {
            trip: Some(trip(bus, &ids)),
            stop_time_update: vec![StopTimeUpdate {
                stop_sequence: ids.sequence,
                arrival: Some(StopTimeEvent { delay: Some(bus.delay), time: Some(ids.arrival) }),
                stop_id: Some(ids.stop.into_owned()),
                schedule_relationship: Some(0),
            }],
            vehicle: Some(vehicle(bus)),
            timestamp: Some(timestamp),
            delay: Some(bus.delay),
        }),
        id: bus.run.to_string(),
        ..FeedEntity::default()
    })
}

fn feed(city: &City, at: i64, buses: &[Bus], entity: impl Fn(&Bus, FeedIds, u64) -> FeedEntity) -> Bytes {
    let timestamp = u64::try_from(at).unwrap_or_default();
    let header =
        FeedHeader { gtfs_realtime_version: "2.0".to_owned(), incrementality: Some(0), timestamp: Some(timestamp) };
    let entity = buses.iter().map(|bus| entity(bus, city.feed_ids(bus), timestamp)).collect();
    FeedMessage { header, entity }.encode_to_vec().into()
}

fn trip(bus: &Bus, ids: &FeedIds) -> TripDescriptor {
    let start = |h: Headway| format!("{:02}:{:02}:{:02}", h.start / 3600, h.start / 60 % 60, h.start % 60);
    TripDescriptor {
        trip_id: Some(ids.trip.to_string()),
        start_time: ids.headway.map(start),
        start_date: Some(bus.run.day.to_string().replace('-', "")),
        schedule_relationship: Some(if ids.headway.is_some_and(|h| !h.is_exact) { 2 } else { 0 }),
        route_id: Some(ids.line.to_string()),
    }
}

fn vehicle(bus: &Bus) -> VehicleDescriptor {
    VehicleDescriptor {
        id: Some(bus.run.to_string()),
        label: Some(format!("{} {}", bus.line, bus.headsign).trim().to_owned()),
    }
}

/// A feed on its way out.
pub struct Protobuf(pub Bytes);

impl IntoResponse for Protobuf {
    fn into_response(self) -> Response {
        Response::builder().content_type(CONTENT_TYPE).header("cache-control", "public, max-age=1").body(self.0)
    }
}

impl ApiResponse for Protobuf {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "A FeedMessage of GTFS-Realtime 2.0",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Day, Point, Run};

    fn described(headway: Option<Headway>) -> TripDescriptor {
        let bus = Bus {
            run: Run { day: Day::of(2026, 11, 28).expect("a day"), trip: 7 },
            line: "1".to_owned(),
            headsign: "East".to_owned(),
            colour: 0,
            at: Point::new(45.0, 5.0),
            bearing: 90.0,
            speed: 5.0,
            delay: 60,
            stop: 3,
            stop_name: "Stop".to_owned(),
            call: 2,
        };
        let ids = FeedIds {
            trip: "t".into(),
            line: "r".into(),
            stop: "s".into(),
            sequence: Some(4),
            arrival: 1_795_000_000,
            headway,
        };
        trip(&bus, &ids)
    }

    #[test]
    fn only_trips_at_a_headway_are_told_apart_by_their_start() {
        let told = |headway| {
            let trip = described(headway);
            (trip.start_time, trip.schedule_relationship)
        };
        assert_eq!(told(None), (None, Some(0)));
        let start = 25 * 3600 + 61;
        assert_eq!(told(Some(Headway { start, is_exact: true })), (Some("25:01:01".to_owned()), Some(0)));
        assert_eq!(told(Some(Headway { start, is_exact: false })), (Some("25:01:01".to_owned()), Some(2)));
    }
}
