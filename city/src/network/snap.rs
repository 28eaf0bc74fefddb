//! From a point on the map to the nearest place on a street that the vehicle may use.

use super::{Network, Vehicle};
use crate::file::stored;
use crate::geo::Coord;

/// No place is snapped from farther away than this.
const MOST_METRES: f32 = 100_000.0;

/// A place on a street.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Snap {
    pub segment: u32,
    /// The point of the segment's shape before the place.
    pub piece: u32,
    /// Share of the segment's length from its start, 0 to 1.
    pub share: f32,
    /// Metres from what was asked for.
    pub metres: f32,
    pub at: Coord,
}
stored!(Snap { segment, piece, share, metres, at });

impl Snap {
    /// Whether the numbers are those of a place: a file may state others.
    pub fn is_sound(&self, segments: usize) -> bool {
        (self.segment as usize) < segments
            && (0.0..=1.0).contains(&self.share)
            && (0.0..MOST_METRES).contains(&self.metres)
    }
}

impl Network {
    /// The nearest usable place within `metres`, in the vehicle's main network. Of equal ones the first wins.
    pub fn snap(&self, at: Coord, vehicle: Vehicle, metres: f64) -> Option<Snap> {
        let (bit, scale) = (1u8 << vehicle as u8, self.grid.scale);
        let best = std::cell::Cell::new((metres * metres, u32::MAX, u32::MAX, 0.0));
        self.grid.around(
            at,
            |piece, segment| {
                if self.usable[segment as usize] & bit == 0 {
                    return;
                }
                let (share, square) = self.project(piece as usize, at, scale);
                let found = (square, segment, piece, share);
                let known = best.get();
                if square < known.0 || (square == known.0 && (segment, piece) < (known.1, known.2)) {
                    best.set(found);
                }
            },
            |reach| reach * reach > best.get().0,
        );
        let (square, segment, piece, share) = best.get();
        (segment != u32::MAX).then(|| self.snap_at(segment, piece, share, square.sqrt() as f32))
    }

    /// Where on a piece the point falls (0 to 1), and the squared distance in metres.
    fn project(&self, piece: usize, at: Coord, scale: [f64; 2]) -> (f64, f64) {
        let (a, b) = (self.points[piece], self.points[piece + 1]);
        let delta = |p: i32, q: i32| f64::from(p) - f64::from(q);
        let (bx, by) = (delta(b.lon, a.lon) * scale[0], delta(b.lat, a.lat) * scale[1]);
        let (px, py) = (delta(at.lon, a.lon) * scale[0], delta(at.lat, a.lat) * scale[1]);
        let length = bx * bx + by * by;
        let share = if length > 0.0 { ((px * bx + py * by) / length).clamp(0.0, 1.0) } else { 0.0 };
        let (dx, dy) = (px - share * bx, py - share * by);
        (share, dx * dx + dy * dy)
    }

    fn snap_at(&self, segment: u32, piece: u32, share: f64, metres: f32) -> Snap {
        let first = self.first[segment as usize] as usize;
        let shape = self.shape(segment);
        let local = piece as usize - first;
        let before: f64 = shape[..=local].windows(2).map(|w| w[0].metres_to(w[1])).sum();
        let (a, b) = (shape[local], shape[local + 1]);
        let total = f64::from(self.length[segment as usize]) / 100.0;
        let done = before + share * a.metres_to(b);
        let share_of_all = if total > 0.0 { (done / total).clamp(0.0, 1.0) } else { 0.0 };
        Snap {
            segment,
            piece: local as u32,
            share: share_of_all as f32,
            metres,
            at: a.point().towards(b.point(), share).into(),
        }
    }
}
