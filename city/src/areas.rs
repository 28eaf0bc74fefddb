//! What lies between the streets, for maps: water and green as simple outlines, rivers as lines.
//!
//! Nothing is routed over it. Left out: islands and other holes, and what OpenStreetMap draws as a relation of many ways.

use crate::City;
use crate::error::FileError;
use crate::file::stored;
use crate::geo::{Coord, Point};
use serde::Serialize;

/// What an area is. The order is that of the numbers in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum AreaKind {
    /// A river's course: a line.
    River,
    /// Parks, gardens, woods: an outline.
    Park,
    /// Lakes, basins, the water of a wide river: an outline.
    Water,
}

impl AreaKind {
    const ALL: [Self; 3] = [Self::River, Self::Park, Self::Water];
}

/// A piece of the map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Area {
    pub kind: AreaKind,
    /// An outline ends where it begins; a river's line needn't.
    pub line: Vec<Point>,
}

/// All areas of a city, one after another.
#[derive(Debug, Clone, Default)]
pub(crate) struct Areas {
    /// Area → an `AreaKind` as its number.
    kinds: Vec<u8>,
    /// Area → its first point; one more at the end.
    first: Vec<u32>,
    points: Vec<Coord>,
}
stored!(Areas { kinds, first, points });

impl Areas {
    pub fn of(drafts: &[(AreaKind, Vec<Coord>)]) -> Self {
        let mut areas = Self { first: vec![0], ..Self::default() };
        for (kind, line) in drafts.iter().filter(|(_, line)| line.len() > 1) {
            areas.kinds.push(*kind as u8);
            areas.points.extend(line);
            areas.first.push(areas.points.len() as u32);
        }
        areas
    }

    pub fn check(&self) -> Result<(), FileError> {
        let ok = self.first.len() == self.kinds.len() + 1
            && self.first.windows(2).all(|w| w[0] <= w[1])
            && self.first.last().is_some_and(|&l| l as usize == self.points.len())
            && self.kinds.iter().all(|k| usize::from(*k) < AreaKind::ALL.len());
        if ok { Ok(()) } else { Err(FileError::Inconsistent("areas")) }
    }
}

impl City {
    /// Water, parks and rivers, in the order of their source.
    pub fn areas(&self) -> impl Iterator<Item = Area> + '_ {
        let Areas { kinds, first, points } = &self.areas;
        kinds.iter().zip(first.windows(2)).map(|(kind, w)| Area {
            kind: AreaKind::ALL[usize::from(*kind)],
            line: points[w[0] as usize..w[1] as usize].iter().map(|c| c.point()).collect(),
        })
    }
}
