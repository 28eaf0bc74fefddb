//! What leaves a stop next.

use super::Timetable;
use super::day::Running;

/// The next departures from a stop at or after `from`, up to `count`: seconds of the day, trip, position in it.
pub(crate) fn board(t: &Timetable, day: &Running, stop: u32, from: i32, count: usize) -> Vec<(i32, u32, u32)> {
    let mut next: Vec<(i32, u32, u32)> = Vec::new();
    if stop as usize >= t.real_stops() {
        return next;
    }
    for &[route, position] in t.platforms(stop).flat_map(|platform| day.served(platform)) {
        let r = &day.routes[route as usize];
        if position + 1 == r.len {
            continue;
        }
        for k in 0..r.trips {
            let at = day.depart[(r.times + k * r.len + position) as usize];
            if at >= from {
                next.push((at, day.trips[(r.first_trip + k) as usize].number, position));
            }
        }
    }
    next.sort_unstable();
    next.truncate(count);
    next
}
