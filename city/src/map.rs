//! The city's own map: its streets as lines, joined where one goes on into the next, as few and as short as can be.
//!
//! For a screen without any other map under it. Not for routing: who may go where is left out.

use crate::City;
use crate::geo::Point;
use serde::Serialize;
use std::collections::BTreeMap;

/// What kind of street, as a map draws it; in the order of importance.
pub const STREET_CLASSES: [&str; 13] = [
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "street",
    "living",
    "service",
    "track",
    "cycleway",
    "path",
    "steps",
    "ferry",
];

/// All that is called by one name and is of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Street<'a> {
    /// One of `STREET_CLASSES`.
    pub class: &'static str,
    /// Empty for those without a name.
    pub name: &'a str,
    pub lines: Vec<Vec<Point>>,
}

impl City {
    /// All streets, the most important first, then by name.
    #[must_use]
    pub fn streets(&self) -> Vec<Street<'_>> {
        let n = &self.network;
        let mut alike: BTreeMap<(u8, &str), Vec<u32>> = BTreeMap::new();
        for segment in 0..n.segments() as u32 {
            alike.entry((n.manner(segment).class, n.name(segment))).or_default().push(segment);
        }
        let street = |((class, name), segments): ((u8, _), Vec<u32>)| {
            let class = STREET_CLASSES.get(usize::from(class)).copied().unwrap_or("path");
            Street { class, name, lines: self.joined(&segments) }
        };
        alike.into_iter().map(street).collect()
    }

    /// Lines over all the segments, each used once: from every free end on for as long as there is a next one.
    fn joined(&self, segments: &[u32]) -> Vec<Vec<Point>> {
        let n = &self.network;
        let mut at: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &s in segments {
            n.ends[s as usize].iter().for_each(|j| at.entry(*j).or_default().push(s));
        }
        let mut used: std::collections::HashSet<u32> = std::collections::HashSet::new();
        // Ends of a street first; what is left then are circles.
        let ends = segments.iter().copied().filter(|s| n.ends[*s as usize].iter().any(|j| at[j].len() == 1));
        let mut lines = Vec::new();
        for start in ends.chain(segments.iter().copied()) {
            if !used.insert(start) {
                continue;
            }
            let [a, b] = n.ends[start as usize];
            let mut here = if at[&a].len() == 1 { b } else { a };
            let mut line: Vec<Point> = n.shape(start).iter().map(|c| c.point()).collect();
            if here == a {
                line.reverse();
            }
            while let Some(next) = at[&here].iter().copied().find(|s| used.insert(*s)) {
                let [a, b] = n.ends[next as usize];
                let shape = n.shape(next).iter().map(|c| c.point());
                if a == here {
                    line.extend(shape.skip(1))
                } else {
                    line.extend(shape.rev().skip(1))
                }
                here = if a == here { b } else { a };
            }
            lines.push(line);
        }
        lines
    }
}
