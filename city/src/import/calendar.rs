//! On which days a service runs: `calendar.txt`, `calendar_dates.txt`, or either alone.

use super::archive::Archive;
use super::feed::Ids;
use super::report::Report;
use super::table::Table;
use crate::clock::Day;
use crate::error::ImportError;
use crate::timetable::{Feed, Service};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(super) fn read(
    archive: &mut Archive,
    feed: &mut Feed,
    ids: &mut Ids,
    report: &mut Report,
) -> Result<(), ImportError> {
    let (weeks, dates) = (archive.bytes("calendar.txt")?, archive.bytes("calendar_dates.txt")?);
    if weeks.is_none() && dates.is_none() {
        let why = "it is missing, and so is calendar_dates.txt: one of them must say on which days trips run";
        return Err(ImportError::Feed { file: "calendar.txt".to_owned(), why: why.to_owned() });
    }
    if let Some(bytes) = weeks {
        regular(&bytes, feed, ids, report)?;
    }
    if let Some(bytes) = dates {
        exceptions(&bytes, feed, ids, report)?;
    }
    for service in &mut feed.services {
        service.added.sort_unstable();
        service.removed.sort_unstable();
    }
    Ok(())
}

fn regular(bytes: &[u8], feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("calendar.txt", bytes)?;
    let id = table.required("service_id")?;
    let [start, end] = [table.required("start_date")?, table.required("end_date")?];
    let days = WEEKDAYS.map(|c| table.column(c));
    while let Some(row) = table.next_row(report) {
        let (Some(start), Some(end)) = (Day::parse(row.field(start)), Day::parse(row.field(end))) else {
            report.drop("services without dates", row.text(id));
            continue;
        };
        let weekdays = (0..7).filter(|&d| row.field(days[d]) == "1").map(|d| 1u8 << d).sum();
        ids.services.insert(row.text(id), feed.services.len() as u32);
        feed.services.push(Service { weekdays, start, end, ..Service::default() });
    }
    Ok(())
}

fn exceptions(bytes: &[u8], feed: &mut Feed, ids: &mut Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("calendar_dates.txt", bytes)?;
    let id = table.required("service_id")?;
    let [date, kind] = [table.required("date")?, table.required("exception_type")?];
    while let Some(row) = table.next_row(report) {
        let Some(day) = Day::parse(row.field(date)) else {
            report.drop("exceptions without a date", row.text(id));
            continue;
        };
        let key = row.text(id);
        let next = feed.services.len() as u32;
        let service = *ids.services.entry(key).or_insert(next);
        if service == next {
            feed.services.push(Service::default());
        }
        let service = &mut feed.services[service as usize];
        match row.field(kind) {
            "1" => service.added.push(day),
            "2" => service.removed.push(day),
            other => report.drop("exceptions of an unknown type", other),
        }
    }
    Ok(())
}
