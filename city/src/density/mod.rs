//! How densely people live, what serves them, and where it doesn't: per hexagon (H3) and as suggestions.
//!
//! Every resolution is computed from points: the parents of H3 cells don't contain their children exactly.

mod access;
mod cells;
mod people;
mod suggest;

pub use access::AccessScore;
pub use cells::DensityCell;
pub(crate) use people::{People, build};
pub use suggest::{NewStop, Suggestion};

/// People farther than this from every stop count as not served. Metres of beeline, about five minutes on foot.
pub const SERVED_METRES: f64 = 400.0;
