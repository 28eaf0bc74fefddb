//! Deployments for real: a registry and a key of our own, an environment of our own, and people who never stop asking.
//!
//! `cargo xtask test deploy` runs them: it builds the image first and says where it is.

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "../cli/clone.rs"]
mod clone;
#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "../image/parts.rs"]
mod parts;

mod place;
mod promoted;
mod refused;
#[path = "../../src/check/test/requests.rs"]
mod requests;
mod story;
