//! Changes by rules: the fast search against one that judges every change by the rules for its two trips.

use super::range::Ends;
use super::tests::{places, town_draft};
use super::walks::far_walk;
use super::{Change, ChangeRule, MOST_RIDES, Side};
use crate::City;
use crate::clock::{DAY, Day, Moment};
use crate::draft::CityDraft;
use crate::journey::Mode;
use crate::random::Random;

/// A few trips with rules about changes at random, for stops, lines and trips.
fn ruled_town(seed: u64) -> (City, Vec<ChangeRule>, City) {
    let mut random = Random::new(seed);
    let mut draft = town_draft(seed, (12, 6, 12));
    let plain = City::build(CityDraft { feed: draft.feed.clone(), ..town_draft(seed, (12, 6, 12)) });
    let trips = draft.feed.trips.len();
    for rank in 0..40 {
        let mut side = || Side {
            stop: random.below(12) as u32,
            line: random.chance(0.4).then(|| random.below(6) as u32),
            trip: random.chance(0.3).then(|| random.below(trips) as u32),
        };
        let (from, to) = (side(), side());
        let changes = [Change::Walk, Change::Held, Change::Least(400), Change::Never];
        let to = if random.chance(0.5) { Side { stop: from.stop, ..to } } else { to };
        // A trip is of one line.
        let whole = |s: Side| Side { line: s.line.filter(|_| s.trip.is_none()), ..s };
        let change = *random.pick(&changes);
        draft.feed.changes.push(ChangeRule { from: whole(from), to: whole(to), change, rank });
    }
    let rules = draft.feed.changes.clone();
    (City::build(draft), rules, plain)
}

/// Earliest arrivals by number of rides, each change judged by the rules for its two trips.
fn judged(city: &City, plain: &City, rules: &[ChangeRule], day: Day, depart: i32, ends: Ends) -> Vec<(i32, usize)> {
    let t = &city.timetable;
    let on =
        |shift: i32| (0..).zip(&t.trips).filter(move |(_, x)| t.services[x.service as usize].runs(day.plus(shift)));
    let trips: Vec<(u32, i32)> = (-1..=1).flat_map(|s| on(s).map(move |(k, _)| (k, s * DAY))).collect();
    let calls: Vec<Vec<(u32, [i32; 2])>> = trips
        .iter()
        .map(|&(k, s)| {
            let stops = t.stops_of(t.trips[k as usize].pattern).iter().map(|p| t.real(*p));
            stops.zip(t.times_of(k).map(|x| x.map(|z| z + s))).collect()
        })
        .collect();
    let stops = t.real_stops();
    let foot = &plain.streets[crate::Vehicle::Foot as usize];
    let pairs = (0..stops as u32).flat_map(|a| (0..stops as u32).map(move |b| (a, b)));
    let walk = |pair| plain.at_desk(|d| far_walk(&plain.timetable, pair, &plain.network, foot, &mut d.scratch));
    let far: Vec<Option<u32>> = pairs.map(walk).collect();
    let seconds = |from: (u32, u32), to: (u32, u32)| -> Option<i32> {
        let fits = |side: &Side, (stop, trip): (u32, u32)| {
            side.stop == stop && side.line.is_none_or(|l| l == t.line_of(trip)) && side.trip.is_none_or(|r| r == trip)
        };
        let p = &plain.timetable;
        let row = p.transfer_first[from.0 as usize] as usize..p.transfer_first[from.0 as usize + 1] as usize;
        let near = p.transfers[row].iter().find(|w| w[0] == to.0).map(|w| w[1] as i32);
        let far = near.or(far[from.0 as usize * stops + to.0 as usize].map(|w| w as i32));
        let rule = rules.iter().filter(|r| fits(&r.from, from) && fits(&r.to, to)).max_by_key(|r| r.rank);
        match rule.map(|r| r.change) {
            None => near,
            Some(Change::Walk) => far,
            Some(Change::Held) => Some(0),
            Some(Change::Least(least)) => far.map(|n| n.max(least as i32)),
            Some(Change::Never) => None,
        }
    };
    let walk = |list: &super::Access, stop: u32| list.iter().find(|a| a[0] == stop).map(|a| a[1] as i32);
    // Trip → the first position at which one can be aboard.
    let mut aboard: Vec<Option<usize>> = calls
        .iter()
        .map(|c| c.iter().position(|(stop, x)| walk(ends.access, *stop).is_some_and(|w| depart + w <= x[1])))
        .collect();
    let mut found: Vec<(i32, usize)> = Vec::new();
    for rides in 1..=MOST_RIDES {
        let on = || aboard.iter().enumerate().filter_map(|(k, from)| Some((k, (*from)?)));
        let off = || on().flat_map(|(k, from)| calls[k][from + 1..].iter().map(move |c| (k, *c)));
        let there = off().filter_map(|(_, (stop, x))| Some(x[0] + walk(ends.egress, stop)?)).min();
        if let Some(there) = there.filter(|x| found.last().is_none_or(|f| *x < f.0)) {
            found.push((there, rides));
        }
        let mut next = aboard.clone();
        for (k, (stop, x)) in off() {
            for (other, calls) in calls.iter().enumerate() {
                let catches = |(to, y): &(u32, [i32; 2])| {
                    x[0] <= y[1] && seconds((stop, trips[k].0), (*to, trips[other].0)).is_some_and(|s| x[0] + s <= y[1])
                };
                let at = calls.iter().take(next[other].unwrap_or(calls.len())).position(catches);
                next[other] = at.or(next[other]);
            }
        }
        if next == aboard {
            break;
        }
        aboard = next;
    }
    found
}

#[test]
fn changes_by_rules_are_those_that_the_rules_allow_two_trips() {
    let mut answers = 0;
    for seed in 20..26 {
        let ((city, rules, plain), mut random) = (ruled_town(seed), Random::new(seed));
        assert!(city.timetable.stops.len() > city.timetable.real_stops());
        for _ in 0..24 {
            let ([a, b], second) = (places(&mut random), random.below(80_000) as i32);
            let when = Moment::new(Day::of(2026, 5, 18).unwrap(), second);
            city.at_desk(|desk| {
                let door = city.door(a, b, Mode::Bus, desk).unwrap();
                // From one stop to one other: who may walk to all of them need not change.
                let t = &city.timetable;
                let nearest = |list: &super::Access| {
                    let stop = list.iter().min_by_key(|a| a[1]).map(|a| t.real(a[0]));
                    list.iter().copied().filter(|a| Some(t.real(a[0])) == stop).collect::<super::Access>()
                };
                let (access, egress) = (nearest(&door.access), nearest(&door.egress));
                let ends = Ends { access: &access, egress: &egress, walk: None };
                let plan = city.plan(when).unwrap();
                let fast = super::earliest(&city.timetable, &plan, second, ends, MOST_RIDES, &mut desk.rounds);
                let fast: Vec<(i32, usize)> = fast.iter().map(|i| (i.arrive, i.rides.len())).collect();
                let soon = |found: Vec<(i32, usize)>| -> Vec<(i32, usize)> {
                    found.into_iter().filter(|f| f.0 < second + DAY / 3).collect()
                };
                let slow = judged(&city, &plain, &rules, when.day, second, ends);
                answers += fast.iter().filter(|f| f.1 > 1).count();
                assert_eq!(soon(fast), soon(slow), "town {seed}, {a:?} to {b:?} at {when}");
            });
        }
    }
    assert!(answers > 20, "only {answers} journeys with a change compared");
}
