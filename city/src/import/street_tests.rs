//! What tags mean for journeys: each rule on a small map, a short way under it and a long way round.

use super::tests::pbf::Map;
use super::{Report, Sources, import};
use crate::Vehicle::{Bike, Car, Foot};
use crate::error::ImportError;
use crate::geo::Point;
use crate::{City, Means, Moment, Vehicle, When};

type Tags<'a> = &'a [(&'a str, &'a str)];

const STREET: (&str, &str) = ("highway", "residential");
const SHORT: f64 = 600.0;
const LONG: f64 = 3_000.0;

/// Metres east and north.
fn at(x: f64, y: f64) -> Point {
    Point::new(45.0, 5.0).shifted(x, y)
}

fn made(map: Map) -> Result<(City, Report), ImportError> {
    import(&Sources { name: "small", osm: &map.finish(), zone: Some("Europe/Paris"), ..Sources::default() }, |_| {})
}

/// Streets at both ends of a short way (nodes 1 to 2, 400 m) and of a long way round (2,800 m).
fn frame() -> Map {
    let mut map = Map::default();
    for (id, x, y) in
        [(1, 0.0, 0.0), (2, 400.0, 0.0), (3, 0.0, 1_200.0), (4, 400.0, 1_200.0), (5, -200.0, 0.0), (6, 600.0, 0.0)]
    {
        let p = at(x, y);
        map.node(id, p.lat, p.lon, &[]);
    }
    map.way(1, &[5, 1], &[STREET]);
    map.way(2, &[2, 6], &[STREET]);
    map.way(3, &[1, 3, 4, 2], &[STREET]);
    map
}

/// A short way with the tags given.
fn short(tags: Tags) -> City {
    let mut map = frame();
    map.way(9, &[1, 2], tags);
    made(map).unwrap().0
}

fn metres(city: &City, v: Vehicle, from: Point, to: Point) -> f64 {
    city.summary(from, to, v).unwrap().metres
}

/// Whether the journey from end to end takes the short way, there and back.
fn passes(city: &City, v: Vehicle) -> [bool; 2] {
    let (west, east) = (at(-100.0, 0.0), at(500.0, 0.0));
    [(west, east), (east, west)].map(|(a, b)| {
        let found = metres(city, v, a, b);
        assert!((found - SHORT).abs() < 5.0 || (found - LONG).abs() < 5.0, "{v:?}: {found} m");
        found < LONG / 2.0
    })
}

fn assert_open(tags: Tags, open: &[Vehicle]) {
    let city = short(tags);
    for v in Vehicle::ALL {
        assert_eq!(passes(&city, v), [open.contains(&v); 2], "{tags:?}: {v:?}");
    }
}

#[test]
fn a_value_that_names_others_closes_the_way() {
    for value in ["no", "bus;taxi", "agricultural;forestry", "military", "restricted", "employees", "hov", "nonsense"] {
        assert_open(&[STREET, ("motor_vehicle", value)], &[Foot, Bike]);
        assert_open(&[STREET, ("access", value)], &[]);
        assert_open(&[STREET, ("access", value), ("foot", "yes"), ("bicycle", "yes")], &[Foot, Bike]);
    }
    assert_open(&[STREET, ("access", "no;yes")], &[Foot, Bike, Car]);
    assert_open(&[STREET, ("access", "unknown")], &[Foot, Bike, Car]);
    assert_open(&[STREET, ("access", "no"), ("motorcar", "permissive")], &[Car]);
    assert_open(&[STREET, ("smoothness", "impassable")], &[Foot, Bike]);
    assert_open(&[STREET, ("foot", "use_sidepath")], &[Bike, Car]);
}

#[test]
fn a_general_right_opens_a_way_to_those_it_is_built_for() {
    assert_open(&[("highway", "steps"), ("access", "yes")], &[Foot]);
    assert_open(&[("highway", "steps"), ("motor_vehicle", "yes")], &[Foot]);
    assert_open(&[("highway", "footway"), ("access", "yes")], &[Foot, Bike]);
    assert_open(&[("highway", "footway"), ("motor_vehicle", "yes")], &[Foot, Bike, Car]);
    assert_open(&[("highway", "motorway"), ("oneway", "no"), ("access", "yes")], &[Car]);
    assert_open(&[("highway", "track")], &[Foot, Bike]);
    assert_open(&[("highway", "track"), ("access", "yes")], &[Foot, Bike, Car]);
    assert_open(&[("highway", "busway"), ("access", "yes")], &[]);
    assert_open(&[("highway", "primary"), ("motorroad", "yes")], &[Car]);
}

