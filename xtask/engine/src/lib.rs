//! The engine of `cargo xtask`: a stage turns its arguments into a plan, and the plan is printed or run here.
//!
//! `plan` is the steps as data, `ctx` runs them, `evidence` is the record that a run leaves, `cli` leads from a command
//! line to an exit code. Which stages there are, and what they do, is known to the crate `xtask` alone.

pub mod cli;
pub mod ctx;
pub mod evidence;
pub mod exit;
pub mod http;
mod invocation;
mod junit;
pub mod machine;
pub mod plan;
pub mod process;
pub mod profile;
pub mod screen;
pub mod script;
pub mod secret;
pub mod tools;
