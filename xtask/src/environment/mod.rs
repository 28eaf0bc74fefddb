//! Where the product runs: on this machine in the foreground, or in an environment, a folder of k8s/overlays.

mod compose;
mod data_dir;
mod deploy;
mod docker;
mod place;
mod roll;
mod state;
mod up;

pub use self::compose::{Down, Installation, left};
pub use self::deploy::Deploy;
pub use self::up::Up;
