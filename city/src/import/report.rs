//! What an import took, dropped, and why.

use crate::City;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Counts by what they count; the same input gives the same report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was found or made.
    pub taken: BTreeMap<String, u64>,
    /// What was left out or mended: reason and how often.
    pub dropped: BTreeMap<String, u64>,
    /// One example for each reason.
    pub examples: BTreeMap<String, String>,
}

impl Report {
    pub(crate) fn take(&mut self, what: &str, count: usize) {
        *self.taken.entry(what.to_owned()).or_default() += count as u64;
    }

    pub(crate) fn drop(&mut self, reason: &str, example: impl fmt::Display) {
        let count = self.dropped.entry(reason.to_owned()).or_default();
        *count += 1;
        if *count == 1 {
            self.examples.insert(reason.to_owned(), example.to_string().chars().take(120).collect());
        }
    }

    /// Adds what another report holds.
    pub(crate) fn add(&mut self, other: Self) {
        other.taken.into_iter().for_each(|(what, n)| *self.taken.entry(what).or_default() += n);
        other.dropped.into_iter().for_each(|(why, n)| *self.dropped.entry(why).or_default() += n);
        other.examples.into_iter().for_each(|(why, e)| _ = self.examples.entry(why).or_insert(e));
    }

    /// The three most frequent reasons for leaving something out, as the end of a sentence.
    pub(crate) fn reasons(&self) -> String {
        let mut most: Vec<_> = self.dropped.iter().collect();
        most.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let told = most.iter().take(3).map(|(why, n)| match self.examples.get(*why) {
            Some(example) if !example.is_empty() => format!("{n} {why} (such as {example})"),
            _ => format!("{n} {why}"),
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { String::new() } else { format!(": {}", told.join("; ")) }
    }

    pub(crate) fn note_city(&mut self, city: &City) {
        self.take("junctions", city.network.junctions.len());
        self.take("segments", city.network.segments());
        self.take("stops", city.timetable.stops.len());
        self.take("stops on streets", city.timetable.snaps.iter().flatten().count());
        self.take("trips", city.timetable.trips.len());
        self.take("patterns", city.timetable.patterns.len());
        for (v, word) in ["foot", "bike", "car"].iter().enumerate() {
            let usable = city.network.usable.iter().filter(|u| **u & (1 << v) != 0).count();
            self.take(&format!("segments usable by {word}"), usable);
            let all =
                city.network.manner.iter().filter(|m| city.network.manners[**m as usize].speed[v] != [0, 0]).count();
            if all > usable {
                self.dropped
                    .insert(format!("segments for {word} not connected to the main network"), (all - usable) as u64);
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "taken")?;
        self.taken.iter().try_for_each(|(what, n)| writeln!(f, "{n:>10}  {what}"))?;
        if !self.dropped.is_empty() {
            writeln!(f, "dropped or mended")?;
        }
        self.dropped.iter().try_for_each(|(why, n)| {
            write!(f, "{n:>10}  {why}")?;
            match self.examples.get(why) {
                Some(e) if !e.is_empty() => writeln!(f, " (such as {e})"),
                _ => writeln!(f),
            }
        })
    }
}
