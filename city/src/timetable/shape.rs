//! Where along its shape a trip calls: by `shape_dist_traveled` where that is given and holds, else by the best match of
//! the whole sequence of stops.

use super::feed::FeedShape;
use crate::geo::{Coord, DEGREE_METRES};

/// A stated distance is believed when its place is at most this much farther from the stop than the shape's nearest one.
const BELIEVED_METRES: f64 = 250.0;
/// Metres beside a stop that a metre of way more must save: of two passes that are equally near, the shorter way.
const DETOUR: f64 = 0.002;
/// Stops times pieces of line, at most: more are no shape of an honest feed.
const MOST_CELLS: usize = 20_000_000;

/// A line on the plane, with the metres to each of its points.
struct Line {
    points: Vec<[f64; 2]>,
    sums: Vec<f64>,
}

/// A place on a line: metres along it, and from the stop.
#[derive(Clone, Copy)]
struct Spot {
    along: f64,
    off: f64,
}

impl Line {
    fn of(points: &[Coord], shrink: f64) -> Self {
        let points: Vec<[f64; 2]> = points.iter().map(|p| flat(*p, shrink)).collect();
        let mut sums = vec![0.0; points.len()];
        for i in 1..points.len() {
            let [a, b] = [points[i - 1], points[i]];
            sums[i] = sums[i - 1] + (b[0] - a[0]).hypot(b[1] - a[1]);
        }
        Self { points, sums }
    }

    fn pieces(&self) -> usize {
        self.points.len() - 1
    }

    fn total(&self) -> f64 {
        self.sums[self.pieces()]
    }

    /// The place of a piece nearest to a point, at `least` metres along the line or after.
    fn nearest(&self, piece: usize, [x, y]: [f64; 2], least: f64) -> Spot {
        let [a, b] = [self.points[piece], self.points[piece + 1]];
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = self.sums[piece + 1] - self.sums[piece];
        if length <= 0.0 {
            return Spot { along: self.sums[piece], off: (x - a[0]).hypot(y - a[1]) };
        }
        let share = ((x - a[0]) * dx + (y - a[1]) * dy) / (length * length);
        let share = share.max((least - self.sums[piece]) / length).clamp(0.0, 1.0);
        let (ex, ey) = (x - a[0] - dx * share, y - a[1] - dy * share);
        let off = (ex * ex + ey * ey).sqrt();
        Spot { along: self.sums[piece] + share * length, off }
    }

    fn piece_at(&self, along: f64) -> usize {
        self.sums.partition_point(|s| *s <= along).saturating_sub(1).min(self.pieces() - 1)
    }
}

fn flat(c: Coord, shrink: f64) -> [f64; 2] {
    let p = c.point();
    [p.lon * DEGREE_METRES * shrink, p.lat * DEGREE_METRES]
}

/// Metres along a shape for each stop in order, never decreasing; nothing for a shape that can't be used.
/// `travelled`: `shape_dist_traveled` of the stops.
pub(super) fn along(shape: &FeedShape, stops: &[Coord], travelled: &[Option<f32>]) -> Option<Vec<f32>> {
    let middle = shape.points.get(shape.points.len() / 2)?;
    let shrink = middle.point().lat.to_radians().cos();
    let line = Line::of(&shape.points, shrink);
    if shape.points.len() < 2 || line.total() <= 0.0 || stops.len() * line.pieces() > MOST_CELLS {
        return None;
    }
    let stops: Vec<[f64; 2]> = stops.iter().map(|s| flat(*s, shrink)).collect();
    let given = stated(shape, &line, &stops, travelled);
    Some(matched(&line, &stops, &given).into_iter().map(|metres| metres as f32).collect())
}

