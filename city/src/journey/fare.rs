//! What a journey costs: the cheapest tickets that together cover its rides, one ticket for one ride or for several in a row.

use super::Fare;
use crate::City;
use crate::timetable::{self, Itinerary, NONE};
use std::collections::BTreeMap;

/// A ride as fares see it.
struct Ridden {
    line: u32,
    boarded: i32,
    /// Fare zones called at, in the order driven.
    zones: Vec<u32>,
}

/// Digits after the decimal point of a currency's amounts, as ISO 4217 has them; two for an unknown one.
#[must_use]
pub fn currency_digits(code: &str) -> u16 {
    iso_currency::Currency::from_code(code).and_then(iso_currency::Currency::exponent).unwrap_or(2)
}

impl City {
    /// Nothing where no tickets of one currency cover the whole journey.
    pub(super) fn fare(&self, found: &Itinerary) -> Option<Fare> {
        let t = &self.timetable;
        if t.fares.is_empty() {
            return None;
        }
        let rides: Vec<Ridden> = found.rides.iter().map(|r| self.ridden(r)).collect();
        // Rides covered → currency → the least that tickets for them cost.
        let mut least: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); rides.len() + 1];
        for from in 0..rides.len() {
            let spent = if from == 0 { None } else { Some(least[from].clone()) };
            for to in from + 1..=rides.len() {
                for (currency, price) in self.tickets(&rides[from..to]) {
                    let before = spent.as_ref().map_or(Some(0), |s| s.get(&currency).copied());
                    let Some(sum) = before.map(|b| b.saturating_add(price)) else { continue };
                    least[to].entry(currency).and_modify(|l| *l = sum.min(*l)).or_insert(sum);
                }
            }
        }
        let (currency, amount) = least.last()?.iter().min_by_key(|(currency, _)| t.names.get(**currency))?;
        Some(Fare { amount: *amount, currency: t.names.get(*currency).to_owned() })
    }

    fn ridden(&self, ride: &timetable::Ride) -> Ridden {
        let t = &self.timetable;
        let calls = &t.stops_of(t.trips[ride.trip as usize].pattern)[ride.board as usize..=ride.alight as usize];
        let zones = calls.iter().map(|&stop| t.stop_zone[stop as usize]).collect();
        Ridden { line: t.line_of(ride.trip), boarded: ride.depart, zones }
    }

    /// Currencies and prices of the tickets that are valid for all of these rides in a row.
    fn tickets(&self, rides: &[Ridden]) -> Vec<(u32, u32)> {
        let t = &self.timetable;
        let lines: Vec<_> = rides.iter().map(|r| &t.lines[r.line as usize]).collect();
        let mut visited: Vec<u32> = rides.iter().flat_map(|r| r.zones.iter().copied()).collect();
        visited.sort_unstable();
        visited.dedup();
        let changes = rides.len() as u32 - 1;
        let seconds = rides.last().map_or(0, |l| l.boarded - rides[0].boarded).unsigned_abs();
        let valid = |(number, fare): &(u32, &timetable::Fare)| {
            lines.iter().all(|l| l.feed == fare.feed && (fare.agency == 0 || fare.agency == l.agency))
                && (fare.changes == u8::MAX || changes <= fare.changes.into())
                && (fare.seconds == NONE || seconds <= fare.seconds)
                && (fare.is_ruled == 0 || self.applies(*number, rides, &visited))
        };
        (0..).zip(&t.fares).filter(valid).map(|(_, fare)| (fare.currency, fare.amount)).collect()
    }

    /// Whether a fare's rules cover each of the rides, for the zones in which they begin and end and those that they pass.
    fn applies(&self, fare: u32, rides: &[Ridden], visited: &[u32]) -> bool {
        let rules = &self.timetable.fare_rules;
        let rules = &rules[rules.partition_point(|r| r.fare < fare)..rules.partition_point(|r| r.fare <= fare)];
        let end = |zone: Option<&u32>| zone.copied().unwrap_or(0);
        let origin = end(rides.first().and_then(|r| r.zones.first()));
        let destination = end(rides.last().and_then(|r| r.zones.last()));
        rides.iter().all(|ride| {
            rules.iter().any(|rule| {
                (rule.line == NONE || rule.line == ride.line)
                    && (rule.origin == 0 || rule.origin == origin)
                    && (rule.destination == 0 || rule.destination == destination)
                    && (rule.contains.is_empty() || rule.contains == visited)
            })
        })
    }
}
