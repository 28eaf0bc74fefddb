//! Trips and their times. Times that are missing, or that would run backwards, are put in by distance between those
//! that stand; `frequencies.txt` turns one trip into many.

use super::archive::Archive;
use super::feed::Ids;
use super::report::Report;
use super::table::Table;
use crate::error::ImportError;
use crate::timetable::{Feed, FeedTrip, StopTime};
use std::collections::HashMap;

/// Trips that the frequencies of one feed may make.
const MOST_TRIPS: usize = 2_000_000;
/// Seconds: a week. Later times are nonsense.
const LATEST: i32 = 7 * 86_400;

/// A trip before its times are known.
struct Head {
    id: String,
    line: u32,
    service: u32,
    headsign: String,
    shape: Option<u32>,
}

/// A stop of a trip as written: sequence, stop, arrival, departure.
type Call = (u32, u32, Option<i32>, Option<i32>);

pub(super) fn read(archive: &mut Archive, feed: &mut Feed, ids: &Ids, report: &mut Report) -> Result<(), ImportError> {
    let missing = |file: &str| ImportError::Feed { file: file.to_owned(), why: "it is missing".to_owned() };
    let bytes = archive.bytes("trips.txt")?.ok_or_else(|| missing("trips.txt"))?;
    let (heads, numbers) = heads(&bytes, ids, report)?;
    let bytes = archive.bytes("stop_times.txt")?.ok_or_else(|| missing("stop_times.txt"))?;
    let mut calls = calls(&bytes, heads.len(), &numbers, ids, report)?;
    let frequencies = match archive.bytes("frequencies.txt")? {
        Some(bytes) => frequencies(&bytes, &numbers, report)?,
        None => HashMap::new(),
    };
    for (number, head) in heads.into_iter().enumerate() {
        calls[number].sort_by_key(|c| c.0);
        let Some(times) = complete(&calls[number], feed, report) else {
            report.drop("trips without two timed stops", "");
            continue;
        };
        let Head { id, line, service, headsign, shape } = head;
        let trip = FeedTrip { id, line, service, headsign, shape, times };
        match frequencies.get(&(number as u32)) {
            Some(windows) => repeat(&trip, windows, feed),
            None => feed.trips.push(trip),
        }
    }
    Ok(())
}

fn heads(bytes: &[u8], ids: &Ids, report: &mut Report) -> Result<(Vec<Head>, HashMap<String, u32>), ImportError> {
    let mut table = Table::new("trips.txt", bytes)?;
    let [id, route, service, headsign, shape] =
        ["trip_id", "route_id", "service_id", "trip_headsign", "shape_id"].map(|c| table.column(c));
    let (mut heads, mut numbers) = (Vec::new(), HashMap::new());
    while let Some(row) = table.next_row(report) {
        let known = ids.lines.get(row.field(route)).zip(ids.services.get(row.field(service)));
        let Some((&line, &service)) = known else {
            report.drop("trips of unknown routes or services", row.text(id));
            continue;
        };
        let id = row.text(id);
        numbers.insert(id.clone(), heads.len() as u32);
        heads.push(Head {
            id,
            line,
            service,
            headsign: row.text(headsign),
            shape: ids.shapes.get(row.field(shape)).copied(),
        });
    }
    Ok((heads, numbers))
}

fn calls(
    bytes: &[u8],
    trips: usize,
    numbers: &HashMap<String, u32>,
    ids: &Ids,
    report: &mut Report,
) -> Result<Vec<Vec<Call>>, ImportError> {
    let mut table = Table::new("stop_times.txt", bytes)?;
    let [id, stop, sequence, arrive, depart] =
        ["trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"].map(|c| table.column(c));
    let mut calls = vec![Vec::new(); trips];
    while let Some(row) = table.next_row(report) {
        let Some(&trip) = numbers.get(row.field(id)) else {
            report.drop("stop times of unknown trips", row.text(id));
            continue;
        };
        let (Some(&stop), Some(sequence)) = (ids.stops.get(row.field(stop)), row.number::<u32>(sequence)) else {
            report.drop("stop times at unknown stops", row.text(stop));
            continue;
        };
        let (a, d) = (seconds(row.field(arrive)), seconds(row.field(depart)));
        calls[trip as usize].push((sequence, stop, a.or(d), d.or(a)));
    }
    Ok(calls)
}

