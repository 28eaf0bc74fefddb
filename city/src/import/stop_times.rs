//! Trips and their times. Times that are missing, or that would run backwards, are put in by distance between those
//! that stand; `frequencies.txt` turns one trip into many.

use super::archive::Archive;
use super::feed::Ids;
use super::report::Report;
use super::table::Table;
use crate::error::ImportError;
use crate::timetable::{Feed, FeedTrip, Frequency, StopTime};
use std::collections::{HashMap, HashSet};

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

/// A stop of a trip as written.
#[derive(Clone)]
struct Call {
    sequence: u32,
    stop: u32,
    arrive: Option<i32>,
    depart: Option<i32>,
    travelled: Option<f32>,
    pickup: u8,
    drop_off: u8,
}

pub(super) fn read(
    archive: &mut Archive,
    feed: &mut Feed,
    ids: &mut Ids,
    report: &mut Report,
) -> Result<(), ImportError> {
    let heads = heads(&archive.required("trips.txt")?, ids, report)?;
    let mut calls = calls(&archive.required("stop_times.txt")?, heads.len(), ids, report)?;
    let frequencies = match archive.bytes("frequencies.txt")? {
        Some(bytes) => frequencies(&bytes, &ids.trips, report)?,
        None => HashMap::new(),
    };
    feed.rows = heads.len() as u32;
    for (row, head) in (0..).zip(heads) {
        let calls = &mut calls[row as usize];
        calls.sort_by_key(|c| c.sequence);
        let Some(times) = complete(calls, feed, report) else {
            report.drop("trips without two timed stops", head.id);
            continue;
        };
        let Head { id, line, service, headsign, shape } = head;
        let trip = FeedTrip { id, row, line, service, headsign, shape, frequency: Frequency::None, times };
        match frequencies.get(&row) {
            Some(windows) if windows.is_empty() => report.drop("trips of frequencies that can't be used", trip.id),
            Some(windows) => repeat(&trip, windows, feed),
            None => feed.trips.push(trip),
        }
    }
    Ok(())
}

fn heads(bytes: &[u8], ids: &mut Ids, report: &mut Report) -> Result<Vec<Head>, ImportError> {
    let mut table = Table::new("trips.txt", bytes)?;
    let [id, route, service] = [table.required("trip_id")?, table.required("route_id")?, table.required("service_id")?];
    let [headsign, shape] = ["trip_headsign", "shape_id"].map(|c| table.column(c));
    let mut heads = Vec::new();
    while let Some(row) = table.next_row(report) {
        let known = ids.lines.get(row.field(route)).zip(ids.services.get(row.field(service)));
        let Some((&line, &service)) = known else {
            report.drop("trips of unknown routes or services", row.text(id));
            continue;
        };
        let id = row.text(id);
        ids.trips.insert(id.clone(), heads.len() as u32);
        heads.push(Head {
            id,
            line,
            service,
            headsign: row.text(headsign),
            shape: ids.shapes.get(row.field(shape)).copied(),
        });
    }
    Ok(heads)
}

fn calls(bytes: &[u8], trips: usize, ids: &Ids, report: &mut Report) -> Result<Vec<Vec<Call>>, ImportError> {
    let mut table = Table::new("stop_times.txt", bytes)?;
    let [id, stop, sequence] =
        [table.required("trip_id")?, table.required("stop_id")?, table.required("stop_sequence")?];
    let [arrive, depart] = [table.required("arrival_time")?, table.required("departure_time")?];
    let [travelled, pickup, drop_off, group, area] =
        ["shape_dist_traveled", "pickup_type", "drop_off_type", "location_group_id", "location_id"]
            .map(|c| table.column(c));
    let mut calls = vec![Vec::new(); trips];
    while let Some(row) = table.next_row(report) {
        if !row.field(group).is_empty() || !row.field(area).is_empty() {
            report.drop("stop times of flexible services (an area in place of a stop)", row.text(id));
            continue;
        }
        let Some(&trip) = ids.trips.get(row.field(id)) else {
            report.drop("stop times of unknown trips", row.text(id));
            continue;
        };
        let Some(&stop) = ids.stops.get(row.field(stop)) else {
            report.drop("stop times at unknown stops", row.text(stop));
            continue;
        };
        let Some(sequence) = row.number::<u32>(sequence) else {
            report.drop("stop times without a place in their trip", row.text(id));
            continue;
        };
        let (a, d) = (seconds(row.field(arrive)), seconds(row.field(depart)));
        calls[trip as usize].push(Call {
            sequence,
            stop,
            arrive: a.or(d),
            depart: d.or(a),
            travelled: row.number::<f32>(travelled).filter(|d| d.is_finite() && *d >= 0.0),
            pickup: boarding(row.field(pickup), report),
            drop_off: boarding(row.field(drop_off), report),
        });
    }
    Ok(calls)
}

