//! Journeys by public transport: walks found, searched, put together.

use super::{Journey, Means, Mode, When};
use crate::City;
use crate::city::Desk;
use crate::clock::Moment;
use crate::error::{Error, NoRoute};
use crate::geo::Point;
use crate::timetable::{self, DayPlan, Ends, Itinerary, MOST_RIDES};

/// The longest window of a range question, in seconds.
const LONGEST_WINDOW: i32 = 6 * 3_600;

impl City {
    /// Journeys by public transport worth considering: none both arrives later (or leaves earlier, for arrive-by) and
    /// rides more often than another. Each has a ride. Those that walking all the way beats are told only where no other
    /// is left, and never one that walks as long as that.
    ///
    /// # Errors
    /// When a point can't be used, the day isn't in the timetable, or nothing leads there.
    pub fn ride(&self, from: Point, to: Point, mode: Mode, when: When) -> Result<Vec<Journey>, Error> {
        self.at_desk(|desk| {
            let door = self.door(from, to, mode, desk)?;
            let (mut found, day) = self.itineraries(when, door.ends(), desk)?;
            let mut beaten = false;
            if found.is_empty() && door.ends().walk.is_some() {
                (found, _) = self.itineraries(when, Ends { walk: None, ..door.ends() }, desk)?;
                beaten = !found.is_empty();
            }
            let mut journeys: Vec<Journey> =
                found.iter().map(|i| self.put_together(&door, i, day, mode, desk)).collect();
            if let Some(walk) = door.walk_seconds().filter(|_| beaten) {
                journeys.retain(|j| walked(j) < i64::from(walk));
            }
            match when {
                When::Depart(_) => journeys.sort_by_key(|j| (j.arrive.since(Moment::new(day, 0)), j.rides)),
                When::Arrive(_) => journeys.sort_by_key(|j| (-j.depart.since(Moment::new(day, 0)), j.rides)),
            }
            let why = if door.access.is_empty() || door.egress.is_empty() {
                NoRoute::NoStopNear
            } else if beaten {
                NoRoute::WalkIsShorter
            } else {
                NoRoute::NoServiceInTime
            };
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
            let depart = self.zone().normal(depart);
            let plan = self.plan(depart)?;
            let rounds = &mut desk.rounds;
            let found = timetable::arrivals(&self.timetable, &plan, depart.second, door.ends(), MOST_RIDES, rounds);
            let walk = door.offered_walk().map(|s| (depart.plus(s as i32), 0));
            let last = found.last().map(|i| (Moment::new(depart.day, i.arrive), i.rides.len()));
            last.or(walk).ok_or(Error::NoRoute(NoRoute::NoServiceInTime))
        })
    }

    /// All journeys worth taking that leave within `window` seconds, in order of departure; without walks all the way.
    ///
    /// # Errors
    /// As `ride`; an empty list is an answer.
    pub fn rides_within(
        &self,
        from: Point,
        to: Point,
        mode: Mode,
        start: Moment,
        window: i32,
    ) -> Result<Vec<Journey>, Error> {
        let start = self.zone().normal(start);
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
        Ok(self.days.get(&self.timetable, self.zone, when.day))
    }

    fn itineraries(&self, when: When, ends: Ends, desk: &mut Desk) -> Result<(Vec<Itinerary>, crate::Day), Error> {
        let moment = self.zone().normal(when.moment());
        let plan = self.plan(moment)?;
        let (t, rounds) = (&self.timetable, &mut desk.rounds);
        let search = match when {
            When::Depart(_) => timetable::earliest,
            When::Arrive(_) => timetable::latest,
        };
        Ok((search(t, &plan, moment.second, ends, MOST_RIDES, rounds), moment.day))
    }
}

/// Seconds on foot.
fn walked(journey: &Journey) -> i64 {
    journey.legs.iter().filter(|l| l.means == Means::Foot).map(|l| l.arrive.since(l.depart)).sum()
}
