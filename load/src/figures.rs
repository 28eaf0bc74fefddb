//! The document that a load test writes and `cargo xtask load` judges. It is declared here alone, and both programs are
//! compiled with this file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub struct Figures {
    pub to: String,
    pub users: usize,
    pub seconds: f64,
    pub scenarios: BTreeMap<String, Figure>,
}

#[derive(Deserialize, Serialize)]
pub struct Figure {
    pub visits: u64,
    pub right: u64,
    /// By status, or by why there was no answer.
    pub wrong: BTreeMap<String, u64>,
    /// 429.
    pub refused: u64,
    /// Of those that were refused: sent again when the service said so, and answered.
    pub answered_later: u64,
    /// Absent where nothing was answered.
    pub latency: Option<Latency>,
}

/// Milliseconds.
#[derive(Deserialize, Serialize)]
pub struct Latency {
    pub p50: u64,
    pub p95: u64,
    pub p99: u64,
    pub max: u64,
}
