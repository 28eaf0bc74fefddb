//! Changes as `transfers.txt` rules them.

use super::{Files, by_bus, stops, told};
use crate::{City, Means};

const FORM: &str =
    "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_route_id,to_route_id,from_trip_id,to_trip_id\n";

/// Line 1 is at x4000 at 08:08; from x4100, 72 seconds of walking away, line 2 leaves at 08:10 and line 3 at 08:30.
fn city(rules: &str) -> City {
    let places = stops(&[0, 4000, 4100, 9000], ",location_type,parent_station");
    let with_station: String =
        places.lines().map(|l| if l.starts_with("x4") { format!("{l},0,st\n") } else { format!("{l}\n") }).collect();
    Files::of(&[("stops.txt", &with_station)])
        .trips(
            "",
            &[
                ("t", "r1", &["x0 08:00", "x4000 08:08"]),
                ("u", "r2", &["x4100 08:10", "x9000 08:20"]),
                ("v", "r3", &["x4100 08:30", "x9000 08:40"]),
            ],
        )
        .with("transfers.txt", &format!("{FORM}{rules}"))
        .city()
}

const SOON: &str = "08:00 1 x0 x4000 08:08, 08:10 2 x4100 x9000 08:20";
const LATE: &str = "08:00 1 x0 x4000 08:08, 08:30 3 x4100 x9000 08:40";

#[test]
fn a_rule_for_routes_binds_no_others() {
    assert_eq!(told(&city(""), 0, 9000, "07:55"), SOON);
    assert_eq!(told(&city("x4000,x4100,3,,r1,r3,,"), 0, 9000, "07:55"), SOON);
    assert_eq!(told(&city("x4000,x4100,3,,r1,r2,,"), 0, 9000, "07:55"), LATE);
    assert_eq!(told(&city("x4000,x4100,3,,r1,,,"), 0, 9000, "07:55"), "no_service_in_time");
}

#[test]
fn a_rule_for_trips_outranks_one_for_routes_and_that_one_for_stops() {
    let rules = ["x4000,x4100,3,,,,,\n", "x4000,x4100,2,600,r1,r2,,\n", "x4000,x4100,0,,,,t,u\n"];
    assert_eq!(told(&city(&rules.concat()), 0, 9000, "07:55"), SOON);
    assert_eq!(told(&city(&rules[..2].concat()), 0, 9000, "07:55"), "no_service_in_time");
    let allowed = format!("{}x4000,x4100,0,,,r3,,", rules[0]);
    assert_eq!(told(&city(&allowed), 0, 9000, "07:55"), LATE);
}

#[test]
fn a_station_stands_for_its_stops_and_the_stop_itself_outranks_it() {
    assert_eq!(told(&city("st,st,2,600,,,,"), 0, 9000, "07:55"), LATE);
    assert_eq!(told(&city("st,st,2,600,,,,\nx4000,x4100,2,60,,,,"), 0, 9000, "07:55"), SOON);
}

#[test]
fn a_minimum_makes_nobody_walk_faster() {
    // 100 m take 72 seconds: line 2 is caught with 120, and 30 is no promise of being there after 30.
    let found = by_bus(&city("x4000,x4100,2,30,,,,"), 0, 9000, "07:55").unwrap().remove(0);
    let walk = found.legs.iter().find(|l| l.means == Means::Foot && l.from == "Stop 4000").unwrap();
    assert!((72..=73).contains(&walk.arrive.since(walk.depart)), "{walk:?}");
    let far = Files::of(&[("stops.txt", &stops(&[0, 4000, 4400, 9000], ""))])
        .trips("", &[("t", "r1", &["x0 08:00", "x4000 08:08"]), ("u", "r2", &["x4400 08:10", "x9000 08:20"])])
        .with("transfers.txt", &format!("{FORM}x4000,x4400,2,30,,,,"))
        .city();
    assert_eq!(told(&far, 0, 9000, "07:55"), "no_service_in_time", "400 m take 288 seconds");
}

/// Line 1 to x4000, and from there lines 2 and 3.
fn at_one_stop(rules: &str) -> City {
    Files::of(&[])
        .trips(
            "",
            &[
                ("t", "r1", &["x0 08:00", "x4000 08:08"]),
                ("u", "r2", &["x4000 08:09", "x9000 08:20"]),
                ("v", "r3", &["x4000 08:30", "x9000 08:40"]),
            ],
        )
        .with("transfers.txt", &format!("{FORM}{rules}"))
        .city()
}

