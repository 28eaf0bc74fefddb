//! Figures for the whole engine on a real town: `WAYFARE_CITY_DATA=<folder> cargo bench -p city`.
//!
//! Best of several passes over the same pairs, one thread; medians and 95th percentiles over the pairs.

use city::{City, Day, Mode, Moment, Point, Random, Sources, Vehicle, When, import};
use std::path::Path;
use std::time::Instant;

const PAIRS: usize = 1000;
const PASSES: usize = 5;

fn main() {
    let Some(folder) = std::env::var_os("WAYFARE_CITY_DATA") else {
        println!("WAYFARE_CITY_DATA names no folder: nothing to measure");
        return;
    };
    let folder = Path::new(&folder);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
    let (osm, bus, rail) = (read("poa.osm.pbf"), read("poa-eptc.gtfs.zip"), read("poa-trensurb.gtfs.zip"));
    let people = read("poa_hexgrid.csv");
    let start = Instant::now();
    let sources = Sources {
        name: "Porto Alegre",
        osm: &osm,
        feeds: vec![&bus, &rail],
        people: Some(&people),
        ..Sources::default()
    };
    let (made, report) = match import(&sources, |stage| println!("{:>8.2} s  {stage}", start.elapsed().as_secs_f64())) {
        Ok(done) => done,
        Err(e) => return println!("can't import: {e}"),
    };
    println!("{:>8.2} s  imported\n{report}", start.elapsed().as_secs_f64());
    let bytes = made.save();
    let start = Instant::now();
    let city = match City::load(&bytes) {
        Ok(city) => city,
        Err(e) => return println!("can't load: {e}"),
    };
    println!("file {} bytes, loaded in {:.1} ms", bytes.len(), start.elapsed().as_secs_f64() * 1e3);
    streets(&city);
    rides(&city);
}

fn pairs(city: &City) -> Vec<(Point, Point)> {
    let (mut random, b) = (Random::new(1), city.bounds());
    let mut point = || Point::new(random.between(b.south, b.north), random.between(b.west, b.east));
    (0..PAIRS * 20).map(|_| (point(), point())).filter(|(a, b)| near(city, *a) && near(city, *b)).take(PAIRS).collect()
}

/// Where people are: within 200 m of a walkable street.
fn near(city: &City, p: Point) -> bool {
    city.summary(p, p, Vehicle::Foot).is_ok() && city.nearest_street(p).is_some_and(|(_, metres)| metres < 200.0)
}

fn measure<T>(name: &str, pairs: &[(Point, Point)], mut ask: impl FnMut(Point, Point) -> T) {
    let mut best = vec![f64::INFINITY; pairs.len()];
    for _ in 0..PASSES {
        for (slot, (a, b)) in best.iter_mut().zip(pairs) {
            let start = Instant::now();
            std::hint::black_box(ask(*a, *b));
            *slot = slot.min(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    best.sort_by(f64::total_cmp);
    println!("{name:<40} median {:>9.1} µs   95 % {:>9.1} µs", best[best.len() / 2], best[best.len() * 95 / 100]);
}

fn streets(city: &City) {
    let pairs = pairs(city);
    let when = When::Depart(Moment::new(Day(0), 0));
    for v in Vehicle::ALL {
        let answered = pairs.iter().filter(|(a, b)| city.summary(*a, *b, v).is_ok()).count();
        println!("{v:?}: {answered} of {} pairs answered", pairs.len());
        measure(&format!("{v:?} summary"), &pairs, |a, b| city.summary(a, b, v));
        measure(&format!("{v:?} geometry and steps"), &pairs, |a, b| city.drive(a, b, v, when, 0));
        measure(&format!("{v:?} with alternatives"), &pairs, |a, b| city.drive(a, b, v, when, 2));
    }
}

fn rides(city: &City) {
    let pairs = pairs(city);
    let Some(day) = Day::of(2019, 4, 15) else {
        return;
    };
    // The feed as published here holds the trips from noon to four.
    let noon = Moment::new(day, 13 * 3600);
    let rides = |when| move |a, b| city.ride(a, b, Mode::Bus, when);
    let answers = pairs.iter().filter_map(|(a, b)| city.ride(*a, *b, Mode::Bus, When::Depart(noon)).ok());
    let (mut some, mut rode) = (0, 0);
    answers.for_each(|js| {
        some += 1;
        rode += usize::from(js.iter().any(|j| j.rides > 0));
    });
    println!("bus: {some} of {} pairs answered, {rode} with a ride", pairs.len());
    measure("bus earliest arrival only", &pairs, |a, b| city.earliest_arrival(a, b, noon));
    measure("bus depart-at, full journeys", &pairs, rides(When::Depart(noon)));
    measure("bus arrive-by, full journeys", &pairs, rides(When::Arrive(noon)));
    measure("bus within the hour", &pairs, |a, b| city.rides_within(a, b, Mode::Bus, noon, 3600));
    measure("bike and bus", &pairs, |a, b| city.ride(a, b, Mode::BikeAndBus, When::Depart(noon)));
}
