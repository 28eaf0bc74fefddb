//! Who may use a way, in which direction: OpenStreetMap's access rules, from the general to the particular.
//!
//! Left out: conditional and time-dependent rules, weights and heights, one-ways for people on foot.

use super::pbf::{Tags, tag};
use super::speeds;
use crate::network::{Class, Manner, ROUNDABOUT, Vehicle};

/// The access tags that count for each vehicle, the most particular last.
fn access_keys(vehicle: Vehicle) -> &'static [&'static str] {
    match vehicle {
        Vehicle::Foot => &["access", "foot"],
        Vehicle::Bike => &["access", "vehicle", "bicycle"],
        Vehicle::Car => &["access", "vehicle", "motor_vehicle", "motorcar"],
    }
}

/// What a way's access tags say, if anything.
fn permission(tags: &Tags, vehicle: Vehicle) -> Option<bool> {
    let value = access_keys(vehicle).iter().rev().find_map(|k| tag(tags, k))?;
    match value {
        "no" | "agricultural" | "forestry" | "emergency" | "psv" | "bus" | "delivery" | "use_sidepath" => Some(false),
        "private" => Some(false),
        "dismount" => Some(vehicle == Vehicle::Bike),
        "yes" | "designated" | "permissive" | "destination" | "official" | "customers" | "residents" => Some(true),
        _ => None,
    }
}

fn class_of(tags: &Tags) -> Option<Class> {
    if tag(tags, "route") == Some("ferry") {
        return Some(Class::Ferry);
    }
    if tag(tags, "area") == Some("yes") && tag(tags, "highway").is_none() {
        return None;
    }
    Some(match tag(tags, "highway").or_else(|| tag(tags, "railway").filter(|r| *r == "platform"))? {
        "motorway" | "motorway_link" => Class::Motorway,
        "trunk" | "trunk_link" => Class::Trunk,
        "primary" | "primary_link" => Class::Primary,
        "secondary" | "secondary_link" => Class::Secondary,
        "tertiary" | "tertiary_link" => Class::Tertiary,
        "unclassified" | "residential" | "road" => Class::Street,
        "living_street" => Class::Living,
        "service" => Class::Service,
        "track" => Class::Track,
        "cycleway" => Class::Cycleway,
        "footway" | "path" | "pedestrian" | "bridleway" | "platform" | "corridor" => Class::Path,
        "steps" => Class::Steps,
        _ => return None,
    })
}

/// Whether the kind of street is open to a vehicle when no tag says otherwise.
fn usual(tags: &Tags, class: Class, vehicle: Vehicle) -> bool {
    let fast_road = tag(tags, "motorroad") == Some("yes");
    match vehicle {
        Vehicle::Foot => {
            !matches!(class, Class::Motorway | Class::Cycleway)
                && !fast_road
                && (class != Class::Trunk || sidewalk(tags))
        }
        Vehicle::Bike => match class {
            Class::Motorway | Class::Steps => false,
            Class::Path => matches!(tag(tags, "highway"), Some("path")),
            _ => !fast_road,
        },
        Vehicle::Car => class <= Class::Service || class == Class::Ferry,
    }
}

fn sidewalk(tags: &Tags) -> bool {
    !matches!(tag(tags, "sidewalk"), Some("no" | "none"))
}

/// How a way may be used; nothing when nobody may.
pub(super) fn manner(tags: &Tags) -> Option<Manner> {
    let class = class_of(tags)?;
    let round = matches!(tag(tags, "junction"), Some("roundabout" | "circular"));
    let mut manner =
        Manner { class: class as u8, flags: if round { ROUNDABOUT } else { 0 }, speed: Default::default() };
    for vehicle in Vehicle::ALL {
        let permitted = permission(tags, vehicle).unwrap_or_else(|| usual(tags, class, vehicle));
        let pushes = vehicle == Vehicle::Bike
            && !permitted
            && permission(tags, Vehicle::Foot).unwrap_or_else(|| usual(tags, class, Vehicle::Foot));
        if !permitted && !pushes {
            continue;
        }
        let speed = if pushes { speeds::pushing(class) } else { speeds::speed(tags, class, vehicle) };
        let [with, against] = if pushes { [true, true] } else { directions(tags, class, vehicle, round) };
        manner.speed[vehicle as usize] = [if with { speed } else { 0 }, if against { speed } else { 0 }];
    }
    (manner.speed != [[0; 2]; 3]).then_some(manner)
}

/// Whether a way may be used with and against the direction it is drawn in.
fn directions(tags: &Tags, class: Class, vehicle: Vehicle, round: bool) -> [bool; 2] {
    if vehicle == Vehicle::Foot {
        return [true, true];
    }
    let general = tag(tags, "oneway");
    let own = if vehicle == Vehicle::Bike { tag(tags, "oneway:bicycle") } else { tag(tags, "oneway:motor_vehicle") };
    let directions = match own.or(general) {
        Some("yes" | "true" | "1") => [true, false],
        Some("-1" | "reverse") => [false, true],
        Some("no" | "false" | "0" | "reversible" | "alternating") => [true, true],
        _ if round || class == Class::Motorway => [true, false],
        _ => [true, true],
    };
    if vehicle == Vehicle::Bike && own.is_none() && contraflow(tags) { [true, true] } else { directions }
}

/// A lane or track for bicycles against the traffic.
fn contraflow(tags: &Tags) -> bool {
    let opposite = |v: &str| v.starts_with("opposite");
    ["cycleway", "cycleway:left", "cycleway:right", "cycleway:both"].iter().any(|k| tag(tags, k).is_some_and(opposite))
        || ["cycleway:left:oneway", "cycleway:right:oneway"].iter().any(|k| matches!(tag(tags, k), Some("no" | "-1")))
}

/// A bit for each vehicle that a barrier stops.
pub(super) fn barrier(kind: &str, tags: &Tags) -> u8 {
    let stopped = |vehicle: Vehicle| match permission(tags, vehicle) {
        Some(permitted) => !permitted,
        None => match kind {
            "gate" | "lift_gate" | "swing_gate" | "toll_booth" | "border_control" | "cattle_grid" | "entrance"
            | "kerb" | "sally_port" | "height_restrictor" | "no" => false,
            "wall" | "fence" | "hedge" | "retaining_wall" => true,
            _ => vehicle == Vehicle::Car,
        },
    };
    Vehicle::ALL.into_iter().filter(|v| stopped(*v)).map(|v| 1 << v as u8).sum()
}
