//! The image for real: Docker builds it, a registry on this machine keeps it, skopeo and cosign do what they do in a release.
//!
//! `cargo xtask test image` runs them: it builds the image first and says where it is. What is only built, never run, is a
//! small file in place of the service's binary.

#[allow(dead_code, reason = "the other tests need more of it")]
#[path = "../cli/clone.rs"]
mod clone;

mod build;
mod line;
mod parts;
mod push;
mod sign;
