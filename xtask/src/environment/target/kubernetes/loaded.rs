//! What `cluster load` brought into the cluster: images of this machine, and the references by which nodes know them.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stages::machine::Machine;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// What it is called on this machine.
    pub from: String,
    pub reference: String,
    /// The commit that it says it was built from; empty for what is no image of ours.
    pub revision: String,
}

pub fn loaded_file(machine: &Machine) -> PathBuf {
    machine.scratch("kubernetes").join("loaded.json")
}

/// None where nothing was loaded, or what is written there can't be read: an image is then asked for by its digest.
pub fn loaded(machine: &Machine) -> Vec<Loaded> {
    let text = fs::read_to_string(loaded_file(machine)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
