//! What every alert has: its labels and annotations, a run book of its own, and tests in which it fires and keeps quiet.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::{Rule, Tests};

const SEVERITIES: [&str; 3] = ["critical", "none", "warning"];
const ANNOTATIONS: [&str; 4] = ["dashboard_url", "description", "runbook_url", "summary"];

/// `runbooks` are the names of the files in docs/runbooks, `dashboards` the ids in monitoring/dashboards.
pub fn offences(rules: &[Rule], tests: &Tests, runbooks: &[String], dashboards: &BTreeSet<String>) -> Vec<String> {
    let alerts: Vec<_> = rules.iter().filter(|rule| rule.alert.is_some()).collect();
    let names: BTreeSet<_> = alerts.iter().map(|rule| rule.name()).collect();
    let mut found: Vec<_> = alerts.iter().flat_map(|rule| of_alert(rule, dashboards)).collect();
    for name in &names {
        if !runbooks.iter().any(|book| book == name) {
            found.push(format!("docs/runbooks/{name}.md isn't there: each alert has a run book"));
        }
        let (firing, quiet) = tests.cases.get(*name).copied().unwrap_or_default();
        // A dead man's switch fires for as long as the alerting works.
        let is_switch = alerts
            .iter()
            .any(|rule| rule.name() == *name && rule.labels.get("severity").is_some_and(|it| it == "none"));
        if firing == 0 || quiet == 0 && !is_switch {
            let what = if firing == 0 { "fires" } else { "keeps quiet" };
            found.push(format!("monitoring/rules: {name} has no test in which it {what}"));
        }
    }
    let orphans = runbooks.iter().filter(|book| !names.contains(book.as_str()) && *book != "README");
    found.extend(orphans.map(|book| format!("docs/runbooks/{book}.md: there is no alert of this name")));
    let unknown = tests.cases.keys().filter(|name| !names.contains(name.as_str()));
    found.extend(unknown.map(|name| format!("monitoring/rules: a test names {name}, which is no alert")));
    found.extend(prefixes(&alerts));
    found
}

fn of_alert(rule: &Rule, dashboards: &BTreeSet<String>) -> Vec<String> {
    let name = rule.name();
    let mut found = Vec::new();
    if !rule.labels.get("severity").is_some_and(|severity| SEVERITIES.contains(&severity.as_str())) {
        found.push(format!("its severity is none of {}", SEVERITIES.join(", ")));
    }
    if rule.labels.get("service").is_none_or(String::is_empty) {
        found.push("it has no label service".to_owned());
    }
    let present: Vec<_> = rule.annotations.keys().map(String::as_str).collect();
    if present != ANNOTATIONS {
        found.push(format!("its annotations are {} and not {}", present.join(", "), ANNOTATIONS.join(", ")));
    }
    let url = |annotation: &str| rule.annotations.get(annotation).map_or("", String::as_str);
    if !url("runbook_url").ends_with(&format!("/docs/runbooks/{name}.md")) {
        found.push(format!("its runbook_url doesn't end with /docs/runbooks/{name}.md"));
    }
    let dashboard = url("dashboard_url").rsplit_once("/d/").map_or("", |(_, id)| id);
    if !dashboards.contains(dashboard) {
        found.push(format!("its dashboard_url names `{dashboard}`, which is no dashboard"));
    }
    found.into_iter().map(|what| format!("{}: {name}: {what}", rule.file)).collect()
}

/// Whoever moves the run books or Grafana changes every alert.
fn prefixes(alerts: &[&Rule]) -> Vec<String> {
    let mut found = Vec::new();
    for (annotation, end) in [("runbook_url", "/docs/runbooks/"), ("dashboard_url", "/d/")] {
        let mut starts = BTreeMap::<&str, &str>::new();
        for rule in alerts {
            if let Some((start, _)) = rule.annotations.get(annotation).and_then(|url| url.rsplit_once(end)) {
                starts.entry(start).or_insert(rule.name());
            }
        }
        if starts.len() > 1 {
            let told: Vec<_> = starts.iter().map(|(start, name)| format!("{start} ({name})")).collect();
            found.push(format!("monitoring/rules: {annotation} begins in more than one way: {}", told.join(", ")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(change: impl FnOnce(&mut Rule)) -> Rule {
        let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let mut rule = Rule {
            alert: Some("A".to_owned()),
            expr: "up == 0".to_owned(),
            file: "a.yaml".to_owned(),
            labels: text(&[("severity", "warning"), ("service", "wayfare")]),
            annotations: text(&[
                ("summary", "s"),
                ("description", "d"),
                ("runbook_url", "https://x/docs/runbooks/A.md"),
                ("dashboard_url", "http://g/d/system"),
            ]),
            ..Rule::default()
        };
        change(&mut rule);
        rule
    }

    fn told(rule: Rule, cases: (usize, usize), books: &[&str]) -> String {
        let tests = Tests { cases: [("A".to_owned(), cases)].into(), series: Vec::new() };
        let books: Vec<_> = books.iter().map(ToString::to_string).collect();
        offences(&[rule], &tests, &books, &["system".to_owned()].into()).join("\n")
    }

    #[test]
    fn an_alert_with_everything_is_left_alone() {
        assert_eq!(told(alert(|_| {}), (1, 1), &["A", "README"]), "");
    }

    #[test]
    fn each_thing_that_is_missing_is_named() {
        let books = &["A"][..];
        assert!(told(alert(|_| {}), (1, 1), &[]).contains("docs/runbooks/A.md isn't there"));
        assert!(told(alert(|_| {}), (1, 1), &["A", "B"]).contains("docs/runbooks/B.md: there is no alert"));
        assert!(told(alert(|_| {}), (0, 1), books).contains("no test in which it fires"));
        assert!(told(alert(|_| {}), (1, 0), books).contains("no test in which it keeps quiet"));
        let without = |label: &'static str| alert(move |rule| drop(rule.labels.remove(label)));
        assert!(told(without("severity"), (1, 1), books).contains("its severity is none of"));
        assert!(told(without("service"), (1, 1), books).contains("no label service"));
        let without = |it: &'static str| alert(move |rule| drop(rule.annotations.remove(it)));
        assert!(told(without("summary"), (1, 1), books).contains("its annotations are"));
        assert!(told(without("runbook_url"), (1, 1), books).contains("runbook_url doesn't end"));
        assert!(told(without("dashboard_url"), (1, 1), books).contains("is no dashboard"));
    }
}
