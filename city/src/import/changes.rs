//! Changes between vehicles: `transfers.txt`, by stop or station, by route and by trip.

use super::feed::Ids;
use super::report::Report;
use super::table::{Row, Table};
use crate::error::ImportError;
use crate::timetable::{Change, ChangeRule, Feed, Side};
use std::collections::HashMap;

/// Rules that the stations of one feed may stand for.
const MOST_RULES: usize = 2_000_000;
/// Rules for single routes or trips at one stop: each may take the stop further apart.
const MOST_AT_A_STOP: u32 = 400;
/// Seconds: a day. A longer change is none.
const LONGEST: u32 = 86_400;

/// Where a rule stands: the stops it names, and whether by their own id and not by their station's.
type Stops = (Vec<u32>, bool);

struct Columns {
    from: [Option<usize>; 3],
    to: [Option<usize>; 3],
    kind: Option<usize>,
    least: Option<usize>,
}

pub(super) fn read(bytes: &[u8], feed: &mut Feed, ids: &Ids, report: &mut Report) -> Result<(), ImportError> {
    let mut table = Table::new("transfers.txt", bytes)?;
    let columns = Columns {
        from: ["from_stop_id", "from_route_id", "from_trip_id"].map(|c| table.column(c)),
        to: ["to_stop_id", "to_route_id", "to_trip_id"].map(|c| table.column(c)),
        kind: table.column("transfer_type"),
        least: table.column("min_transfer_time"),
    };
    let ends = ends(feed);
    let mut special: HashMap<u32, u32> = HashMap::new();
    while let Some(row) = table.next_row(report) {
        let Some(change) = change(&row, &columns, report) else { continue };
        // Passengers who stay seated leave a trip at its end and begin the next one at its start.
        let seated = row.field(columns.kind) == "4";
        let sides = side(&row, columns.from, ids, seated.then_some((&ends, 1))).zip(side(
            &row,
            columns.to,
            ids,
            seated.then_some((&ends, 0)),
        ));
        let Some(((from, near), (to, far))) = sides else {
            report.drop("transfers between unknown stops, routes or trips", row.text(columns.from[0]));
            continue;
        };
        if feed.changes.len() + from.len() * to.len() > MOST_RULES {
            report.drop("transfers beyond the most that are read", row.text(columns.from[0]));
            continue;
        }
        let narrowed = from.iter().chain(&to).filter(|s| s.line.is_some() || s.trip.is_some());
        let crowded = narrowed.clone().any(|s| special.get(&s.stop).is_some_and(|n| *n >= MOST_AT_A_STOP));
        if crowded {
            report.drop("transfers of single routes or trips beyond the most at one stop", row.text(columns.from[0]));
            continue;
        }
        narrowed.for_each(|s| *special.entry(s.stop).or_default() += 1);
        for &a in &from {
            for &b in &to {
                let rank = 4 * specificity(&a, &b) + u8::from(near) + u8::from(far);
                feed.changes.push(ChangeRule { from: a, to: b, change, rank });
            }
        }
    }
    Ok(())
}

fn change(row: &Row, columns: &Columns, report: &mut Report) -> Option<Change> {
    match row.field(columns.kind) {
        "" | "0" | "5" => Some(Change::Walk),
        "1" | "4" => Some(Change::Held),
        "2" => {
            let least = row.number::<u32>(columns.least);
            if least.is_none() {
                report.drop("transfers with a minimum that isn't stated (the walk counts)", row.text(columns.from[0]));
            }
            Some(Change::Least(least.unwrap_or(0).min(LONGEST)))
        }
        "3" => Some(Change::Never),
        other => {
            report.drop("transfers of an unknown type", other);
            None
        }
    }
}

/// First and last stop of each row of `trips.txt`.
fn ends(feed: &Feed) -> HashMap<u32, [u32; 2]> {
    let ends = |t: &crate::timetable::FeedTrip| Some((t.row, [t.times.first()?.stop, t.times.last()?.stop]));
    feed.trips.iter().filter_map(ends).collect()
}

/// One side of a rule, once for each stop that it names; nothing when it names something unknown.
fn side(
    row: &Row,
    [stop, line, trip]: [Option<usize>; 3],
    ids: &Ids,
    end: Option<(&HashMap<u32, [u32; 2]>, usize)>,
) -> Option<(Vec<Side>, bool)> {
    let known = |map: &HashMap<String, u32>, column| match row.field(column) {
        "" => Some(None),
        id => map.get(id).map(|n| Some(*n)),
    };
    let (line, trip) = (known(&ids.lines, line)?, known(&ids.trips, trip)?);
    let (stops, exact): Stops = match (row.field(stop), end) {
        ("", Some((ends, which))) => (vec![ends.get(&trip?)?[which]], true),
        (id, _) => match ids.stops.get(id) {
            Some(&stop) => (vec![stop], true),
            None => (ids.stations.get(id)?.clone(), false),
        },
    };
    Some((stops.into_iter().map(|stop| Side { stop, line, trip }).collect(), exact))
}

/// As the GTFS reference ranks them, from 0 for stops alone to 5 for two trips.
fn specificity(from: &Side, to: &Side) -> u8 {
    let trips = u8::from(from.trip.is_some()) + u8::from(to.trip.is_some());
    // A trip is of one route: with it a route on the same side says nothing new.
    let lines = [from, to].into_iter().filter(|s| s.trip.is_none() && s.line.is_some()).count();
    match (trips, lines) {
        (2, _) => 5,
        (1, 1..) => 4,
        (1, _) => 3,
        (_, 2..) => 2,
        (_, 1) => 1,
        _ => 0,
    }
}
