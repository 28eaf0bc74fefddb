//! The query: two searches upwards, from the start and from the end, that meet at the top of the way.
//!
//! A `Scratch` is reused between queries and costs nothing to reset; one query uses one scratch.

use super::NONE;
use super::hierarchy::{Hierarchy, Rows};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What one direction knows of a state, in one place of memory.
#[derive(Debug, Clone, Copy)]
struct Label {
    /// Milliseconds, `NONE` unless reached.
    distance: u32,
    /// The arc's place in its row, and the state before; `NONE` at a start.
    parent: [u32; 2],
}

/// One direction's labels.
#[derive(Debug, Default)]
pub(super) struct Side {
    labels: Vec<Label>,
    pub touched: Vec<u32>,
    queue: BinaryHeap<Reverse<u64>>,
}

/// Working memory of queries.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(super) forward: Side,
    pub(super) backward: Side,
}

/// Where two searches met, and the milliseconds in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meeting {
    pub state: u32,
    pub weight: u32,
}

impl Side {
    pub(super) fn reset(&mut self, states: usize) {
        for &s in &self.touched {
            if let Some(label) = self.labels.get_mut(s as usize) {
                label.distance = NONE;
            }
        }
        self.touched.clear();
        self.queue.clear();
        if self.labels.len() < states {
            self.labels.resize(states, Label { distance: NONE, parent: [NONE; 2] });
        }
    }

    /// Milliseconds to a state, or `NONE`.
    pub(super) fn distance(&self, state: u32) -> u32 {
        self.labels[state as usize].distance
    }

    pub(super) fn parent(&self, state: u32) -> [u32; 2] {
        self.labels[state as usize].parent
    }

    pub(super) fn reach(&mut self, state: u32, distance: u32, parent: [u32; 2]) {
        let label = &mut self.labels[state as usize];
        if distance >= label.distance {
            return;
        }
        if label.distance == NONE {
            self.touched.push(state);
        }
        *label = Label { distance, parent };
        self.queue.push(Reverse(u64::from(distance) << 32 | u64::from(state)));
    }

    /// Whether nothing within the limit is left.
    pub(super) fn is_done(&self, limit: u32) -> bool {
        self.queue.is_empty() || self.next_distance() > limit
    }

    fn next_distance(&self) -> u32 {
        self.queue.peek().map_or(NONE, |Reverse(key)| (key >> 32) as u32)
    }

    /// Settles one state and relaxes its arcs as far as `bound`, unless a more important state shows that the label is
    /// too long.
    #[inline]
    pub(super) fn step(&mut self, along: &Rows, against: &Rows, bound: u32) -> Option<(u32, u32)> {
        let Reverse(key) = self.queue.pop()?;
        let (distance, state) = ((key >> 32) as u32, key as u32);
        if distance > self.distance(state) {
            return None;
        }
        let stalled = against.arcs[against.row(state)]
            .iter()
            .any(|&[from, weight]| self.distance(from).saturating_add(weight) < distance);
        if stalled {
            return None;
        }
        for i in along.row(state) {
            let [to, weight] = along.arcs[i];
            let there = distance.saturating_add(weight);
            if there <= bound {
                self.reach(to, there, [i as u32, state]);
            }
        }
        Some((state, distance))
    }
}

impl Scratch {
    /// The fastest connection from any of the starts to any of the ends, each with milliseconds already spent.
    /// Searches on until labels exceed `slack` times the best: more than 1 keeps labels for alternatives.
    pub(super) fn meet(
        &mut self,
        h: &Hierarchy,
        starts: impl Iterator<Item = [u32; 2]>,
        ends: impl Iterator<Item = [u32; 2]>,
        slack: f64,
    ) -> Option<Meeting> {
        self.forward.reset(h.states());
        self.backward.reset(h.states());
        starts.for_each(|[s, w]| self.forward.reach(s, w, [NONE; 2]));
        ends.for_each(|[s, w]| self.backward.reach(s, w, [NONE; 2]));
        let mut best = Meeting { state: NONE, weight: NONE };
        let mut bound = NONE;
        loop {
            let (f, b) = (self.forward.next_distance(), self.backward.next_distance());
            if f.min(b) >= bound {
                break;
            }
            let (settled, other) = if f <= b {
                (self.forward.step(&h.up, &h.down, bound), &self.backward)
            } else {
                (self.backward.step(&h.down, &h.up, bound), &self.forward)
            };
            let Some((state, distance)) = settled else {
                continue;
            };
            let total = distance.saturating_add(other.distance(state));
            if total < best.weight {
                best = Meeting { state, weight: total };
                bound = (f64::from(total) * slack) as u32;
            }
        }
        (best.state != NONE).then_some(best)
    }

    /// Centimetres between the starts' and the ends' states over a meeting.
    pub(super) fn length(&self, h: &Hierarchy, meeting: u32) -> u64 {
        let sum = |side: &Side, rows: &Rows| {
            let (mut at, mut sum) = (meeting, 0);
            while let [arc, before] = side.parent(at)
                && before != NONE
            {
                sum += u64::from(rows.length[arc as usize]);
                at = before;
            }
            sum
        };
        sum(&self.forward, &h.up) + sum(&self.backward, &h.down)
    }

    /// The network's arcs over a meeting, and the states at which they begin and end.
    pub(super) fn arcs(&self, h: &Hierarchy, meeting: u32) -> (Vec<u32>, u32, u32) {
        let mut upward = Vec::new();
        let mut start = meeting;
        while let [arc, before] = self.forward.parent(start)
            && before != NONE
        {
            upward.push((before, start, h.up.via[arc as usize]));
            start = before;
        }
        let mut arcs = Vec::new();
        for &(from, to, via) in upward.iter().rev() {
            h.unpack(from, to, via, &mut arcs);
        }
        let mut end = meeting;
        while let [arc, after] = self.backward.parent(end)
            && after != NONE
        {
            h.unpack(end, after, h.down.via[arc as usize], &mut arcs);
            end = after;
        }
        (arcs, start, end)
    }
}
