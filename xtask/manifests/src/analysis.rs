//! `k8s/components/analysis/objectives.yaml`: what a rollout is judged by, made from slo.toml.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Deserialize;

pub const FILE: &str = "k8s/components/analysis/objectives.yaml";

/// Which operations a scenario of slo.toml asks for, as alternatives of a regular expression.
pub const SCENARIOS: [(&str, &str); 4] = [
    ("browse", "list_shops|get_menu_item"),
    ("search", "list_menu_items"),
    ("order", "place_order"),
    ("track", "list_orders|get_order"),
];
const REQUESTS: &str = "http_server_request_duration_seconds";
const ORDERS: &str = "wayfare_orders_placed_total";

#[derive(Deserialize)]
struct Slo {
    availability: f64,
    latency: BTreeMap<String, Latency>,
    rollout: Rollout,
}

#[derive(Deserialize)]
struct Latency {
    p95: u64,
}

#[derive(Deserialize)]
struct Rollout {
    orders: f64,
}

struct Metric {
    name: String,
    query: String,
    holds: String,
}

/// # Errors
/// A scenario that isn't in slo.toml, or one that no operation is known for.
pub fn template(slo: &str) -> Result<String> {
    let slo: Slo = toml::from_str(slo).context("slo.toml can't be read")?;
    let mut metrics = vec![availability(slo.availability)];
    for (scenario, latency) in &slo.latency {
        let operations = SCENARIOS.iter().find(|(name, _)| name == scenario);
        let (_, operations) = operations.with_context(|| format!("which operations are `{scenario}`?"))?;
        metrics.push(latency.metric(scenario, operations));
    }
    metrics.push(orders(slo.rollout.orders));
    let mut text = START.to_owned();
    for metric in metrics {
        metric.write(&mut text)?;
    }
    Ok(text)
}

fn availability(share: f64) -> Metric {
    let right = rate(&format!("{REQUESTS}_count"), "new", r#", http_response_status_code!~"5..""#);
    let all = rate(&format!("{REQUESTS}_count"), "new", "");
    Metric {
        name: "availability".to_owned(),
        query: format!("sum({right}) / sum({all})"),
        holds: format!("result[0] >= {share}"),
    }
}

impl Latency {
    fn metric(&self, scenario: &str, operations: &str) -> Metric {
        let route = format!(r#", http_route=~"{operations}""#);
        let buckets = rate(&format!("{REQUESTS}_bucket"), "new", &route);
        Metric {
            name: format!("latency-{scenario}"),
            query: format!("histogram_quantile(0.95, sum by (le) ({buckets}))"),
            holds: format!("result[0] <= {}", self.p95 as f64 / 1000.0),
        }
    }
}

/// For each pod: the new version has fewer of them while it is tried.
fn orders(share: f64) -> Metric {
    let [new, stable] = ["new", "stable"].map(|version| rate(ORDERS, version, ""));
    Metric {
        name: "orders".to_owned(),
        query: format!("avg({new}) >= bool {share} * avg({stable})"),
        holds: "result[0] == 1".to_owned(),
    }
}

fn rate(metric: &str, version: &str, more: &str) -> String {
    let version = format!(r#"rollouts_pod_template_hash="{{{{args.{version}}}}}""#);
    format!(r#"rate({metric}{{namespace="{{{{args.namespace}}}}", {version}{more}}}[1m])"#)
}

impl Metric {
    /// Without data, or without Prometheus, it fails: that aborts the rollout.
    fn write(&self, text: &mut String) -> std::fmt::Result {
        let Metric { name, query, holds } = self;
        write!(
            text,
            "    - name: {name}
      initialDelay: 20s
      interval: 10s
      count: 3
      failureLimit: 0
      consecutiveErrorLimit: 1
      successCondition: len(result) > 0 && {holds}
      provider:
        prometheus:
          address: \"{{{{args.prometheus}}}}\"
          query: '{query}'
"
        )
    }
}

const START: &str = "# Made from slo.toml by `cargo xtask manifests`. A metric without data fails, and so does Prometheus away: both abort.
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: objectives
  labels: { app.kubernetes.io/name: wayfare, app.kubernetes.io/component: api }
spec:
  args:
    - { name: new }
    - { name: stable }
    - { name: namespace }
    - { name: prometheus, value: \"http://prometheus-operated.monitoring.svc:9090\" }
  metrics:
";

#[cfg(test)]
mod tests {
    use super::*;

    const SLO: &str = include_str!("../../../slo.toml");

    #[test]
    fn every_objective_is_judged_and_none_passes_without_data() {
        let objects = crate::parse(&template(SLO).unwrap()).unwrap();
        let metrics: Vec<_> = objects[0].list("/spec/metrics").collect();
        let names: Vec<_> = metrics.iter().map(|it| it["name"].as_str().unwrap()).collect();
        let latencies = ["latency-browse", "latency-order", "latency-search", "latency-track"];
        assert_eq!(names, [&["availability"][..], &latencies, &["orders"]].concat());
        for metric in metrics {
            let holds = metric["successCondition"].as_str().unwrap();
            assert!(holds.starts_with("len(result) > 0 && "), "{holds}");
        }
    }

    #[test]
    fn a_number_of_slo_toml_is_the_number_that_is_asked_for() {
        let text = template(&SLO.replace("availability = 0.999", "availability = 0.9")).unwrap();
        assert!(text.contains("result[0] >= 0.9\n"), "{text}");
        assert!(text.contains("result[0] <= 0.15\n"), "{text}");
    }

    #[test]
    fn a_scenario_that_no_operation_is_known_for_is_an_error() {
        let error = template(&format!("{SLO}\n[latency.fly]\np95 = 1\n")).unwrap_err();
        assert_eq!(error.to_string(), "which operations are `fly`?");
    }
}
