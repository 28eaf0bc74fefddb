//! Journeys by public transport: walks found, searched, put together.

use super::{Fare, Journey, Leg, Mode, When};
use crate::City;
use crate::city::Desk;
use crate::clock::Moment;
use crate::error::{Error, NoRoute};
use crate::geo::Point;
use crate::network::{Snap, Vehicle};
use crate::route::{self, Sweep, Track};
use crate::timetable::{self, Access, DayPlan, Ends, Itinerary, MOST_RIDES, WALK_SPEED};

/// The longest walk to the first or from the last stop, in seconds.
const LONGEST_ACCESS: u32 = 1_200;
/// The longest ride by bike to a stop, in seconds.
const LONGEST_BIKE: u32 = 900;
/// The longest window of a range question, in seconds.
const LONGEST_WINDOW: i32 = 6 * 3_600;

/// Everything about a question that doesn't depend on when.
pub(crate) struct Door {
    pub from: (Point, Option<Snap>),
    pub to: (Point, Option<Snap>),
    pub access: Access,
    pub egress: Access,
    /// The way without riding, when it is on streets.
    pub walk: Option<Track>,
    vehicle: Vehicle,
    bike: Option<Snap>,
}

impl Door {
    fn walk_seconds(&self) -> Option<u32> {
        let both = self.from.1.zip(self.to.1)?;
        let off = (f64::from(both.0.metres) + f64::from(both.1.metres)) / WALK_SPEED;
        self.walk.as_ref().map(|w| w.weight.div_ceil(1000) + off.ceil() as u32)
    }

    pub(crate) fn ends(&self) -> Ends<'_> {
        let walk = if self.vehicle == Vehicle::Foot { self.walk_seconds() } else { None };
        Ends { access: &self.access, egress: &self.egress, walk }
    }
}

impl City {
    /// Journeys by public transport worth considering: none both arrives later (or leaves earlier, for arrive-by) and
    /// rides more often than another. A walk all the way is one of them when nothing is faster.
    ///
    /// # Errors
    /// When a point can't be used, the day isn't in the timetable, or nothing leads there.
    pub fn ride(&self, from: Point, to: Point, mode: Mode, when: When) -> Result<Vec<Journey>, Error> {
        self.at_desk(|desk| {
            let door = self.door(from, to, mode, desk)?;
            let (found, day) = self.itineraries(&door, when, MOST_RIDES, desk)?;
            let mut journeys = self.walk_journey(&door, when).into_iter().collect::<Vec<_>>();
            journeys.extend(found.iter().map(|i| self.put_together(&door, i, day, mode, desk)));
            match when {
                When::Depart(_) => journeys.sort_by_key(|j| (j.arrive.since(Moment::new(day, 0)), j.rides)),
                When::Arrive(_) => journeys.sort_by_key(|j| (-j.depart.since(Moment::new(day, 0)), j.rides)),
            }
            let why = if door.access.is_empty() || door.egress.is_empty() { NoRoute::NoStopNear } else { NoRoute::NoServiceInTime };
            if journeys.is_empty() { Err(Error::NoRoute(why)) } else { Ok(journeys) }
        })
    }

    /// When one can be there at the earliest, by public transport or on foot, and with how many rides.
    ///
    /// # Errors
    /// As `ride`.
    pub fn earliest_arrival(&self, from: Point, to: Point, depart: Moment) -> Result<(Moment, usize), Error> {
        self.at_desk(|desk| {
            let door = self.door(from, to, Mode::Bus, desk)?;
            let (found, day) = self.itineraries(&door, When::Depart(depart), MOST_RIDES, desk)?;
            let walk = door.walk_seconds().map(|s| (depart.normal().plus(s as i32), 0));
            let last = found.last().map(|i| (Moment::new(day, i.arrive), i.rides.len()));
            last.or(walk).ok_or(Error::NoRoute(NoRoute::NoServiceInTime))
        })
    }

    /// All journeys worth taking that leave within `window` seconds, in order of departure; without walks all the way.
    ///
    /// # Errors
    /// As `ride`; an empty list is an answer.
    pub fn rides_within(&self, from: Point, to: Point, mode: Mode, start: Moment, window: i32) -> Result<Vec<Journey>, Error> {
        let start = start.normal();
        if !(0..=LONGEST_WINDOW).contains(&window) {
            return Err(Error::BadQuestion("the window must be from 0 to 6 hours"));
        }
        self.at_desk(|desk| {
            let door = self.door(from, to, mode, desk)?;
            let plan = self.plan(start)?;
            let times = start.second..=start.second + window;
            let found = timetable::profile(&self.timetable, &plan, times, door.ends(), MOST_RIDES, &mut desk.rounds);
            Ok(found.iter().map(|i| self.put_together(&door, i, start.day, mode, desk)).collect())
        })
    }

    /// The day's timetable; refused outside every calendar.
    pub(crate) fn plan(&self, when: Moment) -> Result<std::sync::Arc<DayPlan>, Error> {
        let (first, last) = self.timetable.span().ok_or(Error::NoRoute(NoRoute::NoTimetable))?;
        // The night after the last day still belongs to it.
        if when.day < first || when.day > last.plus(1) {
            return Err(Error::OutsideCalendar { first: first.to_string(), last: last.to_string() });
        }
        Ok(self.days.get(&self.timetable, when.day))
    }

