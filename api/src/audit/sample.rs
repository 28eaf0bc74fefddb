//! Which of very many like lines are written. Whoever is refused or looks on can do so a million times, and nobody may fill
//! the disk with it: of the lines of one kind about one thing the first of each hour are written, then
//! those whose count has doubled, each with the count so far; so many and no more of one kind altogether.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use moka::sync::Cache as Memory;

use crate::{audit::Deed, clock::Instant};

/// So many lines about one thing come one by one.
const FIRST: u64 = 10;
/// So many lines of one kind come in an hour, before only those that double.
const OF_A_KIND: u64 = 1_000;
const HOUR: i64 = 3600;

/// The counts of this process; each replica has its own.
pub struct Samples(Memory<(Deed, String, i64), Arc<AtomicU64>>);

impl Default for Samples {
    fn default() -> Self {
        let kept = Duration::from_secs(2 * HOUR.unsigned_abs());
        Self(Memory::builder().max_capacity(100_000).time_to_live(kept).build())
    }
}

impl Samples {
    /// Counts something of this kind about `thing`; tells how many there have been in this hour, if a line is due.
    pub fn count(&self, deed: Deed, thing: &str, now: Instant) -> Option<u64> {
        let count = self.next(deed, thing.to_owned(), now);
        if !is_due(count, FIRST) {
            return None;
        }
        // No thing is called so: the count of all.
        is_due(self.next(deed, String::new(), now), OF_A_KIND).then_some(count)
    }

    fn next(&self, deed: Deed, thing: String, now: Instant) -> u64 {
        self.0.get_with((deed, thing, now.timestamp() / HOUR), Arc::default).fetch_add(1, Relaxed) + 1
    }
}

fn is_due(count: u64, first: u64) -> bool {
    count <= first || (count.is_multiple_of(first) && (count / first).is_power_of_two())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_million_of_a_kind_leave_few_lines_and_the_next_hour_begins_anew() {
        let (samples, now) = (Samples::default(), Clock::system().now());
        let written: Vec<u64> = (0..1_000_000).filter_map(|_| samples.count(Deed::SignInRefused, "one", now)).collect();
        assert_eq!(written[..12], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 40]);
        assert!(written.len() < 40, "{}", written.len());
        let later = now + TimeDelta::hours(1);
        assert_eq!(samples.count(Deed::SignInRefused, "one", later), Some(1));
    }

    #[test]
    fn many_things_of_a_kind_are_bounded_altogether() {
        let (samples, now) = (Samples::default(), Clock::system().now());
        let written = (0..50_000).filter(|i| samples.count(Deed::SignInRefused, &i.to_string(), now).is_some());
        assert!((1_000..1_020).contains(&written.count()));
        assert_eq!(samples.count(Deed::Forbidden, "1", now), Some(1));
    }
}
