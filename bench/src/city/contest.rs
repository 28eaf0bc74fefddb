//! Who answers how fast: all contenders in turn, pass after pass, over the same pairs.
//!
//! A figure is the median over the pairs of each pair's best pass; beside it stand the lowest and the highest median of
//! a single pass, which show how noisy the machine was.

use std::{hint::black_box, time::Duration};

use anyhow::{Result, ensure};
use city::{City, Day, Journey, Mode, Moment, Point, Random, Vehicle, When, encode_polyline};
use nix::time::ClockId;

use super::{
    agree,
    peer::{self, Peer},
    town::Town,
};
use crate::{
    contest::Spread,
    report::{Bound, Report, Row},
};

/// Latitude and longitude of the start, then of the goal.
pub type Pair = [f64; 4];

pub const MODES: [(&str, Vehicle); 3] = [("foot", Vehicle::Foot), ("bike", Vehicle::Bike), ("car", Vehicle::Car)];

/// Ours, OSRM and Valhalla share the pairs; a bound without a peer is a fixed one.
pub fn measure(town: &Town, count: usize, passes: usize, report: &mut Report) -> Result<()> {
    let city = &town.city;
    let pairs = pairs(city, count)?;
    let [mut osrm, mut valhalla] = peer::both(town, &pairs)?;
    for (mode, vehicle) in MODES {
        let mut first = (Vec::new(), Vec::new());
        let [mut short, mut long] = [(); 2].map(|()| [(); 3].map(|()| Times::default()));
        for pass in 0..passes {
            eprintln!("pass {} of {passes}: {mode}", pass + 1);
            short[0].add(ours(&pairs, |a, b| drop(black_box(city.summary(a, b, vehicle)))));
            let told = osrm.pass(mode, false, pass == 0)?;
            short[1].add(told.spent);
            long[0].add(ours(&pairs, |a, b| drop(black_box(told_in_full(city, a, b, vehicle)))));
            long[1].add(osrm.pass(mode, true, false)?.spent);
            let other = valhalla.pass(mode, true, pass == 0)?;
            long[2].add(other.spent);
            if pass == 0 {
                first = (told.answers, other.answers);
            }
        }
        let mut row = |what: String, ours: &Times, rival: &Times, least| {
            let bound = Bound::TimesLess(least);
            report.rows.push(Row { what, unit: "µs", ours: ours.spread(), rival: Some(rival.spread()), bound });
        };
        row(format!("{mode}: time and distance, against OSRM"), &short[0], &short[1], 8.0);
        row(format!("{mode}: geometry and steps as JSON, against OSRM"), &long[0], &long[1], 4.0);
        row(format!("{mode}: the same against Valhalla"), &long[0], &long[2], 30.0);
        agree::compare(city, mode, vehicle, &pairs, [&first.0, &first.1], report);
    }
    buses(city, &pairs, passes, &mut valhalla, report)
}

fn buses(city: &City, pairs: &[Pair], passes: usize, valhalla: &mut Peer, report: &mut Report) -> Result<()> {
    let depart = Moment::new(Day::of(2019, 4, 15).unwrap_or_default(), 13 * 3600);
    let [mut arrival, mut full, mut hour, mut peer] = [(); 4].map(|()| Times::default());
    // Whether it rides is told by its steps, which its time doesn't hold.
    let answers = valhalla.pass("bus", true, true)?.answers;
    for pass in 0..passes {
        eprintln!("pass {} of {passes}: bus", pass + 1);
        arrival.add(ours(pairs, |a, b| drop(black_box(city.earliest_arrival(a, b, depart)))));
        full.add(ours(pairs, |a, b| drop(black_box(city.ride(a, b, Mode::Bus, When::Depart(depart)).map(in_full)))));
        hour.add(ours(pairs, |a, b| drop(black_box(city.rides_within(a, b, Mode::Bus, depart, 3600)))));
        peer.add(valhalla.pass("bus", false, false)?.spent);
    }
    let mut row = |what: &str, ours: &Times, rival: Option<&Times>, bound| {
        let rival = rival.map(Times::spread);
        report.rows.push(Row { what: what.into(), unit: "µs", ours: ours.spread(), rival, bound });
    };
    // Where the peer finds nothing it gives up early: its time is that of the pairs that it answers, and so is ours.
    let answered: Vec<bool> = answers.iter().map(Option::is_some).collect();
    let (same, theirs) = (arrival.only(&answered), peer.only(&answered));
    row("bus and foot: earliest arrival, against Valhalla", &same, Some(&theirs), Bound::TimesLess(20.0));
    row("bus and foot: earliest arrival, all pairs", &arrival, None, Bound::Under(500.0));
    let texts = [("whole journeys as JSON", full), ("all journeys of the next hour", hour)];
    let texts = texts.map(|(what, times)| format!("{what} {}", times.spread().text()));
    report.notes.push(format!("bus and foot, µs, no bound: {}", texts.join(", ")));
    agree::buses(city, pairs, depart, &answers, report);
    Ok(())
}

