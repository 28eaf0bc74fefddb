//! Small maps and feeds made here, with the faults that real ones have.

use super::archive::Archive;
use super::report::Report;
use super::{Sources, feed, import};
use crate::draft::CityDraft;
use crate::error::{Error, ImportError, NoRoute};
use crate::geo::Point;
use crate::{AreaKind, City, Day, Vehicle};
use std::io::Write;

/// An archive of files.
pub(super) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const STOPS: &str =
    "\u{feff}stop_id, stop_name,stop_lat,stop_lon\na,A,45.0,5.0\nb,B,45.0,5.01\nc,C,45.0,5.02\nlost,L,,\n";
const ROUTES: &str = "route_id,route_short_name,route_type,route_color\nr,1,3,0\n";
const TRIPS: &str = "route_id,service_id,trip_id\nr,s,t\nr,s,u\nr,nowhere,v\n";
const TIMES: &str = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt,23:50:00,23:50:00,a,1\nt,,,b,5\n\
    t,24:10:00,24:10:00,c,9\nt,24:20:00,24:20:00,lost,10\nu,08:00:00,08:00:00,a,1\nu,07:00:00,07:00:00,b,2\nu,08:10:00,08:10:00,c,3\n";
const DATES: &str = "service_id,date,exception_type\ns,20260518,1\ns,2026051,1\n";

fn read(files: &[(&str, &str)]) -> Result<(CityDraft, Report), ImportError> {
    let (mut draft, mut report) = (CityDraft::default(), Report::default());
    feed::read(&archive(files), &mut draft, &mut report)?;
    Ok((draft, report))
}

fn usual() -> Vec<(&'static str, &'static str)> {
    vec![
        ("stops.txt", STOPS),
        ("routes.txt", ROUTES),
        ("trips.txt", TRIPS),
        ("stop_times.txt", TIMES),
        ("calendar_dates.txt", DATES),
    ]
}

#[test]
fn a_faulty_feed_gives_what_is_sound_in_it() {
    let (draft, report) = read(&usual()).unwrap();
    let feed = &draft.feed;
    assert_eq!((feed.stops.len(), feed.trips.len()), (3, 2));
    let middle = feed.trips[0].times[1];
    assert_eq!(middle.arrive, 24 * 3600, "half way between ten to and ten past midnight");
    assert_eq!(feed.trips[1].times[1].arrive, 8 * 3600 + 300, "a time that ran backwards is put in by distance");
    let day = Day::of(2026, 5, 18).unwrap();
    assert!(feed.services[0].runs(day) && !feed.services[0].runs(day.plus(1)));
    for reason in [
        "stops without coordinates",
        "colours that aren't RRGGBB",
        "trips of unknown routes or services",
        "times that run backwards",
        "exceptions without a date",
        "stop times at unknown stops",
    ] {
        assert_eq!(report.dropped.get(reason), Some(&1), "{reason}");
    }
}

#[test]
fn a_missing_file_is_named() {
    for left_out in ["stops.txt", "routes.txt", "trips.txt", "stop_times.txt"] {
        let files: Vec<_> = usual().into_iter().filter(|f| f.0 != left_out).collect();
        let error = read(&files).unwrap_err().to_string();
        assert!(error.contains(left_out), "{error}");
    }
}

#[test]
fn frequencies_turn_one_trip_into_many() {
    let mut files = usual();
    files.push((
        "frequencies.txt",
        "trip_id,start_time,end_time,headway_secs\nu,06:00:00,07:00:00,600\nu,x,07:00:00,600\n",
    ));
    let (draft, report) = read(&files).unwrap();
    let starts: Vec<i32> = draft.feed.trips.iter().map(|t| t.times[0].depart).filter(|d| *d < 80_000).collect();
    assert_eq!(starts, [21_600, 22_200, 22_800, 23_400, 24_000, 24_600]);
    assert_eq!(report.dropped.get("frequencies that can't be read"), Some(&1));
}

#[test]
fn a_bus_goes_by_the_ids_of_its_feed_and_by_the_citys_numbers_without_one() {
    let mut files = usual();
    files.push(("frequencies.txt", "trip_id,start_time,end_time,headway_secs\nu,08:00:00,08:10:00,300\n"));
    let (draft, _) = read(&files).unwrap();
    let city = City::build(draft);
    // No feed names a zone, so it is UTC: a minute and a half after the second start, and the first is still under way.
    let buses = city.buses(Day::of(2026, 5, 18).unwrap().0 as i64 * 86_400 + 8 * 3600 + 390, 1);
    let told: Vec<_> = buses
        .iter()
        .map(|b| city.feed_ids(b))
        .map(|i| format!("{} {} {} {}", i.trip, i.line, i.stop, i.headway.unwrap().start))
        .collect();
    assert_eq!(told, ["u r c 28800", "u r b 29100"]);

    let city = City::demo(crate::DEMO_SEED);
    let bus = &city.buses(Day::of(2026, 11, 23).unwrap().0 as i64 * 86_400 + 8 * 3600, 1)[0];
    let ids = city.feed_ids(bus);
    assert_eq!((&*ids.trip, &*ids.line, &*ids.stop), (&*bus.run.trip.to_string(), &*bus.line, &*bus.stop.to_string()));
}