#[test]
fn nobody_walks_or_rides_through_a_trunk_roads_tunnel_without_a_tag_that_says_so() {
    assert_open(&[("highway", "trunk")], &[Foot, Bike, Car]);
    for narrow in [&[("highway", "trunk"), ("tunnel", "yes")][..], &[("highway", "trunk_link")]] {
        assert_open(narrow, &[Car]);
        assert_open(&[narrow, &[("access", "yes")]].concat(), &[Car]);
        assert_open(&[narrow, &[("sidewalk", "both"), ("cycleway", "lane")]].concat(), &[Foot, Bike, Car]);
        assert_open(&[narrow, &[("foot", "yes"), ("bicycle", "yes")]].concat(), &[Foot, Bike, Car]);
    }
}

#[test]
fn streets_for_residents_are_only_for_journeys_that_begin_or_end_there() {
    for value in ["destination", "private", "customers", "delivery", "permit", "delivery;destination"] {
        assert_open(&[STREET, ("motor_vehicle", value)], &[Foot, Bike]);
        let city = short(&[STREET, ("access", value)]);
        for v in Vehicle::ALL {
            assert_eq!(passes(&city, v), [false; 2], "{value} {v:?}");
            for (from, to, expected) in [
                (at(-100.0, 0.0), at(300.0, 0.0), 400.0),
                (at(300.0, 0.0), at(-100.0, 0.0), 400.0),
                (at(100.0, 0.0), at(500.0, 0.0), 400.0),
                (at(100.0, 0.0), at(300.0, 0.0), 200.0),
            ] {
                let found = metres(&city, v, from, to);
                assert!((found - expected).abs() < 5.0, "{value} {v:?} {found}");
            }
        }
    }
}

#[test]
fn a_private_gate_is_passed_by_those_who_live_behind_it() {
    let mut map = frame();
    let (gate, end) = (at(200.0, 0.0), at(200.0, -300.0));
    map.node(20, gate.lat, gate.lon, &[("barrier", "gate"), ("access", "private")]);
    map.node(21, end.lat, end.lon, &[]);
    map.way(9, &[1, 20, 2], &[STREET]);
    map.way(10, &[2, 21], &[STREET]);
    let city = made(map).unwrap().0;
    assert_eq!(passes(&city, Car), [false; 2], "a gate with public streets on both sides");
}

#[test]
fn a_bicycle_is_pushed_where_only_walking_is_allowed() {
    let city = short(&[STREET, ("oneway", "yes")]);
    assert_eq!((passes(&city, Bike), passes(&city, Car)), ([true, true], [true, false]));
    let seconds = |city: &City, from, to| city.summary(from, to, Bike).unwrap().seconds;
    let pushed = seconds(&city, at(380.0, 0.0), at(20.0, 0.0));
    assert!((pushed - 324.0).abs() < 5.0, "360 m at 4 km/h: {pushed}");
    let walked = short(&[STREET, ("bicycle", "dismount"), ("foot", "no")]);
    assert_eq!(passes(&walked, Bike), [true, true]);
    assert!(seconds(&walked, at(20.0, 0.0), at(380.0, 0.0)) > 300.0);
}

#[test]
fn one_ways_bind_whom_their_keys_name() {
    let open = |tags: Tags| {
        let city = short(&[&[STREET], tags].concat());
        Vehicle::ALL.map(|v| passes(&city, v))
    };
    let (both, with, against) = ([true; 2], [true, false], [false, true]);
    assert_eq!(open(&[("oneway", "-1")]), [both, both, against]);
    assert_eq!(open(&[("oneway", "reversible")]), [both, both, [false; 2]]);
    assert_eq!(open(&[("oneway", "yes"), ("oneway:motor_vehicle", "no")])[2], both);
    assert_eq!(open(&[("oneway:motorcar", "yes")])[2], with);
    assert_eq!(open(&[("oneway:foot", "yes")])[0], with);
    assert_eq!(open(&[("motor_vehicle:backward", "no")])[2], with);
    assert_eq!(open(&[("vehicle:forward", "no"), ("foot", "no")]), [[false; 2], against, against]);
}

