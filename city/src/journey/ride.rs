//! The legs of a journey by public transport.

use super::{Asking, Call, Journey, Leg, Means, Mode, RideDetail};
use crate::City;
use crate::city::Desk;
use crate::clock::{Day, Moment};
use crate::emissions::{self, Traveller};
use crate::geo::{Coord, Point, line_metres};
use crate::network::{Snap, Vehicle};
use crate::route;
use crate::timetable::{Ride, off_map_seconds};

/// A place on the way: where it is, where it meets the streets, its name.
pub(super) type Spot = (Point, Option<Snap>, String);

impl City {
    /// The walk between two places: on streets where both are, else the beeline.
    pub(super) fn walk_leg(&self, from: &Spot, to: &Spot, start: Moment, desk: &mut Desk) -> Option<Leg> {
        let foot = &self.streets[Vehicle::Foot as usize];
        let both = from.1.as_ref().zip(to.1.as_ref());
        let track =
            both.and_then(|(a, b)| route::track(&self.network, foot, Vehicle::Foot, [a, b], true, &mut desk.scratch));
        let mut leg = match (track, both) {
            (Some(track), Some((a, b))) => {
                let seconds = track.weight.div_ceil(1000) as i32;
                self.street_leg(&track, [a, b], Vehicle::Foot, start, seconds)
            }
            _ => {
                let shape = vec![from.0, to.0];
                let metres = line_metres(&shape);
                let (name, none) = (String::new(), Vec::new());
                Leg {
                    means: Means::Foot,
                    depart: start,
                    arrive: start.plus(off_map_seconds(metres) as i32),
                    metres,
                    from: name.clone(),
                    to: name,
                    shape,
                    steps: none,
                    ride: None,
                }
            }
        };
        if !from.2.is_empty() {
            leg.from.clone_from(&from.2);
        }
        if !to.2.is_empty() {
            leg.to.clone_from(&to.2);
        }
        Some(leg)
    }

    pub(super) fn bike_leg(&self, from: &Snap, stop: u32, start: Moment, desk: &mut Desk) -> Option<Leg> {
        let bike = &self.streets[Vehicle::Bike as usize];
        let to = self.timetable.bike_snaps[stop as usize]?;
        let track = route::track(&self.network, bike, Vehicle::Bike, [from, &to], true, &mut desk.scratch)?;
        let mut leg = self.street_leg(&track, [from, &to], Vehicle::Bike, start, 0);
        self.timetable.stop_name(stop).clone_into(&mut leg.to);
        Some(leg)
    }

    pub(super) fn ride_leg(&self, ride: &Ride, day: Day) -> Leg {
        let t = &self.timetable;
        let pattern = t.trips[ride.trip as usize].pattern;
        let p = &t.patterns[pattern as usize];
        let line = &t.lines[p.line as usize];
        let part = ride.board as usize..=ride.alight as usize;
        let stops = &t.stops_of(pattern)[part.clone()];
        let times: Vec<[i32; 2]> = t.times_of(ride.trip).collect();
        let calls: Vec<Call> = stops
            .iter()
            .zip(&times[part])
            .map(|(&stop, &[a, d])| Call {
                stop: t.real(stop),
                name: t.stop_name(stop).to_owned(),
                at: t.stops[stop as usize].point(),
                arrive: Moment::new(day, a + ride.shift),
                depart: Moment::new(day, d + ride.shift),
            })
            .collect();
        let shape = self.ride_shape(pattern, ride.board, ride.alight);
        let name = |i: usize| calls.get(i).map(|c| c.name.clone()).unwrap_or_default();
        Leg {
            means: Means::Ride,
            depart: Moment::new(day, ride.depart),
            arrive: Moment::new(day, ride.arrive),
            metres: line_metres(&shape),
            from: name(0),
            to: name(calls.len().saturating_sub(1)),
            shape,
            steps: Vec::new(),
            ride: Some(RideDetail {
                line: t.names.get(line.short).to_owned(),
                line_name: t.names.get(line.long).to_owned(),
                headsign: t.names.get(p.headsign).to_owned(),
                colour: line.colour,
                kind: line.kind,
                trip: ride.trip,
                board: Asking::of(t.boarding(pattern, ride.board)[0]),
                alight: Asking::of(t.boarding(pattern, ride.alight)[1]),
                calls,
            }),
        }
    }

    /// The line driven between two positions of a pattern: along its shape, or from stop to stop.
    pub(crate) fn ride_shape(&self, pattern: u32, board: u32, alight: u32) -> Vec<Point> {
        let t = &self.timetable;
        let (board, alight) = (board as usize, alight as usize);
        let Some((line, along)) = t.shape_of(pattern) else {
            return t.stops_of(pattern)[board..=alight].iter().map(|&s| t.stops[s as usize].point()).collect();
        };
        cut(line, f64::from(along[board]), f64::from(along[alight]))
    }

    pub(super) fn journey(&self, mode: Mode, legs: Vec<Leg>, fare: Option<super::Fare>) -> Journey {
        let nowhen = Moment::new(Day(0), 0);
        let (depart, arrive) = legs.first().zip(legs.last()).map_or((nowhen, nowhen), |(a, b)| (a.depart, b.arrive));
        let parts: Vec<(Traveller, f64)> = legs.iter().flat_map(travelled).collect();
        Journey {
            mode,
            depart,
            arrive,
            seconds: arrive.since(depart),
            metres: legs.iter().map(|l| l.metres).sum(),
            rides: legs.iter().filter(|l| l.means == Means::Ride).count(),
            emission: emissions::of(&parts),
            legs,
            fare,
        }
    }
}

/// Who emits over how many metres of a leg: on its ferries the ship does.
fn travelled(leg: &Leg) -> Vec<(Traveller, f64)> {
    let Some(traveller) = traveller(leg) else { return Vec::new() };
    let at_sea: f64 = leg.steps.iter().filter(|s| s.remark == Some("ferry")).map(|s| s.metres).sum();
    let ship = if traveller == Traveller::Car { Traveller::CarFerry } else { Traveller::Ferry };
    let all = [(traveller, (leg.metres - at_sea).max(0.0)), (ship, at_sea)];
    all.into_iter().filter(|(who, metres)| *who == traveller || *metres > 0.0).collect()
}

fn traveller(leg: &Leg) -> Option<Traveller> {
    match leg.means {
        Means::Foot => Some(Traveller::Foot),
        Means::Bike => Some(Traveller::Bike),
        Means::Car => Some(Traveller::Car),
        Means::Wait => None,
        Means::Ride => Some(Traveller::of_route_type(leg.ride.as_ref().map_or(3, |r| r.kind))),
    }
}

/// The part of a line between two distances along it, in metres.
pub(crate) fn cut(line: &[Coord], from: f64, to: f64) -> Vec<Point> {
    let mut out = Vec::new();
    let mut done = 0.0;
    for pair in line.windows(2) {
        let step = pair[0].metres_to(pair[1]);
        let (a, b) = (pair[0].point(), pair[1].point());
        let share = |at: f64| {
            if step > 0.0 { ((at - done) / step).clamp(0.0, 1.0) } else { 0.0 }
        };
        if out.is_empty() && done + step >= from {
            out.push(a.towards(b, share(from)));
        }
        if !out.is_empty() {
            if done + step >= to {
                out.push(a.towards(b, share(to)));
                return out;
            }
            out.push(b);
        }
        done += step;
    }
    if out.is_empty() {
        out.extend(line.last().map(|c| c.point()));
    }
    out
}
