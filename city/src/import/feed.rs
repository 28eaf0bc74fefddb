//! A GTFS archive, read leniently: a bad row costs that row, a missing optional file nothing.
//!
//! Archives are bounded: one that unpacks to more than any honest feed is refused. What is left out is said in the report:
//! pathways, flexible services, fares of version 2; translations aren't looked at.

use super::archive::{Archive, MOST_BYTES};
use super::report::Report;
use super::table::Table;
use super::{calendar, changes, fares, stop_times};
use crate::clock::Zone;
use crate::draft::CityDraft;
use crate::error::ImportError;
use crate::geo::{Coord, Point};
use crate::timetable::{Feed, FeedLine, FeedShape, FeedStop};
use std::collections::HashMap;

/// Stops, lines or points a feed may have: numbers stay far from 32 bits.
const MOST_ROWS: usize = 20_000_000;

/// Ids of a feed and the numbers they became.
#[derive(Default)]
pub(super) struct Ids {
    pub stops: HashMap<String, u32>,
    /// Stops of each station.
    pub stations: HashMap<String, Vec<u32>>,
    pub lines: HashMap<String, u32>,
    pub services: HashMap<String, u32>,
    pub shapes: HashMap<String, u32>,
    /// Rows of `trips.txt`.
    pub trips: HashMap<String, u32>,
    /// The only agency's id, for lines and fares that state none.
    agency: String,
}

pub(super) fn read(bytes: &[u8], draft: &mut CityDraft, report: &mut Report) -> Result<(), ImportError> {
    // What this feed alone loses is the reason when nothing of it is left.
    let mut own = Report::default();
    let read = content(bytes, draft, &mut own);
    if let Ok(feed) = &read
        && feed.trips.is_empty()
    {
        let why = format!("it holds no usable trip{}", own.reasons());
        return Err(ImportError::Feed { file: "the timetable".to_owned(), why });
    }
    report.add(own);
    draft.feed.append(read?);
    Ok(())
}

fn content(bytes: &[u8], draft: &mut CityDraft, report: &mut Report) -> Result<Feed, ImportError> {
    let mut archive = Archive::open(bytes, MOST_BYTES, report)?;
    let (mut feed, mut ids) = (Feed::default(), Ids::default());
    stops(&archive.required("stops.txt")?, &mut feed, &mut ids, report)?;
    let zone = agencies(&mut archive, draft, &mut ids, report)?;
    lines(&mut archive, &mut feed, &mut ids, report)?;
    calendar::read(&mut archive, &mut feed, &mut ids, report)?;
    feed.services.iter_mut().for_each(|s| s.zone.clone_from(&zone));
    if let Some(bytes) = archive.bytes("shapes.txt")? {
        shapes(&bytes, &mut feed, &mut ids, report)?;
    }
    stop_times::read(&mut archive, &mut feed, &mut ids, report)?;
    if let Some(bytes) = archive.bytes("transfers.txt")? {
        changes::read(&bytes, &mut feed, &ids, report)?;
    }
    fares::read(&mut archive, &mut feed, &ids, report)?;
    left_out(&mut archive, report)?;
    Ok(feed)
}

/// Files whose content changes what a journey is like, and that aren't read.
fn left_out(archive: &mut Archive, report: &mut Report) -> Result<(), ImportError> {
    for (file, what) in [
        ("pathways.txt", "pathways inside stations"),
        ("locations.geojson", "areas of flexible services"),
        ("booking_rules.txt", "booking rules of flexible services"),
    ] {
        if archive.bytes(file)?.is_some() {
            report.drop(&format!("files left out: {what}"), file);
        }
    }
    Ok(())
}