#[test]
fn an_archive_that_unpacks_too_far_is_refused() {
    let bytes = archive(&[("stops.txt", &"0".repeat(200_000))]);
    assert!(bytes.len() < 2_000);
    let mut archive = Archive::open(&bytes, 100_000, &mut Report::default()).unwrap();
    assert!(matches!(archive.bytes("stops.txt"), Err(ImportError::TooLarge { .. })));
}

#[test]
fn something_else_is_no_feed() {
    assert!(Archive::open(b"not a zip", 1_000, &mut Report::default()).is_err());
    assert!(Archive::open(b"", 1_000, &mut Report::default()).is_err());
}

pub(super) mod pbf;

/// A square with a cross street; ids in no order.
///
/// ```text
/// 40 - 7 - 31
///  |   |    |
/// 12 - 5 - 88
/// ```
fn square(change: impl FnOnce(&mut pbf::Map)) -> City {
    let mut map = pbf::Map::default();
    for (id, x, y) in [(40, 0, 1), (7, 1, 1), (31, 2, 1), (12, 0, 0), (5, 1, 0), (88, 2, 0)] {
        let p = corner(f64::from(x), f64::from(y));
        map.node(id, p.lat, p.lon, &[]);
    }
    let street: &[(&str, &str)] = &[("highway", "residential")];
    map.way(1, &[12, 40], street);
    map.way(2, &[40, 7], street);
    map.way(3, &[7, 31], street);
    map.way(4, &[31, 88], street);
    map.way(5, &[88, 5], street);
    map.way(6, &[5, 12], street);
    change(&mut map);
    let bytes = map.finish();
    import(&Sources { name: "square", osm: &bytes, ..Sources::default() }, |_| {}).unwrap().0
}

fn corner(x: f64, y: f64) -> Point {
    Point::new(45.0, 5.0).shifted(x * 200.0, y * 200.0)
}

fn metres(city: &City, v: Vehicle, from: (f64, f64), to: (f64, f64)) -> f64 {
    city.summary(corner(from.0, from.1), corner(to.0, to.1), v).unwrap().metres.round()
}

const UP: ((f64, f64), (f64, f64)) = ((1.0, 0.1), (1.0, 0.9));
const DOWN: ((f64, f64), (f64, f64)) = ((1.0, 0.9), (1.0, 0.1));

#[test]
fn a_one_way_binds_cars_and_not_people() {
    let city =
        square(|m| m.way(7, &[5, 7], &[("highway", "residential"), ("oneway", "yes"), ("name", "Cross Street")]));
    assert!((metres(&city, Vehicle::Car, UP.0, UP.1) - 160.0).abs() <= 1.0);
    assert!(metres(&city, Vehicle::Car, DOWN.0, DOWN.1) > 600.0);
    assert!((metres(&city, Vehicle::Foot, DOWN.0, DOWN.1) - 160.0).abs() <= 1.0);
    let pushed = city.summary(corner(1.0, 0.9), corner(1.0, 0.1), Vehicle::Bike).unwrap();
    assert!((pushed.metres - 160.0).abs() <= 1.0 && (pushed.seconds - 144.0).abs() < 1.0, "{pushed:?}");
    assert_eq!(city.nearest_street(corner(1.0, 0.5)).unwrap().0, "Cross Street");
}

#[test]
fn bicycles_may_ride_against_the_traffic_where_signs_say_so() {
    for extra in [("oneway:bicycle", "no"), ("cycleway", "opposite_lane")] {
        let city = square(|m| m.way(7, &[5, 7], &[("highway", "residential"), ("oneway", "yes"), extra]));
        assert!((metres(&city, Vehicle::Bike, DOWN.0, DOWN.1) - 160.0).abs() <= 1.0);
        assert!(metres(&city, Vehicle::Car, DOWN.0, DOWN.1) > 600.0);
    }
}