#[test]
fn a_ferry_takes_whom_it_states_for_as_long_as_it_says() {
    let ferry = ("route", "ferry");
    assert_open(&[ferry], &[Foot, Bike]);
    assert_open(&[ferry, ("foot", "no"), ("motor_vehicle", "yes")], &[Car]);
    assert_open(&[ferry, ("foot", "yes"), ("bicycle", "no")], &[Foot]);
    assert_open(&[ferry, ("access", "yes")], &[Foot, Bike, Car]);
    let mut map = Map::default();
    for (id, x) in [(1, 0.0), (2, 400.0), (5, -200.0), (6, 600.0)] {
        let p = at(x, 0.0);
        map.node(id, p.lat, p.lon, &[]);
    }
    map.way(1, &[5, 1], &[STREET]);
    map.way(2, &[2, 6], &[STREET]);
    map.way(3, &[1, 2], &[ferry, ("motorcar", "yes"), ("duration", "00:20")]);
    let city = made(map).unwrap().0;
    for (v, what) in [(Foot, "ferry, on foot"), (Bike, "ferry, on foot"), (Car, "ferry, with a car")] {
        let noon = When::Depart(Moment::new(crate::Day(0), 0));
        let journey = city.drive(at(0.0, 0.0), at(400.0, 0.0), v, noon, 0).unwrap().remove(0);
        assert!((journey.seconds - 1_200).abs() < 10, "{v:?}: {} s", journey.seconds);
        assert!(journey.emission.grams > 5.0, "{v:?}: {} g", journey.emission.grams);
        assert!(journey.emission.factors.iter().any(|f| f.what == what), "{v:?}");
    }
}

#[test]
fn rough_ground_slows_cars() {
    let seconds = |tags: Tags| {
        let city = short(&[&[("highway", "tertiary")], tags].concat());
        city.summary(at(20.0, 0.0), at(380.0, 0.0), Car).unwrap().seconds
    };
    let smooth = seconds(&[]);
    let rough: [Tags; 5] = [
        &[("surface", "cobblestone")],
        &[("surface", "unpaved")],
        &[("smoothness", "very_bad")],
        &[("tracktype", "grade4")],
        &[("surface", "sett"), ("maxspeed", "50")],
    ];
    for tags in rough {
        assert!(seconds(tags) > smooth * 1.2, "{tags:?}");
    }
    assert!((seconds(&[("surface", "asphalt")]) - smooth).abs() < 0.1);
}

#[test]
fn a_way_that_leaves_the_extract_ends_there() {
    let mut map = frame();
    map.way(9, &[1, 90, 91, 2], &[STREET]);
    let (city, report) = made(map).unwrap();
    assert_eq!(passes(&city, Car), [false; 2]);
    let said = report.dropped.iter().find(|(why, _)| why.contains("outside the extract"));
    assert_eq!(said.map(|(_, n)| *n), Some(2));
}

/// A crossing (node 1) of streets from the west (1), the east (2), the north (3), and the south (4), which also meet
/// far out.
fn crossing(relations: impl FnOnce(&mut Map)) -> (City, Report) {
    let mut map = Map::default();
    let places = [(1, 0.0, 0.0), (2, -300.0, 0.0), (3, 300.0, 0.0), (4, 0.0, 300.0), (5, 0.0, -300.0)];
    for (id, x, y) in places {
        let p = at(x, y);
        map.node(id, p.lat, p.lon, &[]);
    }
    for (id, far) in [(1, 2), (2, 3), (3, 4), (4, 5)] {
        map.way(id, &[1, far], &[STREET]);
    }
    for (id, pair) in [(11, [2, 4]), (12, [4, 3]), (13, [3, 5]), (14, [5, 2])] {
        map.way(id, &pair, &[STREET]);
    }
    relations(&mut map);
    made(map).unwrap()
}

/// Whether a vehicle may turn at the crossing, by the side it comes from and the one it goes to.
fn turns(city: &City, v: Vehicle, from: (f64, f64), to: (f64, f64)) -> bool {
    metres(city, v, at(from.0 * 150.0, from.1 * 150.0), at(to.0 * 150.0, to.1 * 150.0)) < 350.0
}

