//! promtool's tests of the rendered rules: at each pace, the burns that it is too fast for fire, and no other.

use std::fmt::Write;

use super::{Alert, HEAD, REQUESTS};
use crate::objectives::{BURNS, Objective, Objectives, SLOW};

/// Times the budget: half as much again as each burn allows, and a quarter less.
const PACES: [f64; 6] = [21.6, 10.8, 9.0, 4.5, 1.5, 0.75];
const AVAILABILITY: &str = "WayfareAvailabilityBurn";
const LATENCY: &str = "WayfareLatencyBurn";
/// Requests a minute: each share of them that is asked for is a whole number.
const MANY: f64 = 10_000_000.0;

pub fn text(objectives: &Objectives) -> String {
    let mut text = format!("{HEAD}rule_files: [slo.yaml]\nevaluation_interval: 5m\n\ntests:\n");
    for pace in PACES {
        let share = pace * objectives.budget;
        let alerts = firing(pace).map(|burn| (Alert::of_availability(burn, objectives.budget), ""));
        text += &case(&format!("{pace} times the budget fails"), AVAILABILITY, &failing(share), "70m", share, alerts);
    }
    let share = PACES[0] * objectives.budget;
    let name = "a failure that is over for longer than the short windows calls nobody";
    text += &case(name, AVAILABILITY, &ended(share), "8h", share, [].into_iter());
    for pace in PACES {
        let share = pace * SLOW;
        let series: String = objectives.latencies.iter().map(|it| slow(it, share)).collect();
        let scenarios = objectives.latencies.iter().map(|it| it.scenario.as_str());
        let alerts = scenarios.flat_map(|it| firing(pace).map(move |burn| (Alert::of_latency(burn), it)));
        text += &case(&format!("{pace} times the budget is slow"), LATENCY, &series, "70m", share, alerts);
    }
    text
}

fn firing(pace: f64) -> impl Iterator<Item = &'static super::Burn> {
    BURNS.iter().filter(move |burn| burn.factor < pace)
}

fn case<'a>(
    name: &str,
    alert: &str,
    series: &str,
    at: &str,
    share: f64,
    alerts: impl Iterator<Item = (Alert, &'a str)>,
) -> String {
    let mut text = format!("  - name: '{name}'\n    interval: 1m\n    input_series:\n{series}");
    let _ = write!(text, "    alert_rule_test:\n      - eval_time: {at}\n        alertname: {alert}\n");
    let expected: String = alerts.map(|(alert, scenario)| expected(&alert, share, scenario)).collect();
    if !expected.is_empty() {
        text += &format!("        exp_alerts:\n{expected}");
    }
    text
}

fn expected(alert: &Alert, share: f64, scenario: &str) -> String {
    let of = if scenario.is_empty() { String::new() } else { format!(", scenario: {scenario}") };
    let labels = format!("severity: {}, service: wayfare, burn: {}{of}", alert.burn.severity, alert.burn.name);
    let percent = (share * 1e6).round() / 1e4;
    let description = alert.description.replace("{{ $value | humanizePercentage }}", &format!("{percent}%"));
    let description = description.replace("{{ $labels.scenario }}", scenario);
    let annotations = alert.annotations("              ", &description);
    format!("          - exp_labels: {{ {labels} }}\n            exp_annotations:\n{annotations}")
}

/// Of all requests, this share fails.
fn failing(share: f64) -> String {
    let times = "x75";
    series(&count(503), share * MANY, times) + &series(&count(200), (1.0 - share) * MANY, times)
}

fn count(status: u16) -> String {
    let labels = r#"job="wayfare", http_route="get_shop""#;
    format!("{REQUESTS}_count{{{labels}, http_response_status_code=\"{status}\"}}")
}

/// It failed for most of an hour, and then no more: the long windows still show it.
fn ended(share: f64) -> String {
    let bad = share * MANY;
    let last = bad * 55.0;
    line(&count(503), &format!("0+{bad:.0}x55 {last:.0}x440")) + &series(&count(200), (1.0 - share) * MANY, "x495")
}

fn slow(it: &Objective, share: f64) -> String {
    let operation = it.operations.split('|').next().unwrap_or_default();
    let labels = format!("job=\"wayfare\", http_route=\"{operation}\"");
    let bucket = format!("{REQUESTS}_bucket{{{labels}, le=\"{}\"}}", it.bucket);
    series(&bucket, (1.0 - share) * MANY, "x75") + &series(&format!("{REQUESTS}_count{{{labels}}}"), MANY, "x75")
}

fn series(name: &str, many: f64, times: &str) -> String {
    line(name, &format!("0+{many:.0}{times}"))
}

fn line(name: &str, values: &str) -> String {
    format!("      - series: '{name}'\n        values: {values}\n")
}
