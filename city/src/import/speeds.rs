//! How fast one gets on, in tens of metres per hour: by kind of street, by `maxspeed`, by what it is paved with, and on
//! a ferry by its `duration`.

use super::pbf::{Tags, tag};
use crate::network::{Class, Vehicle};

const FOOT: f64 = 5.0;
/// Of a ferry that doesn't say how long it takes.
const FERRY: f64 = 8.0;
/// What a stated duration may make of a ferry: anything else is a mistake.
const FERRIES: std::ops::RangeInclusive<f64> = 0.3..=120.0;
/// Traffic reaches this share of what signs allow.
const OF_LIMIT: f64 = 0.8;
const SLOWEST_CAR: f64 = 3.0;

/// Kilometres per hour as streets keep them.
fn kept(speed: f64) -> u16 {
    (speed * 100.0).round() as u16
}

/// The usual speed of a vehicle on a way it may use.
pub(super) fn speed(tags: &Tags, class: Class, vehicle: Vehicle, metres: Option<f64>) -> u16 {
    kept(match vehicle {
        _ if class == Class::Ferry => ferry(tags, metres).unwrap_or(FERRY),
        Vehicle::Foot => FOOT,
        Vehicle::Bike => bike(tags, class),
        Vehicle::Car => car(tags, class),
    })
}

/// The speed of pushing a bicycle.
pub(super) fn pushing(class: Class) -> u16 {
    kept(if class == Class::Steps { 2.0 } else { 4.0 })
}

fn ferry(tags: &Tags, metres: Option<f64>) -> Option<f64> {
    let hours = tag(tags, "duration").and_then(hours)?;
    Some(metres? / 1000.0 / hours).filter(|speed| FERRIES.contains(speed))
}

/// `00:20`, `1:05:30`, `20` (minutes) or `PT1H20M`.
fn hours(text: &str) -> Option<f64> {
    let text = text.trim();
    let hours = match text.strip_prefix('P') {
        Some(period) => {
            let (days, time) = period.split_once('T').unwrap_or((period, ""));
            period_of(days, &[('W', 168.0), ('D', 24.0)])?
                + period_of(time, &[('H', 1.0), ('M', 1.0 / 60.0), ('S', 1.0 / 3600.0)])?
        }
        None => {
            let parts: Vec<f64> = text.split(':').map(number).collect::<Option<_>>()?;
            match parts[..] {
                [minutes] => minutes / 60.0,
                [hours, minutes] => hours + minutes / 60.0,
                [hours, minutes, seconds] => hours + minutes / 60.0 + seconds / 3600.0,
                _ => return None,
            }
        }
    };
    (hours > 0.0).then_some(hours)
}

/// The hours of `1H30M`, by the units given.
fn period_of(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut sum = 0.0;
    while let Some(end) = text.find(|c: char| c.is_ascii_alphabetic()) {
        let (_, hours) = units.iter().find(|(unit, _)| text[end..].starts_with(*unit))?;
        sum += number(&text[..end])? * hours;
        text = &text[end + 1..];
    }
    text.is_empty().then_some(sum)
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)
}

fn bike(tags: &Tags, class: Class) -> f64 {
    let usual: f64 = match class {
        Class::Path | Class::Track => 12.0,
        Class::Service | Class::Living => 14.0,
        Class::Steps => 2.0,
        _ => 15.0,
    };
    let surface = match tag(tags, "surface") {
        Some("cobblestone" | "unhewn_cobblestone" | "pebblestone") => 7.0,
        Some("sett" | "compacted" | "fine_gravel" | "wood" | "metal") => 11.0,
        Some("unpaved" | "gravel" | "ground" | "dirt" | "earth" | "grass" | "rock") => 8.0,
        Some("mud" | "sand") => 4.0,
        _ => usual,
    };
    usual.min(surface)
}

fn car(tags: &Tags, class: Class) -> f64 {
    let link = tag(tags, "highway").is_some_and(|h| h.ends_with("_link"));
    let usual: f64 = match (class, link) {
        (Class::Motorway, true) => 45.0,
        (Class::Motorway, false) => 90.0,
        (Class::Trunk, true) => 40.0,
        (Class::Trunk, false) => 85.0,
        (Class::Primary, true) => 30.0,
        (Class::Primary, false) => 65.0,
        (Class::Secondary, true) => 25.0,
        (Class::Secondary, false) => 55.0,
        (Class::Tertiary, true) => 20.0,
        (Class::Tertiary, false) => 40.0,
        (Class::Street, _) => 25.0,
        (Class::Living, _) => 10.0,
        _ => 15.0,
    };
    let allowed = match tag(tags, "maxspeed").and_then(limit) {
        Some(limit) if class <= Class::Living => limit * OF_LIMIT,
        Some(limit) => usual.min(limit * OF_LIMIT),
        None => usual,
    };
    (allowed * roughness(tags)).max(SLOWEST_CAR)
}

/// The share of its speed that a car keeps on the ground there is: the worst of what three tags say of it.
fn roughness(tags: &Tags) -> f64 {
    let surface = match tag(tags, "surface") {
        Some("paving_stones" | "bricks" | "metal" | "concrete:lanes") => 0.9,
        Some("compacted" | "fine_gravel" | "sett" | "wood" | "grass_paver") => 0.8,
        Some("unpaved" | "gravel" | "ground" | "dirt" | "earth") => 0.65,
        Some("cobblestone" | "unhewn_cobblestone" | "pebblestone" | "rock" | "stone" | "grass" | "clay") => 0.55,
        Some("sand" | "mud") => 0.35,
        _ => 1.0,
    };
    let smoothness = match tag(tags, "smoothness") {
        Some("intermediate") => 0.9,
        Some("bad") => 0.7,
        Some("very_bad") => 0.45,
        Some("horrible") => 0.25,
        Some("very_horrible") => 0.15,
        _ => 1.0,
    };
    let track = match tag(tags, "tracktype") {
        Some("grade2") => 0.8,
        Some("grade3") => 0.65,
        Some("grade4") => 0.5,
        Some("grade5") => 0.35,
        _ => 1.0,
    };
    f64::min(surface, f64::min(smoothness, track))
}

/// A speed limit in kilometres per hour.
fn limit(text: &str) -> Option<f64> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit() && c != '.') {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let value: f64 = number.parse().ok().filter(|v| (3.0..=200.0).contains(v))?;
    Some(if unit.trim().starts_with("mph") { value * 1.6093 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, minutes) in
            [("00:20", 20.0), ("1:05:30", 65.5), ("45", 45.0), ("PT20M", 20.0), ("PT1H30M", 90.0), ("P1DT2H", 1560.0)]
        {
            let found = hours(text).map(|h| (h * 600.0).round() / 10.0);
            assert_eq!(found, Some(minutes), "{text}");
        }
        for text in ["", "soon", "00:00", "PT", "1:2:3:4", "-5", "P5X", "é"] {
            assert_eq!(hours(text), None, "{text}");
        }
    }
}
