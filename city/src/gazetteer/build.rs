//! The index: entries from places, streets and stops; words from their names and kinds; houses by street.

use super::fold::words;
use super::{Entry, Gazetteer};
use crate::draft::CityDraft;
use crate::geo::Coord;
use crate::network::{Grid, Network};
use std::collections::{BTreeMap, HashMap};

/// Streets of one name farther apart than this are different streets. Metres.
const SAME_STREET: f64 = 1_500.0;

#[derive(Default)]
struct Builder {
    g: Gazetteer,
    names: HashMap<String, u32>,
    kinds: HashMap<String, u32>,
    words: BTreeMap<String, Vec<u32>>,
}

pub(crate) fn build(draft: &CityDraft, network: &Network) -> Gazetteer {
    let mut b = Builder::default();
    let streets = b.streets(network);
    for place in draft.places.iter().filter(|p| !p.name.is_empty() || p.kind.0 != "building") {
        let name = if place.name.is_empty() { place.kind.1.replace('_', " ") } else { place.name.clone() };
        let weight = match (place.kind.0.as_str(), place.kind.1.as_str()) {
            ("place", "city") => 255,
            ("place", "town" | "suburb" | "borough" | "quarter") => 200,
            ("place", _) => 150,
            ("railway", _) => 120,
            ("tourism" | "historic" | "leisure", _) => 80,
            ("amenity", "hospital" | "university" | "townhall") => 100,
            _ => 30,
        };
        let entry = b.entry(&name, &place.kind, place.at, weight);
        let (street, number) = (b.name(&place.street), b.name(&place.number));
        let e = &mut b.g.entries[entry as usize];
        (e.street, e.number) = (street, number);
        if place.kind.0 == "place"
            && matches!(place.kind.1.as_str(), "suburb" | "quarter" | "neighbourhood" | "borough")
        {
            b.g.districts.push(entry);
        }
    }
    b.stops(draft);
    b.houses(draft, &streets);
    b.finish()
}

impl Builder {
    fn name(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let names = &mut self.g.names;
        *self.names.entry(text.to_owned()).or_insert_with_key(|t| names.push(t))
    }

    fn entry(&mut self, name: &str, kind: &(String, String), at: Coord, weight: u8) -> u32 {
        let number = self.g.entries.len() as u32;
        let kinds = &mut self.g.kinds;
        let kind_number = *self.kinds.entry(format!("{}={}", kind.0, kind.1)).or_insert_with_key(|k| kinds.push(k));
        let own = words(name);
        let count = own.len().min(255) as u8;
        let kind_words = if matches!(kind.1.as_str(), "yes" | "street" | "stop") { Vec::new() } else { words(&kind.1) };
        for word in own.into_iter().chain(kind_words) {
            let posts = self.words.entry(word).or_default();
            if posts.last() != Some(&number) {
                posts.push(number);
            }
        }
        let name = self.name(name);
        self.g.entries.push(Entry { name, kind: kind_number, at, weight, words: count, ..Entry::default() });
        number
    }

    /// One entry for each street; its place is that of its middle segment.
    fn streets(&mut self, network: &Network) -> HashMap<String, Vec<(u32, Coord)>> {
        let mut by_name: BTreeMap<&str, Vec<Coord>> = BTreeMap::new();
        for segment in 0..network.segments() as u32 {
            let shape = network.shape(segment);
            let name = network.name(segment);
            if !name.is_empty() {
                by_name.entry(name).or_default().push(shape[shape.len() / 2]);
            }
        }
        let kind = ("highway".to_owned(), "street".to_owned());
        let mut streets: HashMap<String, Vec<(u32, Coord)>> = HashMap::new();
        for (name, spots) in by_name {
            let mut groups: Vec<Vec<Coord>> = Vec::new();
            for spot in spots {
                match groups.iter_mut().find(|g| g.iter().any(|c| c.metres_to(spot) < SAME_STREET)) {
                    Some(group) => group.push(spot),
                    None => groups.push(vec![spot]),
                }
            }
            for group in groups {
                let at = group[group.len() / 2];
                let entry = self.entry(name, &kind, at, 60 + group.len().min(60) as u8);
                streets.entry(name.to_owned()).or_default().push((entry, at));
            }
        }
        streets
    }

    fn stops(&mut self, draft: &CityDraft) {
        let kind = ("public_transport".to_owned(), "stop".to_owned());
        let mut seen: HashMap<&str, Vec<Coord>> = HashMap::new();
        for stop in draft.feed.stops.iter().filter(|s| !s.name.is_empty()) {
            let same = seen.entry(&stop.name).or_default();
            if same.iter().all(|c| c.metres_to(stop.at) > 300.0) {
                same.push(stop.at);
                self.entry(&stop.name, &kind, stop.at, 20);
            }
        }
    }

    fn houses(&mut self, draft: &CityDraft, streets: &HashMap<String, Vec<(u32, Coord)>>) {
        let mut houses: Vec<(u32, &str, Coord)> = Vec::new();
        for place in draft.places.iter().filter(|p| !p.number.is_empty()) {
            let options = streets.get(&place.street).map(Vec::as_slice).unwrap_or_default();
            let near = options.iter().min_by(|a, b| a.1.metres_to(place.at).total_cmp(&b.1.metres_to(place.at)));
            if let Some((street, _)) = near {
                houses.push((*street, &place.number, place.at));
            }
        }
        houses.sort_unstable();
        houses.dedup();
        self.g.house_first = vec![0; self.g.entries.len() + 1];
        for (street, number, at) in houses {
            self.g.house_first[street as usize + 1] += 1;
            let number = self.name(number);
            self.g.house_number.push(number);
            self.g.houses.push(at);
            self.g.house_street.push(street);
        }
        let first = &mut self.g.house_first;
        (1..first.len()).for_each(|i| first[i] += first[i - 1]);
    }

    fn finish(self) -> Gazetteer {
        let mut g = self.g;
        // Word 0 is the empty text: it has no entries.
        g.first = vec![0, 0];
        for (word, posts) in self.words {
            g.words.push(&word);
            g.posts.extend(posts);
            g.first.push(g.posts.len() as u32);
        }
        g.spots = g.entries.iter().map(|e| e.at).collect();
        g.grid = Grid::of_points(&g.spots);
        g.house_grid = Grid::of_points(&g.houses);
        g
    }
}
