//! What the demo city promises to those who build on it.

use city::{
    AreaKind, City, DEMO_SEED, Day, Error, Mode, Moment, NoRoute, Point, Query, Random, Vehicle, When, changes,
};
use std::sync::OnceLock;

fn demo() -> &'static City {
    static CITY: OnceLock<City> = OnceLock::new();
    CITY.get_or_init(|| City::demo(DEMO_SEED))
}

fn monday(hour: i32) -> Moment {
    Moment::new(Day::of(2026, 11, 23).unwrap(), hour * 3600)
}

fn named(name: &str) -> Point {
    demo().geocode(Query { text: name, near: None, limit: 1 })[0].at
}

fn somewhere(random: &mut Random) -> Point {
    let b = demo().bounds();
    Point::new(random.between(b.south, b.north), random.between(b.west, b.east))
}

#[test]
fn an_empty_city_answers_nothing_and_does_not_panic() {
    let (city, here) = (City::empty(), Point::new(46.9, 4.35));
    for mode in Mode::ALL {
        assert!(city.journeys(here, here, mode, When::Depart(monday(8)), 1).is_err());
    }
    assert!(city.geocode(Query { text: "Market", near: None, limit: 5 }).is_empty());
    assert_eq!(City::load(&city.save()).unwrap().people(), 0.0);
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    assert_eq!(City::demo(7).save(), City::demo(7).save());
    assert_ne!(City::demo(7).save(), City::demo(8).save());
}

#[test]
fn the_same_seed_makes_the_same_bytes_on_every_thread() {
    let here = demo().save();
    let threads: Vec<_> = (0..3).map(|_| std::thread::spawn(|| City::demo(DEMO_SEED).save())).collect();
    assert!(threads.into_iter().all(|t| t.join().unwrap() == here));
}

#[test]
fn the_river_and_the_parks_are_on_the_map() {
    let areas: Vec<_> = demo().areas().collect();
    let of = |kind| areas.iter().filter(|a| a.kind == kind).count();
    assert_eq!((of(AreaKind::River), of(AreaKind::Park)), (1, 4));
    assert!(areas.iter().filter(|a| a.kind == AreaKind::Park).all(|a| a.line.first() == a.line.last()));
}

#[test]
fn a_saved_city_loads_and_answers_alike() {
    let bytes = demo().save();
    let loaded = City::load(&bytes).unwrap();
    assert_eq!(loaded.save(), bytes);
    let mut random = Random::new(3);
    for _ in 0..20 {
        let (a, b) = (somewhere(&mut random), somewhere(&mut random));
        for mode in Mode::ALL {
            let when = When::Depart(monday(8));
            assert_eq!(demo().journeys(a, b, mode, when, 2), loaded.journeys(a, b, mode, when, 2));
        }
    }
}

#[test]
fn every_mode_leads_from_the_market_to_the_harbour() {
    let rows = demo().compare(named("Market Square"), named("Harbour"), &Mode::ALL, When::Depart(monday(8)), 2);
    assert_eq!(rows.len(), Mode::ALL.len());
    for row in rows {
        let journeys = row.journeys.unwrap_or_else(|e| panic!("{:?}: {e}", row.mode));
        for j in &journeys {
            assert!(j.seconds > 0 && j.metres > 0.0 && !j.legs.is_empty());
            for pair in j.legs.windows(2) {
                assert_eq!(pair[0].arrive.since(pair[1].depart), 0, "legs follow each other without a gap");
            }
            assert!(j.legs.iter().all(|l| l.arrive.since(l.depart) >= 0));
            assert!(!j.emission.factors.is_empty());
        }
        assert!(row.saved_grams.is_some());
    }
}

#[test]
fn buses_are_ridden_where_they_pay() {
    let journeys =
        demo().ride(named("City Stadium"), named("Observatory"), Mode::Bus, When::Depart(monday(8))).unwrap();
    let best = journeys.iter().find(|j| j.rides > 0).expect("a ride across the town");
    assert_eq!(best.fare.as_ref().map(|f| f.currency.as_str()), Some("EUR"));
    let by = demo().ride(named("City Stadium"), named("Observatory"), Mode::Bus, When::Arrive(best.arrive)).unwrap();
    assert!(by.iter().any(|j| j.depart.since(best.depart) >= 0 && j.arrive.since(best.arrive) <= 0));
}

#[test]
fn the_next_hour_offers_several_departures() {
    let found = demo().rides_within(named("City Stadium"), named("Observatory"), Mode::Bus, monday(8), 3600).unwrap();
    assert!(found.len() >= 3);
    assert!(found.windows(2).all(|w| w[0].depart.since(w[1].depart) <= 0));
}

