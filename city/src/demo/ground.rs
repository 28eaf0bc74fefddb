//! The lie of the land: a bent lattice of crossings, the river, the parks, and how densely one lives where.

use crate::geo::{Coord, DEGREE_METRES};
use crate::random::Random;

/// Crossings from west to east and from south to north.
pub(super) const WIDE: usize = 46;
pub(super) const HIGH: usize = 36;
/// Metres between crossings before the land bends them.
const BLOCK: f64 = 112.0;
/// The middle of the town.
const LAT: f64 = 46.9;
const LON: f64 = 4.35;
/// Cosine of that latitude, written out so that no platform rounds it differently.
const SHRINK: f64 = 0.683_274;

pub(super) struct Ground {
    /// Crossing → metres east and north of the middle.
    at: Vec<(f64, f64)>,
    /// Crossing → whether there is one.
    exists: Vec<bool>,
    /// Where parks are: lower left and upper right crossing.
    pub parks: Vec<([usize; 2], [usize; 2])>,
    /// Columns whose streets bridge the river.
    pub bridges: Vec<usize>,
    phase: f64,
}

/// A smooth wave of period 1 between −1 and 1, of products and sums only.
fn wave(x: f64) -> f64 {
    let x = x - x.floor();
    let half = if x < 0.5 { x * 2.0 } else { x * 2.0 - 1.0 };
    let bump = 16.0 / 5.0 * half * (1.0 - half) * (1.0 + half * (1.0 - half));
    if x < 0.5 { bump } else { -bump }
}

impl Ground {
    pub fn new(random: &mut Random) -> Self {
        let (a, b, phase) = (random.unit(), random.unit(), random.unit());
        let mut ground = Self {
            at: Vec::with_capacity(WIDE * HIGH),
            exists: Vec::with_capacity(WIDE * HIGH),
            parks: vec![([8, 24], [13, 28]), ([29, 9], [33, 12]), ([36, 25], [39, 29]), ([17, 6], [19, 9])],
            bridges: vec![5, 12, 18, 23, 28, 35, 41],
            phase,
        };
        for j in 0..HIGH {
            for i in 0..WIDE {
                let (x, y) = (i as f64 - (WIDE as f64 - 1.0) / 2.0, j as f64 - (HIGH as f64 - 1.0) / 2.0);
                let bend = 55.0 * wave(y / 31.0 + a) + 30.0 * wave((x + y) / 17.0 + b);
                let lift = 70.0 * wave(x / 37.0 + b) + 25.0 * wave((x - y) / 13.0 + a);
                let (dx, dy) = (random.between(-13.0, 13.0), random.between(-13.0, 13.0));
                // Turned a little, so that it doesn't look like a chessboard.
                let (x, y) = (x * BLOCK + bend + dx, y * BLOCK + lift + dy);
                ground.at.push((x * 0.97 - y * 0.24, x * 0.24 + y * 0.97));
                let (u, v) = ((i as f64 / (WIDE - 1) as f64 - 0.5) * 2.0, (j as f64 / (HIGH - 1) as f64 - 0.5) * 2.0);
                let edge = 1.0 + 0.10 * wave(u * 1.7 + a) + 0.08 * wave(v * 2.3 + b);
                ground.exists.push(u * u + v * v < edge);
            }
        }
        ground
    }

    pub fn exists(&self, i: usize, j: usize) -> bool {
        i < WIDE && j < HIGH && self.exists[j * WIDE + i] && !self.in_park(i, j)
    }

    fn in_park(&self, i: usize, j: usize) -> bool {
        self.parks.iter().any(|(low, high)| i > low[0] && i < high[0] && j > low[1] && j < high[1])
    }

    pub fn metres(&self, i: usize, j: usize) -> (f64, f64) {
        self.at[j * WIDE + i]
    }

    pub fn coord(&self, i: usize, j: usize) -> Coord {
        coord(self.metres(i, j))
    }

    /// The row north of the river at a column: the water runs between it and the row before.
    pub fn river_row(&self, i: usize) -> usize {
        (HIGH as f64 * 0.42 + 4.5 * wave(i as f64 / 52.0 + self.phase)) as usize
    }

    /// Whether the street from a crossing to the one north or east of it would cross water.
    pub fn crosses_river(&self, from: (usize, usize), to: (usize, usize)) -> bool {
        let north = |(i, j): (usize, usize)| j >= self.river_row(i);
        north(from) != north(to)
    }

    /// How near the middle of the town a place is: 1 in the middle to 0 at the edge.
    pub fn centrality(&self, (x, y): (f64, f64)) -> f64 {
        let (u, v) = (x / (WIDE as f64 * BLOCK / 2.0), y / (HIGH as f64 * BLOCK / 2.0));
        (1.0 - (u * u + v * v)).clamp(0.0, 1.0)
    }

    /// The middle of the river from west to east.
    pub fn river(&self) -> Vec<Coord> {
        let middle = |i: usize| {
            let row = self.river_row(i).clamp(1, HIGH - 1);
            let (a, b) = (self.metres(i, row - 1), self.metres(i, row));
            coord(((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0))
        };
        (0..WIDE).map(middle).collect()
    }
}

/// A place from metres east and north of the middle.
pub(super) fn coord((x, y): (f64, f64)) -> Coord {
    Coord {
        lat: ((LAT + y / DEGREE_METRES) * 1e7).round() as i32,
        lon: ((LON + x / (DEGREE_METRES * SHRINK)) * 1e7).round() as i32,
    }
}