/// The places that `shape_dist_traveled` names, where they are believable and don't run backwards.
fn stated(shape: &FeedShape, line: &Line, stops: &[[f64; 2]], travelled: &[Option<f32>]) -> Vec<Option<f64>> {
    let mut latest = 0.0;
    let place = |(stop, travelled): (&[f64; 2], &Option<f32>)| {
        let along = metres_of(&shape.travelled, &line.sums, (*travelled)?)?;
        let there = line.nearest(line.piece_at(along), *stop, along);
        let off = if (there.along - along).abs() < 0.5 { there.off } else { off_at(line, along, *stop) };
        let nearest = (0..line.pieces()).map(|p| line.nearest(p, *stop, 0.0).off).fold(f64::INFINITY, f64::min);
        let believed = along >= latest && off <= nearest + BELIEVED_METRES;
        latest = if believed { along } else { latest };
        believed.then_some(along)
    };
    stops.iter().zip(travelled).map(place).collect()
}

fn off_at(line: &Line, along: f64, [x, y]: [f64; 2]) -> f64 {
    let piece = line.piece_at(along);
    let [a, b] = [line.points[piece], line.points[piece + 1]];
    let length = line.sums[piece + 1] - line.sums[piece];
    let share = if length > 0.0 { (along - line.sums[piece]) / length } else { 0.0 };
    (x - a[0] - (b[0] - a[0]) * share).hypot(y - a[1] - (b[1] - a[1]) * share)
}

