//! A circuit breaker: when somebody else's service is asked and when it is left alone. Closed: asked; open: left alone until
//! a time; trying: one question is under way that decides. Time comes in as an argument; each process decides for itself.

use chrono::TimeDelta;

use crate::clock::Instant;

/// Failures in a row after which it is left alone.
pub const FAILURES: u32 = 5;
/// How long it is left alone at first; doubles with each failed try.
pub const FIRST_REST: TimeDelta = TimeDelta::seconds(10);
pub const LONGEST_REST: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug)]
pub struct Breaker(State);

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, rest: TimeDelta },
    Trying { rest: TimeDelta },
}

/// A question that may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Ordinary,
    /// The one that decides whether the provider is back.
    Trial,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, if only by a refusal of this question.
    Answered,
    Failed,
    /// Ask nothing more for so long: a spent quota, a key that isn't taken.
    Barred(TimeDelta),
    /// Nobody waits for it any more; says nothing of the provider.
    GivenUp,
}

/// What the log should tell, once each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Opened { rest: TimeDelta },
    Closed,
}

impl Default for Breaker {
    fn default() -> Self {
        Self(State::Closed { failures: 0 })
    }
}

impl Breaker {
    /// Whether a question may be asked now, and as which.
    pub fn admit(&mut self, now: Instant) -> Option<Pass> {
        match self.0 {
            State::Closed { .. } => Some(Pass::Ordinary),
            State::Open { until, rest } if until <= now => {
                self.0 = State::Trying { rest };
                Some(Pass::Trial)
            }
            State::Open { .. } | State::Trying { .. } => None,
        }
    }

    /// Whether a question may be asked now, without asking it.
    pub fn admits(&self, now: Instant) -> bool {
        match self.0 {
            State::Closed { .. } => true,
            State::Open { until, .. } => until <= now,
            State::Trying { .. } => false,
        }
    }

    /// Whether there is nothing to remember.
    pub fn is_fresh(&self) -> bool {
        matches!(self.0, State::Closed { failures: 0 })
    }

    /// Takes note of what became of a question. An answer to a question from before the rest doesn't end it.
    pub fn settle(&mut self, pass: Pass, outcome: Outcome, now: Instant) -> Option<Turn> {
        match (&mut self.0, pass, outcome) {
            (State::Closed { .. }, _, Outcome::Barred(rest)) => Some(self.open(now, rest, FIRST_REST)),
            (State::Closed { failures }, _, Outcome::Answered) => {
                *failures = 0;
                None
            }
            (State::Closed { failures }, _, Outcome::Failed) => {
                *failures += 1;
                (*failures >= FAILURES).then(|| self.open(now, FIRST_REST, FIRST_REST))
            }
            (State::Trying { .. }, Pass::Trial, Outcome::Answered) => {
                *self = Self::default();
                Some(Turn::Closed)
            }
            (State::Trying { rest }, Pass::Trial, Outcome::Failed) => {
                let rest = (*rest * 2).min(LONGEST_REST);
                self.open(now, rest, rest);
                None
            }
            (State::Trying { .. }, Pass::Trial, Outcome::Barred(rest)) => {
                self.open(now, rest, FIRST_REST);
                None
            }
            (State::Trying { rest }, Pass::Trial, Outcome::GivenUp) => {
                let rest = *rest;
                // The next question tries at once.
                self.open(now, TimeDelta::zero(), rest);
                None
            }
            (State::Open { until, .. }, _, Outcome::Barred(rest)) => {
                *until = (*until).max(now + rest);
                None
            }
            (State::Closed { .. }, _, Outcome::GivenUp)
            | (State::Trying { .. }, Pass::Ordinary, _)
            | (State::Open { .. }, _, Outcome::Answered | Outcome::Failed | Outcome::GivenUp) => None,
        }
    }

    /// Whether it is left alone.
    pub fn is_open(&self) -> bool {
        !matches!(self.0, State::Closed { .. })
    }

    fn open(&mut self, now: Instant, wait: TimeDelta, rest: TimeDelta) -> Turn {
        self.0 = State::Open { until: now + wait, rest };
        Turn::Opened { rest: wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    /// Asks and fails, as often as it takes to open.
    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for n in 1..=FAILURES {
            let pass = breaker.admit(now).expect("closed");
            let turn = breaker.settle(pass, Outcome::Failed, now);
            assert_eq!(turn, (n == FAILURES).then_some(Turn::Opened { rest: FIRST_REST }));
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_an_answer_begins_the_row_anew() {
        let mut breaker = Breaker::default();
        for n in 0..100 {
            let pass = breaker.admit(at(0)).expect("closed");
            let outcome = if n % FAILURES == FAILURES - 1 { Outcome::Answered } else { Outcome::Failed };
            assert_eq!(breaker.settle(pass, outcome, at(0)), None);
        }
        assert_eq!(opened(at(0)).admit(at(9)), None);
    }

    #[test]
    fn after_its_rest_one_question_decides() {
        let mut breaker = opened(at(0));
        assert_eq!(breaker.admit(at(10)), Some(Pass::Trial));
        assert_eq!(breaker.admit(at(10)), None, "one at a time");
        assert_eq!(breaker.settle(Pass::Trial, Outcome::Answered, at(11)), Some(Turn::Closed));
        assert_eq!(breaker.admit(at(11)), Some(Pass::Ordinary));
    }

    #[test]
    fn each_failed_try_doubles_the_rest_up_to_the_longest() {
        let (mut breaker, mut now) = (opened(at(0)), at(0));
        for seconds in [10, 20, 40, 80, 160, 300, 300, 300] {
            assert_eq!(breaker.admit(now + TimeDelta::seconds(seconds - 1)), None, "{seconds}");
            now += TimeDelta::seconds(seconds);
            assert_eq!(breaker.admit(now), Some(Pass::Trial), "{seconds}");
            assert_eq!(breaker.settle(Pass::Trial, Outcome::Failed, now), None, "told once");
        }
    }

    #[test]
    fn a_try_that_nobody_waits_for_leaves_the_next_one_to_try() {
        let mut breaker = opened(at(0));
        breaker.admit(at(10)).expect("a try");
        breaker.settle(Pass::Trial, Outcome::GivenUp, at(10));
        assert_eq!(breaker.admit(at(10)), Some(Pass::Trial));
    }

    #[test]
    fn a_bar_holds_for_its_time_whatever_late_answers_say() {
        let mut breaker = Breaker::default();
        let (one, two) = (breaker.admit(at(0)).expect("closed"), breaker.admit(at(0)).expect("closed"));
        let hour = TimeDelta::hours(1);
        assert_eq!(breaker.settle(one, Outcome::Barred(hour), at(0)), Some(Turn::Opened { rest: hour }));
        assert_eq!(breaker.settle(two, Outcome::Answered, at(1)), None);
        assert_eq!(breaker.admit(at(3599)), None);
        assert_eq!(breaker.admit(at(3600)), Some(Pass::Trial));
    }
}
