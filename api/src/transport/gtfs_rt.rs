//! GTFS-Realtime 2.0, positions and delays: the messages of `gtfs-realtime.proto` that we fill, by their field numbers.
//!
//! Trips, lines and stops are named as this city names them; the numbers of the feed that it was made from aren't kept.

use bytes::Bytes;
use city::Bus;
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
    /// YYYYMMDD
    #[prost(string, optional, tag = "3")]
    start_date: Option<String>,
    /// 0: as scheduled.
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
}

#[derive(Clone, PartialEq, Message)]
struct StopTimeEvent {
    #[prost(int32, optional, tag = "1")]
    delay: Option<i32>,
}

/// Where each bus is.
pub fn positions(at: i64, buses: &[Bus]) -> Bytes {
    feed(at, buses, |bus, timestamp| FeedEntity {
        vehicle: Some(VehiclePosition {
            trip: Some(trip(bus)),
            position: Some(Position {
                latitude: bus.at.lat as f32,
                longitude: bus.at.lon as f32,
                bearing: Some(bus.bearing as f32),
                speed: Some(bus.speed as f32),
            }),
            current_stop_sequence: Some(bus.call + 1),
            current_status: Some(if bus.speed > 0.0 { 2 } else { 1 }),
            timestamp: Some(timestamp),
            stop_id: Some(bus.stop.to_string()),
            vehicle: Some(vehicle(bus)),
        }),
        id: bus.run.to_string(),
        ..FeedEntity::default()
    })
}

/// How late each bus is.
pub fn updates(at: i64, buses: &[Bus]) -> Bytes {
    feed(at, buses, |bus, timestamp| FeedEntity {
        trip_update: Some(TripUpdate {
            trip: Some(trip(bus)),
            stop_time_update: vec![StopTimeUpdate {
                stop_sequence: Some(bus.call + 1),
                arrival: Some(StopTimeEvent { delay: Some(bus.delay) }),
                stop_id: Some(bus.stop.to_string()),
            }],
            vehicle: Some(vehicle(bus)),
            timestamp: Some(timestamp),
            delay: Some(bus.delay),
        }),
        id: bus.run.to_string(),
        ..FeedEntity::default()
    })
}

fn feed(at: i64, buses: &[Bus], entity: impl Fn(&Bus, u64) -> FeedEntity) -> Bytes {
    let timestamp = u64::try_from(at).unwrap_or_default();
    let header =
        FeedHeader { gtfs_realtime_version: "2.0".to_owned(), incrementality: Some(0), timestamp: Some(timestamp) };
    let entity = buses.iter().map(|bus| entity(bus, timestamp)).collect();
    FeedMessage { header, entity }.encode_to_vec().into()
}

fn trip(bus: &Bus) -> TripDescriptor {
    TripDescriptor {
        trip_id: Some(bus.run.trip.to_string()),
        start_date: Some(bus.run.day.to_string().replace('-', "")),
        schedule_relationship: Some(0),
        route_id: Some(bus.line.clone()),
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
