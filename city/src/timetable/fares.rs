//! Fares as the file keeps them: prices, and the rides to which they apply.

use super::{Feed, NONE};
use crate::file::stored;

/// A price.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fare {
    /// In the minor unit of the currency, whose name's number follows.
    pub amount: u32,
    pub currency: u32,
    /// Seconds from the first boarding within which the last one must be; `NONE` for any time.
    pub seconds: u32,
    /// Number of the agency's name whose lines it is for; 0 for all of its feed.
    pub agency: u32,
    pub feed: u32,
    /// Changes included; 255 for any number.
    pub changes: u8,
    /// Whether one of its rules must fit; without rules it is for every ride.
    pub is_ruled: u8,
}
stored!(Fare { amount, currency, seconds, agency, feed, changes, is_ruled });

/// Rides to which a fare applies; zones are numbers of names, 0 for any.
#[derive(Debug, Clone, Default)]
pub(crate) struct FareRule {
    pub fare: u32,
    /// `NONE` for any.
    pub line: u32,
    pub origin: u32,
    pub destination: u32,
    /// Exactly the zones passed, in order of number; none for any.
    pub contains: Vec<u32>,
}
stored!(FareRule { fare, line, origin, destination, contains });

impl FareRule {
    pub fn is_sound(&self, fares: usize, lines: usize) -> bool {
        (self.fare as usize) < fares && (self.line == NONE || (self.line as usize) < lines)
    }
}

/// Rules stand in order of their fares.
pub(super) fn in_order(rules: &[FareRule]) -> bool {
    rules.windows(2).all(|w| w[0].fare <= w[1].fare)
}

/// A feed's fares and their rules.
pub(super) fn of(feed: &Feed, mut name: impl FnMut(&str) -> u32) -> (Vec<Fare>, Vec<FareRule>) {
    let (mut fares, mut rules) = (Vec::new(), Vec::new());
    for (number, fare) in (0..).zip(&feed.fares) {
        fares.push(Fare {
            amount: fare.amount,
            currency: name(&fare.currency),
            seconds: fare.seconds.unwrap_or(NONE),
            agency: name(&fare.agency),
            feed: fare.feed,
            changes: fare.changes,
            is_ruled: u8::from(!fare.rules.is_empty()),
        });
        for rule in &fare.rules {
            let mut contains: Vec<u32> = rule.contains.iter().map(|z| name(z)).collect();
            contains.sort_unstable();
            rules.push(FareRule {
                fare: number,
                line: rule.line.unwrap_or(NONE),
                origin: name(&rule.origin),
                destination: name(&rule.destination),
                contains,
            });
        }
    }
    (fares, rules)
}