/// Metres along the line of a distance in the feed's unit; nothing beyond the shape's ends.
fn metres_of(travelled: &[f32], sums: &[f64], stated: f32) -> Option<f64> {
    let (first, last) = (*travelled.first()?, *travelled.last()?);
    let slack = (last - first) * 0.01;
    if last <= first || stated < first - slack || stated > last + slack {
        return None;
    }
    let after = travelled.partition_point(|t| *t < stated).clamp(1, travelled.len() - 1);
    let (low, high) = (travelled[after - 1], travelled[after]);
    let share = if high > low { f64::from((stated - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 };
    Some(sums[after - 1] + (sums[after] - sums[after - 1]) * share)
}

/// The places in order that lie nearest to the stops, all taken together. A stop with a given place stays there.
fn matched(line: &Line, stops: &[[f64; 2]], given: &[Option<f64>]) -> Vec<f64> {
    let pieces = line.pieces();
    // Piece → the cheapest way to have the stops so far, the last of them on this piece.
    let mut cost = vec![0.0; pieces];
    let mut place = vec![0.0; pieces];
    let mut came: Vec<u32> = Vec::with_capacity(stops.len() * pieces);
    let mut places: Vec<f64> = Vec::with_capacity(stops.len() * pieces);
    for (i, stop) in stops.iter().enumerate() {
        let end = (usize::from(i + 1 == stops.len()) as f64 - usize::from(i == 0) as f64) * DETOUR;
        let (mut best, mut from) = (f64::INFINITY, 0);
        for piece in 0..pieces {
            let before = cost[piece];
            let free = spot(line, piece, *stop, given[i], 0.0);
            let bound = i > 0 && free.along < place[piece];
            let stay = if bound { spot(line, piece, *stop, given[i], place[piece]) } else { free };
            // Coming from an earlier piece nothing binds the place on this one.
            let (way, parent, here) =
                if i > 0 && best + free.off < before + stay.off { (best, from, free) } else { (before, piece, stay) };
            if i > 0 && before < best {
                (best, from) = (before, piece);
            }
            came.push(parent as u32);
            places.push(here.along);
            cost[piece] = way + here.off + end * here.along;
            place[piece] = here.along;
        }
    }
    let mut piece = (0..pieces).fold(0, |best, p| if cost[p] < cost[best] { p } else { best });
    let mut out = vec![0.0; stops.len()];
    for i in (0..stops.len()).rev() {
        out[i] = places[i * pieces + piece];
        piece = came[i * pieces + piece] as usize;
    }
    // Where nothing fits in order, the stop before holds.
    for i in 1..out.len() {
        out[i] = out[i].max(out[i - 1]);
    }
    out
}

fn spot(line: &Line, piece: usize, stop: [f64; 2], given: Option<f64>, least: f64) -> Spot {
    match given {
        None => line.nearest(piece, stop, least),
        Some(along) if line.piece_at(along) == piece && along + 0.5 >= least => Spot { along, off: 0.0 },
        Some(_) => Spot { along: line.sums[piece], off: f64::INFINITY },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Point;

    fn at(x: f64, y: f64) -> Coord {
        Point::new(45.0, 5.0).shifted(x, y).into()
    }

    fn shape(points: &[(f64, f64)], travelled: &[f32]) -> FeedShape {
        FeedShape { points: points.iter().map(|p| at(p.0, p.1)).collect(), travelled: travelled.to_vec() }
    }

    fn metres(shape: &FeedShape, stops: &[(f64, f64)], travelled: &[Option<f32>]) -> Vec<i64> {
        let places: Vec<Coord> = stops.iter().map(|s| at(s.0, s.1)).collect();
        let none = vec![None; stops.len()];
        let along = along(shape, &places, if travelled.is_empty() { &none } else { travelled }).unwrap();
        along.into_iter().map(|m| m.round() as i64).collect()
    }

    #[test]
    fn a_trip_may_begin_and_end_anywhere_on_its_shape() {
        let long = shape(&[(0.0, 0.0), (5000.0, 0.0), (9000.0, 0.0)], &[]);
        assert_eq!(metres(&long, &[(6000.0, 5.0), (7000.0, -5.0), (8000.0, 5.0)], &[]), [6000, 7000, 8000]);
    }

    #[test]
    fn a_stated_distance_tells_the_way_out_from_the_way_back() {
        let (there, stops) = (
            shape(&[(0.0, 0.0), (10_000.0, 0.0), (0.0, 0.0)], &[0.0, 10.0, 20.0]),
            [(0.0, 0.0), (5000.0, 0.0), (0.0, 0.0)],
        );
        assert_eq!(metres(&there, &stops, &[Some(0.0), Some(15.0), Some(20.0)]), [0, 15_000, 20_000]);
        assert_eq!(metres(&there, &stops, &[Some(0.0), None, Some(20.0)])[0], 0);
    }

    #[test]
    fn a_stated_distance_in_another_unit_is_not_believed() {
        let line = shape(&[(0.0, 0.0), (4000.0, 0.0)], &[0.0, 4000.0]);
        let stops = [(0.0, 3.0), (2000.0, 3.0), (4000.0, 3.0)];
        assert_eq!(metres(&line, &stops, &[Some(0.0), Some(2.0), Some(4.0)]), [0, 2000, 4000]);
    }

    #[test]
    fn the_whole_sequence_decides_where_a_line_passes_twice() {
        // Out along y = 0, back along y = 10: the stops on the way back lie nearer to the way out.
        let there = shape(&[(0.0, 0.0), (3000.0, 0.0), (3000.0, 10.0), (0.0, 10.0)], &[]);
        let stops = [(0.0, 0.0), (1000.0, 0.0), (3000.0, 0.0), (2000.0, 4.0), (1000.0, 4.0)];
        assert_eq!(metres(&there, &stops, &[]), [0, 1000, 3000, 4010, 5010]);
        // A trip that ends before the way back doesn't take the loop along, though its last stop is nearer to it.
        assert_eq!(metres(&there, &[(0.0, 0.0), (1000.0, 5.5)], &[]), [0, 1000]);
    }

    #[test]
    fn stops_that_lie_in_the_wrong_order_never_run_backwards() {
        let line = shape(&[(0.0, 0.0), (1000.0, 0.0)], &[]);
        let along = metres(&line, &[(700.0, 0.0), (300.0, 0.0), (900.0, 0.0)], &[]);
        assert!(along.windows(2).all(|w| w[0] <= w[1]), "{along:?}");
    }
}
