//! How fast one gets on, in hundreds of metres per hour: by kind of street, by `maxspeed`, and for bicycles by surface.

use super::pbf::{Tags, tag};
use crate::network::{Class, Vehicle};

const FOOT: u16 = 50;
const FERRY: u16 = 80;
/// Traffic reaches this share of what signs allow.
const OF_LIMIT: f64 = 0.8;

/// The usual speed of a vehicle on a way it may use.
pub(super) fn speed(tags: &Tags, class: Class, vehicle: Vehicle) -> u16 {
    if class == Class::Ferry {
        return FERRY;
    }
    match vehicle {
        Vehicle::Foot => FOOT,
        Vehicle::Bike => bike(tags, class),
        Vehicle::Car => car(tags, class),
    }
}

/// The speed of pushing a bicycle.
pub(super) fn pushing(class: Class) -> u16 {
    if class == Class::Steps { 20 } else { 40 }
}

fn bike(tags: &Tags, class: Class) -> u16 {
    let usual = match class {
        Class::Path => 120,
        Class::Track => 120,
        Class::Service => 140,
        Class::Living => 140,
        Class::Steps => 20,
        _ => 150,
    };
    let surface = match tag(tags, "surface") {
        Some("cobblestone" | "unhewn_cobblestone" | "pebblestone") => 70,
        Some("sett" | "compacted" | "fine_gravel" | "wood" | "metal") => 110,
        Some("unpaved" | "gravel" | "ground" | "dirt" | "earth" | "grass" | "rock") => 80,
        Some("mud" | "sand") => 40,
        _ => usual,
    };
    usual.min(surface)
}

fn car(tags: &Tags, class: Class) -> u16 {
    let link = tag(tags, "highway").is_some_and(|h| h.ends_with("_link"));
    let usual = match class {
        Class::Motorway => {
            if link {
                450
            } else {
                900
            }
        }
        Class::Trunk => {
            if link {
                400
            } else {
                850
            }
        }
        Class::Primary => {
            if link {
                300
            } else {
                650
            }
        }
        Class::Secondary => {
            if link {
                250
            } else {
                550
            }
        }
        Class::Tertiary => {
            if link {
                200
            } else {
                400
            }
        }
        Class::Street => 250,
        Class::Living => 100,
        _ => 150,
    };
    match tag(tags, "maxspeed").and_then(limit) {
        Some(limit) if class <= Class::Living => (limit * OF_LIMIT) as u16,
        Some(limit) => usual.min((limit * OF_LIMIT) as u16).max(30),
        None => usual,
    }
}

/// A speed limit in hundreds of metres per hour.
fn limit(text: &str) -> Option<f64> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit() && c != '.') {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let value: f64 = number.parse().ok().filter(|v| (3.0..=200.0).contains(v))?;
    Some(if unit.trim().starts_with("mph") { value * 16.093 } else { value * 10.0 })
}
