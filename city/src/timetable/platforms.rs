//! Stops taken apart where rules about changes tell lines or trips apart.
//!
//! The search keeps one label for each stop, whatever brought one there. Where a rule holds for some lines or trips only, the
//! stop becomes several platforms, one for each set of such rules that a call comes under, and changes are between
//! platforms: so the search stays as it is, and exact. Platform 0 of a stop is the stop itself.

use super::feed::{ChangeRule, Feed, Side};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rules, by number, under which a call comes: arriving and departing.
type Under = [Vec<u32>; 2];

#[derive(Default)]
pub(super) struct Platforms {
    /// Stop and line, stop and row of `trips.txt` → rules.
    by_line: HashMap<(u32, u32), Under>,
    by_trip: HashMap<(u32, u32), Under>,
    numbers: BTreeMap<(u32, Under), u32>,
    /// Stop → its first platform after the stop itself; as many as stops, and one more.
    pub first: Vec<u32>,
    under: Vec<Under>,
}

fn is_special(side: &Side) -> bool {
    side.line.is_some() || side.trip.is_some()
}

impl Platforms {
    pub fn of(feed: &Feed) -> Self {
        let mut made = Self::default();
        for (number, rule) in (0..).zip(&feed.changes) {
            for (which, side) in [&rule.from, &rule.to].into_iter().enumerate() {
                let under = match (side.trip, side.line) {
                    (Some(trip), _) => made.by_trip.entry((side.stop, trip)).or_default(),
                    (None, Some(line)) => made.by_line.entry((side.stop, line)).or_default(),
                    (None, None) => continue,
                };
                under[which].push(number);
            }
        }
        made.number(feed);
        made
    }

    fn number(&mut self, feed: &Feed) {
        let mut all: BTreeSet<(u32, Under)> = BTreeSet::new();
        if !self.by_line.is_empty() || !self.by_trip.is_empty() {
            for trip in &feed.trips {
                let calls = trip.times.iter().filter(|c| (c.stop as usize) < feed.stops.len());
                all.extend(calls.filter_map(|c| Some((c.stop, self.under(c.stop, trip.line, trip.row)?))));
            }
        }
        let stops = feed.stops.len() as u32;
        self.first = vec![0; feed.stops.len() + 1];
        all.iter().for_each(|(stop, _)| self.first[*stop as usize + 1] += 1);
        self.first[0] = stops;
        (1..self.first.len()).for_each(|i| self.first[i] += self.first[i - 1]);
        self.under = all.iter().map(|a| a.1.clone()).collect();
        self.numbers = all.into_iter().zip(stops..).collect();
    }

    fn under(&self, stop: u32, line: u32, trip: u32) -> Option<Under> {
        let [by_line, by_trip] = [self.by_line.get(&(stop, line)), self.by_trip.get(&(stop, trip))];
        if by_line.is_none() && by_trip.is_none() {
            return None;
        }
        let mut under = by_line.cloned().unwrap_or_default();
        for (all, more) in under.iter_mut().zip(by_trip.into_iter().flatten()) {
            all.extend(more);
            all.sort_unstable();
        }
        Some(under)
    }

    /// The platform of a call.
    pub fn of_call(&self, stop: u32, line: u32, trip: u32) -> u32 {
        if self.numbers.is_empty() {
            return stop;
        }
        let under = self.under(stop, line, trip);
        under.and_then(|u| self.numbers.get(&(stop, u)).copied()).unwrap_or(stop)
    }

    /// All platforms of a stop.
    pub fn all(&self, stop: u32) -> impl Iterator<Item = u32> + Clone {
        std::iter::once(stop).chain(self.first[stop as usize]..self.first[stop as usize + 1])
    }

    /// Whether a rule between the stops of two platforms holds between the platforms.
    pub fn fits(&self, number: u32, rule: &ChangeRule, from: u32, to: u32) -> bool {
        let stops = self.first.len() as u32 - 1;
        let holds = |platform: u32, side: &Side, which: usize| {
            !is_special(side)
                || platform
                    .checked_sub(stops)
                    .and_then(|p| self.under.get(p as usize))
                    .is_some_and(|u| u[which].contains(&number))
        };
        holds(from, &rule.from, 0) && holds(to, &rule.to, 1)
    }
}
