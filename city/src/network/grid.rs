//! A flat grid over pieces of lines: which pieces lie in which cell. Cells are about 90 m wide.

use crate::error::FileError;
use crate::file::stored;
use crate::geo::{Coord, DEGREE_METRES, Point};

/// Width of a cell in metres: a few dozen pieces of a dense town.
const CELL_METRES: f64 = 90.0;
/// No more cells than this for each point, and some: however far apart the points are, the grid stays as small as they.
const CELLS_PER_POINT: f64 = 4.0;
const CELLS_AT_LEAST: f64 = 1_024.0;

#[derive(Debug, Clone, Default)]
pub(crate) struct Grid {
    pub origin: Coord,
    /// Cells along x and y.
    pub size: [u32; 2],
    /// Width and height of a cell in ten-millionths of a degree of longitude and latitude.
    pub cell: [f64; 2],
    /// Metres for one ten-millionth of a degree of longitude and latitude.
    pub scale: [f64; 2],
    /// Cell → first entry; one more at the end.
    pub first: Vec<u32>,
    /// Entry → number of the piece's first point, and its line.
    pub pieces: Vec<[u32; 2]>,
}
stored!(Grid { origin, size, cell, scale, first, pieces });

impl Grid {
    /// Indexes each piece between neighbouring points of each line: `first[line]..first[line + 1]` are its points.
    pub fn over(points: &[Coord], first: &[u32]) -> Self {
        let mut grid = Self::frame(points);
        let pieces = || {
            first
                .windows(2)
                .enumerate()
                .flat_map(|(line, w)| (w[0]..w[1].saturating_sub(1)).map(move |p| [p, line as u32]))
        };
        let mut counts = vec![0u32; (grid.size[0] * grid.size[1]) as usize + 1];
        for [p, _] in pieces() {
            grid.cells_of(points, p).for_each(|c| counts[c + 1] += 1);
        }
        for c in 1..counts.len() {
            counts[c] += counts[c - 1];
        }
        let mut next = counts.clone();
        grid.pieces = vec![[0; 2]; counts.last().copied().unwrap_or(0) as usize];
        for piece in pieces() {
            for c in grid.cells_of(points, piece[0]) {
                grid.pieces[next[c] as usize] = piece;
                next[c] += 1;
            }
        }
        grid.first = counts;
        grid
    }

    /// Indexes single points: each entry names its point twice.
    pub fn of_points(points: &[Coord]) -> Self {
        let mut grid = Self::frame(points);
        let mut order: Vec<(u32, u32)> =
            (0..points.len() as u32).map(|p| (grid.clamped(points[p as usize]), p)).collect();
        order.sort_unstable();
        let mut counts = vec![0u32; (grid.size[0] * grid.size[1]) as usize + 1];
        for &(c, _) in &order {
            counts[c as usize + 1] += 1;
        }
        for c in 1..counts.len() {
            counts[c] += counts[c - 1];
        }
        grid.first = counts;
        grid.pieces = order.into_iter().map(|(_, p)| [p, p]).collect();
        grid
    }

    fn frame(points: &[Coord]) -> Self {
        let low = |f: fn(&Coord) -> i32| points.iter().map(f).min().unwrap_or(0);
        let high = |f: fn(&Coord) -> i32| points.iter().map(f).max().unwrap_or(0);
        let origin = Coord { lat: low(|c| c.lat), lon: low(|c| c.lon) };
        let height = f64::from(high(|c| c.lat)) - f64::from(origin.lat);
        let width = f64::from(high(|c| c.lon)) - f64::from(origin.lon);
        let middle = (f64::from(origin.lat) + height / 2.0) * 1e-7;
        let lat_scale = DEGREE_METRES * 1e-7;
        let scale = [lat_scale * middle.to_radians().cos().max(0.01), lat_scale];
        let most = CELLS_PER_POINT * points.len() as f64 + CELLS_AT_LEAST;
        let mut cell = scale.map(|metres| CELL_METRES / metres);
        while (width / cell[0] + 1.0) * (height / cell[1] + 1.0) > most {
            cell = cell.map(|c| c * 1.5);
        }
        let size = [(width / cell[0]) as u32 + 1, (height / cell[1]) as u32 + 1];
        Self { origin, size, cell, scale, first: Vec::new(), pieces: Vec::new() }
    }

    fn column_row(&self, c: Coord) -> (i64, i64) {
        let x = (f64::from(c.lon) - f64::from(self.origin.lon)) / self.cell[0];
        let y = (f64::from(c.lat) - f64::from(self.origin.lat)) / self.cell[1];
        (x.floor() as i64, y.floor() as i64)
    }

    fn clamped(&self, c: Coord) -> u32 {
        let (x, y) = self.column_row(c);
        let x = x.clamp(0, i64::from(self.size[0]) - 1) as u32;
        let y = y.clamp(0, i64::from(self.size[1]) - 1) as u32;
        y * self.size[0] + x
    }