#[test]
fn impossible_questions_get_an_error_that_says_why() {
    let (city, here, when) = (demo(), named("Market Square"), When::Depart(monday(8)));
    let nowhere = [Point::new(f64::NAN, 0.0), Point::new(f64::INFINITY, 4.0), Point::new(91.0, 0.0)];
    for bad in nowhere {
        for mode in Mode::ALL {
            assert_eq!(city.journeys(bad, here, mode, when, 1), Err(Error::BadPoint));
            assert_eq!(city.journeys(here, bad, mode, when, 1), Err(Error::BadPoint));
        }
        assert_eq!(city.reverse(bad, 5), Err(Error::BadPoint));
    }
    let swapped = Point::new(here.lon, here.lat);
    assert_eq!(city.summary(here, swapped, Vehicle::Car), Err(Error::OutsideCity));
    let past = When::Depart(Moment::new(Day::of(1990, 1, 1).unwrap(), 0));
    assert!(matches!(city.ride(here, named("Harbour"), Mode::Bus, past), Err(Error::OutsideCalendar { .. })));
    assert!(matches!(city.density(15, Day(0)), Err(Error::BadQuestion(_))));
    assert_eq!(Error::NoRoute(NoRoute::NoTimetable).code(), "no_timetable");
}

#[test]
fn the_same_place_twice_is_a_journey_of_nothing() {
    let here = named("Market Square");
    for v in Vehicle::ALL {
        let found = demo().summary(here, here, v).unwrap();
        assert_eq!((found.seconds, found.metres), (0.0, 0.0));
    }
    // A bus answer has a bus in it.
    let ride = demo().ride(here, here, Mode::Bus, When::Depart(monday(8)));
    assert!(matches!(ride, Err(Error::NoRoute(NoRoute::WalkIsShorter))), "{ride:?}");
}

#[test]
fn odd_moments_never_panic() {
    let (a, b) = (named("Harbour"), named("University"));
    for day in [i32::MIN, -1, 0, 20_000, i32::MAX] {
        for second in [i32::MIN, -1, 0, 86_399, 86_400, i32::MAX] {
            let m = Moment::new(Day(day), second);
            for mode in Mode::ALL {
                let _ = demo().journeys(a, b, mode, When::Depart(m), 1);
                let _ = demo().journeys(a, b, mode, When::Arrive(m), 1);
            }
            let _ = demo().rides_within(a, b, Mode::Bus, m, 3600);
            let _ = demo().departures(3, m, 10);
            let _ = (m.to_string(), demo().zone().unix(m));
        }
    }
    for unix in [i64::MIN, -1, 0, 1_800_000_000, i64::MAX] {
        let _ = demo().buses(unix, 1);
    }
}

#[test]
fn names_are_found_with_typing_errors_and_numbers() {
    let first = |text: &str| demo().geocode(Query { text, near: None, limit: 3 }).into_iter().next();
    for typed in ["Market Square", "market sqare", "MARKET", "makret square"] {
        assert_eq!(first(typed).map(|p| p.name).as_deref(), Some("Market Square"), "{typed}");
    }
    let street = demo().reverse(named("Market Square"), 9).unwrap();
    let house = street.iter().find(|p| !p.number.is_empty());
    let house = house.cloned().or_else(|| demo().places_of_kind("amenity", "restaurant", 1).pop()).unwrap();
    let found = first(&format!("{} {}", house.street, house.number)).unwrap();
    assert_eq!((found.street, found.number), (house.street, house.number));
    assert!(demo().geocode(Query { text: "xyzzy qwrtp", near: None, limit: 5 }).is_empty());
    assert!(demo().geocode(Query { text: "", near: None, limit: 5 }).is_empty());
}

#[test]
fn the_nearer_of_two_equals_comes_first() {
    let near = named("Harbour");
    let found = demo().geocode(Query { text: "bakery", near: Some(near), limit: 20 });
    assert!(found.len() > 3);
    let metres: Vec<f64> = found.iter().map(|p| p.metres.unwrap()).collect();
    assert!(metres[0] < metres.iter().sum::<f64>() / metres.len() as f64);
}

#[test]
fn two_processes_see_the_same_buses_and_they_move() {
    let other = City::demo(DEMO_SEED);
    let noon = demo().zone().unix(monday(12));
    let (now, later) = (demo().buses(noon, 1), demo().buses(noon + 10, 1));
    assert!(now.len() > 20, "{} buses", now.len());
    assert_eq!(now, other.buses(noon, 1));
    assert!(changes(&now, &later, |_| true).told.len() > now.len() / 2);
}

#[test]
fn hexagons_hold_all_the_people_at_every_resolution() {
    for resolution in 7..=10 {
        let cells = demo().density(resolution, monday(0).day).unwrap();
        let people: f64 = cells.iter().map(|c| c.people).sum();
        assert!((people - demo().people()).abs() < 1.0);
        assert!(cells.iter().all(|c| c.unserved <= c.people + 1e-6));
    }
    let bare = demo().underserved(9, monday(0).day, 10.0).unwrap();
    assert!(bare.windows(2).all(|w| w[0].unserved >= w[1].unserved));
}

#[test]
fn more_time_reaches_more_people() {
    let reach = |seconds| demo().access(8, monday(8), seconds).unwrap().iter().map(|s| s.reached).sum::<f64>();
    let (short, long) = (reach(900), reach(1800));
    assert!(short > 0.0 && long > short);
}

#[test]
fn suggestions_shrink_and_repeat() {
    let found = demo().suggest(monday(0).day, 6);
    assert_eq!(found, demo().suggest(monday(0).day, 6));
    assert!(found.stops.windows(2).all(|w| w[0].people >= w[1].people));
    assert!(found.people <= found.unserved_before + 1e-6 && found.people > 0.0);
    assert!(found.hub.is_some() && found.line_metres > 0.0);
}
