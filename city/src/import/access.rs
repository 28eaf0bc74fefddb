//! Who may use a way: OpenStreetMap's access rules, from the general to the particular.
//!
//! A general right (`access=yes`) opens a way only to those it is built for; a right that names a vehicle opens it to
//! that vehicle. Left out: rules bound to hours, weights and heights.

use super::pbf::{Tags, tag};
use super::{oneway, speeds};
use crate::network::{Class, Manner, ROUNDABOUT, Vehicle};

/// What tags allow; of several values the most permissive counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Open,
    /// Only for journeys that begin or end there.
    Ends,
    Closed,
}

/// The keys that count for each vehicle, the most general first.
fn keys(vehicle: Vehicle) -> &'static [&'static str] {
    match vehicle {
        Vehicle::Foot => &["access", "foot"],
        Vehicle::Bike => &["access", "vehicle", "bicycle"],
        Vehicle::Car => &["access", "vehicle", "motor_vehicle", "double_tracked_motor_vehicle", "motorcar"],
    }
}

/// The two directions of a way, as keys name them.
pub(super) const DIRECTIONS: [&str; 2] = ["forward", "backward"];

/// What one access value says; nothing for one that only says that nobody knows.
fn value(text: &str) -> Option<Access> {
    let each = text.split(';').map(str::trim).filter(|v| !matches!(*v, "" | "unknown"));
    each.map(|v| match v {
        "yes" | "designated" | "permissive" | "official" | "public" | "discouraged" => Access::Open,
        "destination" | "private" | "customers" | "delivery" | "permit" | "residents" => Access::Ends,
        _ => Access::Closed,
    })
    .min()
}

/// What the tags say of a vehicle in a direction, and the key that says it.
fn stated(tags: &Tags, vehicle: Vehicle, direction: &str) -> Option<(Access, &'static str)> {
    keys(vehicle).iter().rev().find_map(|key| {
        let ends_so = |k: &str| k.strip_prefix(key).and_then(|rest| rest.strip_prefix(':')) == Some(direction);
        let own = tags.iter().find(|(k, _)| ends_so(k)).map(|(_, v)| v.as_str());
        own.or_else(|| tag(tags, key)).and_then(value).map(|access| (access, *key))
    })
}

/// Whether a vehicle may use the way in a direction.
fn access(tags: &Tags, class: Class, vehicle: Vehicle, direction: &str) -> Access {
    let never = match vehicle {
        Vehicle::Foot => false,
        Vehicle::Bike => impassable(tags),
        Vehicle::Car => class == Class::Steps || impassable(tags),
    };
    if never {
        return Access::Closed;
    }
    let closed_unless = |open: bool, access| if open { access } else { Access::Closed };
    match stated(tags, vehicle, direction) {
        Some((access, "access" | "vehicle")) => closed_unless(built_for(tags, class, vehicle), access),
        Some((access, _)) => access,
        None => closed_unless(usual(tags, class, vehicle), Access::Open),
    }
}

fn impassable(tags: &Tags) -> bool {
    tag(tags, "smoothness") == Some("impassable")
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
        "service" | "busway" => Class::Service,
        "track" => Class::Track,
        "cycleway" => Class::Cycleway,
        "footway" | "path" | "pedestrian" | "bridleway" | "platform" | "corridor" => Class::Path,
        "steps" => Class::Steps,
        _ => return None,
    })
}

/// Whether the kind of way is open to a vehicle when no tag says otherwise.
fn usual(tags: &Tags, class: Class, vehicle: Vehicle) -> bool {
    // Tracks are built for cars and yet seldom open to everybody's; who may board a ferry by car has to be stated.
    let seldom = vehicle == Vehicle::Car
        && (matches!(class, Class::Track | Class::Ferry) || tag(tags, "service") == Some("emergency_access"));
    !seldom && built_for(tags, class, vehicle)
}

/// Whether the kind of way is made for a vehicle: what a general right opens it to.
fn built_for(tags: &Tags, class: Class, vehicle: Vehicle) -> bool {
    let highway = tag(tags, "highway");
    if highway == Some("busway") {
        return false;
    }
    let fast_road = tag(tags, "motorroad") == Some("yes");
    match vehicle {
        Vehicle::Foot => match class {
            Class::Motorway | Class::Cycleway => false,
            Class::Trunk => !fast_road && sidewalk(tags).unwrap_or(!narrow(tags)),
            _ => !fast_road,
        },
        Vehicle::Bike => match class {
            Class::Motorway | Class::Steps => false,
            Class::Path => highway == Some("path"),
            Class::Trunk => !fast_road && (cycleway(tags) || !narrow(tags)),
            // Who takes nobody on foot takes a bicycle only where it is stated.
            Class::Ferry => access(tags, class, Vehicle::Foot, "") != Access::Closed,
            _ => !fast_road,
        },
        Vehicle::Car => class <= Class::Track || class == Class::Ferry,
    }
}