const WEST: (f64, f64) = (-1.0, 0.0);
const EAST: (f64, f64) = (1.0, 0.0);
const NORTH: (f64, f64) = (0.0, 1.0);
const SOUTH: (f64, f64) = (0.0, -1.0);

#[test]
fn a_restriction_may_have_several_ways_in_or_out() {
    let entry = |m: &mut Map| {
        let members = [("from", 1, 1), ("from", 1, 2), ("via", 0, 1), ("to", 1, 3)];
        m.relation(&members, &[("type", "restriction"), ("restriction", "no_entry")]);
    };
    let (city, _) = crossing(entry);
    let from = [WEST, EAST, SOUTH].map(|side| turns(&city, Car, side, NORTH));
    assert_eq!(from, [false, false, true]);
    let exit = |m: &mut Map| {
        let members = [("from", 1, 3), ("via", 0, 1), ("to", 1, 1), ("to", 1, 2)];
        m.relation(&members, &[("type", "restriction"), ("restriction", "no_exit")]);
    };
    let (city, _) = crossing(exit);
    let to = [WEST, EAST, SOUTH].map(|side| turns(&city, Car, NORTH, side));
    assert_eq!(to, [false, false, true]);
}

#[test]
fn a_restriction_binds_the_vehicles_it_names() {
    let bound = |tags: Tags| {
        let members = [("from", 1, 1), ("via", 0, 1), ("to", 1, 3)];
        let (city, report) = crossing(|m| m.relation(&members, tags));
        ([Bike, Car].map(|v| !turns(&city, v, WEST, NORTH)), report)
    };
    let kind = ("type", "restriction");
    for (tags, expected) in [
        ([kind, ("restriction", "no_left_turn"), ("x", "")], [true, true]),
        ([kind, ("restriction", "no_left_turn"), ("except", "psv; bicycle")], [false, true]),
        ([kind, ("restriction", "no_left_turn"), ("except", "motorcar")], [true, false]),
        ([kind, ("restriction", "only_right_turn"), ("restriction:bicycle", "none")], [false, false]),
        ([kind, ("restriction:bicycle", "no_left_turn"), ("x", "")], [true, false]),
        ([kind, ("restriction:motor_vehicle", "no_left_turn"), ("x", "")], [false, true]),
        ([kind, ("restriction:hgv", "no_left_turn"), ("x", "")], [false, false]),
        ([kind, ("restriction:conditional", "no_left_turn @ (07:00-09:00)"), ("x", "")], [false, false]),
        ([("type", "restriction:motorcar"), ("restriction", "no_left_turn"), ("x", "")], [false, true]),
    ] {
        // "only right" of a way that lies to the left is no restriction of the turn asked.
        assert_eq!(bound(&tags).0, expected, "{tags:?}");
    }
    let (_, report) = bound(&[kind, ("restriction:conditional", "no_left_turn @ (07:00-09:00)")]);
    assert_eq!(report.dropped.get("turn restrictions for some hours"), Some(&1));
}

/// Two carriageways with links between them: the case of a forbidden U-turn over a link.
#[test]
fn a_restriction_over_a_way_binds_those_who_take_the_whole_of_it() {
    let map = |relation: Option<&str>| {
        let mut map = Map::default();
        let places =
            [(1, 0.0, 0.0), (2, 500.0, 0.0), (3, 500.0, 30.0), (4, 0.0, 30.0), (7, 1_000.0, 0.0), (8, 1_000.0, 30.0)];
        for (id, x, y) in places {
            let p = at(x, y);
            map.node(id, p.lat, p.lon, &[]);
        }
        let one_way = [("highway", "primary"), ("oneway", "yes")];
        map.way(1, &[1, 2], &one_way);
        map.way(2, &[2, 3], &[STREET]);
        map.way(3, &[3, 4], &one_way);
        map.way(4, &[2, 7], &one_way);
        map.way(5, &[8, 3], &one_way);
        map.way(6, &[7, 8], &[STREET]);
        map.way(7, &[4, 1], &[STREET]);
        if let Some(kind) = relation {
            let (via, to) = if kind.starts_with("only") { (4, 6) } else { (2, 3) };
            let members = [("from", 1, 1), ("via", 1, via), ("to", 1, to)];
            map.relation(&members, &[("type", "restriction"), ("restriction", kind)]);
        }
        let (city, report) = made(map).unwrap();
        assert!(!report.dropped.keys().any(|why| why.contains("turn restrictions")), "{report}");
        metres(&city, Car, at(100.0, 0.0), at(100.0, 30.0))
    };
    assert!((map(None) - 830.0).abs() < 5.0);
    assert!((map(Some("no_u_turn")) - 1_830.0).abs() < 5.0, "by the far link");
    assert!((map(Some("only_straight_on")) - 1_830.0).abs() < 5.0, "on over the next stretch to the far link");
}

