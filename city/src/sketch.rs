//! The city as a small picture: for looking at, not for measuring.

use crate::City;
use crate::geo::Point;
use crate::network::Class;
use std::fmt::Write;

impl City {
    /// Streets, bus lines and stops as an SVG document of the width given.
    #[must_use]
    pub fn sketch(&self, width: f64) -> String {
        let b = self.bounds();
        let shrink = b.centre().lat.to_radians().cos();
        let scale = width / ((b.east - b.west) * shrink).max(1e-9);
        let place = |p: Point| ((p.lon - b.west) * shrink * scale, (b.north - p.lat) * scale);
        let line = |points: &mut dyn Iterator<Item = Point>| {
            points.map(place).fold(String::new(), |mut text, (x, y)| {
                _ = write!(text, "{x:.1},{y:.1} ");
                text
            })
        };
        let height = (b.north - b.south) * scale;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\"><rect width=\"100%\" height=\"100%\" fill=\"#f4f1ea\"/>"
        );
        for segment in 0..self.network.segments() as u32 {
            let class = self.network.manner(segment).class;
            let (colour, wide) = match class {
                c if c <= Class::Secondary as u8 => ("#e8b04b", 4.0),
                c if c <= Class::Tertiary as u8 => ("#ffffff", 4.0),
                c if c >= Class::Track as u8 => ("#8fb58a", 1.0),
                _ => ("#ffffff", 2.0),
            };
            let points = line(&mut self.network.shape(segment).iter().map(|c| c.point()));
            _ = write!(
                svg,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{wide}\"/>"
            );
        }
        for pattern in 0..self.timetable.patterns.len() as u32 {
            let p = &self.timetable.patterns[pattern as usize];
            let points = line(&mut self.ride_shape(pattern, 0, p.len - 1).into_iter());
            let colour = self.timetable.lines[p.line as usize].colour;
            _ = write!(
                svg,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"#{colour:06x}\" stroke-width=\"2\"/>"
            );
        }
        for stop in self.timetable.stops.iter().take(self.timetable.real_stops()) {
            let (x, y) = place(stop.point());
            _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\" fill=\"#333\"/>");
        }
        svg.push_str("</svg>");
        svg
    }
}
