//! slo.toml as alerts see it: how much may go wrong, and how fast.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use manifests::analysis::SCENARIOS;
use serde::Deserialize;

/// Days in which the budget may be spent.
pub const DAYS: u32 = 30;
/// The buckets of http_server_request_duration_seconds; `check` finds a bound that the service doesn't have.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

#[derive(Deserialize)]
struct Slo {
    availability: f64,
    latency: BTreeMap<String, Latency>,
}

#[derive(Deserialize)]
struct Latency {
    p99: f64,
}

pub struct Objectives {
    /// Share of the requests that may fail.
    pub budget: f64,
    pub latencies: Vec<Objective>,
}

/// Of a hundred requests ninety-nine are answered within this time.
pub struct Objective {
    pub scenario: String,
    pub operations: &'static str,
    pub seconds: f64,
    /// The next bound of the histogram: what can be counted.
    pub bucket: f64,
}

/// Share of the requests that may be slower than the 99th percentile promises.
pub const SLOW: f64 = 0.01;

/// One pair of windows: the long one says that it matters, the short one that it still goes on.
pub struct Burn {
    pub name: &'static str,
    pub factor: f64,
    pub long: &'static str,
    pub short: &'static str,
    pub severity: &'static str,
    pub spent_in: &'static str,
}

pub const BURNS: [Burn; 3] = [
    Burn { name: "fast", factor: 14.4, long: "1h", short: "5m", severity: "critical", spent_in: "2 days" },
    Burn { name: "medium", factor: 6.0, long: "6h", short: "30m", severity: "critical", spent_in: "5 days" },
    Burn { name: "slow", factor: 1.0, long: "3d", short: "6h", severity: "warning", spent_in: "30 days" },
];

/// All windows, each once, the shortest first.
pub const WINDOWS: [&str; 5] = ["5m", "30m", "1h", "6h", "3d"];

/// # Errors
/// An objective that no histogram can show, or that leaves no budget.
pub fn read(slo: &str) -> Result<Objectives> {
    let slo: Slo = toml::from_str(slo).context("slo.toml can't be read")?;
    ensure!((0.0..1.0).contains(&slo.availability), "slo.toml: availability is a share below 1");
    // The difference of two decimals isn't one.
    let budget = ((1.0 - slo.availability) * 1e9).round() / 1e9;
    // An alert that asks for more than all of them to fail never fires.
    ensure!(budget * BURNS[0].factor < 1.0, "slo.toml: an availability of {} can't burn fast", slo.availability);
    let latencies = slo.latency.into_iter().map(|(scenario, latency)| Objective::of(scenario, latency.p99 / 1000.0));
    Ok(Objectives { budget, latencies: latencies.collect::<Result<_>>()? })
}

impl Objective {
    fn of(scenario: String, seconds: f64) -> Result<Self> {
        let operations = SCENARIOS.iter().find(|(name, _)| *name == scenario);
        let (_, operations) = operations.with_context(|| format!("slo.toml: which operations are `{scenario}`?"))?;
        let bucket = BUCKETS.into_iter().find(|bound| *bound >= seconds);
        let bucket = bucket.with_context(|| format!("slo.toml: no bucket shows {scenario}'s p99 of {seconds} s"))?;
        Ok(Objective { scenario, operations, seconds, bucket })
    }

    /// Prometheus 3 stores a whole bound as `1.0`, 2 as `1`.
    pub fn le(&self) -> String {
        if self.bucket.fract() == 0.0 {
            format!("le=~\"{0}|{0}.0\"", self.bucket)
        } else {
            format!("le=\"{}\"", self.bucket)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slo(availability: &str, p99: &str) -> Result<Objectives> {
        read(&format!("availability = {availability}\n[latency.order]\np99 = {p99}\n"))
    }

    #[test]
    fn a_latency_is_rounded_up_to_what_the_histogram_can_show() {
        let bound = |p99: &str| slo("0.999", p99).unwrap().latencies.remove(0);
        assert_eq!((bound("300").bucket, bound("250").bucket), (0.5, 0.25));
        assert_eq!((bound("800").le(), bound("300").le()), ("le=~\"1|1.0\"".to_owned(), "le=\"0.5\"".to_owned()));
    }

    #[test]
    fn the_budget_is_what_is_left_of_one_to_the_digit() {
        assert_eq!(slo("0.999", "300").unwrap().budget, 0.001);
        assert_eq!(slo("0.9995", "300").unwrap().budget, 0.0005);
    }

    #[test]
    fn an_objective_that_no_alert_can_keep_is_an_error() {
        assert!(slo("1.0", "300").is_err());
        assert!(slo("0.9", "300").is_err(), "14.4 times a tenth is more than all");
        assert!(slo("0.999", "20000").is_err());
        assert!(read("availability = 0.999\n[latency.fly]\np99 = 1\n").is_err());
    }
}
