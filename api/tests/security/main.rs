//! What docs/security.md promises, tried on the running binary as somebody would who means harm: `cargo xtask test security`.
//! Claims about single parts of it are tested beside the others, in `tests/it`.

#[path = "../faults/client.rs"]
#[expect(dead_code, reason = "shared with `tests/faults`")]
mod client;
#[path = "../faults/parts.rs"]
#[expect(dead_code, reason = "shared with `tests/faults`")]
mod parts;
#[path = "../faults/process.rs"]
#[expect(dead_code, reason = "shared with `tests/faults`")]
mod process;
#[path = "../faults/wait.rs"]
#[expect(dead_code, reason = "shared with `tests/faults`")]
mod wait;

mod document;
mod fixtures;
mod objects;
mod sign_in;
mod traces;
