//! Journeys by one vehicle.

use super::{Journey, Leg, Means, Mode, When};
use crate::City;
use crate::clock::{Day, Moment};
use crate::error::{Error, NoRoute};
use crate::geo::Point;
use crate::network::{Snap, Vehicle};
use crate::route::{self, Track};
use serde::Serialize;

/// A point farther than this from every street of its vehicle isn't on the network.
const SNAP_METRES: f64 = 2_000.0;
/// A vehicle that ends so many metres farther from the door than people on foot get leaves the rest to be walked.
const FAR_FROM_DOOR: f32 = 100.0;

/// Time and distance, without the way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    pub seconds: f64,
    pub metres: f64,
}

impl City {
    /// The place on a street nearest to a point.
    pub(crate) fn snap(&self, at: Point, vehicle: Vehicle) -> Result<Snap, Error> {
        if !at.is_valid() {
            return Err(Error::BadPoint);
        }
        let inside = self.bounds().grown(SNAP_METRES).contains(at);
        if !inside {
            return Err(Error::OutsideCity);
        }
        self.network.snap(at.into(), vehicle, SNAP_METRES).ok_or(Error::NoRoute(NoRoute::NoStreetNear))
    }

    /// The name of the nearest street for people on foot, and the metres to it.
    ///
    /// # Errors
    /// When the point isn't on Earth or outside the city.
    pub fn street_at(&self, at: Point) -> Result<(&str, f64), Error> {
        let snap = self.snap(at, Vehicle::Foot)?;
        Ok((self.network.name(snap.segment), f64::from(snap.metres)))
    }

    /// As `street_at`, where nobody asks why there is none.
    #[must_use]
    pub fn nearest_street(&self, at: Point) -> Option<(&str, f64)> {
        self.street_at(at).ok()
    }

    /// Time and distance of the fastest way between two points, snapping included.
    ///
    /// # Errors
    /// When a point can't be used or the streets don't connect them.
    pub fn summary(&self, from: Point, to: Point, vehicle: Vehicle) -> Result<Summary, Error> {
        let (from, to) = (self.snap(from, vehicle)?, self.snap(to, vehicle)?);
        let streets = &self.streets[vehicle as usize];
        let track =
            self.at_desk(|d| route::track(&self.network, streets, vehicle, [&from, &to], false, &mut d.scratch));
        let track = track.ok_or(Error::NoRoute(NoRoute::NotConnected))?;
        Ok(Summary { seconds: f64::from(track.weight) / 1000.0, metres: track.length as f64 / 100.0 })
    }

    /// The fastest journey by one vehicle and up to `more` (at most 3) that differ sensibly, fastest first.
    ///
    /// # Errors
    /// As `summary`.
    pub fn drive(
        &self,
        from: Point,
        to: Point,
        vehicle: Vehicle,
        when: When,
        more: usize,
    ) -> Result<Vec<Journey>, Error> {
        let ends = [&self.snap(from, vehicle)?, &self.snap(to, vehicle)?];
        let streets = &self.streets[vehicle as usize];
        let n = &self.network;
        let tracks = self.at_desk(|d| match more {
            0 => route::track(n, streets, vehicle, ends, true, &mut d.scratch).into_iter().collect(),
            _ => route::alternatives(n, streets, vehicle, ends, more.min(3), &mut d.scratch),
        });
        if tracks.is_empty() {
            return Err(Error::NoRoute(NoRoute::NotConnected));
        }
        let walks = [self.walk(from, ends[0], true), self.walk(to, ends[1], false)];
        Ok(tracks.iter().map(|t| self.street_journey(t, ends, vehicle, when, &walks)).collect())
    }

    /// The walk between a door and the nearest street of a vehicle, where people on foot get much nearer.
    fn walk(&self, door: Point, parked: &Snap, leaving: bool) -> Option<(Leg, i32)> {
        if parked.metres < FAR_FROM_DOOR {
            return None;
        }
        let near = self.snap(door, Vehicle::Foot).ok().filter(|s| parked.metres - s.metres >= FAR_FROM_DOOR)?;
        let there = self.snap(parked.at.point(), Vehicle::Foot).ok()?;
        let ends = if leaving { [&near, &there] } else { [&there, &near] };
        let foot = &self.streets[Vehicle::Foot as usize];
        let track = self.at_desk(|d| route::track(&self.network, foot, Vehicle::Foot, ends, true, &mut d.scratch))?;
        let leg = self.street_leg(&track, ends, Vehicle::Foot, Moment::new(Day(0), 0), 0);
        Some((leg, track.weight.div_ceil(1000) as i32))
    }

    fn street_journey(
        &self,
        track: &Track,
        ends: [&Snap; 2],
        vehicle: Vehicle,
        when: When,
        [before, after]: &[Option<(Leg, i32)>; 2],
    ) -> Journey {
        let seconds = track.weight.div_ceil(1000) as i32;
        let walked = |walk: &Option<(Leg, i32)>| walk.as_ref().map_or(0, |w| w.1);
        let depart = match when {
            When::Depart(m) => m,
            When::Arrive(m) => m.plus(-seconds - walked(before) - walked(after)),
        };
        let mut legs = Vec::new();
        let walk = |walk: &Option<(Leg, i32)>, start: Moment| {
            let (leg, seconds) = walk.clone()?;
            Some(Leg { depart: start, arrive: start.plus(seconds), ..leg })
        };
        legs.extend(walk(before, depart));
        let start = depart.plus(walked(before));
        legs.push(self.street_leg(track, ends, vehicle, start, seconds));
        legs.extend(walk(after, start.plus(seconds)));
        let mode = match vehicle {
            Vehicle::Foot => Mode::Foot,
            Vehicle::Bike => Mode::Bike,
            Vehicle::Car => Mode::Car,
        };
        self.journey(mode, legs, None)
    }

    pub(super) fn street_leg(
        &self,
        track: &Track,
        [from, to]: [&Snap; 2],
        vehicle: Vehicle,
        depart: Moment,
        seconds: i32,
    ) -> Leg {
        Leg {
            means: match vehicle {
                Vehicle::Foot => Means::Foot,
                Vehicle::Bike => Means::Bike,
                Vehicle::Car => Means::Car,
            },
            depart,
            arrive: depart.plus(seconds),
            metres: track.length as f64 / 100.0,
            from: self.network.name(from.segment).to_owned(),
            to: self.network.name(to.segment).to_owned(),
            shape: track.shape(&self.network, from, to),
            steps: route::steps(&self.network, track, from, to),
            ride: None,
        }
    }
}
