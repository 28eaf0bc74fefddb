//! A city as a network: journeys in, answers out.
//!
//! Pure and synchronous: no clock, no network, no files but bytes handed in. Nothing panics on any input.

mod areas;
mod buses;
mod city;
mod clock;
mod demo;
mod density;
mod draft;
pub mod emissions;
mod error;
mod file;
mod gazetteer;
mod geo;
mod import;
mod journey;
mod map;
mod network;
mod random;
mod route;
mod sketch;
mod stops;
mod timetable;

pub use areas::{Area, AreaKind};
pub use buses::{Bus, Changes, FeedIds, Headway, Run, changes};
pub use city::City;
pub use clock::{Day, Moment, Zone};
pub use demo::{DEMO_SEED, DEMO_STAMP};
pub use density::{AccessScore, DensityCell, NewStop, SERVED_METRES, Suggestion};
pub use error::{Error, FileError, ImportError, NoRoute};
pub use gazetteer::{Place, Query};
pub use geo::{Bounds, Point, encode_polyline, line_metres};
pub use import::{Report, Sources, import};
pub use journey::{
    Asking, Call, Comparison, Departure, Fare, Journey, Leg, Means, Mode, RideDetail, Summary, When, currency_digits,
};
pub use map::{STREET_CLASSES, Street};
pub use network::Vehicle;
pub use random::Random;
pub use route::{Step, Turning};
pub use stops::Stop;