#[test]
fn places_of_nodes_may_stand_on_the_ways() {
    let mut map = Map::default();
    let (a, b) = (at(0.0, 0.0), at(500.0, 0.0));
    map.located(1, &[(1, a.lat, a.lon), (2, b.lat, b.lon)], &[STREET]);
    let city = made(map).unwrap().0;
    assert!((metres(&city, Car, a, b) - 500.0).abs() < 1.0);
}

#[test]
fn what_cannot_be_read_is_refused_with_the_remedy() {
    let refused = |bytes: &[u8]| {
        let sources = Sources { name: "odd", osm: bytes, ..Sources::default() };
        import(&sources, |_| {}).unwrap_err().to_string()
    };
    let sound = "OsmSchema-V0.6";
    for (bytes, words) in [
        (frame().packed_as(6, &[sound]), ["lz4", "pbf_compression=zlib"]),
        (frame().packed_as(7, &[sound]), ["zstd", "pbf_compression=zlib"]),
        (frame().packed_as(4, &[sound]), ["lzma", "pbf_compression=zlib"]),
        (frame().packed_as(1, &[sound, "HistoricalInformation"]), ["HistoricalInformation", "osmium time-filter"]),
        (frame().packed_as(1, &[sound, "Dimension5"]), ["Dimension5", "osmium cat"]),
        (b"<?xml version='1.0'?><osm/>".to_vec(), ["PBF", "osmium cat"]),
    ] {
        let said = refused(&bytes);
        assert!(words.iter().all(|w| said.contains(w)), "{said}");
    }
}

#[test]
fn a_city_without_a_feed_lives_by_the_zone_of_its_place() {
    let zone = |zone: Option<&str>| {
        let map = frame().finish();
        import(&Sources { name: "x", osm: &map, zone, ..Sources::default() }, |_| {})
            .map(|c| c.0.zone_name().to_owned())
    };
    assert_eq!(zone(None).unwrap(), "Europe/Paris");
    assert_eq!(zone(Some("Europe/Rome")).unwrap(), "Europe/Rome");
    assert!(zone(Some("Atlantis")).unwrap_err().to_string().contains("Europe/Rome"));
    let mut sea = Map::default();
    sea.located(1, &[(1, 0.0, -30.0), (2, 0.0, -30.001)], &[STREET]);
    let sea = sea.finish();
    let lost = import(&Sources { name: "x", osm: &sea, ..Sources::default() }, |_| {});
    assert!(lost.unwrap_err().to_string().contains("--zone"));
}

#[test]
fn who_parks_far_from_the_door_walks_the_rest() {
    let mut map = frame();
    let far = at(500.0, -900.0);
    map.node(30, far.lat, far.lon, &[]);
    map.way(9, &[6, 30], &[("highway", "footway")]);
    let city = made(map).unwrap().0;
    let (start, moment) = (at(-100.0, 0.0), Moment::new(crate::Day(0), 36_000));
    for when in [When::Depart(moment), When::Arrive(moment)] {
        let journey = city.drive(start, far, Car, when, 0).unwrap().remove(0);
        assert_eq!(journey.legs.iter().map(|l| l.means).collect::<Vec<_>>(), [Means::Car, Means::Foot]);
        assert!(journey.legs[1].metres > 800.0 && journey.legs[0].arrive == journey.legs[1].depart);
        assert!(journey.seconds > 600 && journey.arrive.since(journey.depart) == journey.seconds);
        assert_eq!(if matches!(when, When::Depart(_)) { journey.depart } else { journey.arrive }.since(moment), 0);
    }
    let near = city.drive(start, at(500.0, 10.0), Car, When::Depart(moment), 0).unwrap().remove(0);
    assert_eq!(near.legs.len(), 1);
}
