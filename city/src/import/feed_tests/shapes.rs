//! Distances along shapes, in the journeys of whole feeds.

use super::{Files, at, by_bus};

/// A shape over places in metres on the street.
fn shape(places: &[(i32, &str)]) -> String {
    let row = |(n, (x, dist)): (usize, &(i32, &str))| format!("h,{},{},{n},{dist}\n", at(*x).lat, at(*x).lon);
    let rows: String = places.iter().enumerate().map(row).collect();
    format!("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\n{rows}")
}

fn city(shape: &str, columns: &str, calls: &[&str]) -> crate::City {
    let mut files = Files::of(&[("shapes.txt", shape)]).trips(columns, &[("t", "r1", calls)]);
    let trips = files.0.iter_mut().find(|f| f.0 == "trips.txt").unwrap();
    trips.1 = "route_id,service_id,trip_id,shape_id\nr1,s,t,h\n".to_owned();
    files.city()
}

fn ridden(city: &crate::City, from: i32, to: i32) -> (f64, f64, f64) {
    let journey = by_bus(city, from, to, "07:55").unwrap().remove(0);
    let leg = journey.legs.into_iter().find(|l| l.ride.is_some()).unwrap();
    let x = |p: Option<&crate::Point>| p.map_or(f64::NAN, |p| (at(0).metres_to(*p)).round());
    (leg.metres.round(), x(leg.shape.first()), x(leg.shape.last()))
}

#[test]
fn a_short_trip_on_a_long_shape_is_as_long_as_it_is() {
    let long = shape(&[(0, ""), (10_000, "")]);
    let city = city(&long, "", &["x6000 08:00", "x7000 08:02", "x8000 08:04"]);
    assert_eq!(ridden(&city, 6000, 8000), (2000.0, 6000.0, 8000.0));
    let bus = &city.buses(city.zone().unix(super::clock("08:02")), 1)[0];
    assert!(at(0).metres_to(bus.at) > 6000.0, "the live bus is where the trip is: {bus:?}");
}

#[test]
fn a_stop_on_the_way_back_is_where_its_distance_says() {
    let there_and_back = shape(&[(0, "0"), (10_000, "10"), (0, "20")]);
    let calls = ["x0 08:00 ,0", "x5000 08:20 ,15", "x0 08:30 ,20"];
    let city = city(&there_and_back, ",shape_dist_traveled", &calls);
    assert_eq!(ridden(&city, 5000, 0), (5000.0, 5000.0, 0.0));
}