/// The feed's time zone, which becomes the city's where it has none; empty where nothing states one.
fn agencies(
    archive: &mut Archive,
    draft: &mut CityDraft,
    ids: &mut Ids,
    report: &mut Report,
) -> Result<String, ImportError> {
    let Some(bytes) = archive.bytes("agency.txt")? else {
        return Ok(String::new());
    };
    let mut table = Table::new("agency.txt", &bytes)?;
    let [id, zone] = ["agency_id", "agency_timezone"].map(|c| table.column(c));
    let (mut found, mut agencies) = (String::new(), 0);
    while let Some(row) = table.next_row(report) {
        agencies += 1;
        ids.agency = if agencies == 1 { row.text(id) } else { String::new() };
        let name = row.field(zone);
        if !Zone::knows(name) {
            report.drop("unknown time zones", name);
        } else if found.is_empty() {
            name.clone_into(&mut found);
        } else if found != name {
            report.drop("agencies in another time zone than the feed's first (read as if in that)", name);
        }
    }
    if draft.zone.is_empty() {
        draft.zone.clone_from(&found);
    }
    Ok(found)
}

impl Ids {
    /// The agency stated, or the feed's only one.
    pub fn agency(&self, stated: &str) -> String {
        if stated.is_empty() { self.agency.clone() } else { stated.to_owned() }
    }
}

fn stops(bytes: &[u8], feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("stops.txt", bytes)?;
    let id = table.required("stop_id")?;
    let [lat, lon] = [table.required("stop_lat")?, table.required("stop_lon")?];
    let [name, kind, station, zone] =
        ["stop_name", "location_type", "parent_station", "zone_id"].map(|c| table.column(c));
    while let Some(row) = table.next_row(report) {
        let key = row.text(id);
        if row.number::<u8>(kind).is_some_and(|k| k != 0) {
            continue;
        }
        let at = row.number(lat).zip(row.number(lon)).map(|(lat, lon)| Point::new(lat, lon));
        match at.filter(|p| p.is_valid() && (p.lat, p.lon) != (0.0, 0.0)) {
            Some(at) if feed.stops.len() < MOST_ROWS => {
                let number = feed.stops.len() as u32;
                if !row.field(station).is_empty() {
                    ids.stations.entry(row.text(station)).or_default().push(number);
                }
                ids.stops.insert(key.clone(), number);
                feed.stops.push(FeedStop { id: key, name: row.text(name), at: at.into(), zone: row.text(zone) });
            }
            _ => report.drop("stops without coordinates", key),
        }
    }
    Ok(())
}

fn lines(archive: &mut Archive, feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let bytes = archive.required("routes.txt")?;
    let mut table = Table::new("routes.txt", &bytes)?;
    let id = table.required("route_id")?;
    let [short, long, kind, colour, agency] =
        ["route_short_name", "route_long_name", "route_type", "route_color", "agency_id"].map(|c| table.column(c));
    while let Some(row) = table.next_row(report) {
        let key = row.text(id);
        let text = row.field(colour);
        let parsed = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 6);
        if parsed.is_none() && !text.is_empty() {
            report.drop("colours that aren't RRGGBB", text);
        }
        ids.lines.insert(key.clone(), feed.lines.len() as u32);
        feed.lines.push(FeedLine {
            id: key,
            short: row.text(short),
            long: row.text(long),
            agency: ids.agency(row.field(agency)),
            colour: parsed.unwrap_or(0x33_66_99),
            kind: row.number(kind).unwrap_or(3),
            feed: 0,
        });
    }
    Ok(())
}

/// A point of a shape as written: its place in order, and `shape_dist_traveled`.
type ShapePoint = (u32, Coord, Option<f32>);

fn shapes(bytes: &[u8], feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("shapes.txt", bytes)?;
    let [id, lat, lon, sequence, travelled] =
        ["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence", "shape_dist_traveled"]
            .map(|c| table.column(c));
    let mut shapes: Vec<Vec<ShapePoint>> = Vec::new();
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
        let travelled = row.number::<f32>(travelled).filter(|d| d.is_finite() && *d >= 0.0);
        shapes[number as usize].push((place, at.into(), travelled));
    }
    for mut shape in shapes {
        shape.sort_by_key(|p| p.0);
        let travelled: Option<Vec<f32>> = shape.iter().map(|p| p.2).collect();
        let travelled = travelled.filter(|t| t.windows(2).all(|w| w[0] <= w[1])).unwrap_or_default();
        feed.shapes.push(FeedShape { points: shape.into_iter().map(|p| p.1).collect(), travelled });
    }
    Ok(())
}