/// Seconds of `H:MM:SS`; hours may exceed 24.
fn seconds(text: &str) -> Option<i32> {
    let mut parts = text.split(':').map(|p| p.trim().parse::<i32>().ok());
    let (h, m) = (parts.next()??, parts.next()??);
    let s = parts.next().unwrap_or(Some(0))?;
    let valid = (0..=200).contains(&h) && (0..60).contains(&m) && (0..60).contains(&s);
    valid.then_some(h * 3600 + m * 60 + s).filter(|t| *t < LATEST)
}

/// Fills in what is missing; nothing when fewer than two times stand.
fn complete(calls: &[Call], feed: &Feed, report: &mut Report) -> Option<Vec<StopTime>> {
    let mut known: Vec<Option<(i32, i32)>> = Vec::with_capacity(calls.len());
    let mut latest = i32::MIN;
    for &(_, _, a, d) in calls {
        let time = a.zip(d).map(|(a, d)| (a, d.max(a))).filter(|t| t.0 >= latest);
        if time.is_none() && a.is_some() {
            report.drop("times that run backwards", "");
        }
        latest = time.map_or(latest, |t| t.1);
        known.push(time);
    }
    let first = known.iter().position(Option::is_some)?;
    let last = known.iter().rposition(Option::is_some).filter(|l| *l > first)?;
    let at = |i: usize| feed.stops[calls[i].1 as usize].at;
    let mut times = Vec::with_capacity(last - first + 1);
    let mut left = first;
    for i in first..=last {
        let (arrive, depart) = match known[i] {
            Some(time) => {
                left = i;
                time
            }
            None => {
                let right = (i..=last).find(|j| known[*j].is_some())?;
                let way = |from: usize, to: usize| (from..to).map(|j| at(j).metres_to(at(j + 1)).max(1.0)).sum::<f64>();
                let (start, end) = (known[left]?.1, known[right]?.0);
                let share = way(left, i) / way(left, right);
                let time = start + (f64::from(end - start) * share).round() as i32;
                (time, time)
            }
        };
        times.push(StopTime { stop: calls[i].1, arrive, depart });
    }
    let filled = known[first..=last].iter().filter(|k| k.is_none()).count();
    if filled > 0 {
        report.take("stop times put in by distance", filled);
    }
    Some(times)
}

type Windows = HashMap<u32, Vec<(i32, i32, i32)>>;

fn frequencies(bytes: &[u8], numbers: &HashMap<String, u32>, report: &mut Report) -> Result<Windows, ImportError> {
    let mut table = Table::new("frequencies.txt", bytes)?;
    let [id, start, end, headway] = ["trip_id", "start_time", "end_time", "headway_secs"].map(|c| table.column(c));
    let mut windows: Windows = HashMap::new();
    while let Some(row) = table.next_row(report) {
        let times = seconds(row.field(start)).zip(seconds(row.field(end)));
        let headway = row.number::<i32>(headway).filter(|h| (10..=86_400).contains(h));
        match (numbers.get(row.field(id)), times, headway) {
            (Some(&trip), Some((start, end)), Some(headway)) => {
                windows.entry(trip).or_default().push((start, end, headway))
            }
            _ => report.drop("frequencies that can't be read", row.text(id)),
        }
    }
    Ok(windows)
}

fn repeat(trip: &FeedTrip, windows: &[(i32, i32, i32)], feed: &mut Feed) {
    let first = trip.times[0].depart;
    for &(start, end, headway) in windows {
        let mut at = start;
        while at < end && feed.trips.len() < MOST_TRIPS {
            let shift = |t: &StopTime| StopTime { arrive: t.arrive - first + at, depart: t.depart - first + at, ..*t };
            feed.trips.push(FeedTrip { times: trip.times.iter().map(shift).collect(), ..trip.clone() });
            at += headway;
        }
    }
}
