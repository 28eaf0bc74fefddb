//! What can be reached in half an hour: by public transport and on foot, from the middle of each hexagon.
//!
//! Walks at the far end use the beeline with an allowance for corners; those at the near end the streets.

use super::cells::{cell_at, centre_of, resolution_of};
use crate::City;
use crate::clock::Moment;
use crate::error::Error;
use crate::geo::Point;
use crate::network::Vehicle;
use crate::timetable::{MOST_RIDES, WALK_SPEED};
use h3o::CellIndex;
use serde::Serialize;
use std::collections::BTreeMap;

/// How much longer a walk is than the beeline.
const STRETCH: f64 = 1.3;
/// The longest walk from a stop, in seconds.
const LONGEST_WALK: f64 = 720.0;

/// How much one can reach from a hexagon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccessScore {
    pub id: String,
    pub centre: Point,
    /// People who live in it.
    pub people: f64,
    /// People who live within reach, and their share of all in the city.
    pub reached: f64,
    pub share: f64,
}

/// Hexagons with people and the stops around each, with seconds.
struct Targets {
    cells: Vec<(CellIndex, f64)>,
    stops: Vec<Vec<(u32, i32)>>,
}

impl City {
    /// For every hexagon with people what can be reached within `seconds` (at most two hours) of a moment.
    ///
    /// # Errors
    /// When the resolution or the time is out of range, or the day isn't in the timetable.
    pub fn access(&self, resolution: u8, start: Moment, seconds: i32) -> Result<Vec<AccessScore>, Error> {
        if !(60..=7_200).contains(&seconds) {
            return Err(Error::BadQuestion("the time must be from one minute to two hours"));
        }
        let start = self.zone().normal(start);
        let plan = self.plan(start)?;
        let targets = self.targets(resolution)?;
        let total: f64 = targets.cells.iter().map(|c| c.1).sum();
        let foot = &self.streets[Vehicle::Foot as usize];
        let t = &self.timetable;
        self.at_desk(|desk| {
            let scores = targets.cells.iter().map(|&(cell, people)| {
                let centre = centre_of(cell);
                let snap = self.snap(centre, Vehicle::Foot).ok();
                let near = (&mut desk.best, &mut desk.scratch);
                let access =
                    t.access(&self.network, foot, (centre, snap.as_ref()), true, seconds.min(1_200) as u32, near);
                desk.rounds.begin(t.stops.len(), plan.forward.routes.len(), &Vec::new());
                desk.rounds.bound(start.second + seconds + 1);
                desk.rounds.run(t, &plan.forward, (start.second, &access), &access, MOST_RIDES);
                let mut arrivals = desk.rounds.arrivals(t.stops.len());
                for platform in t.real_stops()..t.stops.len() {
                    let stop = t.real(platform as u32) as usize;
                    arrivals[stop] = arrivals[stop].min(arrivals[platform]);
                }
                let reached = targets.reached(centre, &arrivals, start.second + seconds, seconds);
                AccessScore { id: cell.to_string(), centre, people, reached, share: reached / total.max(1e-9) }
            });
            Ok(scores.collect())
        })
    }

    fn targets(&self, resolution: u8) -> Result<Targets, Error> {
        let resolution = resolution_of(resolution)?;
        let mut people: BTreeMap<CellIndex, f64> = BTreeMap::new();
        for (c, count) in self.people.at.iter().zip(&self.people.count) {
            if let Some(cell) = cell_at(c.point(), resolution) {
                *people.entry(cell).or_default() += f64::from(*count);
            }
        }
        let t = &self.timetable;
        let around = |cell: &CellIndex| {
            let mut stops = Vec::new();
            let reach = LONGEST_WALK * WALK_SPEED / STRETCH;
            t.grid.within(&t.stops, centre_of(*cell), reach, |s, m| stops.push((s, (m * STRETCH / WALK_SPEED) as i32)));
            stops
        };
        let stops = people.keys().map(around).collect();
        Ok(Targets { cells: people.into_iter().collect(), stops })
    }
}

impl Targets {
    fn reached(&self, from: Point, arrivals: &[i32], latest: i32, seconds: i32) -> f64 {
        let on_foot = f64::from(seconds) * WALK_SPEED / STRETCH;
        let reaches = |i: usize| {
            centre_of(self.cells[i].0).metres_to(from) <= on_foot
                || self.stops[i].iter().any(|&(s, walk)| arrivals[s as usize].saturating_add(walk) <= latest)
        };
        (0..self.cells.len()).filter(|i| reaches(*i)).map(|i| self.cells[i].1).sum()
    }
}
