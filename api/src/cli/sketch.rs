//! Journeys for a terminal: a table, and under each journey its legs drawn to the scale of its time.

use std::fmt::Write;

use city::{City, When};

use crate::{
    clock::Instant,
    money::Money,
    transport::{
        journey::{Asking, Journey, Leg, Means, Ride},
        routes::{Mode, Routes},
    },
};

use super::journeys::{clock, date};

/// Letters for the longest of all journeys.
const WIDE: i64 = 32;

pub fn table(city: &City, title: &str, when: When, routes: &Routes) -> String {
    let word = match when {
        When::Depart(_) => "leaving",
        When::Arrive(_) => "there by",
    };
    let mut out = format!("{title}   {}, {word} {} {}\n\n", city.name(), date(city, routes.at), clock(city, routes.at));
    _ = writeln!(
        out,
        "{:<13} {:>5} {:>6} {:>8} {:>9} {:>9} {:>9} {:>9}",
        "mode", "leave", "arrive", "time", "distance", "CO2e", "saved", "fare"
    );
    let all = || routes.modes.iter().flat_map(|m| &m.journeys);
    let longest = all().map(|j| j.seconds).max().unwrap_or(1).max(1);
    for row in &routes.modes {
        for journey in &row.journeys {
            out += &line(city, row.mode, journey);
            for leg in &journey.legs {
                out += &drawn(leg, journey.depart, longest);
            }
        }
        if let Some(reason) = &row.reason {
            _ = writeln!(out, "{:<13} no way: {}", name(row.mode), reason.detail);
        }
    }
    out += "\n";
    for f in &routes.factors {
        let unit = match f.shared_by {
            Some(people) => format!("vehicle-km, shared by {people}"),
            None => "passenger-km".to_owned(),
        };
        _ = writeln!(out, "CO2e  {:<12} {:>6} g per {unit} ({}, {})", f.what, f.value, f.source, f.year);
    }
    out
}

fn line(city: &City, mode: Mode, j: &Journey) -> String {
    let fare = j.fare.as_ref().map_or("-".to_owned(), price);
    let saved = j.saved_grams.map_or("-".to_owned(), grams);
    format!(
        "{:<13} {:>5} {:>6} {:>8} {:>9} {:>9} {saved:>9} {fare:>9}\n",
        name(mode),
        clock(city, j.depart),
        clock(city, j.arrive),
        minutes(j.seconds),
        distance(j.metres),
        grams(j.co2e_grams),
    )
}

/// `  ···━━━━━   ride 1 to Fox Street: …`
fn drawn(leg: &Leg, start: Instant, longest: i64) -> String {
    let cells = |to: Instant| ((to - start).num_seconds() * WIDE + longest / 2) / longest;
    let (from, to) = (cells(leg.depart).clamp(0, WIDE), cells(leg.arrive).clamp(0, WIDE));
    let pen = match leg.means {
        Means::Foot => "·",
        Means::Bike => "╌",
        Means::Car => "═",
        Means::Ride => "━",
        Means::Wait => "○",
    };
    let length = usize::try_from((to - from).max(1)).unwrap_or(1);
    let before = usize::try_from(from.min(WIDE - 1)).unwrap_or(0);
    let picture = " ".repeat(before) + &pen.repeat(length);
    let took = minutes((leg.arrive - leg.depart).num_seconds());
    let (from, to) = (leg.from.as_deref().unwrap_or("-"), leg.to.as_deref().unwrap_or("-"));
    let what = match (leg.means, &leg.ride) {
        (Means::Ride, Some(ride)) => {
            let asking = asking(ride);
            let stops = ride.calls.len() - 1;
            format!("line {} to {}: {from} → {to}, {stops} stops{asking}", ride.line, ride.headsign)
        }
        (Means::Wait, _) => format!("wait at {from}"),
        (Means::Foot, _) => format!("walk {from} → {to}, {}", distance(leg.metres)),
        (Means::Bike | Means::Car | Means::Ride, _) => format!("{from} → {to}, {}", distance(leg.metres)),
    };
    format!("  {picture:<33} {took:>7}  {what}\n")
}

/// What one has to do so that it stops.
fn asking(ride: &Ride) -> String {
    let told = |asking: Option<Asking>, doing: &str| match asking {
        None => String::new(),
        Some(Asking::PhoneAgency) => format!("; phone the agency before {doing}"),
        Some(Asking::AskDriver) => format!("; ask the driver about {doing}"),
    };
    told(ride.boarding, "getting on") + &told(ride.alighting, "getting off")
}

fn name(mode: Mode) -> &'static str {
    mode.way().word()
}

/// `2.50 EUR`, `210 JPY`, `0.250 KWD`
fn price(money: &Money) -> String {
    let digits = usize::from(city::currency_digits(&money.currency));
    let amount = money.amount as f64 / 10f64.powi(digits as i32);
    format!("{amount:.digits$} {}", money.currency)
}

fn minutes(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min", (seconds + 30) / 60),
    }
}

fn distance(metres: f64) -> String {
    if metres < 1000.0 { format!("{metres:.0} m") } else { format!("{:.1} km", metres / 1000.0) }
}

fn grams(grams: f64) -> String {
    if grams.abs() < 1000.0 { format!("{grams:.0} g") } else { format!("{:.1} kg", grams / 1000.0) }
}
