//! All modes side by side.

use super::{Journey, Mode, When};
use crate::City;
use crate::error::Error;
use crate::geo::Point;
use serde::Serialize;

/// One mode's answer in a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub mode: Mode,
    /// Best first; or why there is none.
    pub journeys: Result<Vec<Journey>, Error>,
    /// Grams of CO2e that the first journey saves against driving; nothing when either has no answer.
    pub saved_grams: Option<f64>,
}

impl City {
    /// Journeys by one mode, best first: up to `more` alternatives on streets, the Pareto set by public transport.
    ///
    /// # Errors
    /// When a point can't be used or nothing leads there.
    pub fn journeys(&self, from: Point, to: Point, mode: Mode, when: When, more: usize) -> Result<Vec<Journey>, Error> {
        match mode.vehicle() {
            Some(vehicle) => self.drive(from, to, vehicle, when, more),
            None => self.ride(from, to, mode, when),
        }
    }

    /// The modes asked for side by side, in the order asked.
    #[must_use]
    pub fn compare(&self, from: Point, to: Point, modes: &[Mode], when: When, more: usize) -> Vec<Comparison> {
        self.compare_with(from, to, modes, when, more, |_| None)
    }

    /// As `compare`, with the journeys of some modes from somebody else: `theirs` gives them, best first.
    #[must_use]
    pub fn compare_with(
        &self,
        from: Point,
        to: Point,
        modes: &[Mode],
        when: When,
        more: usize,
        mut theirs: impl FnMut(Mode) -> Option<Vec<Journey>>,
    ) -> Vec<Comparison> {
        let mut row = |mode| {
            let journeys = theirs(mode).map_or_else(|| self.journeys(from, to, mode, when, more), Ok);
            Comparison { mode, journeys, saved_grams: None }
        };
        let mut rows: Vec<Comparison> = modes.iter().map(|&mode| row(mode)).collect();
        let grams = |c: &Comparison| c.journeys.as_ref().ok()?.first().map(|j| j.emission.grams);
        let known = rows.iter().find(|c| c.mode == Mode::Car).and_then(grams);
        let car = known.or_else(|| {
            let driven = self.drive(from, to, crate::Vehicle::Car, when, 0).ok()?;
            driven.first().map(|j| j.emission.grams)
        });
        for row in &mut rows {
            row.saved_grams = car.zip(grams(row)).map(|(car, own)| car - own);
        }
        rows
    }
}
