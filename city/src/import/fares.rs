//! Prices: fares of GTFS's first version, by route, zone and agency. A fare that can't be understood whole is left out: no
//! price is better than a wrong one. Fares of the second version are left out.

use super::archive::Archive;
use super::feed::Ids;
use super::report::Report;
use super::table::Table;
use crate::error::ImportError;
use crate::timetable::{Feed, FeedFare, FeedFareRule};
use iso_currency::Currency;
use std::collections::{HashMap, HashSet};

pub(super) fn read(archive: &mut Archive, feed: &mut Feed, ids: &Ids, report: &mut Report) -> Result<(), ImportError> {
    if archive.bytes("fare_products.txt")?.is_some() {
        report.drop("files left out: fares of version 2", "fare_products.txt");
    }
    let Some(bytes) = archive.bytes("fare_attributes.txt")? else {
        return Ok(());
    };
    let numbers = attributes(&bytes, feed, ids, report)?;
    if let Some(bytes) = archive.bytes("fare_rules.txt")? {
        let ruled = rules(&bytes, feed, &numbers, ids, report)?;
        // A fare of whose rules none can be understood would otherwise apply to everything.
        let mut number = 0..;
        feed.fares.retain(|f| number.next().is_some_and(|n| !f.rules.is_empty() || !ruled.contains(&n)));
    }
    Ok(())
}

fn attributes(
    bytes: &[u8],
    feed: &mut Feed,
    ids: &Ids,
    report: &mut Report,
) -> Result<HashMap<String, usize>, ImportError> {
    let mut table = Table::new("fare_attributes.txt", bytes)?;
    let [id, price, currency, changes, seconds, agency] =
        ["fare_id", "price", "currency_type", "transfers", "transfer_duration", "agency_id"].map(|c| table.column(c));
    let mut numbers = HashMap::new();
    while let Some(row) = table.next_row(report) {
        let Some(amount) = minor_units(row.field(price), row.field(currency)) else {
            report.drop("fares without a price in a known currency", row.text(id));
            continue;
        };
        let stated = row.field(changes);
        let changes = if stated.is_empty() { Some(u8::MAX) } else { stated.parse().ok() };
        let Some(changes) = changes else {
            report.drop("fares with an unknown number of transfers", row.text(id));
            continue;
        };
        numbers.insert(row.text(id), feed.fares.len());
        feed.fares.push(FeedFare {
            amount,
            currency: row.text(currency),
            changes,
            seconds: row.number(seconds),
            agency: ids.agency(row.field(agency)),
            feed: 0,
            rules: Vec::new(),
        });
    }
    Ok(numbers)
}

/// A price in the minor unit of its currency, which has as many digits as ISO 4217 gives it.
fn minor_units(price: &str, currency: &str) -> Option<u32> {
    let digits = Currency::from_code(currency)?.exponent()?;
    let amount = price.parse::<f64>().ok()? * 10f64.powi(i32::from(digits));
    (0.0..2e9).contains(&amount).then(|| amount.round() as u32)
}

/// Adds the rules to their fares; the fares that any was written for.
fn rules(
    bytes: &[u8],
    feed: &mut Feed,
    numbers: &HashMap<String, usize>,
    ids: &Ids,
    report: &mut Report,
) -> Result<HashSet<usize>, ImportError> {
    let mut table = Table::new("fare_rules.txt", bytes)?;
    let [id, route, origin, destination, contains] =
        ["fare_id", "route_id", "origin_id", "destination_id", "contains_id"].map(|c| table.column(c));
    let mut ruled = HashSet::new();
    let mut places: HashMap<(usize, Option<u32>, String, String), usize> = HashMap::new();
    while let Some(row) = table.next_row(report) {
        let Some(&number) = numbers.get(row.field(id)) else {
            report.drop("fare rules for unknown fares", row.text(id));
            continue;
        };
        ruled.insert(number);
        let line = ids.lines.get(row.field(route)).copied();
        if line.is_none() && !row.field(route).is_empty() {
            report.drop("fare rules for unknown routes", row.text(route));
            continue;
        }
        let [origin, destination] = [row.text(origin), row.text(destination)];
        let rules = &mut feed.fares[number].rules;
        let place = *places.entry((number, line, origin.clone(), destination.clone())).or_insert_with(|| {
            rules.push(FeedFareRule { line, origin, destination, ..FeedFareRule::default() });
            rules.len() - 1
        });
        if !row.field(contains).is_empty() {
            rules[place].contains.insert(row.text(contains));
        }
    }
    Ok(ruled)
}
