//! Ten bus lines along the streets, with timetables for working days, Saturdays and Sundays.

use super::courses::COURSES;
use super::ground::{Ground, coord};
use super::places::nearest;
use super::roads::{Crossing, Streets};
use super::streets::Plan;
use crate::clock::Day;
use crate::draft::CityDraft;
use crate::geo::Coord;
use crate::timetable::{FeedFare, FeedLine, FeedShape, FeedStop, FeedTrip, Service, StopTime};
use std::collections::HashMap;

/// Metres between stops, at least.
const SPACING: f64 = 330.0;
/// Seconds of standing at a stop, and metres a second between them.
const DWELL: i32 = 20;
const SPEED: f64 = 6.2;
/// Hundredths of a euro, changes included.
const FARE: (u32, &str, u8) = (180, "EUR", 2);
const AGENCY: &str = "Demo City Transport";

pub(super) fn run(ground: &Ground, plan: &Plan, draft: &mut CityDraft) {
    let (Some(start), Some(end)) = (Day::of(2020, 1, 1), Day::of(2039, 12, 31)) else {
        return;
    };
    for weekdays in [0b001_1111, 0b010_0000, 0b100_0000] {
        draft.feed.services.push(Service { weekdays, start, end, ..Service::default() });
    }
    draft.feed.fares.push(FeedFare {
        amount: FARE.0,
        currency: FARE.1.to_owned(),
        changes: FARE.2,
        agency: AGENCY.to_owned(),
        ..FeedFare::default()
    });
    let streets = Streets::of(ground, plan);
    let mut stops: HashMap<(Crossing, i32), u32> = HashMap::new();
    for course in &COURSES {
        let mut way: Vec<Crossing> = Vec::new();
        for pair in course.over.windows(2) {
            let part = streets.way(nearest(plan, pair[0].0, pair[0].1), nearest(plan, pair[1].0, pair[1].1));
            way.extend(part.into_iter().skip(usize::from(!way.is_empty())));
        }
        drop_detours(&mut way);
        if way.len() < 4 {
            continue;
        }
        let name = |c: &Crossing| streets.label(*c);
        let (first, last) = (name(&way[0]), name(&way[way.len() - 1]));
        let line = draft.feed.lines.len() as u32;
        draft.feed.lines.push(FeedLine {
            id: String::new(),
            short: course.number.to_owned(),
            long: format!("{first} – {last}"),
            agency: AGENCY.to_owned(),
            colour: course.colour,
            kind: 3,
            feed: 0,
        });
        direction(ground, &streets, &way, &last, (line, course.every, 0), &mut stops, draft);
        way.reverse();
        direction(ground, &streets, &way, &first, (line, course.every, 1), &mut stops, draft);
    }
}

/// Where a way comes back to a crossing it had passed, the loop between is left out.
fn drop_detours(way: &mut Vec<Crossing>) {
    let mut i = 0;
    while i < way.len() {
        if let Some(again) = way.iter().rposition(|c| *c == way[i]).filter(|j| *j > i) {
            way.drain(i + 1..=again);
        }
        i += 1;
    }
}

fn direction(
    ground: &Ground,
    streets: &Streets,
    way: &[Crossing],
    headsign: &str,
    (line, every, back): (u32, i32, i32),
    stops: &mut HashMap<(Crossing, i32), u32>,
    draft: &mut CityDraft,
) {
    let shape = draft.feed.shapes.len() as u32;
    let line_of_road: Vec<Coord> = way.iter().map(|c| ground.coord(c.0, c.1)).collect();
    draft.feed.shapes.push(FeedShape { points: line_of_road.clone(), travelled: Vec::new() });
    let mut times: Vec<StopTime> = Vec::new();
    let (mut since, mut now) = (f64::INFINITY, 0);
    for (k, &at) in way.iter().enumerate() {
        let hop = if k == 0 { 0.0 } else { line_of_road[k - 1].metres_to(line_of_road[k]) };
        since += hop;
        now += (hop / SPEED).round() as i32;
        if since >= SPACING || k + 1 == way.len() {
            since = 0.0;
            // Buses stop on the right: the side depends on where the street leads.
            let towards = if k + 1 < way.len() { (at, way[k + 1]) } else { (way[k - 1], at) };
            let stop = *stops.entry((at, side(towards))).or_insert_with(|| {
                let (a, b) = (ground.metres(towards.0.0, towards.0.1), ground.metres(towards.1.0, towards.1.1));
                let (x, y) = ground.metres(at.0, at.1);
                let (dx, dy) = (b.0 - a.0, b.1 - a.1);
                let length = (dx * dx + dy * dy).sqrt().max(1.0);
                let spot = (x + dy / length * 7.0 + dx / length * 12.0, y - dx / length * 7.0 + dy / length * 12.0);
                draft.feed.stops.push(FeedStop { name: streets.label(at), at: coord(spot), ..FeedStop::default() });
                draft.feed.stops.len() as u32 - 1
            });
            let depart = if times.is_empty() || k + 1 == way.len() { now } else { now + DWELL };
            times.push(StopTime { stop, arrive: now, depart, ..StopTime::default() });
            now = depart;
        }
    }
    for service in 0..3 {
        for start in starts(service, every, line as i32 * 97 + back * 240) {
            let shifted =
                times.iter().map(|t| StopTime { arrive: t.arrive + start, depart: t.depart + start, ..*t }).collect();
            draft.feed.trips.push(FeedTrip {
                line,
                service,
                headsign: headsign.to_owned(),
                shape: Some(shape),
                times: shifted,
                ..FeedTrip::default()
            });
        }
    }
}

fn side((from, to): (Crossing, Crossing)) -> i32 {
    (to.0 as i32 - from.0 as i32) * 2 + (to.1 as i32 - from.1 as i32)
}

/// Seconds at which buses start: often by day, less in the evening and on Sundays, until after midnight.
fn starts(service: u32, every: i32, offset: i32) -> Vec<i32> {
    let slower = [1.0, 1.5, 2.0][service as usize];
    let (first, last) = (
        [5 * 3600 + 1200, 6 * 3600, 7 * 3600][service as usize],
        [23 * 3600 + 1800, 25 * 3600, 23 * 3600][service as usize],
    );
    let mut at = first + offset.rem_euclid(every * 60);
    let mut all = Vec::new();
    while at <= last {
        all.push(at);
        let hour = at / 3600;
        let busy = if (7..9).contains(&hour) || (16..19).contains(&hour) {
            0.75
        } else if !(6..20).contains(&hour) {
            2.0
        } else {
            1.0
        };
        at += (f64::from(every) * 60.0 * slower * busy) as i32 / 60 * 60;
    }
    all
}