/// A tunnel or a ramp: on a trunk road there is room beside the cars only where a tag says so.
fn narrow(tags: &Tags) -> bool {
    let tunnel = tag(tags, "tunnel").is_some_and(|t| !matches!(t, "no" | "building_passage"));
    tunnel || tag(tags, "highway").is_some_and(|h| h.ends_with("_link"))
}

/// Whether there is a pavement, where a tag says.
fn sidewalk(tags: &Tags) -> Option<bool> {
    let sides = ["sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right"].map(|k| tag(tags, k));
    let any = sides.iter().flatten().any(|v| matches!(*v, "yes" | "both" | "left" | "right"));
    let none = sides[..2].iter().flatten().any(|v| matches!(*v, "no" | "none"));
    if any { Some(true) } else { none.then_some(false) }
}

/// Whether a tag says that there is a lane for bicycles.
fn cycleway(tags: &Tags) -> bool {
    let sides = ["cycleway", "cycleway:both", "cycleway:left", "cycleway:right"].map(|k| tag(tags, k));
    sides.iter().flatten().any(|v| !matches!(*v, "no" | "none" | "separate" | "use_sidepath"))
}

/// How a way of so many metres may be used; nothing when nobody may. Without its length a ferry's `duration` says
/// nothing.
pub(super) fn manner(tags: &Tags, metres: Option<f64>) -> Option<Manner> {
    let class = class_of(tags)?;
    let round = matches!(tag(tags, "junction"), Some("roundabout" | "circular"));
    let mut manner = Manner { class: class as u8, flags: if round { ROUNDABOUT } else { 0 }, ..Manner::default() };
    for vehicle in Vehicle::ALL {
        let open = oneway::directions(tags, class, vehicle, round);
        for (d, direction) in DIRECTIONS.into_iter().enumerate() {
            let access = if open[d] { access(tags, class, vehicle, direction) } else { Access::Closed };
            let (access, speed) = match access {
                Access::Closed if vehicle == Vehicle::Bike => pushed(tags, class, direction),
                _ => (access, speeds::speed(tags, class, vehicle, metres)),
            };
            if access != Access::Closed {
                manner.speed[vehicle as usize][d] = speed;
            }
            if access == Access::Ends {
                manner.ends |= Manner::bit(vehicle, d);
            }
        }
    }
    (manner.speed != [[0; 2]; 3]).then_some(manner)
}

/// Where nobody may ride, a bicycle may be pushed wherever people may walk; a ferry takes it or doesn't.
fn pushed(tags: &Tags, class: Class, direction: &str) -> (Access, u16) {
    let on_foot = oneway::directions(tags, class, Vehicle::Foot, false);
    let open = class != Class::Ferry && DIRECTIONS.iter().zip(on_foot).any(|(d, open)| open && *d == direction);
    let access = match tag(tags, "bicycle") {
        _ if !open => Access::Closed,
        Some("dismount") => Access::Open,
        _ => access(tags, class, Vehicle::Foot, direction),
    };
    (access, speeds::pushing(class))
}

/// A bit for each vehicle that a barrier stops, and one for each that it lets through only to begin or end behind it.
pub(super) fn barrier(kind: &str, tags: &Tags) -> [u8; 2] {
    let passes = |vehicle: Vehicle| {
        let by_kind = match kind {
            "gate" | "lift_gate" | "swing_gate" | "sliding_gate" | "hampshire_gate" | "bump_gate" | "toll_booth"
            | "border_control" | "cattle_grid" | "entrance" | "kerb" | "sally_port" | "height_restrictor"
            | "coupure" | "no" => true,
            "wall" | "city_wall" | "fence" | "hedge" | "retaining_wall" | "guard_rail" | "cable_barrier" => false,
            _ => vehicle != Vehicle::Car,
        };
        match stated(tags, vehicle, "") {
            Some((_, "access" | "vehicle")) if !by_kind => Access::Closed,
            Some((access, _)) => access,
            None if by_kind => Access::Open,
            None => Access::Closed,
        }
    };
    let with = |wanted: Access| {
        let least = |v: Vehicle| match v {
            Vehicle::Bike => passes(v).min(passes(Vehicle::Foot)),
            _ => passes(v),
        };
        Vehicle::ALL.into_iter().filter(|v| least(*v) == wanted).map(|v| 1 << v as u8).sum()
    };
    [with(Access::Closed), with(Access::Ends)]
}
