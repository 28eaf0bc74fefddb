//! The streets as a plain graph: junctions, segments between them with their shape, and who may use them how fast.
//!
//! A segment is a stretch of street between two junctions; an arc is a segment in one direction (`segment × 2 +
//! direction`). No routing here: see `route`. Turn restrictions are kept as triples and become part of each mode's graph.

mod build;
mod draft;
mod grid;
mod parts;
mod snap;

pub(crate) use build::build;
pub(crate) use draft::{Draft, DraftWay, Turn};
pub(crate) use grid::Grid;
pub(crate) use parts::largest_part;
pub(crate) use snap::Snap;

use crate::error::FileError;
use crate::file::{Names, stored};
use crate::geo::{Bounds, Coord};
use serde::Serialize;

/// A way of using the streets. The order is the order of every table by mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vehicle {
    Foot,
    Bike,
    Car,
}

impl Vehicle {
    pub const ALL: [Self; 3] = [Self::Foot, Self::Bike, Self::Car];
}

/// What kind of street: decides buildings, bus lines and candidates for stops, and the words in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Class {
    Motorway,
    Trunk,
    Primary,
    Secondary,
    Tertiary,
    Street,
    Living,
    Service,
    Track,
    Cycleway,
    Path,
    Steps,
    Ferry,
}

/// How a kind of street is used: shared by all segments alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Manner {
    /// Tens of metres per hour by vehicle, with and against the segment; 0 where not permitted.
    pub speed: [[u16; 2]; 3],
    /// A `Class` as its number.
    pub class: u8,
    /// Bit 0: part of a roundabout.
    pub flags: u8,
    /// Only for journeys that begin or end there: a `bit` for each vehicle and direction.
    pub ends: u8,
}
stored!(Manner { speed, class, flags, ends });

impl Manner {
    pub fn bit(vehicle: Vehicle, direction: usize) -> u8 {
        1 << (2 * vehicle as usize + direction)
    }
}

/// Arcs that may not be used one after the other: three or more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Banned {
    pub arcs: Vec<u32>,
    /// A bit for each vehicle.
    pub vehicles: u8,
}
stored!(Banned { arcs, vehicles });

pub(crate) const ROUNDABOUT: u8 = 1;

/// The first of the bits of `Network::turns` for those who may begin or end behind.
pub(crate) const GATE: u32 = 3;

/// A junction has traffic signals.
pub(crate) const SIGNALS: u8 = 1;

#[derive(Debug, Clone, Default)]
pub(crate) struct Network {
    /// Shapes of all segments one after another, ends included.
    pub points: Vec<Coord>,
    /// Segment → its first point; one more at the end.
    pub first: Vec<u32>,
    /// Segment → the junctions at its start and end.
    pub ends: Vec<[u32; 2]>,
    /// Segment → centimetres.
    pub length: Vec<u32>,
    /// Segment → number of its name.
    pub name: Vec<u32>,
    /// Segment → number of its manner.
    pub manner: Vec<u16>,
    pub manners: Vec<Manner>,
    pub names: Names,
    pub junctions: Vec<Coord>,
    /// Junction → `SIGNALS`.
    pub marks: Vec<u8>,
    /// Forbidden turns: arc, arc, a bit for each vehicle that may not take it at all, and from `GATE` on a bit for each
    /// that takes it only to begin or end its journey behind it. Sorted.
    pub turns: Vec<[u32; 3]>,
    /// Sorted.
    pub banned: Vec<Banned>,
    /// Segment → bit for each vehicle whose main network holds it: the others can't be snapped to.
    pub usable: Vec<u8>,
    /// Pieces of segments by place.
    pub grid: Grid,
}
stored!(Network {
    points,
    first,
    ends,
    length,
    name,
    manner,
    manners,
    names,
    junctions,
    marks,
    turns,
    banned,
    usable,
    grid
});

impl Network {
    pub fn segments(&self) -> usize {
        self.ends.len()
    }

    pub fn manner(&self, segment: u32) -> Manner {
        self.manners[self.manner[segment as usize] as usize]
    }

    pub fn name(&self, segment: u32) -> &str {
        self.names.get(self.name[segment as usize])
    }

    /// Shape of a segment, in its own direction.
    pub fn shape(&self, segment: u32) -> &[Coord] {
        let s = segment as usize;
        &self.points[self.first[s] as usize..self.first[s + 1] as usize]
    }

    /// Milliseconds along a whole arc, or nothing where it isn't permitted.
    pub fn travel(&self, arc: u32, vehicle: Vehicle) -> Option<u32> {
        let speed = self.manner(arc / 2).speed[vehicle as usize][arc as usize & 1];
        let length = u64::from(self.length[arc as usize / 2]);
        (speed > 0).then(|| (length * 3_600 / u64::from(speed)).clamp(1, u64::from(u32::MAX / 8)) as u32)
    }

    /// Whether an arc is only for journeys that begin or end there.
    pub fn for_ends(&self, arc: u32, vehicle: Vehicle) -> bool {
        self.manner(arc / 2).ends & Manner::bit(vehicle, arc as usize & 1) != 0
    }

    /// The junction at the start of an arc.
    pub fn tail(&self, arc: u32) -> u32 {
        self.ends[arc as usize / 2][arc as usize & 1]
    }

    /// The junction at the end of an arc.
    pub fn head(&self, arc: u32) -> u32 {
        self.ends[arc as usize / 2][1 - (arc as usize & 1)]
    }

    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::around(self.junctions.iter().map(|c| c.point()))
    }

    /// Verifies every index once, so that queries need not.
    pub fn check(&self) -> Result<(), FileError> {
        let n = self.segments();
        let lens = [self.length.len(), self.name.len(), self.manner.len(), self.usable.len()];
        let ok = lens.iter().all(|&l| l == n)
            && self.first.len() == n + 1
            && self.first.first() == Some(&0)
            && self.first.windows(2).all(|w| w[0] + 2 <= w[1] && w[1] as usize <= self.points.len())
            && self.ends.iter().flatten().all(|&j| (j as usize) < self.junctions.len())
            && self.manner.iter().all(|&m| (m as usize) < self.manners.len())
            && self.marks.len() == self.junctions.len()
            && self.turns.iter().all(|t| t[0].max(t[1]) < 2 * n as u32)
            && self.banned.iter().flat_map(|b| &b.arcs).all(|&a| a < 2 * n as u32);
        if !ok {
            return Err(FileError::Inconsistent("streets"));
        }
        self.grid.check(self.points.len())?;
        // A piece runs from its point to the next one: both must be its segment's.
        let within = |&[piece, segment]: &[u32; 2]| {
            let ends = self.first.get(segment as usize).zip(self.first.get(segment as usize + 1));
            ends.is_some_and(|(first, end)| (*first..end - 1).contains(&piece))
        };
        if self.grid.pieces.iter().all(within) { Ok(()) } else { Err(FileError::Inconsistent("pieces of streets")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_no_segment_or_of_another_one_is_refused() {
        let sound = build(&crate::route::tests::random_town(1, 4).streets);
        assert!(sound.check().is_ok());
        for wrong in [[0, u32::MAX], [0, sound.segments() as u32], [sound.first[1] - 1, 0], [0, 1]] {
            let mut forged = sound.clone();
            forged.grid.pieces[0] = wrong;
            assert!(forged.check().is_err(), "{wrong:?}");
        }
    }
}
