//! From public data to a city: OpenStreetMap for streets and places, GTFS for public transport, a grid for people.
//!
//! Inputs are bytes in memory; nothing is fetched. Faults that leave something usable are dropped and counted in the
//! report; only what leaves nothing is an error.

mod access;
mod archive;
mod areas;
mod buildings;
mod calendar;
mod changes;
mod fares;
mod feed;
#[cfg(test)]
mod feed_tests;
mod guard;
mod oneway;
mod osm;
mod pbf;
mod people;
mod places;
mod report;
mod speeds;
mod stop_times;
#[cfg(test)]
mod street_tests;
mod table;
#[cfg(test)]
mod tests;
mod turns;
mod zone;

pub use report::Report;

use crate::City;
use crate::clock::Zone;
use crate::draft::CityDraft;
use crate::error::ImportError;

/// What to make a city from.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// What the city is called.
    pub name: &'a str,
    /// An `.osm.pbf` extract: required.
    pub osm: &'a [u8],
    /// GTFS archives, in the order in which their stops are numbered.
    pub feeds: Vec<&'a [u8]>,
    /// A CSV table with columns `lat`, `lon`, `population` and others.
    pub people: Option<&'a [u8]>,
    /// IANA name of the time zone; without it that of the first feed, else the one of the place.
    pub zone: Option<&'a str>,
}

/// Makes a city; `progress` hears the name of each stage as it begins.
///
/// # Errors
/// When an input can't be decoded at all or holds no street.
pub fn import(sources: &Sources, mut progress: impl FnMut(&str)) -> Result<(City, Report), ImportError> {
    let mut report = Report::default();
    let mut draft = CityDraft { name: sources.name.to_owned(), ..CityDraft::default() };
    if let Some(zone) = sources.zone {
        if !Zone::knows(zone) {
            return Err(ImportError::UnknownZone(zone.to_owned()));
        }
        zone.clone_into(&mut draft.zone);
    }
    progress("streets and places");
    osm::read(sources.osm, &mut draft, &mut report)?;
    for bytes in &sources.feeds {
        progress("timetable");
        feed::read(bytes, &mut draft, &mut report)?;
    }
    if draft.zone.is_empty() {
        draft.zone = zone::at(&draft.streets.nodes)?;
    }
    progress("people");
    match sources.people {
        Some(bytes) => people::read(bytes, &mut draft, &mut report)?,
        None => people::estimate(&mut draft, &mut report),
    }
    progress("networks");
    let city = City::build(draft);
    report.note_city(&city);
    Ok((city, report))
}
