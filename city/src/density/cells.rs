//! One table of hexagons: people, stops, places, departures.

use super::SERVED_METRES;
use crate::City;
use crate::clock::Day;
use crate::error::Error;
use crate::geo::Point;
use h3o::{CellIndex, LatLng, Resolution};
use serde::Serialize;
use std::collections::BTreeMap;

/// A hexagon and what is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DensityCell {
    /// H3 index in hexadecimal.
    pub id: String,
    pub centre: Point,
    /// Its corners in order, not closed.
    pub outline: Vec<Point>,
    pub square_kilometres: f64,
    pub people: f64,
    pub people_per_square_kilometre: f64,
    pub stops: u32,
    /// Shops, kitchens and other places to go to.
    pub places: u32,
    /// Departures an hour from its stops between 7 and 19 o'clock.
    pub departures_an_hour: f64,
    /// People who live farther than `SERVED_METRES` from every stop at which something leaves that day.
    pub unserved: f64,
}

#[derive(Default)]
struct Sum {
    people: f64,
    unserved: f64,
    stops: u32,
    places: u32,
    departures: u32,
}

impl City {
    /// The hexagons of a resolution (6 to 11) that hold anything, in order of id; departures are those of `day`.
    ///
    /// # Errors
    /// When the resolution is out of range. A day outside the calendar has no departures.
    pub fn density(&self, resolution: u8, day: Day) -> Result<Vec<DensityCell>, Error> {
        let resolution = resolution_of(resolution)?;
        let mut cells: BTreeMap<CellIndex, Sum> = BTreeMap::new();
        let mut at = |p: Point, add: &dyn Fn(&mut Sum)| {
            if let Some(cell) = cell_at(p, resolution) {
                add(cells.entry(cell).or_default());
            }
        };
        let departures = self.departures_by_stop(day);
        for (stop, count) in (0..).zip(&departures) {
            at(self.timetable.stops[stop as usize].point(), &|s| {
                s.stops += 1;
                s.departures += count;
            });
        }
        let served = self.served_people(&departures);
        for (i, c) in self.people.at.iter().enumerate() {
            let count = f64::from(self.people.count[i]);
            at(c.point(), &|s| {
                s.people += count;
                s.unserved += if served[i] { 0.0 } else { count };
            });
        }
        for e in &self.gazetteer.entries {
            let kind = self.gazetteer.kinds.get(e.kind);
            if ["shop=", "amenity=", "office=", "tourism=", "leisure="].iter().any(|k| kind.starts_with(k)) {
                at(e.at.point(), &|s| s.places += 1);
            }
        }
        Ok(cells.into_iter().map(|(cell, sum)| finished(cell, &sum)).collect())
    }

    /// Hexagons in which at least `least` people aren't served, most first.
    ///
    /// # Errors
    /// As `density`.
    pub fn underserved(&self, resolution: u8, day: Day, least: f64) -> Result<Vec<DensityCell>, Error> {
        let mut cells = self.density(resolution, day)?;
        cells.retain(|c| c.unserved > 0.0 && c.unserved >= least);
        cells.sort_by(|a, b| b.unserved.total_cmp(&a.unserved).then_with(|| a.id.cmp(&b.id)));
        Ok(cells)
    }

    /// Departures between 7 and 19 o'clock by stop.
    pub(super) fn departures_by_stop(&self, day: Day) -> Vec<u32> {
        let mut counts = vec![0; self.timetable.real_stops()];
        let Ok(plan) = self.plan(crate::Moment::new(day, 43_200)) else {
            return counts;
        };
        let running = &plan.forward;
        for r in &running.routes {
            for k in 0..r.trips {
                for i in 0..r.len - 1 {
                    let at = running.depart[(r.times + k * r.len + i) as usize];
                    if (7 * 3600..19 * 3600).contains(&at) {
                        counts[self.timetable.real(running.stop(r, i)) as usize] += 1;
                    }
                }
            }
        }
        counts
    }

    /// For each point of people whether a stop with departures is near.
    pub(super) fn served_people(&self, departures: &[u32]) -> Vec<bool> {
        let t = &self.timetable;
        let near = |p: Point| t.grid.nearest(&t.stops, p, SERVED_METRES, |s| departures[s as usize] > 0).is_some();
        self.people.at.iter().map(|c| near(c.point())).collect()
    }
}

pub(super) fn resolution_of(number: u8) -> Result<Resolution, Error> {
    let allowed = (6..=11).contains(&number);
    Resolution::try_from(number)
        .ok()
        .filter(|_| allowed)
        .ok_or(Error::BadQuestion("the resolution must be from 6 to 11"))
}

pub(super) fn cell_at(p: Point, resolution: Resolution) -> Option<CellIndex> {
    LatLng::new(p.lat, p.lon).ok().map(|l| l.to_cell(resolution))
}

pub(super) fn centre_of(cell: CellIndex) -> Point {
    let c = LatLng::from(cell);
    Point::new(c.lat(), c.lng())
}

fn finished(cell: CellIndex, sum: &Sum) -> DensityCell {
    let area = cell.area_km2();
    DensityCell {
        id: cell.to_string(),
        centre: centre_of(cell),
        outline: cell.boundary().iter().map(|c| Point::new(c.lat(), c.lng())).collect(),
        square_kilometres: area,
        people: sum.people,
        people_per_square_kilometre: sum.people / area,
        stops: sum.stops,
        places: sum.places,
        departures_an_hour: f64::from(sum.departures) / 12.0,
        unserved: sum.unserved,
    }
}
