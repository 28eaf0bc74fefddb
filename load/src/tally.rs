//! What people met, counted as it happens.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::figures::{Figure, Figures, Latency};

/// How a request ended.
#[derive(Clone, Copy, PartialEq)]
pub enum Outcome {
    Right,
    /// Silence, 5xx, or nonsense.
    Wrong,
    /// 429.
    Refused,
}

#[derive(Default)]
struct Scenario {
    visits: u64,
    /// Milliseconds of each request with the right answer.
    times: Vec<u64>,
    wrong: BTreeMap<String, u64>,
    refused: u64,
    /// Of those that were refused: asked again when the service said so, and answered.
    answered_later: u64,
}

static SCENARIOS: Mutex<BTreeMap<&'static str, Scenario>> = Mutex::new(BTreeMap::new());

fn with(scenario: &'static str, change: impl FnOnce(&mut Scenario)) {
    let mut all = SCENARIOS.lock().unwrap_or_else(PoisonError::into_inner);
    change(all.entry(scenario).or_default());
}

pub fn visit(scenario: &'static str) {
    with(scenario, |it| it.visits += 1);
}

/// `what` names a wrong answer: its status, or why there was none.
pub fn request(scenario: &'static str, outcome: Outcome, milliseconds: u64, what: &str) {
    with(scenario, |it| match outcome {
        Outcome::Right => it.times.push(milliseconds),
        Outcome::Wrong => *it.wrong.entry(what.to_owned()).or_default() += 1,
        Outcome::Refused => it.refused += 1,
    });
}

pub fn answered_later(scenario: &'static str) {
    with(scenario, |it| it.answered_later += 1);
}

pub fn figures(to: &str, users: usize, seconds: f64) -> Figures {
    let mut all = SCENARIOS.lock().unwrap_or_else(PoisonError::into_inner);
    let scenarios = std::mem::take(&mut *all).into_iter().map(|(name, it)| (name.to_owned(), it.figure())).collect();
    Figures { to: to.to_owned(), users, seconds, scenarios }
}

impl Scenario {
    fn figure(mut self) -> Figure {
        self.times.sort_unstable();
        Figure {
            visits: self.visits,
            right: self.times.len() as u64,
            latency: latency(&self.times),
            wrong: self.wrong,
            refused: self.refused,
            answered_later: self.answered_later,
        }
    }
}

/// Of sorted times: the least that so many per cent don't exceed.
fn latency(times: &[u64]) -> Option<Latency> {
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
    Some(Latency { max: *times.last()?, p50: at(50), p95: at(95), p99: at(99) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<u64> = (1..=200).collect();
        let all = latency(&times).unwrap();
        assert_eq!((all.p50, all.p95, all.p99, all.max), (100, 190, 198, 200));
        let one = latency(&[7]).unwrap();
        assert_eq!((one.p50, one.p99), (7, 7));
        assert!(latency(&[]).is_none());
    }
}