/// Who may board or alight: 0 anybody, 1 nobody, 2 who phones the agency before, 3 who asks the driver.
fn boarding(text: &str, report: &mut Report) -> u8 {
    match text {
        "" | "0" => 0,
        "1" => 1,
        "2" => 2,
        "3" => 3,
        other => {
            report.drop("pickup or drop-off types that are unknown", other);
            0
        }
    }
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
    for &Call { arrive: a, depart: d, .. } in calls {
        let time = a.zip(d).map(|(a, d)| (a, d.max(a))).filter(|t| t.0 >= latest);
        if time.is_none() && a.is_some() {
            report.drop("times that run backwards", "");
        }
        latest = time.map_or(latest, |t| t.1);
        known.push(time);
    }
    let first = known.iter().position(Option::is_some)?;
    let last = known.iter().rposition(Option::is_some).filter(|l| *l > first)?;
    let at = |i: usize| feed.stops[calls[i].stop as usize].at;
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
        let Call { stop, sequence, travelled, pickup, drop_off, .. } = calls[i];
        times.push(StopTime { stop, arrive, depart, sequence, travelled, pickup, drop_off });
    }
    let filled = known[first..=last].iter().filter(|k| k.is_none()).count();
    if filled > 0 {
        report.take("stop times put in by distance", filled);
    }
    Some(times)
}

/// When trips at a headway run: from, until, seconds between two, whether exactly then.
type Window = (i32, i32, i32, bool);

/// Rows of `trips.txt` whose times are a pattern, with the windows in which they run; none where none can be used.
fn frequencies(
    bytes: &[u8],
    trips: &HashMap<String, u32>,
    report: &mut Report,
) -> Result<HashMap<u32, Vec<Window>>, ImportError> {
    let mut table = Table::new("frequencies.txt", bytes)?;
    let id = table.required("trip_id")?;
    let [start, end, headway] =
        [table.required("start_time")?, table.required("end_time")?, table.required("headway_secs")?];
    let exact = table.column("exact_times");
    let mut windows: HashMap<u32, Vec<Window>> = HashMap::new();
    while let Some(row) = table.next_row(report) {
        let Some(&trip) = trips.get(row.field(id)) else {
            report.drop("frequencies of unknown trips", row.text(id));
            continue;
        };
        let windows = windows.entry(trip).or_default();
        let times = seconds(row.field(start)).zip(seconds(row.field(end))).filter(|(start, end)| start < end);
        let headway = row.number::<i32>(headway).filter(|h| (10..=86_400).contains(h));
        let Some(((start, end), headway)) = times.zip(headway) else {
            report.drop("frequencies that can't be read", row.text(id));
            continue;
        };
        let exact = row.field(exact) == "1";
        if !exact {
            report.take("frequencies without exact times, read as if they began on time", 1);
        }
        windows.push((start, end, headway, exact));
    }
    Ok(windows)
}

fn repeat(trip: &FeedTrip, windows: &[Window], feed: &mut Feed) {
    let first = trip.times[0].depart;
    // Where windows overlap a start is one bus.
    let mut starts = HashSet::new();
    for &(start, end, headway, exact) in windows {
        let frequency = if exact { Frequency::Exact } else { Frequency::About };
        for at in (start..end).step_by(headway as usize).filter(|at| starts.insert(*at)) {
            if feed.trips.len() >= MOST_TRIPS {
                return;
            }
            let shift = |t: &StopTime| StopTime { arrive: t.arrive - first + at, depart: t.depart - first + at, ..*t };
            let times = trip.times.iter().map(shift).collect();
            feed.trips.push(FeedTrip { frequency, times, ..trip.clone() });
        }
    }
}