/// The demo city has no map for peers to read: only bounds that need none.
pub fn alone(city: &City, count: usize, passes: usize, report: &mut Report) -> Result<()> {
    let pairs = pairs(city, count)?;
    let depart = Moment::new(Day::of(2026, 11, 23).unwrap_or_default(), 8 * 3600);
    let mut told = Vec::new();
    for (mode, vehicle) in MODES {
        let mut times = Times::default();
        (0..passes).for_each(|_| times.add(ours(&pairs, |a, b| drop(black_box(city.summary(a, b, vehicle))))));
        told.push(format!("{mode} {}", times.spread().text()));
    }
    let mut times = Times::default();
    (0..passes).for_each(|_| times.add(ours(&pairs, |a, b| drop(black_box(city.earliest_arrival(a, b, depart))))));
    let bound = Bound::Under(500.0);
    let what = "bus and foot: earliest arrival (demo city)".into();
    report.rows.push(Row { what, unit: "µs", ours: times.spread(), rival: None, bound });
    report.notes.push(format!("time and distance in the demo city, µs: {}", told.join(", ")));
    Ok(())
}

/// What a client gets: distance, time, encoded shape and steps, as text.
fn told_in_full(city: &City, a: Point, b: Point, vehicle: Vehicle) -> Option<Vec<u8>> {
    city.drive(a, b, vehicle, When::Depart(Moment::new(Day::default(), 0)), 0).ok().map(in_full)
}

fn in_full(journeys: Vec<Journey>) -> Vec<u8> {
    let told = |j: &Journey| {
        let legs: Vec<_> =
            j.legs.iter().map(|l| (l.means, l.metres, encode_polyline(&l.shape), &l.steps, &l.ride)).collect();
        serde_json::to_vec(&(j.seconds, j.metres, legs)).unwrap_or_default()
    };
    journeys.iter().flat_map(told).collect()
}

/// Random pairs of places within 200 m of a street that one can walk on: where people are.
pub fn pairs(city: &City, count: usize) -> Result<Vec<Pair>> {
    let (mut random, b) = (Random::new(1), city.bounds());
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count * 50 {
        let [p, q] = [(); 2].map(|()| Point::new(random.between(b.south, b.north), random.between(b.west, b.east)));
        let near = |p| city.nearest_street(p).is_some_and(|(_, metres)| metres < 200.0);
        if pairs.len() < count && near(p) && near(q) {
            pairs.push([p.lat, p.lon, q.lat, q.lon]);
        }
    }
    ensure!(pairs.len() == count, "too few places near streets");
    Ok(pairs)
}

pub fn points([a, b, c, d]: Pair) -> [Point; 2] {
    [Point::new(a, b), Point::new(c, d)]
}

/// Nanoseconds of this thread for each pair.
pub fn ours(pairs: &[Pair], mut ask: impl FnMut(Point, Point)) -> Vec<u64> {
    let clock = || ClockId::CLOCK_THREAD_CPUTIME_ID.now().map(Duration::from).unwrap_or_default();
    let mut timed = |pair: &Pair| {
        let [a, b] = points(*pair);
        let start = clock();
        ask(a, b);
        (clock() - start).as_nanos() as u64
    };
    pairs.iter().map(&mut timed).collect()
}

/// Pass by pass, nanoseconds for each pair.
#[derive(Default, Clone)]
pub struct Times(Vec<Vec<u64>>);

impl Times {
    pub fn add(&mut self, pass: Vec<u64>) {
        self.0.push(pass);
    }

    fn only(&self, wanted: &[bool]) -> Self {
        let kept = |pass: &Vec<u64>| pass.iter().zip(wanted).filter(|(_, w)| **w).map(|(t, _)| *t).collect();
        Self(self.0.iter().map(kept).collect())
    }

    /// Microseconds.
    pub fn spread(&self) -> Spread {
        let best = |pair: usize| self.0.iter().map(|pass| pass[pair]).min().unwrap_or(0);
        let best: Vec<u64> = (0..self.0.first().map_or(0, Vec::len)).map(best).collect();
        let medians: Vec<f64> = self.0.iter().map(|pass| median(pass)).collect();
        Spread { median: median(&best), ..Spread::of(medians) }
    }
}

fn median(nanoseconds: &[u64]) -> f64 {
    let mut sorted = nanoseconds.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).map_or(f64::NAN, |&ns| ns as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_of_each_pairs_best_pass() {
        let mut times = Times::default();
        times.add(vec![1_000, 9_000, 9_000]);
        times.add(vec![5_000, 2_000, 3_000]);
        let spread = times.spread();
        assert_eq!((spread.median, spread.min, spread.max), (2.0, 3.0, 9.0));
    }
}
