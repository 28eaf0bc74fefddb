//! Streets as an importer or the demo city first writes them down: ways through numbered nodes.

use super::Manner;
use crate::geo::Coord;

/// A street as drawn: nodes in order, one name, one manner.
#[derive(Debug, Clone)]
pub(crate) struct DraftWay {
    pub nodes: Vec<u32>,
    pub name: String,
    pub manner: Manner,
}

/// A turn from one way to another, over a node or over other ways.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub from: u32,
    /// The node at which the first way is left.
    pub via: u32,
    /// Whole ways passed in between, each with the node at its far end.
    pub over: Vec<[u32; 2]>,
    /// The ways that it leads to; of several, any.
    pub to: Vec<u32>,
    /// True: from the first way nothing else is allowed. False: this is forbidden.
    pub only: bool,
    /// A bit for each vehicle it binds.
    pub vehicles: u8,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub nodes: Vec<Coord>,
    /// Node → `SIGNALS`.
    pub marks: Vec<u8>,
    /// Node → bit for each vehicle that can't pass it (a bollard, a locked gate).
    pub barriers: Vec<u8>,
    /// Node → bit for each vehicle that passes it only to begin or end its journey behind it.
    pub gates: Vec<u8>,
    pub ways: Vec<DraftWay>,
    pub turns: Vec<Turn>,
}

impl Draft {
    pub fn node(&mut self, at: Coord) -> u32 {
        self.nodes.push(at);
        self.marks.push(0);
        self.barriers.push(0);
        self.gates.push(0);
        self.nodes.len() as u32 - 1
    }
}
