//! From what someone typed to places, best first.

use super::fold::errors;
use super::numbers::Asked;
use super::{Gazetteer, Place};
use crate::City;
use crate::geo::Point;
use std::collections::HashMap;

/// Words of a question that count.
const MOST_WORDS: usize = 12;
/// A place must have at least this share of what was asked, rare words counting more.
const LEAST_SHARE: f64 = 0.55;

/// A question by name.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub text: &'a str,
    /// Nearer places come first.
    pub near: Option<Point>,
    pub limit: usize,
}

/// What an entry has of the question.
#[derive(Clone, Default)]
struct Hit {
    /// By word of the question, how well it is matched.
    quality: [f32; MOST_WORDS],
}

impl City {
    /// Places that fit a text, best first; an empty list when nothing does.
    #[must_use]
    pub fn geocode(&self, query: Query) -> Vec<Place> {
        let g = &self.gazetteer;
        let question = Asked::of(query.text, MOST_WORDS);
        let asked = &question.words;
        let weights: Vec<f64> = asked.iter().map(|w| g.rarity(w)).collect();
        let total: f64 = weights.iter().sum();
        let mut hits: HashMap<u32, Hit> = HashMap::new();
        for (i, word) in asked.iter().enumerate() {
            g.matches(word, |entry, quality| {
                let slot = &mut hits.entry(entry).or_default().quality[i];
                *slot = slot.max(quality);
            });
        }
        let mut found: Vec<(f64, u32, Option<usize>)> = Vec::new();
        for (entry, hit) in hits {
            let house = g.house(entry, &question);
            let share = |i: usize| {
                if house.as_ref().is_some_and(|(_, words)| words.contains(&i)) {
                    1.0
                } else {
                    f64::from(hit.quality[i])
                }
            };
            let got: f64 = (0..asked.len()).map(|i| share(i) * weights[i]).sum::<f64>() / total.max(1e-9);
            if got >= LEAST_SHARE {
                let score = got * 0.8 + self.bonus(entry, &hit, &query);
                found.push((score, entry, house.map(|h| h.0)));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(query.limit.min(100));
        found.into_iter().filter_map(|(score, entry, house)| self.answer(entry, house, score, &query)).collect()
    }

    /// What fame, nearness and completeness add, 0 to 0.2.
    fn bonus(&self, entry: u32, hit: &Hit, query: &Query) -> f64 {
        let e = &self.gazetteer.entries[entry as usize];
        let matched = hit.quality.iter().filter(|q| **q > 0.0).count() as f64;
        let complete = (matched / f64::from(e.words.max(1))).min(1.0);
        let near = query.near.filter(|p| p.is_valid()).map_or(0.0, |p| 1.0 / (1.0 + e.at.point().metres_to(p) / 800.0));
        0.09 * complete + 0.05 * f64::from(e.weight) / 255.0 + 0.06 * near
    }

    fn answer(&self, entry: u32, house: Option<usize>, score: f64, query: &Query) -> Option<Place> {
        let g = &self.gazetteer;
        let mut place = self.place(entry)?;
        if let Some(house) = house {
            place.at = g.houses[house].point();
            g.names.get(g.house_number[house]).clone_into(&mut place.number);
            place.street.clone_from(&place.name);
            (place.key, place.value) = ("building".to_owned(), "yes".to_owned());
            place.name = format!("{} {}", place.street, place.number);
        }
        place.score = score;
        place.metres = query.near.map(|p| p.metres_to(place.at));
        Some(place)
    }
}

impl Gazetteer {
    fn row(&self, word: usize) -> &[u32] {
        &self.posts[self.first[word] as usize..self.first[word + 1] as usize]
    }

    /// How telling a word is: one that many places share says little; a house number says little too.
    fn rarity(&self, word: &str) -> f64 {
        let known = self.find(word).map_or(0, |w| self.row(w).len());
        let digits = word.starts_with(|c: char| c.is_ascii_digit());
        let rare = (1.0 + self.entries.len() as f64 / (1.0 + known as f64)).ln();
        if digits { rare.min(1.5) } else { rare.max(0.3) }
    }

    fn find(&self, word: &str) -> Option<usize> {
        let (mut low, mut high) = (1, self.words.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.words.get(middle as u32).cmp(word) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Calls with every entry that has the word or one like it, and how like it is (0 to 1).
    fn matches(&self, word: &str, mut found: impl FnMut(u32, f32)) {
        let asked: Vec<char> = word.chars().take(40).collect();
        let most = match asked.len() {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let exact = self.find(word);
        for known in 1..self.words.len() {
            let text = self.words.get(known as u32);
            let quality = if Some(known) == exact {
                1.0
            } else if text.len() > word.len() && word.len() > 1 && text.starts_with(word) {
                0.6 + 0.35 * word.len() as f32 / text.len() as f32
            } else if most > 0 && text.len().abs_diff(word.len()) <= 2 * most {
                let letters: Vec<char> = text.chars().collect();
                match errors(&asked, &letters, most) {
                    Some(count) => 0.85 - 0.15 * count as f32,
                    None => continue,
                }
            } else {
                continue;
            };
            self.row(known).iter().for_each(|&e| found(e, quality));
        }
    }

    /// The house of a street that the question names, and the words that name it.
    fn house(&self, entry: u32, question: &Asked) -> Option<(usize, Vec<usize>)> {
        let row = self.house_first[entry as usize] as usize..self.house_first[entry as usize + 1] as usize;
        if row.is_empty() {
            return None;
        }
        let numbers = self.house_number[row.clone()].iter().map(|n| self.names.get(*n));
        let (house, words) = question.house(self.names.get(self.entries[entry as usize].name), numbers)?;
        Some((row.start + house, words))
    }
}
