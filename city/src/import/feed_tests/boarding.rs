//! Who may board and alight where.

use super::{Files, by_bus, told};
use crate::Asking;

fn line(first: &str, last: &str) -> crate::City {
    let calls = ["x0 08:00", "x2000 08:04", "x4000 08:08", "x8000 08:16"];
    let mut calls = calls.map(|c| format!("{c} ,0,0"));
    calls[0] = format!("x0 08:00 {first}");
    calls[3] = format!("x8000 08:16 {last}");
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    Files::of(&[]).trips(",pickup_type,drop_off_type", &[("t", "r1", &calls)]).city()
}

#[test]
fn nobody_boards_or_alights_where_that_is_forbidden() {
    assert_eq!(told(&line(",0,0", ",0,0"), 0, 8000, "07:55"), "08:00 1 x0 x8000 08:16");
    let no_pickup = line(",1,0", ",0,0");
    assert_eq!(told(&no_pickup, 0, 8000, "07:55"), "no_service_in_time", "the next stop is 24 minutes away");
    assert_eq!(told(&no_pickup, 1500, 8000, "07:40"), "08:04 1 x2000 x8000 08:16");
    let no_drop_off = line(",0,0", ",0,1");
    assert_eq!(told(&no_drop_off, 0, 8000, "07:55"), "no_service_in_time");
    assert_eq!(told(&no_drop_off, 0, 4000, "07:55"), "08:00 1 x0 x4000 08:08");
}

#[test]
fn what_one_has_to_ask_before_is_told() {
    let city = line(",2,0", ",0,3");
    let ride = |from, to| {
        let journey = by_bus(&city, from, to, "07:55").unwrap().remove(0);
        let ride = journey.legs.into_iter().find_map(|l| l.ride).unwrap();
        [ride.board, ride.alight]
    };
    assert_eq!(ride(0, 8000), [Asking::PhoneAgency, Asking::AskDriver]);
    assert_eq!(ride(2000, 4000), [Asking::Nothing, Asking::Nothing]);
}

#[test]
fn a_board_leaves_out_what_nobody_may_board() {
    let departures = |city: &crate::City| city.departures(0, super::clock("07:00"), 10).unwrap().len();
    assert_eq!([departures(&line(",0,0", ",0,0")), departures(&line(",1,0", ",0,0"))], [1, 0]);
}

#[test]
fn a_bus_is_on_its_way_whoever_may_board() {
    let city = line(",1,0", ",0,1");
    let unix = city.zone().unix(super::clock("08:06"));
    assert_eq!(city.buses(unix, 1).len(), 1);
}
