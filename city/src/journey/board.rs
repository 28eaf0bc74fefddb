//! The departure board of a stop.

use crate::City;
use crate::clock::Moment;
use crate::error::Error;
use crate::timetable;
use serde::Serialize;

/// A vehicle about to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    pub at: Moment,
    pub line: String,
    pub headsign: String,
    pub colour: u32,
    pub trip: u32,
}

impl City {
    /// The next departures from a stop.
    ///
    /// # Errors
    /// When there is no such stop, or the day isn't in the timetable.
    pub fn departures(&self, stop: u32, from: Moment, count: usize) -> Result<Vec<Departure>, Error> {
        let from = self.zone().normal(from);
        let t = &self.timetable;
        if stop as usize >= t.real_stops() {
            return Err(Error::UnknownPlace(format!("stop {stop}")));
        }
        let plan = self.plan(from)?;
        let next = timetable::board(t, &plan.forward, stop, from.second, count.min(500));
        Ok(next
            .into_iter()
            .map(|(second, trip, _)| {
                let p = &t.patterns[t.trips[trip as usize].pattern as usize];
                let line = &t.lines[p.line as usize];
                Departure {
                    at: Moment::new(from.day, second),
                    line: t.names.get(line.short).to_owned(),
                    headsign: t.names.get(p.headsign).to_owned(),
                    colour: line.colour,
                    trip,
                }
            })
            .collect())
    }
}