    pub(crate) fn itineraries(&self, door: &Door, when: When, most: usize, desk: &mut Desk) -> Result<(Vec<Itinerary>, crate::Day), Error> {
        let moment = when.moment().normal();
        let plan = self.plan(moment)?;
        let (t, rounds) = (&self.timetable, &mut desk.rounds);
        let found = match when {
            When::Depart(_) => timetable::earliest(t, &plan, moment.second, door.ends(), most, rounds),
            When::Arrive(_) => timetable::latest(t, &plan, moment.second, door.ends(), most, rounds),
        };
        Ok((found, moment.day))
    }

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
            t.access(n, foot, (*at, snap.as_ref()), leaving, LONGEST_ACCESS, (&mut desk.best, &mut desk.scratch))
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
        let sweep = Sweep::from(&self.network, &self.streets[Vehicle::Bike as usize], Vehicle::Bike, from, &mut desk.scratch);
        let stops = (0..).zip(&self.timetable.bike_snaps);
        let reached = stops.filter_map(|(i, s)| Some([i, sweep.to(s.as_ref()?)?.div_ceil(1000) + 60]));
        reached.filter(|a| a[1] <= LONGEST_BIKE).collect()
    }

    fn walk_journey(&self, door: &Door, when: When) -> Option<Journey> {
        let seconds = door.walk_seconds().filter(|s| *s <= 4 * 3_600)? as i32;
        let track = door.walk.as_ref()?;
        let depart = match when {
            When::Depart(m) => m,
            When::Arrive(m) => m.plus(-seconds),
        };
        let leg = self.street_leg(track, [door.from.1.as_ref()?, door.to.1.as_ref()?], Vehicle::Foot, depart, seconds);
        Some(self.journey(Mode::Foot, vec![leg], None))
    }

    fn put_together(&self, door: &Door, found: &Itinerary, day: crate::Day, mode: Mode, desk: &mut Desk) -> Journey {
        let t = &self.timetable;
        let at = |second: i32| Moment::new(day, second);
        let mut legs: Vec<Leg> = Vec::new();
        let mut now = found.depart;
        let mut place = (door.from.0, door.from.1, String::new());
        for ride in &found.rides {
            let stops = t.stops_of(t.trips[ride.trip as usize].pattern);
            let (board, alight) = (stops[ride.board as usize], stops[ride.alight as usize]);
            let target = (t.stops[board as usize].point(), t.snaps[board as usize], t.stop_name(board).to_owned());
            let first = legs.is_empty();
            let leg = match door.bike.filter(|_| first) {
                Some(bike) => self.bike_leg(&bike, board, at(now), desk),
                None => self.walk_leg(&place, &target, at(now), desk),
            };
            let walked = if first {
                door.access.iter().find(|a| a[0] == board).map(|a| a[1])
            } else {
                let last = self.last_stop(found, ride);
                last.map(|l| if l == board { 0 } else { self.change_seconds(l, board) })
            };
            now = self.append_walk(&mut legs, leg, walked.unwrap_or(0) as i32, at(now), now);
            if ride.depart > now {
                legs.push(wait(&target.2, target.0, at(now), at(ride.depart)));
            }
            legs.push(self.ride_leg(ride, day));
            now = ride.arrive;
            place = (t.stops[alight as usize].point(), t.snaps[alight as usize], t.stop_name(alight).to_owned());
        }
        let goal = (door.to.0, door.to.1, String::new());
        let leg = self.walk_leg(&place, &goal, at(now), desk);
        self.append_walk(&mut legs, leg, found.arrive - now, at(now), now);
        let fare = self.fare(found);
        self.journey(mode, legs, fare)
    }

    fn last_stop(&self, found: &Itinerary, ride: &timetable::Ride) -> Option<u32> {
        let at = found.rides.iter().position(|r| r == ride)?;
        let before = found.rides.get(at.checked_sub(1)?)?;
        let stops = self.timetable.stops_of(self.timetable.trips[before.trip as usize].pattern);
        stops.get(before.alight as usize).copied()
    }

    fn change_seconds(&self, from: u32, to: u32) -> u32 {
        let t = &self.timetable;
        let row = t.transfer_first[from as usize] as usize..t.transfer_first[from as usize + 1] as usize;
        t.transfers[row].iter().find(|w| w[0] == to).map_or(0, |w| w[1])
    }

    /// Adds a walk that takes so many seconds; none when nothing is walked. The time after it.
    fn append_walk(&self, legs: &mut Vec<Leg>, leg: Option<Leg>, seconds: i32, start: Moment, now: i32) -> i32 {
        if seconds > 0 && let Some(mut leg) = leg {
            (leg.depart, leg.arrive) = (start, start.plus(seconds));
            legs.push(leg);
        }
        now + seconds
    }

    fn fare(&self, found: &Itinerary) -> Option<Fare> {
        let t = &self.timetable;
        let (mut amount, mut included, mut currency) = (0u32, 0u32, 0);
        for ride in &found.rides {
            let line = &t.lines[t.line_of(ride.trip) as usize];
            if line.fare == u32::MAX {
                return None;
            }
            if included > 0 {
                included -= 1;
                continue;
            }
            amount = amount.saturating_add(line.fare);
            (included, currency) = (u32::from(line.changes), line.currency);
        }
        Some(Fare { amount, currency: t.names.get(currency).to_owned() })
    }
}

fn wait(name: &str, at: Point, from: Moment, to: Moment) -> Leg {
    Leg {
        means: super::Means::Wait,
        depart: from,
        arrive: to,
        metres: 0.0,
        from: name.to_owned(),
        to: name.to_owned(),
        shape: vec![at],
        steps: Vec::new(),
        ride: None,
    }
}
