//! monitoring/rules/slo.yaml and its tests, made from slo.toml.

mod tests_of_rules;

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::objectives::{BURNS, Burn, DAYS, Objective, Objectives, SLOW, WINDOWS};
use crate::query::read;

pub const RUNBOOKS: &str = "https://github.com/wayfare/wayfare/blob/main/docs/runbooks";
pub const DASHBOARD: &str = "http://127.0.0.1:3000/d/objectives";
const RULES: &str = "monitoring/rules/slo.yaml";
const TESTS: &str = "monitoring/rules/slo_test.yaml";
const HEAD: &str = "# Made from slo.toml by `cargo xtask monitor render`.\n";

/// # Errors
/// A slo.toml that promises what no alert can watch.
pub fn run(root: &Path, check: bool) -> Result<Vec<String>> {
    let objectives = crate::objectives::read(&read(root, "slo.toml")?)?;
    let mut found = Vec::new();
    for (path, text) in [(RULES, rules(&objectives)), (TESTS, tests_of_rules::text(&objectives))] {
        if !check {
            fs::write(root.join(path), text)?;
        } else if fs::read_to_string(root.join(path)).unwrap_or_default() != text {
            found.push(format!("{path} isn't what slo.toml makes: cargo xtask monitor render, then commit it"));
        }
    }
    Ok(found)
}

fn rules(objectives: &Objectives) -> String {
    let mut text = format!("{HEAD}groups:\n  - name: objectives\n    rules:\n");
    text += &record("wayfare:objective:availability", &format!("vector({})", 1.0 - objectives.budget), &[]);
    for it in &objectives.latencies {
        let scenario = [("scenario", it.scenario.as_str())];
        text += &record("wayfare:objective:latency_seconds", &format!("vector({})", it.seconds), &scenario);
    }
    for window in WINDOWS {
        text += &record(&failing(window), &ratio_of_failures(window), &[]);
    }
    for it in &objectives.latencies {
        for window in WINDOWS {
            text += &record(&slow(window), &ratio_of_slow(it, window), &[("scenario", &it.scenario)]);
        }
    }
    let left = format!("1 - ({}) / {}", ratio_of_failures(&format!("{DAYS}d")), objectives.budget);
    text += &record(&format!("wayfare:availability:budget_left_{DAYS}d"), &left, &[]);
    text += "\n  - name: burning\n    rules:\n";
    for burn in &BURNS {
        text += &Alert::of_availability(burn, objectives.budget).rule();
    }
    for burn in &BURNS {
        text += &Alert::of_latency(burn).rule();
    }
    text
}

fn record(name: &str, expr: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}: {value}")).collect();
    let labels =
        if labels.is_empty() { String::new() } else { format!("        labels: {{ {} }}\n", labels.join(", ")) };
    format!("      - record: {name}\n        expr: {expr}\n{labels}")
}

fn failing(window: &str) -> String {
    format!("wayfare:availability:failing_{window}")
}

fn slow(window: &str) -> String {
    format!("wayfare:latency:slow_{window}")
}

const REQUESTS: &str = "http_server_request_duration_seconds";
/// Probes and scrapes are no users.
const OURS: &str = "job=\"wayfare\", http_route!=\"operational\"";

fn ratio_of_failures(window: &str) -> String {
    let failures = format!("sum(rate({REQUESTS}_count{{{OURS}, http_response_status_code=~\"5..\"}}[{window}]))");
    // No failure yet is no failure.
    format!("({failures} or vector(0)) / sum(rate({REQUESTS}_count{{{OURS}}}[{window}]))")
}

fn ratio_of_slow(it: &Objective, window: &str) -> String {
    let these = format!("job=\"wayfare\", http_route=~\"{}\"", it.operations);
    let quick = format!("sum(rate({REQUESTS}_bucket{{{these}, {}}}[{window}]))", it.le());
    format!("1 - {quick} / sum(rate({REQUESTS}_count{{{these}}}[{window}]))")
}

pub struct Alert {
    name: &'static str,
    expr: String,
    burn: &'static Burn,
    summary: &'static str,
    description: String,
}

impl Alert {
    pub fn of_availability(burn: &'static Burn, budget: f64) -> Self {
        Alert {
            name: "WayfareAvailabilityBurn",
            expr: Self::both(burn, failing, budget),
            burn,
            summary: "Requests fail, and the error budget is being spent",
            description: format!(
                "{{{{ $value | humanizePercentage }}}} of the requests of the last {} failed",
                burn.long
            ),
        }
    }

    pub fn of_latency(burn: &'static Burn) -> Self {
        Alert {
            name: "WayfareLatencyBurn",
            expr: Self::both(burn, slow, SLOW),
            burn,
            summary: "Requests are slower than promised, and the budget is being spent",
            description: format!(
                "{{{{ $value | humanizePercentage }}}} of the requests of {{{{ $labels.scenario }}}} in the last {} were too slow",
                burn.long
            ),
        }
    }

    fn both(burn: &Burn, ratio: fn(&str) -> String, budget: f64) -> String {
        let over = |window| format!("{} > {} * {budget}", ratio(window), burn.factor);
        format!("{} and {}", over(burn.long), over(burn.short))
    }

    fn rule(&self) -> String {
        let Alert { name, expr, burn, .. } = self;
        format!(
            "      - alert: {name}
        expr: {expr}
        for: 1m
        labels: {{ severity: {}, service: wayfare, burn: {} }}
        annotations:
{}",
            burn.severity,
            burn.name,
            self.annotations("          ", &self.description)
        )
    }

    fn annotations(&self, indent: &str, description: &str) -> String {
        let Alert { name, burn, summary, .. } = self;
        let left = burn.spent_in;
        format!(
            "{indent}summary: {summary}
{indent}description: '{description}; at this pace the budget of {DAYS} days is spent in {left}.'
{indent}runbook_url: {RUNBOOKS}/{name}.md
{indent}dashboard_url: {DASHBOARD}
"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLO: &str = include_str!("../../../slo.toml");

    #[test]
    fn one_number_of_slo_toml_moves_the_rules_and_their_tests() {
        let made = |slo: &str| {
            let objectives = crate::objectives::read(slo).unwrap();
            (rules(&objectives), tests_of_rules::text(&objectives))
        };
        let (before, after) = (made(SLO), made(&SLO.replace("availability = 0.999", "availability = 0.99")));
        assert!(before.0.contains("> 14.4 * 0.001 and") && after.0.contains("> 14.4 * 0.01 and"));
        assert_ne!(before.1, after.1);
    }

    #[test]
    fn what_differs_from_slo_toml_is_named() {
        let clone = tempfile::tempdir().unwrap();
        fs::create_dir_all(clone.path().join("monitoring/rules")).unwrap();
        fs::write(clone.path().join("slo.toml"), SLO).unwrap();
        assert_eq!(run(clone.path(), true).unwrap().len(), 2);
        assert!(run(clone.path(), false).unwrap().is_empty() && run(clone.path(), true).unwrap().is_empty());
        fs::write(clone.path().join("slo.toml"), SLO.replace("0.999", "0.998")).unwrap();
        assert!(run(clone.path(), true).unwrap()[0].contains("slo.yaml isn't what slo.toml makes"));
    }
}
