//! Stops of public transport, by place.

use crate::City;
use crate::error::Error;
use crate::geo::{Bounds, Point};
use serde::Serialize;

/// A stop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stop {
    /// Number of the stop in this city; the same for the same city file.
    pub id: u32,
    pub name: String,
    pub at: Point,
    /// Metres of beeline from the point given, where one was.
    pub metres: Option<f64>,
}

impl City {
    /// One stop.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn stop(&self, id: u32) -> Result<Stop, Error> {
        let known = self.timetable.stops.get(id as usize).filter(|_| (id as usize) < self.timetable.real_stops());
        let at = known.ok_or_else(|| Error::UnknownPlace(format!("stop {id}")))?;
        Ok(Stop { id, name: self.timetable.stop_name(id).to_owned(), at: at.point(), metres: None })
    }

    /// Stops within so many metres of a point, nearest first.
    #[must_use]
    pub fn stops_near(&self, at: Point, metres: f64, limit: usize) -> Vec<Stop> {
        let t = &self.timetable;
        let mut near: Vec<(f64, u32)> = Vec::new();
        if at.is_valid() {
            t.grid.within(&t.stops, at, metres, |id, m| near.push((m, id)));
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.truncate(limit);
        near.into_iter().filter_map(|(m, id)| Some(Stop { metres: Some(m), ..self.stop(id).ok()? })).collect()
    }

    /// Stops in a rectangle, in order of number.
    #[must_use]
    pub fn stops_in(&self, area: Bounds, limit: usize) -> Vec<Stop> {
        let all = (0..).zip(&self.timetable.stops).take(self.timetable.real_stops());
        let inside = all.filter(|(_, at)| area.contains(at.point())).take(limit);
        inside.filter_map(|(id, _)| self.stop(id).ok()).collect()
    }
}