    /// The cells of the box around a piece: for pieces as short as streets have, close enough.
    fn cells_of(&self, points: &[Coord], p: u32) -> impl Iterator<Item = usize> + use<> {
        let width = self.size[0];
        let (a, b) = (self.clamped(points[p as usize]), self.clamped(points[p as usize + 1]));
        let (ax, ay, bx, by) = (a % width, a / width, b % width, b / width);
        (ay.min(by)..=ay.max(by)).flat_map(move |y| (ax.min(bx)..=ax.max(bx)).map(move |x| (y * width + x) as usize))
    }

    /// Visits entries in rings around a place, nearest ring first, until `done(metres)` says that nothing
    /// at that distance or farther can matter.
    pub fn around(&self, at: Coord, mut visit: impl FnMut(u32, u32), mut done: impl FnMut(f64) -> bool) {
        let (cx, cy) = self.column_row(at);
        let (w, h) = (i64::from(self.size[0]), i64::from(self.size[1]));
        let reach = (self.cell[0] * self.scale[0]).min(self.cell[1] * self.scale[1]);
        let far = [cx, cy, w - 1 - cx, h - 1 - cy].into_iter().map(i64::abs).max().unwrap_or(0);
        // Rings that lie wholly outside the grid are skipped in one step.
        let outside = [-cx, -cy, cx - w + 1, cy - h + 1].into_iter().max().unwrap_or(0).max(0);
        for ring in outside..=far {
            if done((ring - 1).max(0) as f64 * reach) {
                return;
            }
            for y in (cy - ring).max(0)..=(cy + ring).min(h - 1) {
                let edge = (y - cy).abs() == ring;
                let step = if edge { 1 } else { (2 * ring).max(1) };
                let mut x = cx - ring;
                if edge {
                    x = x.max(0);
                }
                while x <= (cx + ring).min(w - 1) {
                    if x >= 0 {
                        let c = (y * w + x) as usize;
                        for &[piece, line] in &self.pieces[self.first[c] as usize..self.first[c + 1] as usize] {
                            visit(piece, line);
                        }
                    }
                    x += step;
                }
            }
        }
    }

    /// Calls `visit` with each indexed point within `metres` and its distance: for grids made by `of_points`.
    pub fn within(&self, points: &[Coord], at: Point, metres: f64, mut visit: impl FnMut(u32, f64)) {
        self.around(
            at.into(),
            |p, _| {
                let d = points[p as usize].point().metres_to(at);
                if d <= metres {
                    visit(p, d);
                }
            },
            |reach| reach > metres,
        );
    }

    /// The nearest indexed point within `metres` that passes, with its distance.
    pub fn nearest(
        &self,
        points: &[Coord],
        at: Point,
        metres: f64,
        accept: impl Fn(u32) -> bool,
    ) -> Option<(u32, f64)> {
        let best = std::cell::Cell::new((u32::MAX, metres));
        self.around(
            at.into(),
            |p, _| {
                let d = points[p as usize].point().metres_to(at);
                if d <= best.get().1 && accept(p) {
                    best.set((p, d));
                }
            },
            |reach| reach > best.get().1,
        );
        let (p, d) = best.get();
        (p != u32::MAX).then_some((p, d))
    }

    pub fn check(&self, points: usize) -> Result<(), FileError> {
        let cells = self.size[0] as usize * self.size[1] as usize;
        let ok = self.first.len() == cells + 1
            && self.first.windows(2).all(|w| w[0] <= w[1])
            && self.first.last().is_none_or(|&l| l as usize == self.pieces.len())
            && self.pieces.iter().all(|p| (p[0] as usize) < points)
            && self.size.iter().all(|s| *s > 0)
            && self.cell.iter().all(|c| (1.0..1e12).contains(c))
            && self.scale.iter().all(|s| (1e-5..1.0).contains(s));
        if ok { Ok(()) } else { Err(FileError::Inconsistent("grid")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_an_impossible_size_are_refused() {
        let sound = Grid::of_points(&[Coord { lat: 1, lon: 2 }, Coord { lat: 9_000, lon: 70_000 }]);
        assert!(sound.check(2).is_ok() && Grid::of_points(&[]).check(0).is_ok());
        for cell in [0.0, 1e-300, f64::NAN, f64::INFINITY] {
            assert!(Grid { cell: [cell, 9_000.0], ..sound.clone() }.check(2).is_err(), "{cell}");
            assert!(Grid { scale: [0.011, cell], ..sound.clone() }.check(2).is_err(), "{cell}");
        }
    }

    #[test]
    fn points_on_two_continents_make_a_small_grid_that_finds_them() {
        let points = [Point::new(-30.0, -51.2), Point::new(35.0, -85.3), Point::new(35.001, -85.3)].map(Coord::from);
        let grid = Grid::of_points(&points);
        assert!(grid.first.len() < 2_000, "{} cells", grid.first.len());
        assert_eq!(grid.nearest(&points, Point::new(35.0011, -85.3), 500.0, |_| true).map(|f| f.0), Some(2));
    }
}
