//! The three questions: leave at, arrive by, and everything within a while.

use super::day::{DayPlan, Running};
use super::search::{Itinerary, Ride, Rounds};
use super::{Access, Timetable};

/// Both ends of a question: stops near the start and near the goal, with seconds on foot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub access: &'a Access,
    pub egress: &'a Access,
    /// Seconds of walking all the way, if that is an answer too: slower rides are then none.
    pub walk: Option<u32>,
}

/// Leaving at `depart`: for each number of rides the earliest arrival, if more rides pay; of the journeys that are equal in
/// both the one that leaves last, and of those the one that walks least.
pub(crate) fn earliest(
    t: &Timetable,
    plan: &DayPlan,
    depart: i32,
    ends: Ends,
    most: usize,
    rounds: &mut Rounds,
) -> Vec<Itinerary> {
    let found = arrivals(t, plan, depart, ends, most, rounds);
    found.iter().map(|i| rounds.refine(t, &plan.forward, depart, ends, i)).collect()
}

/// As `earliest`, where only arrivals and numbers of rides count: which of several equal journeys each is, is left open.
pub(crate) fn arrivals(
    t: &Timetable,
    plan: &DayPlan,
    depart: i32,
    ends: Ends,
    most: usize,
    rounds: &mut Rounds,
) -> Vec<Itinerary> {
    search(t, &plan.forward, depart, ends, most, rounds)
}

fn search(t: &Timetable, day: &Running, depart: i32, ends: Ends, most: usize, rounds: &mut Rounds) -> Vec<Itinerary> {
    rounds.begin(t.stops.len(), day.routes.len(), ends.egress);
    if let Some(walk) = ends.walk {
        rounds.bound(depart.saturating_add_unsigned(walk));
    }
    rounds.run(t, day, (depart, ends.access), ends.access, most)
}

/// Being there by `arrive`: for each number of rides the latest departure; of equal ones the one that arrives first, and of
/// those the one that walks least.
pub(crate) fn latest(
    t: &Timetable,
    plan: &DayPlan,
    arrive: i32,
    ends: Ends,
    most: usize,
    rounds: &mut Rounds,
) -> Vec<Itinerary> {
    let swapped = Ends { access: ends.egress, egress: ends.access, walk: ends.walk };
    let (day, leave) = (plan.mirror(), arrive.saturating_neg());
    let found = search(t, day, leave, swapped, most, rounds);
    found.iter().map(|i| turned(t, rounds.refine(t, day, leave, swapped, i))).collect()
}

/// An itinerary found backwards, as it is travelled.
fn turned(t: &Timetable, back: Itinerary) -> Itinerary {
    let ride = |r: &Ride| {
        let last = t.patterns[t.trips[r.trip as usize].pattern as usize].len - 1;
        Ride { board: last - r.alight, alight: last - r.board, depart: -r.arrive, arrive: -r.depart, ..*r }
    };
    Itinerary { depart: -back.arrive, arrive: -back.depart, rides: back.rides.iter().rev().map(ride).collect() }
}

/// Every journey worth taking that leaves within the window: none arrives later, leaves earlier and rides as often as
/// another. Latest departure first searched (rRAPTOR), returned in order of departure.
///
/// Leaving earlier, only those stops offer anything new at which some vehicle is then just caught: each search sets out
/// from them alone.
pub(crate) fn profile(
    t: &Timetable,
    plan: &DayPlan,
    window: std::ops::RangeInclusive<i32>,
    ends: Ends,
    most: usize,
    rounds: &mut Rounds,
) -> Vec<Itinerary> {
    let day = &plan.forward;
    rounds.begin(t.stops.len(), day.routes.len(), ends.egress);
    let mut found: Vec<Itinerary> = Vec::new();
    for caught in caught(day, &window, ends.access).chunk_by(|a, b| a.0 == b.0) {
        let depart = caught[0].0;
        let seeds: Vec<[u32; 2]> = caught.iter().map(|c| c.1).collect();
        if let Some(walk) = ends.walk {
            rounds.bound(depart.saturating_add_unsigned(walk));
        }
        found.extend(rounds.run(t, day, (depart, &seeds), ends.access, most));
    }
    found.sort_by_key(|i| (i.depart, i.arrive, i.rides.len()));
    found
}

/// The times within the window at which leaving just catches some vehicle, latest first, each with the stop and the walk.
fn caught(day: &Running, window: &std::ops::RangeInclusive<i32>, access: &Access) -> Vec<(i32, [u32; 2])> {
    let mut times = Vec::new();
    for &[stop, walk] in access {
        for &[route, position] in day.served(stop) {
            let r = &day.routes[route as usize];
            // Nobody boards where a line ends.
            if position + 1 == r.len {
                continue;
            }
            let column =
                (0..r.trips as usize).map(|k| day.depart[r.times as usize + k * r.len as usize + position as usize]);
            let leaving = column.map(|t| t.saturating_sub_unsigned(walk)).filter(|t| window.contains(t));
            times.extend(leaving.map(|t| (t, [stop, walk])));
        }
    }
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.dedup();
    times
}