#[test]
fn a_forbidden_turn_is_driven_around() {
    let cross: &[(&str, &str)] = &[("highway", "residential")];
    let (from, to) = ((0.5, 0.0), (1.0, 0.5));
    let free = square(|m| m.way(7, &[5, 7], cross));
    assert!((metres(&free, Vehicle::Car, from, to) - 200.0).abs() <= 1.0);
    let bound = square(|m| {
        m.way(7, &[5, 7], cross);
        m.restriction("no_left_turn", [6, 5, 7]);
    });
    assert!(metres(&bound, Vehicle::Car, from, to) > 300.0);
    assert!((metres(&bound, Vehicle::Foot, from, to) - 200.0).abs() <= 1.0);
    let only = square(|m| {
        m.way(7, &[5, 7], cross);
        m.restriction("only_straight_on", [6, 5, 5]);
    });
    assert!(metres(&only, Vehicle::Car, from, to) > 300.0);
}

#[test]
fn a_bollard_stops_cars_and_both_sides_stay_reachable() {
    let city = square(|m| {
        let p = corner(1.0, 0.5);
        m.node(99, p.lat, p.lon, &[("barrier", "bollard")]);
        m.way(7, &[5, 99, 7], &[("highway", "residential")]);
    });
    assert!(metres(&city, Vehicle::Car, UP.0, UP.1) > 600.0);
    assert!((metres(&city, Vehicle::Bike, UP.0, UP.1) - 160.0).abs() <= 1.0);
    assert!((metres(&city, Vehicle::Car, UP.0, (1.0, 0.4)) - 60.0).abs() <= 1.0);
}

#[test]
fn an_island_is_not_snapped_to() {
    let city = square(|m| {
        for (id, x) in [(200, 1.2), (201, 1.4)] {
            let p = corner(x, 0.5);
            m.node(id, p.lat, p.lon, &[]);
        }
        m.way(8, &[200, 201], &[("highway", "residential")]);
        m.way(9, &[5, 7], &[("highway", "motorway"), ("oneway", "yes")]);
    });
    let at = city.nearest_street(corner(1.3, 0.5)).unwrap();
    assert!(at.1 > 50.0, "the island is left out, the next street is {} m away", at.1);
    assert_eq!(
        city.ride(
            corner(0.0, 0.0),
            corner(2.0, 1.0),
            crate::Mode::Bus,
            crate::When::Depart(crate::Moment::new(Day(0), 0))
        ),
        Err(Error::NoRoute(NoRoute::NoTimetable))
    );
}

#[test]
fn a_map_without_streets_is_refused() {
    let bytes = pbf::Map::default().finish();
    let found = import(&Sources { name: "empty", osm: &bytes, ..Sources::default() }, |_| {});
    assert!(matches!(found, Err(ImportError::Empty(_))));
}

#[test]
fn a_map_cut_anywhere_never_panics() {
    let mut map = pbf::Map::default();
    map.node(1, 45.0, 5.0, &[("highway", "traffic_signals")]);
    map.node(2, 45.001, 5.0, &[]);
    map.way(1, &[1, 2], &[("highway", "residential")]);
    map.restriction("no_u_turn", [1, 2, 1]);
    let bytes = map.finish();
    for end in 0..bytes.len() {
        let _ = import(&Sources { name: "cut", osm: &bytes[..end], ..Sources::default() }, |_| {});
        let mut bad = bytes.clone();
        bad[end] ^= 0x55;
        let _ = import(&Sources { name: "bad", osm: &bad, ..Sources::default() }, |_| {});
    }
}

#[test]
fn the_same_files_make_the_same_bytes_on_every_thread() {
    let mut map = pbf::Map::default();
    (0..9).for_each(|k| map.node(k + 1, 45.0 + (k / 3) as f64 * 0.001, 5.0 + (k % 3) as f64 * 0.01, &[]));
    for row in 0..3 {
        map.way(row + 1, &[row * 3 + 1, row * 3 + 2, row * 3 + 3], &[("highway", "residential")]);
        map.way(row + 10, &[row + 1, row + 4, row + 7], &[("highway", "service")]);
    }
    let (osm, feed) = (map.finish(), archive(&usual()));
    let make = || {
        let sources = Sources { name: "same", osm: &osm, feeds: vec![&feed, &feed], ..Sources::default() };
        import(&sources, |_| {}).unwrap().0.save()
    };
    let bytes = make();
    let others = std::thread::scope(|s| [s.spawn(make), s.spawn(make)].map(|t| t.join().unwrap()));
    assert!(others.iter().all(|other| *other == bytes));
}

#[test]
fn water_and_parks_keep_their_outlines() {
    let city = square(|m| {
        m.way(7, &[5, 7], &[("highway", "residential")]);
        m.way(8, &[40, 7, 5, 12, 40], &[("leisure", "park")]);
        m.way(9, &[7, 31, 88], &[("natural", "water")]);
        m.way(10, &[12, 5, 88], &[("waterway", "river")]);
    });
    let found: Vec<_> = city.areas().map(|a| (a.kind, a.line.len())).collect();
    assert_eq!(found, [(AreaKind::Park, 5), (AreaKind::River, 3)], "an open outline of water is dropped");
}
