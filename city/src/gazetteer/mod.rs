//! Names to places and back: streets with house numbers, shops, landmarks, districts, stops.
//!
//! Folding makes accents and case irrelevant; a typing error is borne in words of four letters, two in longer ones.
//! Words are compared as written: no synonyms, no translations, no sounds.

mod build;
mod fold;
mod lookup;
mod numbers;
mod reverse;

pub(crate) use build::build;
pub use lookup::Query;

use crate::City;
use crate::error::FileError;
use crate::file::{Names, stored};
use crate::geo::{Coord, Point};
use crate::network::Grid;
use serde::Serialize;

/// A place as answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    /// Number of the entry in this city; the same for the same city file.
    pub id: u32,
    pub name: String,
    /// What it is, as OpenStreetMap says it: `amenity` and `restaurant`.
    pub key: String,
    pub value: String,
    pub street: String,
    pub number: String,
    pub district: String,
    pub at: Point,
    /// How well it fits the question, 0 to about 1; 0 where nothing was asked by name.
    pub score: f64,
    /// Metres from the point given, where one was.
    pub metres: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    pub name: u32,
    /// Number of the kind, `key=value`, among `kinds`.
    pub kind: u32,
    pub at: Coord,
    pub street: u32,
    pub number: u32,
    /// How widely known: 0 a shop, 255 a city.
    pub weight: u8,
    /// Words of its name.
    pub words: u8,
}
stored!(Entry { name, kind, at, street, number, weight, words });

#[derive(Debug, Clone, Default)]
pub(crate) struct Gazetteer {
    pub names: Names,
    pub kinds: Names,
    pub entries: Vec<Entry>,
    /// Folded words, sorted.
    pub words: Names,
    /// Word → its range in `posts`; parallel to `words`.
    pub first: Vec<u32>,
    /// Entries that have the word.
    pub posts: Vec<u32>,
    /// Entry → its range in `houses`.
    pub house_first: Vec<u32>,
    /// House numbers of streets: name, and place.
    pub house_number: Vec<u32>,
    pub houses: Vec<Coord>,
    /// House → its street's entry.
    pub house_street: Vec<u32>,
    pub house_grid: Grid,
    pub grid: Grid,
    /// Places of the entries: what `grid` indexes.
    pub spots: Vec<Coord>,
    /// Entries that are districts.
    pub districts: Vec<u32>,
}
stored!(Gazetteer {
    names,
    kinds,
    entries,
    words,
    first,
    posts,
    house_first,
    house_number,
    houses,
    house_street,
    house_grid,
    grid,
    spots,
    districts
});

impl Gazetteer {
    pub fn check(&self) -> Result<(), FileError> {
        let rows = |first: &[u32], n: usize, end: usize| {
            first.len() == n + 1
                && first.windows(2).all(|w| w[0] <= w[1])
                && first.last().is_some_and(|&l| l as usize == end)
        };
        let n = self.entries.len();
        let ok = rows(&self.first, self.words.len(), self.posts.len())
            && self.posts.iter().all(|&p| (p as usize) < n)
            && rows(&self.house_first, n, self.houses.len())
            && self.house_number.len() == self.houses.len()
            && self.house_street.len() == self.houses.len()
            && self.house_street.iter().all(|&e| (e as usize) < n)
            && self.spots.len() == n
            && self.districts.iter().all(|&e| (e as usize) < n);
        if !ok {
            return Err(FileError::Inconsistent("gazetteer"));
        }
        self.house_grid.check(self.houses.len())?;
        self.grid.check(n)
    }
}

impl City {
    /// The place of an entry; nothing for an unknown number.
    #[must_use]
    pub fn place(&self, id: u32) -> Option<Place> {
        let g = &self.gazetteer;
        let e = g.entries.get(id as usize)?;
        let (key, value) = g.kinds.get(e.kind).split_once('=').unwrap_or_default();
        Some(Place {
            id,
            name: g.names.get(e.name).to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            street: g.names.get(e.street).to_owned(),
            number: g.names.get(e.number).to_owned(),
            district: self.district(e.at.point()).unwrap_or_default().to_owned(),
            at: e.at.point(),
            score: 0.0,
            metres: None,
        })
    }

    /// Places of a kind, such as `amenity=restaurant`, in order of number; at most `limit`.
    #[must_use]
    pub fn places_of_kind(&self, key: &str, value: &str, limit: usize) -> Vec<Place> {
        let g = &self.gazetteer;
        let kind = (0..g.kinds.len() as u32).find(|k| g.kinds.get(*k).split_once('=') == Some((key, value)));
        let all = (0..g.entries.len() as u32).filter(|e| Some(g.entries[*e as usize].kind) == kind);
        all.filter_map(|e| self.place(e)).take(limit).collect()
    }
}
