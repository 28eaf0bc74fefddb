//! In which directions a way may be used, as `oneway` and its kin say it.

use super::pbf::{Tags, tag};
use crate::network::{Class, Vehicle};

/// The keys that count for each vehicle, the most particular first.
fn keys(vehicle: Vehicle) -> &'static [&'static str] {
    match vehicle {
        Vehicle::Foot => &["oneway:foot"],
        Vehicle::Bike => &["oneway:bicycle", "oneway:vehicle"],
        Vehicle::Car => &["oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle"],
    }
}

fn value(text: &str) -> Option<[bool; 2]> {
    match text {
        "yes" | "true" | "1" => Some([true, false]),
        "-1" | "reverse" => Some([false, true]),
        "no" | "false" | "0" | "alternating" => Some([true, true]),
        // One direction at a time, and nobody knows which.
        "reversible" => Some([false, false]),
        _ => None,
    }
}

/// Whether a way may be used with and against the direction it is drawn in.
pub(super) fn directions(tags: &Tags, class: Class, vehicle: Vehicle, round: bool) -> [bool; 2] {
    let own = keys(vehicle).iter().find_map(|k| tag(tags, k).and_then(value));
    if vehicle == Vehicle::Foot {
        return own.unwrap_or([true, true]);
    }
    let general = tag(tags, "oneway").and_then(value);
    let directions = own.or(general).unwrap_or([true, !round && class != Class::Motorway]);
    if vehicle == Vehicle::Bike && own.is_none() && contraflow(tags) { [true, true] } else { directions }
}

/// A lane, a track or a right for bicycles against the traffic.
fn contraflow(tags: &Tags) -> bool {
    let opposite = |v: &str| v.split(';').any(|v| v.trim().starts_with("opposite"));
    let both = |v: &str| matches!(v, "no" | "-1");
    let against = if tag(tags, "oneway") == Some("-1") { "bicycle:forward" } else { "bicycle:backward" };
    let allowed = |v: &str| matches!(v, "yes" | "designated" | "permissive");
    ["cycleway", "cycleway:left", "cycleway:right", "cycleway:both"].iter().any(|k| tag(tags, k).is_some_and(opposite))
        || ["cycleway:oneway", "cycleway:left:oneway", "cycleway:right:oneway", "cycleway:both:oneway"]
            .iter()
            .any(|k| tag(tags, k).is_some_and(both))
        || tag(tags, against).is_some_and(allowed)
}
