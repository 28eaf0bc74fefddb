//! Which journeys are told of those that there are.

use super::{Files, at, by_bus, clock, rides, told, walked};
use crate::{Mode, When};

#[test]
fn a_walk_that_is_no_answer_hides_no_bus() {
    let city = Files::of(&[("stops.txt", &super::stops(&[0, 25_000], ""))])
        .trips("", &[("t", "r1", &["x0 16:00", "x25000 16:30"])])
        .city();
    assert_eq!(told(&city, 0, 25_000, "08:00"), "16:00 1 x0 x25000 16:30");
    assert!(city.earliest_arrival(at(0), at(25_000), clock("08:00")).is_ok_and(|(_, rides)| rides == 1));
    let by = city.ride(at(0), at(25_000), Mode::Bus, When::Arrive(clock("23:00"))).unwrap();
    assert_eq!(rides(&by[0]), "16:00 1 x0 x25000 16:30");
}

/// A bus that calls each kilometre, two minutes apart.
fn line() -> crate::City {
    let calls: Vec<String> = (0..10).map(|k| format!("x{} 08:{:02}", k * 1000, 2 * k)).collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    Files::of(&[]).trips("", &[("t", "r1", &calls)]).city()
}

#[test]
fn one_boards_where_one_stands_and_alights_where_one_goes() {
    let city = line();
    let found = by_bus(&city, 2000, 9000, "07:40").unwrap();
    assert_eq!((rides(&found[0]).as_str(), walked(&found[0])), ("08:04 1 x2000 x9000 08:18", 0.0));
    let by = city.ride(at(0), at(7000), Mode::Bus, When::Arrive(clock("08:40"))).unwrap();
    assert_eq!((rides(&by[0]).as_str(), walked(&by[0])), ("08:00 1 x0 x7000 08:14", 0.0));
}

#[test]
fn one_changes_where_one_needs_not_walk() {
    // Both lines call at x4000 and, some minutes later, at x5000; from x3000 one would walk.
    let city = Files::of(&[("stops.txt", &super::stops(&[0, 3600, 3800, 4000, 5000, 9000], ""))])
        .trips(
            "",
            &[
                ("t", "r1", &["x0 08:00", "x3600 08:08", "x4000 08:10", "x5000 08:12"]),
                ("u", "r2", &["x3800 08:14", "x4000 08:15", "x5000 08:17", "x9000 08:30"]),
            ],
        )
        .city();
    let found = by_bus(&city, 0, 9000, "07:50").unwrap();
    assert_eq!(walked(&found[0]), 0.0, "{}", rides(&found[0]));
}

#[test]
fn a_bus_that_walking_beats_is_told_and_never_a_walk_alone() {
    let city = line();
    let ask = |time| by_bus(&city, 0, 3000, time).unwrap();
    assert!(ask("07:10").iter().all(|j| j.rides > 0), "walking is there at 07:46");
    assert_eq!(told(&city, 0, 3000, "07:10"), "08:00 1 x0 x3000 08:06");
    assert_eq!(told(&city, 0, 3000, "07:58"), "08:00 1 x0 x3000 08:06");
    assert_eq!(told(&city, 0, 3000, "20:30"), "no_service_in_time");
}

#[test]
fn so_near_that_no_bus_helps_is_a_reason() {
    let city = line();
    assert_eq!(told(&city, 500, 520, "07:40"), "walk_is_shorter");
    assert_eq!(told(&city, 500, 500, "07:40"), "walk_is_shorter");
}

#[test]
fn a_trip_that_calls_twice_tells_which_call_it_is() {
    let calls = ["x0 08:00", "x1000 08:10", "x0 08:20", "x1000 08:30"];
    let city = Files::of(&[]).trips("", &[("t", "r1", &calls)]).city();
    let call = |time: &str| {
        let bus = city.buses(city.zone().unix(clock(time)), 1).remove(0);
        let ids = city.feed_ids(&bus);
        (ids.stop.into_owned(), ids.sequence, ids.headway)
    };
    assert_eq!(call("08:04"), ("x1000".to_owned(), Some(1), None));
    assert_eq!(call("08:26"), ("x1000".to_owned(), Some(3), None));
}
