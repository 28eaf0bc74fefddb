//! Both ends of a journey by public transport: where they meet the streets, and the stops around them.

use super::Mode;
use crate::City;
use crate::city::Desk;
use crate::error::Error;
use crate::geo::Point;
use crate::network::{Snap, Vehicle};
use crate::route::{self, Sweep, Track};
use crate::timetable::{Access, Ends, WALK_SPEED};

/// The longest walk to the first or from the last stop, in seconds.
const LONGEST_ACCESS: u32 = 1_200;
/// The same where no stop is as near as that: better a long walk to a bus than one all the way.
const FARTHEST_ACCESS: u32 = 2_400;
/// The longest walk that is an answer by itself, in seconds.
const LONGEST_WALK: u32 = 4 * 3_600;
/// The longest ride by bike to a stop, in seconds.
const LONGEST_BIKE: u32 = 900;
/// Everything about a question that doesn't depend on when.
pub(crate) struct Door {
    pub from: (Point, Option<Snap>),
    pub to: (Point, Option<Snap>),
    pub access: Access,
    pub egress: Access,
    /// The way without riding, when it is on streets.
    pub walk: Option<Track>,
    vehicle: Vehicle,
    pub bike: Option<Snap>,
}

impl Door {
    pub(super) fn walk_seconds(&self) -> Option<u32> {
        let both = self.from.1.zip(self.to.1)?;
        let off = (f64::from(both.0.metres) + f64::from(both.1.metres)) / WALK_SPEED;
        self.walk.as_ref().map(|w| w.weight.div_ceil(1000) + off.ceil() as u32)
    }

    /// The walk all the way, where it is an answer: a longer one bounds nothing.
    pub(super) fn offered_walk(&self) -> Option<u32> {
        self.walk_seconds().filter(|seconds| *seconds <= LONGEST_WALK)
    }

    pub(crate) fn ends(&self) -> Ends<'_> {
        let walk = if self.vehicle == Vehicle::Foot { self.offered_walk() } else { None };
        Ends { access: &self.access, egress: &self.egress, walk }
    }
}

impl City {
    /// What lies around both ends.
    pub(crate) fn door(&self, from: Point, to: Point, mode: Mode, desk: &mut Desk) -> Result<Door, Error> {
        let snap = |p: Point| match self.snap(p, Vehicle::Foot) {
            Ok(snap) => Ok(Some(snap)),
            // A stop beyond the streets is still a place to start from.
            Err(Error::OutsideCity) if self.stop_within(p, 400.0) => Ok(None),
            Err(e) => Err(e),
        };
        let (from, to) = ((from, snap(from)?), (to, snap(to)?));
        let foot = &self.streets[Vehicle::Foot as usize];
        let n = &self.network;
        let walk = from.1.as_ref().zip(to.1.as_ref());
        let walk = walk.and_then(|(a, b)| route::track(n, foot, Vehicle::Foot, [a, b], true, &mut desk.scratch));
        let t = &self.timetable;
        let mut near = |(at, snap): &(Point, Option<Snap>), leaving| {
            let mut within =
                |limit| t.access(n, foot, (*at, snap.as_ref()), leaving, limit, (&mut desk.best, &mut desk.scratch));
            let usual = within(LONGEST_ACCESS);
            if usual.is_empty() { within(FARTHEST_ACCESS) } else { usual }
        };
        let (mut access, egress) = (near(&from, true), near(&to, false));
        let mut door = Door { from, to, access: Vec::new(), egress, walk, vehicle: Vehicle::Foot, bike: None };
        if mode == Mode::BikeAndBus {
            let bike = self.snap(from.0, Vehicle::Bike)?;
            access = self.stops_by_bike(&bike, desk);
            (door.vehicle, door.bike) = (Vehicle::Bike, Some(bike));
        }
        door.access = access;
        Ok(door)
    }

    fn stop_within(&self, at: Point, metres: f64) -> bool {
        let t = &self.timetable;
        at.is_valid() && t.grid.nearest(&t.stops, at, metres, |_| true).is_some()
    }

    fn stops_by_bike(&self, from: &Snap, desk: &mut Desk) -> Access {
        let sweep =
            Sweep::from(&self.network, &self.streets[Vehicle::Bike as usize], Vehicle::Bike, from, &mut desk.scratch);
        let stops = (0..).zip(&self.timetable.bike_snaps);
        let reached = stops.filter_map(|(i, s)| Some([i, sweep.to(s.as_ref()?)?.div_ceil(1000) + 60]));
        reached.filter(|a| a[1] <= LONGEST_BIKE).collect()
    }
}
