//! Turn-by-turn steps: one for each street followed, with the turn that leads into it.
//!
//! Words only name the turn; sentences in a language are the client's.

use super::Track;
use crate::geo::Point;
use crate::network::{Class, Network, ROUNDABOUT, Snap};
use serde::Serialize;

/// How a step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turning {
    Depart,
    Straight,
    SlightLeft,
    Left,
    SharpLeft,
    SlightRight,
    Right,
    SharpRight,
    Round,
    Roundabout,
    Arrive,
}

/// One street followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub turning: Turning,
    /// Name of the street; empty where it has none.
    pub street: String,
    /// Metres until the next step.
    pub metres: f64,
    /// Where the step begins.
    pub at: Point,
    /// On stairs or a ferry, which deserve a word.
    pub remark: Option<&'static str>,
}

/// Degrees by which the way bends from one arc into the next: −180 to 180, right is positive.
pub(crate) fn bend(n: &Network, arc: u32, next: u32) -> f64 {
    let bearing = |arc: u32, end: bool| {
        let shape = n.shape(arc / 2);
        let m = shape.len();
        let (a, b) = match (arc & 1 == 1, end) {
            (false, false) => (0, 1),
            (false, true) => (m - 2, m - 1),
            (true, false) => (m - 1, m - 2),
            (true, true) => (1, 0),
        };
        shape[a].point().bearing_to(shape[b].point())
    };
    let change = bearing(next, false) - bearing(arc, true);
    (change + 540.0).rem_euclid(360.0) - 180.0
}

fn turning(bend: f64) -> Turning {
    match bend {
        b if b.abs() < 20.0 => Turning::Straight,
        b if b.abs() > 170.0 => Turning::Round,
        b if b > 0.0 && b < 45.0 => Turning::SlightRight,
        b if b > 0.0 && b < 130.0 => Turning::Right,
        b if b > 0.0 => Turning::SharpRight,
        b if b > -45.0 => Turning::SlightLeft,
        b if b > -130.0 => Turning::Left,
        _ => Turning::SharpLeft,
    }
}

fn remark(n: &Network, arc: u32) -> Option<&'static str> {
    match n.manner(arc / 2).class {
        c if c == Class::Steps as u8 => Some("stairs"),
        c if c == Class::Ferry as u8 => Some("ferry"),
        _ => None,
    }
}

/// The steps of a way; always a departure first and an arrival last.
pub(crate) fn steps(n: &Network, track: &Track, from: &Snap, to: &Snap) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let last = track.arcs.len().saturating_sub(1);
    for (i, &arc) in track.arcs.iter().enumerate() {
        let back = arc & 1 == 1;
        let share = |s: &Snap| {
            if back { 1.0 - f64::from(s.share) } else { f64::from(s.share) }
        };
        let start = if i == 0 { share(from) } else { 0.0 };
        let end = if i == last { share(to) } else { 1.0 };
        let metres = f64::from(n.length[arc as usize / 2]) / 100.0 * (end - start).max(0.0);
        let street = n.name(arc / 2);
        let round = n.manner(arc / 2).flags & ROUNDABOUT != 0;
        let turn = match i.checked_sub(1).map(|p| track.arcs[p]) {
            None => Turning::Depart,
            Some(_) if round => Turning::Roundabout,
            Some(before) => turning(bend(n, before, arc)),
        };
        let remark = remark(n, arc);
        let goes_on = steps.last().is_some_and(|s: &Step| {
            let same = s.street == street && s.remark == remark;
            (turn == Turning::Roundabout && s.turning == Turning::Roundabout)
                || (same
                    && (!street.is_empty()
                        || matches!(turn, Turning::Straight | Turning::SlightLeft | Turning::SlightRight))
                    && turn != Turning::Round
                    && !round)
        });
        match steps.last_mut().filter(|_| goes_on) {
            Some(step) => step.metres += metres,
            None => {
                let at = if i == 0 { from.at.point() } else { n.junctions[n.tail(arc) as usize].point() };
                steps.push(Step { turning: turn, street: street.to_owned(), metres, at, remark });
            }
        }
    }
    let street = n.name(to.segment).to_owned();
    steps.push(Step { turning: Turning::Arrive, street, metres: 0.0, at: to.at.point(), remark: None });
    steps
}
