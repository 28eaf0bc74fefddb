//! From an itinerary to a journey: walks, waits and rides in order.

use super::door::Door;
use super::{Journey, Leg, Mode};
use crate::City;
use crate::city::Desk;
use crate::clock::Moment;
use crate::geo::Point;
use crate::timetable::{self, Itinerary};

impl City {
    pub(super) fn put_together(
        &self,
        door: &Door,
        found: &Itinerary,
        day: crate::Day,
        mode: Mode,
        desk: &mut Desk,
    ) -> Journey {
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
            let walked = match self.last_stop(found, ride) {
                None => door.access.iter().find(|a| a[0] == board).map_or(0, |a| a[1] as i32),
                Some(last) if t.real(last) == t.real(board) => 0,
                // Of a stated minimum only the walk is walked; the rest is a wait.
                Some(_) => leg.as_ref().map_or(0, |l| l.arrive.since(l.depart) as i32).min(ride.depart - now).max(0),
            };
            now = self.append_walk(&mut legs, leg, walked, at(now), now);
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

    /// Adds a walk that takes so many seconds; none when nothing is walked. The time after it.
    fn append_walk(&self, legs: &mut Vec<Leg>, leg: Option<Leg>, seconds: i32, start: Moment, now: i32) -> i32 {
        if seconds > 0
            && let Some(mut leg) = leg
        {
            (leg.depart, leg.arrive) = (start, start.plus(seconds));
            legs.push(leg);
        }
        now + seconds
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
