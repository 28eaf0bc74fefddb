//! RAPTOR against a slow exact oracle: every trip of every day tried in every round, with no marking and no pruning.

use super::range::Ends;
use super::{Feed, FeedLine, FeedStop, FeedTrip, MOST_RIDES, NEVER, Service, StopTime, Timetable};
use crate::City;
use crate::clock::{DAY, Day, Moment};
use crate::draft::CityDraft;
use crate::geo::Point;
use crate::journey::{Mode, When};
use crate::random::Random;
use crate::route::tests::random_town;

/// Earliest arrivals by number of rides, only where more rides pay.
fn oracle(t: &Timetable, day: Day, depart: i32, ends: Ends) -> Vec<(i32, usize)> {
    let n = t.stops.len();
    let bound = ends.walk.map_or(NEVER, |w| depart.saturating_add_unsigned(w));
    let mut ready = vec![NEVER; n];
    ends.access.iter().for_each(|&[s, w]| ready[s as usize] = depart + w as i32);
    let trips = runs(t, day);
    let mut found: Vec<(i32, usize)> = Vec::new();
    for rides in 1..=MOST_RIDES {
        let mut ride = vec![NEVER; n];
        for (times, stops) in &trips {
            let mut aboard = false;
            for (time, &stop) in times.iter().zip(*stops) {
                if aboard {
                    ride[stop as usize] = ride[stop as usize].min(time[0]);
                }
                aboard |= ready[stop as usize] <= time[1];
            }
        }
        for stop in (0..n).filter(|s| ride[*s] != NEVER) {
            for &[to, walk] in &t.transfers[t.transfer_first[stop] as usize..t.transfer_first[stop + 1] as usize] {
                ready[to as usize] = ready[to as usize].min(ride[stop] + walk as i32);
            }
        }
        let there = ends
            .egress
            .iter()
            .filter(|e| ride[e[0] as usize] != NEVER)
            .map(|e| ride[e[0] as usize] + e[1] as i32)
            .min();
        if let Some(there) = there.filter(|x| *x < bound && found.last().is_none_or(|f| *x < f.0)) {
            found.push((there, rides));
        }
    }
    found
}

/// Trips of three service days with their times and stops.
fn runs(t: &Timetable, day: Day) -> Vec<(Vec<[i32; 2]>, &[u32])> {
    let on = |shift: i32| {
        let runs = (0..).zip(&t.trips).filter(move |(_, x)| t.services[x.service as usize].runs(day.plus(shift)));
        runs.map(move |(k, x)| (t.times_of(k).map(|y| y.map(|z| z + shift * DAY)).collect(), t.stops_of(x.pattern)))
    };
    (-1..=1).flat_map(on).collect()
}

/// Departure and seconds walked of the journey that leaves last and walks least of those with this arrival and number of
/// rides: every ride of every trip backwards from the goal, kept where none is later and walks no more.
fn best_of_equals(
    t: &Timetable,
    day: Day,
    depart: i32,
    ends: Ends,
    (arrive, rides): (i32, usize),
) -> Option<(i32, i32)> {
    let trips = runs(t, day);
    let keep = |known: &mut Vec<(i32, i32)>, way: (i32, i32)| {
        if !known.iter().any(|k| k.0 >= way.0 && k.1 <= way.1) {
            known.retain(|k| k.0 > way.0 || k.1 < way.1);
            known.push(way);
        }
    };
    let mut ways = vec![Vec::new(); t.stops.len()];
    ends.egress.iter().for_each(|&[s, w]| keep(&mut ways[s as usize], (arrive - w as i32, w as i32)));
    for ride in 1..=rides {
        let mut boardings = vec![Vec::new(); t.stops.len()];
        for (times, stops) in &trips {
            for alight in 1..stops.len() {
                for &(_, walk) in ways[stops[alight] as usize].iter().filter(|w| times[alight][0] <= w.0) {
                    let before = times.iter().zip(*stops).take(alight);
                    before.for_each(|(time, stop)| keep(&mut boardings[*stop as usize], (time[1], walk)));
                }
            }
        }
        if ride == rides {
            let ready = ends.access.iter().flat_map(|&[s, w]| boardings[s as usize].iter().map(move |b| (b, w as i32)));
            let leaving = ready.map(|(b, w)| (b.0 - w, -(b.1 + w))).filter(|l| l.0 >= depart);
            return leaving.max().map(|(leave, walk)| (leave, -walk));
        }
        ways.iter_mut().for_each(Vec::clear);
        for (from, kept) in ways.iter_mut().enumerate() {
            for &[to, seconds] in &t.transfers[t.transfer_first[from] as usize..t.transfer_first[from + 1] as usize] {
                let walk = if from == to as usize { 0 } else { seconds as i32 };
                for b in &boardings[to as usize] {
                    keep(kept, (b.0 - seconds as i32, b.1 + walk));
                }
            }
        }
    }
    None
}