#[test]
fn a_rule_holds_at_one_stop_too() {
    assert_eq!(told(&at_one_stop(""), 0, 9000, "07:55"), "08:00 1 x0 x4000 08:08, 08:09 2 x4000 x9000 08:20");
    let minimum = at_one_stop("x4000,x4000,2,600,,,,");
    assert_eq!(told(&minimum, 0, 9000, "07:55"), "08:00 1 x0 x4000 08:08, 08:30 3 x4000 x9000 08:40");
    let found = by_bus(&minimum, 0, 9000, "07:55").unwrap();
    assert!(found[0].legs.iter().all(|l| l.means != Means::Foot || l.metres < 1.0), "a minimum isn't walked");
    assert_eq!(told(&at_one_stop("x4000,x4000,3,,,,,"), 0, 9000, "07:55"), "no_service_in_time");
}

#[test]
fn a_vehicle_that_waits_is_caught_and_who_stays_seated_needs_no_time() {
    let tight = |rules: &str| {
        Files::of(&[("stops.txt", &stops(&[0, 4000, 4100, 9000], ""))])
            .trips("", &[("t", "r1", &["x0 08:00", "x4000 08:08"]), ("u", "r2", &["x4100 08:08", "x9000 08:20"])])
            .with("transfers.txt", &format!("{FORM}{rules}"))
            .city()
    };
    assert_eq!(told(&tight(""), 0, 9000, "07:55"), "no_service_in_time");
    for rule in ["x4000,x4100,1,,,,,", ",,4,,,,t,u", "x4000,x4100,4,,,,t,u"] {
        assert_eq!(told(&tight(rule), 0, 9000, "07:55"), "08:00 1 x0 x4000 08:08, 08:08 2 x4100 x9000 08:20", "{rule}");
    }
    assert_eq!(told(&tight("x4000,x4100,5,,,,t,u"), 0, 9000, "07:55"), "no_service_in_time");
    let seated = at_one_stop("x4000,x4000,2,600,,,,\n,,4,,,,t,u");
    assert_eq!(told(&seated, 0, 9000, "07:55"), "08:00 1 x0 x4000 08:08, 08:09 2 x4000 x9000 08:20");
}

#[test]
fn a_rule_about_something_unknown_is_dropped_and_told() {
    let files = Files::of(&[]).trips("", &[("t", "r1", &["x0 08:00", "x4000 08:08"])]);
    let rules = format!("{FORM}x0,nowhere,3,,,,,\nx0,x4000,3,,r9,,,\nx0,x4000,9,,,,,\nx0,x4000,2,,,,,");
    let (_, report) = files.with("transfers.txt", &rules).read().unwrap();
    assert_eq!(report.dropped["transfers between unknown stops, routes or trips"], 2);
    assert_eq!(report.dropped["transfers of an unknown type"], 1);
    assert_eq!(report.dropped["transfers with a minimum that isn't stated (the walk counts)"], 1);
}

#[test]
fn a_stop_taken_apart_by_rules_stays_one_stop_outside() {
    let city = at_one_stop("x4000,x4000,2,600,r1,r2,,\nx4000,x4000,3,,r1,r3,,");
    assert!(city.timetable.stops.len() > 11, "platforms were made");
    assert_eq!(told(&city, 0, 9000, "07:55"), "no_service_in_time");
    assert_eq!(city.stops_near(super::at(4000), 100.0, 10).len(), 1);
    assert!(city.stop(11).is_err());
    let board: Vec<String> =
        city.departures(4, super::clock("08:00"), 10).unwrap().into_iter().map(|d| d.line).collect();
    assert_eq!(board, ["2", "3"]);
    assert_eq!(told(&city, 4000, 9000, "08:00"), "08:09 2 x4000 x9000 08:20");
    let call = by_bus(&city, 0, 4000, "07:55").unwrap()[0].legs.iter().find_map(|l| l.ride.clone()).unwrap();
    assert_eq!(call.calls.last().unwrap().stop, 4);
    let loaded = City::load(&city.save()).unwrap();
    assert_eq!(loaded.save(), city.save());
}
