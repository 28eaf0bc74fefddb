//! The program as people start it: in a clone of two lines, with a PATH that holds only what a test puts there.
//!
//! `cargo` and `wayfare` are stand-ins here: these tests are about what xtask makes of what they do.
//! Nothing is built, and no test needs Docker or a network.

mod clone;
mod deploys;
mod ends;
mod gitops;
mod notify;
mod prints;
mod scans;
mod up;