/// Seconds walked on an itinerary.
fn walked(t: &Timetable, ends: Ends, i: &super::Itinerary) -> i32 {
    let stop = |r: &super::Ride, position: u32| t.stops_of(t.trips[r.trip as usize].pattern)[position as usize];
    let of = |list: &super::Access, stop: u32| list.iter().find(|a| a[0] == stop).map_or(0, |a| a[1] as i32);
    let change = |pair: &[super::Ride]| {
        let (from, to) = (stop(&pair[0], pair[0].alight), stop(&pair[1], pair[1].board));
        let row = t.transfer_first[from as usize] as usize..t.transfer_first[from as usize + 1] as usize;
        let found = t.transfers[row].iter().find(|w| w[0] == to && from != to);
        found.map_or(0, |w| w[1] as i32)
    };
    let (first, last) = (&i.rides[0], &i.rides[i.rides.len() - 1]);
    let ends = of(ends.access, stop(first, first.board)) + of(ends.egress, stop(last, last.alight));
    ends + i.rides.windows(2).map(change).sum::<i32>()
}

/// A town with lines at random: overtaking, loops, long waits and trips over midnight included.
fn town(seed: u64) -> City {
    City::build(town_draft(seed, (40, 12, 25)))
}

pub fn town_draft(seed: u64, (stops, lines, trips): (usize, usize, usize)) -> CityDraft {
    let mut random = Random::new(seed);
    let mut draft = random_town(seed, 10);
    let feed: &mut Feed = &mut draft.feed;
    for k in 0..stops {
        let at = Point::new(45.0, 5.0).shifted(random.between(0.0, 900.0), random.between(0.0, 900.0));
        feed.stops.push(FeedStop { name: format!("Stop {k}"), at: at.into(), ..FeedStop::default() });
    }
    let day = Day::of(2026, 5, 18).unwrap();
    for weekdays in [0b111_1111, 0b000_0001, 0b000_0010] {
        feed.services.push(Service { weekdays, start: day.plus(-7), end: day.plus(7), ..Service::default() });
    }
    feed.services[0].removed.push(day.plus(1));
    for line in 0..lines as u32 {
        feed.lines.push(FeedLine { short: line.to_string(), ..FeedLine::default() });
        let way: Vec<u32> = (0..3 + random.below(6)).map(|_| random.below(stops) as u32).collect();
        for _ in 0..trips {
            let mut at = random.below(26 * 3600) as i32;
            let times = way
                .iter()
                .map(|&stop| {
                    let arrive = at + random.below(300) as i32;
                    let depart = arrive + random.below(60) as i32;
                    at = depart;
                    StopTime { stop, arrive, depart, ..StopTime::default() }
                })
                .collect();
            let (service, row) = (random.below(3) as u32, feed.trips.len() as u32);
            feed.trips.push(FeedTrip { row, line, service, times, ..FeedTrip::default() });
        }
    }
    draft
}

pub fn places(random: &mut Random) -> [Point; 2] {
    [(); 2].map(|()| Point::new(45.0, 5.0).shifted(random.between(0.0, 900.0), random.between(0.0, 900.0)))
}

fn agree(city: &City, [a, b]: [Point; 2], when: Moment) -> usize {
    city.at_desk(|desk| {
        let door = city.door(a, b, Mode::Bus, desk).unwrap();
        // Without the walk all the way, which would win nearly always in so small a town.
        let ends = Ends { walk: None, ..door.ends() };
        let plan = city.plan(when).unwrap();
        let fast = super::earliest(&city.timetable, &plan, when.second, ends, MOST_RIDES, &mut desk.rounds);
        let known = oracle(&city.timetable, when.day, when.second, ends);
        let pairs: Vec<(i32, usize)> = fast.iter().map(|i| (i.arrive, i.rides.len())).collect();
        let horizon: Vec<_> = known.into_iter().filter(|k| k.0 < when.second + DAY / 3).collect();
        let pairs: Vec<_> = pairs.into_iter().filter(|k| k.0 < when.second + DAY / 3).collect();
        assert_eq!(pairs, horizon, "from {a:?} to {b:?} at {when}");
        for i in fast.iter().filter(|_| city.timetable.trips.len() < 1000) {
            let twin = best_of_equals(&city.timetable, when.day, when.second, ends, (i.arrive, i.rides.len()));
            assert_eq!(Some((i.depart, walked(&city.timetable, ends, i))), twin, "{i:?} isn't the best of its equals");
        }
        for i in &fast {
            let late = super::latest(&city.timetable, &plan, i.arrive, ends, i.rides.len(), &mut desk.rounds);
            let best = late.last().unwrap();
            assert!(
                best.depart >= i.depart && best.arrive <= i.arrive,
                "arrive-by {best:?} is worse than depart-at {i:?}"
            );
            // Of those that leave last none is there earlier.
            let again = super::earliest(&city.timetable, &plan, best.depart, ends, best.rides.len(), &mut desk.rounds);
            assert_eq!(again.last().map(|a| a.arrive), Some(best.arrive), "{best:?} arrives later than it could");
        }
        fast.len()
    })
}

