//! Positions on the ground: degrees outside, fixed point inside, metres between.
//!
//! Distances use a flat projection at the mean latitude: within a city (≤ 200 km) that agrees with the
//! great circle to far better than the maps themselves. Nothing here works across the date line.

use crate::file::stored;
use serde::Serialize;

/// Mean radius of the Earth in metres (IUGG R1).
const EARTH_METRES: f64 = 6_371_008.8;
/// Metres for one degree of latitude.
pub(crate) const DEGREE_METRES: f64 = EARTH_METRES * std::f64::consts::PI / 180.0;

/// A position in degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    pub lat: f64,
    pub lon: f64,
}

impl Point {
    /// A position from latitude and longitude in degrees (in this order).
    #[must_use]
    pub fn new(lat: f64, lon: f64) -> Self {
        Self { lat, lon }
    }

    /// Whether both numbers are finite and on the globe.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.lat.is_finite() && self.lon.is_finite() && self.lat.abs() <= 90.0 && self.lon.abs() <= 180.0
    }

    /// Metres to another position.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let shrink = ((self.lat + other.lat) / 2.0).to_radians().cos();
        let y = (other.lat - self.lat) * DEGREE_METRES;
        let x = (other.lon - self.lon) * DEGREE_METRES * shrink;
        x.hypot(y)
    }

    /// The direction towards another position: degrees clockwise from north, 0 ≤ b < 360.
    #[must_use]
    pub fn bearing_to(self, other: Self) -> f64 {
        let shrink = ((self.lat + other.lat) / 2.0).to_radians().cos();
        let y = other.lat - self.lat;
        let x = (other.lon - self.lon) * shrink;
        let degrees = x.atan2(y).to_degrees();
        if degrees < 0.0 { degrees + 360.0 } else { degrees }
    }

    /// The position `share` (0 to 1) of the way to another.
    #[must_use]
    pub fn towards(self, other: Self, share: f64) -> Self {
        Self { lat: self.lat + (other.lat - self.lat) * share, lon: self.lon + (other.lon - self.lon) * share }
    }

    /// The position so many metres to the east and north.
    #[must_use]
    pub fn shifted(self, east: f64, north: f64) -> Self {
        let shrink = self.lat.to_radians().cos().max(1e-6);
        Self { lat: self.lat + north / DEGREE_METRES, lon: self.lon + east / (DEGREE_METRES * shrink) }
    }
}

/// A position as the file keeps it: ten-millionths of a degree (about a centimetre).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct Coord {
    pub lat: i32,
    pub lon: i32,
}
stored!(Coord { lat, lon });

impl Coord {
    pub fn point(self) -> Point {
        Point { lat: f64::from(self.lat) * 1e-7, lon: f64::from(self.lon) * 1e-7 }
    }

    pub fn metres_to(self, other: Self) -> f64 {
        self.point().metres_to(other.point())
    }
}

impl From<Point> for Coord {
    /// Out-of-range numbers saturate and NaN becomes 0: callers check `is_valid` where it matters.
    fn from(p: Point) -> Self {
        Self { lat: (p.lat * 1e7).round() as i32, lon: (p.lon * 1e7).round() as i32 }
    }
}

/// A rectangle of latitudes and longitudes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    pub south: f64,
    pub west: f64,
    pub north: f64,
    pub east: f64,
}

impl Bounds {
    /// The smallest rectangle around all points, or nothing for none.
    pub fn around(points: impl IntoIterator<Item = Point>) -> Option<Self> {
        let mut points = points.into_iter();
        let p = points.next()?;
        let mut b = Self { south: p.lat, north: p.lat, west: p.lon, east: p.lon };
        for p in points {
            b.south = b.south.min(p.lat);
            b.north = b.north.max(p.lat);
            b.west = b.west.min(p.lon);
            b.east = b.east.max(p.lon);
        }
        Some(b)
    }

    /// Whether the point lies inside or on the edge.
    #[must_use]
    pub fn contains(&self, p: Point) -> bool {
        p.lat >= self.south && p.lat <= self.north && p.lon >= self.west && p.lon <= self.east
    }

    /// The rectangle with `metres` added on each side.
    #[must_use]
    pub fn grown(&self, metres: f64) -> Self {
        let low = Point::new(self.south, self.west).shifted(-metres, -metres);
        let high = Point::new(self.north, self.east).shifted(metres, metres);
        Self { south: low.lat, west: low.lon, north: high.lat, east: high.lon }
    }

    /// The middle.
    #[must_use]
    pub fn centre(&self) -> Point {
        Point::new((self.south + self.north) / 2.0, (self.west + self.east) / 2.0)
    }
}

/// Length of a line in metres.
#[must_use]
pub fn line_metres(line: &[Point]) -> f64 {
    line.windows(2).map(|w| w[0].metres_to(w[1])).sum()
}

/// Google's encoded polyline with five decimals, as maps and peers read it.
#[must_use]
pub fn encode_polyline(line: &[Point]) -> String {
    let mut out = String::with_capacity(line.len() * 6);
    let (mut lat, mut lon) = (0i64, 0i64);
    for p in line {
        let (y, x) = ((p.lat * 1e5).round() as i64, (p.lon * 1e5).round() as i64);
        push_varint(&mut out, y - lat);
        push_varint(&mut out, x - lon);
        (lat, lon) = (y, x);
    }
    out
}

fn push_varint(out: &mut String, value: i64) {
    let mut v = ((value << 1) ^ (value >> 63)) as u64;
    while v >= 0x20 {
        out.push(char::from((0x20 | (v & 0x1f)) as u8 + 63));
        v >>= 5;
    }
    out.push(char::from(v as u8 + 63));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polyline_reads_like_the_published_example() {
        let line = [Point::new(38.5, -120.2), Point::new(40.7, -120.95), Point::new(43.252, -126.453)];
        assert_eq!(encode_polyline(&line), "_p~iF~ps|U_ulLnnqC_mqNvxq`@");
    }

    #[test]
    fn a_shift_and_the_way_back_agree() {
        let p = Point::new(-30.03, -51.2);
        let q = p.shifted(300.0, 400.0);
        assert!((p.metres_to(q) - 500.0).abs() < 0.1);
        assert!((p.bearing_to(q) - 36.87).abs() < 0.1);
    }

    #[test]
    fn fixed_point_keeps_a_centimetre() {
        let p = Point::new(-30.123_456_78, -51.987_654_32);
        assert!(Coord::from(p).point().metres_to(p) < 0.02);
    }
}
