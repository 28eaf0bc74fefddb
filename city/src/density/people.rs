//! Where people live, as points.

use crate::City;
use crate::draft::{CityDraft, PeopleSource};
use crate::error::FileError;
use crate::file::stored;
use crate::geo::Coord;
use crate::network::{Grid, Network};

/// How far the people of a grid's cell live from its middle, in metres: about the radius of an H3 cell of resolution 9.
const CELL_METRES: f64 = 180.0;

#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    pub at: Vec<Coord>,
    pub count: Vec<f32>,
    pub grid: Grid,
}
stored!(People { at, count, grid });

impl People {
    pub fn check(&self) -> Result<(), FileError> {
        let ok = self.at.len() == self.count.len() && self.count.iter().all(|c| c.is_finite() && *c >= 0.0);
        if ok { self.grid.check(self.at.len()) } else { Err(FileError::Inconsistent("people")) }
    }
}

/// People of a grid are spread over the street corners of their cell: finer cells then stay meaningful.
pub(crate) fn build(draft: &CityDraft, network: &Network) -> People {
    let mut people = People::default();
    let corners = Grid::of_points(&network.junctions);
    for &(at, count) in &draft.people {
        let mut near = Vec::new();
        if draft.people_source == PeopleSource::Grid {
            corners
                .within(&network.junctions, at.point(), CELL_METRES, |j, _| near.push(network.junctions[j as usize]));
        }
        if near.is_empty() {
            near.push(at);
        }
        near.sort_unstable();
        let share = count / near.len() as f32;
        people.at.extend(&near);
        people.count.extend(std::iter::repeat_n(share, near.len()));
    }
    people.grid = Grid::of_points(&people.at);
    people
}

impl City {
    /// How many people the city knows of.
    #[must_use]
    pub fn people(&self) -> f64 {
        self.people.count.iter().map(|c| f64::from(*c)).sum()
    }

    /// Where the numbers come from, in a sentence for the answer.
    #[must_use]
    pub fn people_are(&self) -> &'static str {
        match self.people_source() {
            PeopleSource::Unknown => "unknown: neither a grid nor buildings were imported",
            PeopleSource::Grid => "from a population grid, spread over the street corners of each cell",
            PeopleSource::Buildings => "estimated from the floor area of buildings",
            PeopleSource::Demo => "made up with the demo city",
        }
    }
}