#[test]
fn raptor_finds_the_pareto_set_of_the_oracle() {
    let mut answers = 0;
    for seed in 0..6 {
        let (city, mut random) = (town(seed), Random::new(seed + 1000));
        for _ in 0..60 {
            let (ends, second) = (places(&mut random), random.below(86_400) as i32);
            let day = Day::of(2026, 5, 18).unwrap().plus(random.below(3) as i32);
            answers += agree(&city, ends, Moment::new(day, second));
        }
    }
    assert!(answers > 100, "only {answers} journeys compared");
}

#[test]
fn a_range_holds_the_best_of_every_minute() {
    for seed in 10..13 {
        let (city, mut random) = (town(seed), Random::new(seed));
        let day = Day::of(2026, 5, 18).unwrap();
        for _ in 0..10 {
            let [a, b] = places(&mut random);
            let start = random.below(80_000) as i32;
            city.at_desk(|desk| {
                let door = city.door(a, b, Mode::Bus, desk).unwrap();
                let ends = Ends { walk: None, ..door.ends() };
                let plan = city.plan(Moment::new(day, start)).unwrap();
                let t = &city.timetable;
                let range = super::profile(t, &plan, start..=start + 3600, ends, MOST_RIDES, &mut desk.rounds);
                for minute in (start..=start + 3600).step_by(60) {
                    for best in super::earliest(t, &plan, minute, ends, MOST_RIDES, &mut desk.rounds) {
                        let kept = range.iter().any(|i| {
                            i.depart >= minute && i.arrive <= best.arrive && i.rides.len() <= best.rides.len()
                        });
                        assert!(kept || best.depart > start + 3600, "{best:?} at {minute} isn't in {range:?}");
                    }
                }
                assert!(
                    range.iter().all(|i| (start..=start + 3600).contains(&i.depart)),
                    "one leaves outside the hour"
                );
                for (x, y) in range.iter().flat_map(|x| range.iter().map(move |y| (x, y))).filter(|(x, y)| x != y) {
                    let beaten = y.depart >= x.depart && y.arrive <= x.arrive && y.rides.len() <= x.rides.len();
                    assert!(!beaten, "{x:?} is beaten by {y:?}");
                }
            });
        }
    }
}

#[test]
fn no_journey_is_beaten_by_one_that_walks() {
    let (city, mut random) = (town(3), Random::new(9));
    for _ in 0..100 {
        let [a, b] = places(&mut random);
        let when = When::Depart(Moment::new(Day::of(2026, 5, 18).unwrap(), random.below(80_000) as i32));
        let Ok(found) = city.ride(a, b, Mode::Bus, when) else {
            continue;
        };
        assert!(found.iter().all(|j| j.rides > 0), "a walk is no answer of public transport");
        let walk = city.at_desk(|desk| city.door(a, b, Mode::Bus, desk).unwrap().ends().walk).unwrap();
        // Where any ride is faster than walking, all are.
        let faster = found.iter().filter(|j| j.arrive.since(when.moment()) < i64::from(walk)).count();
        assert!(faster == 0 || faster == found.len(), "{faster} of {} rides are faster than walking", found.len());
    }
}

#[test]
fn a_stop_at_an_impossible_place_on_its_street_is_refused() {
    let city = town(1);
    let states = city.streets[crate::Vehicle::Foot as usize].hierarchy.states();
    assert!(city.timetable.check(states, city.network.segments()).is_ok());
    for (share, metres) in [(f32::NAN, 0.0), (2.0, 0.0), (0.5, f32::INFINITY), (0.5, -1.0)] {
        let mut forged = city.timetable.clone();
        forged.snaps.iter_mut().flatten().take(1).for_each(|s| (s.share, s.metres) = (share, metres));
        assert!(forged.check(states, city.network.segments()).is_err(), "{share} {metres}");
    }
}

/// On the real feed: `WAYFARE_CITY_DATA` names the folder; without it the test says so and passes.
#[test]
fn raptor_agrees_with_the_oracle_on_porto_alegre() {
    let Some(folder) = std::env::var_os("WAYFARE_CITY_DATA").map(std::path::PathBuf::from) else {
        return eprintln!("WAYFARE_CITY_DATA names no folder: not compared on a real feed");
    };
    let [osm, bus, rail] =
        ["poa.osm.pbf", "poa-eptc.gtfs.zip", "poa-trensurb.gtfs.zip"].map(|f| std::fs::read(folder.join(f)).unwrap());
    let sources =
        crate::Sources { name: "Porto Alegre", osm: &osm, feeds: vec![&bus, &rail], ..crate::Sources::default() };
    let (city, _) = crate::import(&sources, |_| {}).unwrap();
    let (mut random, b) = (Random::new(4), city.bounds());
    let noon = Moment::new(Day::of(2019, 4, 15).unwrap(), 13 * 3600);
    let mut place = || loop {
        let p = Point::new(random.between(b.south, b.north), random.between(b.west, b.east));
        if city.snap(p, crate::Vehicle::Foot).is_ok_and(|snap| snap.metres < 200.0) {
            return p;
        }
    };
    let answers: usize = (0..1000).map(|_| agree(&city, [place(), place()], noon)).sum();
    eprintln!("1000 pairs, {answers} journeys compared");
    assert!(answers > 1000);
}
