//! `monitoring/`: whom Prometheus asks and when it calls. Its own promtool is the judge of it.
//!
//! No dashboards, and nobody is called yet: there is no Alertmanager.

use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

/// For `lint`.
pub fn check_steps(machine: &Machine) -> [Step; 2] {
    let config = Step::run("Prometheus", cmd!(machine.sh, "promtool check config monitoring/prometheus.yml"))
        .why("a mistake in it or in a rule is found by nobody who isn't called");
    let rules = Step::run("alerts", cmd!(machine.sh, "promtool test rules monitoring/rules/wayfare_test.yaml"))
        .why("each fires when it should, and is quiet when it should be");
    [config, rules].map(|step| step.optional("promtool", machine).within(60).next("mend what it names in monitoring/"))
}

#[cfg(test)]
mod tests {
    const RULES: &str = include_str!("../../../monitoring/rules/wayfare.yaml");
    const METRICS: &str = include_str!("../../../api/src/metrics.rs");
    const CASES: &str = include_str!("../../../monitoring/rules/wayfare_test.yaml");

    fn words(text: &str) -> impl Iterator<Item = &str> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
    }

    #[test]
    fn every_metric_that_a_rule_asks_for_is_one_that_the_service_exports() {
        let ours = |word: &&str| ["wayfare_", "http_server_", "db_client_"].iter().any(|start| word.starts_with(start));
        let asked: Vec<_> = words(RULES).filter(ours).collect();
        assert!(asked.len() >= 4, "{asked:?}");
        for name in asked {
            let base = ["_count", "_sum", "_bucket"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            let exported = [name, base].iter().any(|name| METRICS.contains(&format!("\n    {name}: ")));
            assert!(exported, "{name}");
        }
    }

    #[test]
    fn every_alert_is_tried_firing_and_quiet() {
        for alert in RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
            let cases: Vec<_> =
                CASES.split("eval_time").filter(|case| case.contains(&format!("alertname: {alert}"))).collect();
            assert!(cases.iter().any(|case| case.contains("exp_alerts")), "{alert} never fires");
            assert!(cases.iter().any(|case| !case.contains("exp_alerts")), "{alert} is never quiet");
        }
    }
}
