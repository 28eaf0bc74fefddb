//! Journeys on the streets by one vehicle: fastest path, distance, shape, steps, alternatives.
//!
//! Per vehicle the network becomes a graph of states (`states`), contracted once (`contract`) and searched from both
//! ends (`search`). Public transport is `timetable`; what a journey looks like outside is `journey`.

mod alternatives;
mod contract;
mod hierarchy;
mod moves;
mod near;
mod search;
#[cfg(test)]
mod sign_tests;
mod states;
mod steps;
mod sweep;
#[cfg(test)]
pub(crate) mod tests;
mod track;
mod witness;
mod zones;

pub(crate) use alternatives::alternatives;
pub(crate) use near::Near;
pub(crate) use search::Scratch;
pub(crate) use states::Streets;
pub(crate) use steps::steps;
pub use steps::{Step, Turning};
pub(crate) use sweep::Sweep;
pub(crate) use track::{Track, direct, track};

/// No state, no arc, no distance.
pub(crate) const NONE: u32 = u32::MAX;
