//! A GTFS archive, read leniently: a bad row costs that row, a missing optional file nothing.
//!
//! Archives are bounded: one that unpacks to more than any honest feed is refused. Left out: pathways, zones in fares,
//! pickup and drop-off rules, flexible services, translations.

use super::archive::{Archive, MOST_BYTES};
use super::report::Report;
use super::table::Table;
use super::{calendar, fares, stop_times};
use crate::clock::Zone;
use crate::draft::CityDraft;
use crate::error::ImportError;
use crate::geo::{Coord, Point};
use crate::timetable::{Feed, FeedLine, FeedStop};
use std::collections::HashMap;

/// Stops, lines or points a feed may have: numbers stay far from 32 bits.
const MOST_ROWS: usize = 20_000_000;

/// Ids of a feed and the numbers they became.
#[derive(Default)]
pub(super) struct Ids {
    pub stops: HashMap<String, u32>,
    pub lines: HashMap<String, u32>,
    pub services: HashMap<String, u32>,
    pub shapes: HashMap<String, u32>,
}

pub(super) fn read(bytes: &[u8], draft: &mut CityDraft, report: &mut Report) -> Result<(), ImportError> {
    let mut archive = Archive::open(bytes, MOST_BYTES)?;
    let (mut feed, mut ids) = (Feed::default(), Ids::default());
    zone(&mut archive, draft, report)?;
    stops(&archive.required("stops.txt")?, &mut feed, &mut ids, report)?;
    lines(&mut archive, &mut feed, &mut ids, report)?;
    calendar::read(&mut archive, &mut feed, &mut ids, report)?;
    if let Some(bytes) = archive.bytes("shapes.txt")? {
        shapes(&bytes, &mut feed, &mut ids, report)?;
    }
    stop_times::read(&mut archive, &mut feed, &ids, report)?;
    if let Some(bytes) = archive.bytes("transfers.txt")? {
        transfers(&bytes, &mut feed, &ids, report)?;
    }
    if feed.trips.is_empty() {
        return Err(ImportError::Feed { file: "the feed".to_owned(), why: "it holds no usable trip".to_owned() });
    }
    draft.feed.append(feed);
    Ok(())
}

fn zone(archive: &mut Archive, draft: &mut CityDraft, report: &mut Report) -> Result<(), ImportError> {
    let Some(bytes) = archive.bytes("agency.txt")? else {
        return Ok(());
    };
    let mut table = Table::new("agency.txt", &bytes)?;
    let column = table.column("agency_timezone");
    while let Some(row) = table.next_row(report) {
        let name = row.field(column).to_owned();
        if !Zone::knows(&name) {
            report.drop("unknown time zones", name);
        } else if draft.zone.is_empty() {
            draft.zone = name;
        } else if draft.zone != name {
            report.drop("feeds in another time zone (read as if in the first one)", name);
        }
    }
    Ok(())
}

fn stops(bytes: &[u8], feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("stops.txt", bytes)?;
    let [id, name, lat, lon, kind] =
        ["stop_id", "stop_name", "stop_lat", "stop_lon", "location_type"].map(|c| table.column(c));
    while let Some(row) = table.next_row(report) {
        let key = row.text(id);
        if row.number::<u8>(kind).is_some_and(|k| k != 0) {
            continue;
        }
        let at = row.number(lat).zip(row.number(lon)).map(|(lat, lon)| Point::new(lat, lon));
        match at.filter(|p| p.is_valid() && (p.lat, p.lon) != (0.0, 0.0)) {
            Some(at) if feed.stops.len() < MOST_ROWS => {
                ids.stops.insert(key.clone(), feed.stops.len() as u32);
                feed.stops.push(FeedStop { id: key, name: row.text(name), at: at.into() });
            }
            _ => report.drop("stops without coordinates", key),
        }
    }
    Ok(())
}

fn lines(archive: &mut Archive, feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let fares = fares::read(archive, report)?;
    let bytes = archive.required("routes.txt")?;
    let mut table = Table::new("routes.txt", &bytes)?;
    let [id, short, long, kind, colour, agency] =
        ["route_id", "route_short_name", "route_long_name", "route_type", "route_color", "agency_id"]
            .map(|c| table.column(c));
    while let Some(row) = table.next_row(report) {
        let key = row.text(id);
        let text = row.field(colour);
        let parsed = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 6);
        if parsed.is_none() && !text.is_empty() {
            report.drop("colours that aren't RRGGBB", text);
        }
        let fare = fares.get(&key).or_else(|| fares.get("")).cloned();
        ids.lines.insert(key.clone(), feed.lines.len() as u32);
        feed.lines.push(FeedLine {
            id: key,
            short: row.text(short),
            long: row.text(long),
            agency: row.text(agency),
            colour: parsed.unwrap_or(0x33_66_99),
            kind: row.number(kind).unwrap_or(3),
            fare,
        });
    }
    Ok(())
}

fn shapes(bytes: &[u8], feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("shapes.txt", bytes)?;
    let [id, lat, lon, sequence] =
        ["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"].map(|c| table.column(c));
    let mut shapes: Vec<Vec<(u32, Coord)>> = Vec::new();
    while let Some(row) = table.next_row(report) {
        let at = row.number(lat).zip(row.number(lon)).map(|(lat, lon)| Point::new(lat, lon)).filter(|p| p.is_valid());
        let (Some(at), Some(place)) = (at, row.number(sequence)) else {
            report.drop("shape points without numbers", row.text(id));
            continue;
        };
        let key = row.field(id);
        let number = match ids.shapes.get(key) {
            Some(&n) => n,
            None => {
                ids.shapes.insert(key.to_owned(), shapes.len() as u32);
                shapes.push(Vec::new());
                shapes.len() as u32 - 1
            }
        };
        shapes[number as usize].push((place, at.into()));
    }
    for mut shape in shapes {
        shape.sort_by_key(|p| p.0);
        feed.shapes.push(shape.into_iter().map(|p| p.1).collect());
    }
    Ok(())
}

fn transfers(bytes: &[u8], feed: &mut Feed, ids: &Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("transfers.txt", bytes)?;
    let [from, to, kind, least] =
        ["from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time"].map(|c| table.column(c));
    while let Some(row) = table.next_row(report) {
        let numbers = ids.stops.get(row.field(from)).zip(ids.stops.get(row.field(to)));
        let Some((&a, &b)) = numbers else {
            report.drop("transfers between unknown stops", row.text(from));
            continue;
        };
        match row.number::<u8>(kind).unwrap_or(0) {
            3 => feed.transfers.push((a, b, None)),
            2 => feed.transfers.push((a, b, Some(row.number(least).unwrap_or(120)))),
            // Recommended and timed changes add nothing that walking doesn't know, unless the stops share a place.
            _ => {}
        }
    }
    Ok(())
}
