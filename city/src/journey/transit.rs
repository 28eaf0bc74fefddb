//! Journeys by public transport: walks found, searched, put together.

use super::door::Door;
use super::{Journey, Mode, When};
use crate::City;
use crate::city::Desk;
use crate::clock::Moment;
use crate::error::{Error, NoRoute};
use crate::geo::Point;
use crate::timetable::{self, DayPlan, Itinerary, MOST_RIDES};

/// The longest window of a range question, in seconds.
const LONGEST_WINDOW: i32 = 6 * 3_600;

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
            let walk = (mode == Mode::Bus).then(|| self.walk_journey(&door, when));
            let mut journeys = walk.flatten().into_iter().collect::<Vec<_>>();
            journeys.extend(found.iter().map(|i| self.put_together(&door, i, day, mode, desk)));
            match when {
                When::Depart(_) => journeys.sort_by_key(|j| (j.arrive.since(Moment::new(day, 0)), j.rides)),
                When::Arrive(_) => journeys.sort_by_key(|j| (-j.depart.since(Moment::new(day, 0)), j.rides)),
            }
            let why = if door.access.is_empty() || door.egress.is_empty() {
                NoRoute::NoStopNear
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
    pub fn rides_within(
        &self,
        from: Point,
        to: Point,
        mode: Mode,
        start: Moment,
        window: i32,
    ) -> Result<Vec<Journey>, Error> {
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

    pub(crate) fn itineraries(
        &self,
        door: &Door,
        when: When,
        most: usize,
        desk: &mut Desk,
    ) -> Result<(Vec<Itinerary>, crate::Day), Error> {
        let moment = when.moment().normal();
        let plan = self.plan(moment)?;
        let (t, rounds) = (&self.timetable, &mut desk.rounds);
        let found = match when {
            When::Depart(_) => timetable::earliest(t, &plan, moment.second, door.ends(), most, rounds),
            When::Arrive(_) => timetable::latest(t, &plan, moment.second, door.ends(), most, rounds),
        };
        Ok((found, moment.day))
    }
}
