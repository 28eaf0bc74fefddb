//! Small feeds on one straight street, and what the city answers on them.

mod boarding;
mod changes;
mod days;
mod fares;
mod journeys;
mod reading;
mod shapes;

use super::feed;
use super::report::Report;
use super::tests::archive;
use crate::draft::CityDraft;
use crate::error::ImportError;
use crate::geo::Point;
use crate::network::{Class, DraftWay, Manner};
use crate::{City, Day, Error, Journey, Means, Mode, Moment, When};

/// Each day of two years.
const DAILY: &str = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n\
    s,1,1,1,1,1,1,1,20260101,20271231\n";
/// The day that is asked about.
const ONCE: &str = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n\
    s,1,1,1,1,1,1,1,20260610,20260610\n";

/// Files of a feed; those that every feed needs are added where they aren't given.
struct Files(Vec<(String, String)>);

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        let mut all = Self(files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect());
        for (name, text) in [
            ("agency.txt", "agency_id,agency_timezone\na,Europe/Berlin\n"),
            ("routes.txt", "route_id,agency_id,route_short_name,route_type\nr1,a,1,3\nr2,a,2,3\nr3,a,3,3\n"),
            ("calendar.txt", ONCE),
            ("stops.txt", &stops(&[0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000], "")),
        ] {
            if !files.iter().any(|f| f.0 == name) {
                all.0.push((name.to_owned(), text.to_owned()));
            }
        }
        all
    }

    /// Trips of the service `s`: id, route, calls as `stop time`, each with whatever else stop_times.txt holds.
    fn trips(mut self, columns: &str, trips: &[(&str, &str, &[&str])]) -> Self {
        let mut heads = "route_id,service_id,trip_id\n".to_owned();
        let mut times = format!("trip_id,stop_sequence,stop_id,arrival_time,departure_time{columns}\n");
        for (id, route, calls) in trips {
            heads += &format!("{route},s,{id}\n");
            for (number, call) in calls.iter().enumerate() {
                let mut words = call.split(' ');
                let mut next = || words.next().unwrap_or_default();
                let (stop, time, rest) = (next(), next(), next());
                times += &format!("{id},{number},{stop},{time}:00,{time}:00{rest}\n");
            }
        }
        self.0.push(("trips.txt".to_owned(), heads));
        self.0.push(("stop_times.txt".to_owned(), times));
        self
    }

    fn with(mut self, name: &str, text: &str) -> Self {
        self.0.push((name.to_owned(), text.to_owned()));
        self
    }

    fn read(&self) -> Result<(CityDraft, Report), ImportError> {
        let (mut draft, mut report) = (street(), Report::default());
        let files: Vec<(&str, &str)> = self.0.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        feed::read(&archive(&files), &mut draft, &mut report)?;
        Ok((draft, report))
    }

    fn city(&self) -> City {
        City::build(self.read().unwrap().0)
    }
}

/// A stop for each place on the street in metres, `x` and the metres; more columns as text.
fn stops(places: &[i32], columns: &str) -> String {
    let row = |x: &i32| format!("x{x},Stop {x},{:.7},{:.7}\n", at(*x).lat, at(*x).lon);
    format!("stop_id,stop_name,stop_lat,stop_lon{columns}\n{}", places.iter().map(row).collect::<String>())
}

fn at(x: i32) -> Point {
    Point::new(45.0, 5.0).shifted(x.into(), 0.0)
}

/// A street of 40 km to the east.
fn street() -> CityDraft {
    let mut draft = CityDraft::default();
    let nodes: Vec<u32> = (-2..162).map(|k| draft.streets.node(at(k * 250).into())).collect();
    let mut manner = Manner { class: Class::Street as u8, ..Manner::default() };
    manner.speed = [[500, 500], [1_500, 1_500], [4_000, 4_000]];
    draft.streets.ways.push(DraftWay { nodes, name: "Long Street".to_owned(), manner });
    draft
}

fn day() -> Day {
    Day::of(2026, 6, 10).unwrap()
}

fn clock(text: &str) -> Moment {
    let (h, m) = text.split_once(':').unwrap();
    Moment::new(day(), h.parse::<i32>().unwrap() * 3600 + m.parse::<i32>().unwrap() * 60)
}

fn by_bus(city: &City, from: i32, to: i32, time: &str) -> Result<Vec<Journey>, Error> {
    city.ride(at(from), at(to), Mode::Bus, When::Depart(clock(time)))
}

/// The earliest journey as a sentence: `08:00 1 x0 x1000 08:02, 08:05 2 x1000 x3000 08:10`, or why there is none.
fn told(city: &City, from: i32, to: i32, time: &str) -> String {
    match by_bus(city, from, to, time) {
        Ok(found) => rides(&found[0]),
        Err(why) => why.code().to_owned(),
    }
}

fn rides(journey: &Journey) -> String {
    let time = |m: Moment| format!("{:02}:{:02}", m.second / 3600, m.second / 60 % 60);
    let ride = |leg: &crate::Leg| {
        let line = leg.ride.as_ref().map_or("", |r| r.line.as_str());
        let [from, to] = [&leg.from, &leg.to].map(|name| name.replace("Stop ", "x"));
        format!("{} {line} {from} {to} {}", time(leg.depart), time(leg.arrive))
    };
    let legs = journey.legs.iter().filter(|l| l.means == Means::Ride);
    legs.map(ride).collect::<Vec<_>>().join(", ")
}

fn walked(journey: &Journey) -> f64 {
    journey.legs.iter().filter(|l| l.means == Means::Foot).map(|l| l.metres).sum::<f64>().round()
}
