//! What is wrong with a query: a metric that nobody exports, a label that it doesn't have, a value that no series has.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, Expr, VectorSelector};

use crate::known::{Known, Metric};
use crate::labels::{self, BY_SCRAPE};
use crate::query::Query;

/// What a selector may ask of the labels that Prometheus itself adds.
#[derive(Debug, Default)]
pub struct Scrapes {
    /// The names of the jobs in monitoring/prometheus.yml.
    pub jobs: BTreeSet<String>,
}

pub struct Judge<'a> {
    pub known: &'a Known,
    pub scrapes: &'a Scrapes,
}

impl Judge<'_> {
    /// Offences of one query, and the names that it asks for.
    pub fn judge(&self, query: &Query) -> (Vec<String>, BTreeSet<String>) {
        let tree = match parser::parse(&query.text) {
            Ok(tree) => tree,
            Err(why) => return (vec![format!("{}: `{}` is no PromQL: {why}", query.at, query.text)], BTreeSet::new()),
        };
        let mut found = Found { judge: self, is_series: query.is_series, offences: Vec::new(), names: BTreeSet::new() };
        found.walk(&tree);
        let has = labels::of(&tree, self.known);
        for label in query.shows.iter().filter(|label| !has.contains(*label) && !query.adds.contains(label)) {
            found.offences.push(format!("it shows the label {label}, which its result doesn't have"));
        }
        (found.offences.into_iter().map(|what| format!("{}: {what}", query.at)).collect(), found.names)
    }
}

struct Found<'a> {
    judge: &'a Judge<'a>,
    is_series: bool,
    offences: Vec<String>,
    names: BTreeSet<String>,
}

impl Found<'_> {
    fn walk(&mut self, tree: &Expr) {
        match tree {
            Expr::Aggregate(it) => {
                let has = labels::of(&it.expr, self.judge.known);
                let asked = it.modifier.iter().flat_map(|modifier| modifier.labels().labels.iter());
                for label in asked.filter(|label| !has.contains(*label)) {
                    self.offences.push(format!("`{tree}` groups by {label}, which it doesn't have"));
                }
                self.walk(&it.expr);
            }
            Expr::Binary(it) => {
                let on = it.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
                for (side, label) in [&it.lhs, &it.rhs].into_iter().flat_map(|side| {
                    let labels = on.iter().flat_map(|on| on.labels().labels.iter());
                    labels.map(move |label| (side, label))
                }) {
                    if !labels::of(side, self.judge.known).contains(label) {
                        self.offences.push(format!("`{side}` is matched by {label}, which it doesn't have"));
                    }
                }
                self.walk(&it.lhs);
                self.walk(&it.rhs);
            }
            Expr::Unary(it) => self.walk(&it.expr),
            Expr::Paren(it) => self.walk(&it.expr),
            Expr::Subquery(it) => self.walk(&it.expr),
            Expr::VectorSelector(it) => self.selector(it),
            Expr::MatrixSelector(it) => self.selector(&it.vs),
            Expr::Call(it) => {
                if ["rate", "irate", "increase"].contains(&it.func.name) {
                    it.args.args.iter().for_each(|argument| self.counts(it.func.name, argument));
                }
                it.args.args.iter().for_each(|argument| self.walk(argument));
            }
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
        }
    }

    fn selector(&mut self, it: &VectorSelector) {
        let Some(name) = it.name.as_deref() else {
            return self.offences.push(format!("`{it}` names no metric"));
        };
        self.names.insert(name.to_owned());
        let Some(metric) = self.judge.known.0.get(name) else {
            return self.offences.push(format!("it asks for {name}, which nothing exports"));
        };
        for matcher in it.matchers.matchers.iter().chain(it.matchers.or_matchers.iter().flatten()) {
            if !self.is_series && is_whole_bound(matcher) {
                self.offences.push(format!(
                    "it asks {name} for le=\"{0}\": Prometheus 3 stores whole bounds as {0}.0, Prometheus 2 as {0}; \
                     choose another bound, or le=~\"{0}|{0}.0\"",
                    matcher.value
                ));
            }
            self.offences.extend(self.judge.scrapes.wrong(name, metric, matcher));
        }
    }

    fn counts(&mut self, function: &str, argument: &Expr) {
        let Expr::MatrixSelector(it) = argument else { return };
        let name = it.vs.name.as_deref().unwrap_or_default();
        if self.judge.known.0.get(name).is_some_and(|metric| metric.kind == "gauge") {
            self.offences.push(format!("{function}() of {name}, which is a gauge and no counter"));
        }
    }
}

impl Scrapes {
    fn wrong(&self, name: &str, metric: &Metric, matcher: &Matcher) -> Option<String> {
        let label = &matcher.name;
        if label == "job" {
            let all: Vec<_> = self.jobs.iter().map(String::as_str).collect();
            return unmatched(matcher, &all).map(|it| format!("it asks {name} for the job {it}, which isn't scraped"));
        }
        if !metric.labels.contains(label) {
            let scraped = BY_SCRAPE.contains(&label.as_str());
            return (!scraped).then(|| format!("it asks {name} for the label {label}, which it doesn't have"));
        }
        let series = metric.series.as_ref()?;
        let values: Vec<_> = series.iter().filter_map(|labels| labels.get(label)).map(String::as_str).collect();
        let missing = unmatched(matcher, &values)?;
        Some(format!("it asks {name} for {label} {missing}, which no series has"))
    }
}

fn is_whole_bound(matcher: &Matcher) -> bool {
    matcher.name == "le" && matcher.value.parse::<f64>().is_ok_and(|bound| bound.fract() == 0.0)
}

/// The part of what is asked for, or is left out, that no value is like.
fn unmatched(matcher: &Matcher, values: &[&str]) -> Option<String> {
    let is_there = |wanted: &str| values.contains(&wanted);
    match &matcher.op {
        MatchOp::Equal | MatchOp::NotEqual => (!is_there(&matcher.value)).then(|| matcher.value.clone()),
        MatchOp::Re(pattern) | MatchOp::NotRe(pattern) => {
            let is_list = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || "_-|".contains(c));
            if is_list(&matcher.value) {
                return matcher.value.split('|').find(|it| !is_there(it)).map(str::to_owned);
            }
            (!values.iter().any(|value| pattern.is_match(value))).then(|| matcher.value.clone())
        }
    }
}

/// Families of the service that nothing asks for, but for those that have a reason.
pub fn unasked(
    families: &BTreeMap<String, String>,
    asked: &BTreeSet<String>,
    reasons: &BTreeMap<String, String>,
) -> Vec<String> {
    let asked: BTreeSet<_> = asked.iter().map(|name| crate::known::family(name, families)).collect();
    let silent = families.keys().filter(|name| !asked.contains(name.as_str()) && !reasons.contains_key(*name));
    let silent = silent.map(|name| {
        format!("api/src/metrics.rs: nothing asks for {name}: no rule, panel or run book. Use it, or say why not in monitoring/exporters.toml")
    });
    let gone = reasons.keys().filter(|name| !families.contains_key(*name) || asked.contains(name.as_str()));
    let gone = gone.map(|name| {
        format!("monitoring/exporters.toml: {name} is asked for, or isn't exported: take it out of [unasked]")
    });
    silent.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition;

    const SCRAPE: &str = "# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_route=\"get_shop\",le=\"0.5\"} 1
http_server_request_duration_seconds_bucket{http_route=\"get_shop\",le=\"1\"} 1
http_server_request_duration_seconds_count{http_route=\"get_shop\"} 1
# TYPE wayfare_redis_up gauge
wayfare_redis_up{place=\"cache\"} 1
";

    fn offences(text: &str, shows: &[&str]) -> Vec<String> {
        let known = Known::of_service(&exposition::parse(SCRAPE).unwrap());
        let scrapes = Scrapes { jobs: ["wayfare".to_owned()].into() };
        let mut query = Query::new("here", text);
        query.shows = shows.iter().map(ToString::to_string).collect();
        Judge { known: &known, scrapes: &scrapes }.judge(&query).0
    }

    #[test]
    fn what_is_there_may_be_asked_for() {
        let fine = r#"sum by (le, instance) (rate(http_server_request_duration_seconds_bucket{job="wayfare", http_route=~"get_.*", le="0.5"}[5m]))"#;
        assert_eq!(offences(fine, &["instance"]), Vec::<String>::new());
        assert_eq!(
            offences(r#"min by (place) (wayfare_redis_up{place!="cache"}) == 0"#, &["place"]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_renamed_metric_a_label_or_a_value_that_is_not_there_is_named() {
        let told = |query: &str| offences(query, &[]).join("; ");
        assert_eq!(told("wayfare_redis"), "here: it asks for wayfare_redis, which nothing exports");
        let label = told(r#"wayfare_redis_up{part="cache"}"#);
        assert_eq!(label, "here: it asks wayfare_redis_up for the label part, which it doesn't have");
        let value = told(r#"wayfare_redis_up{place=~"cache|queue"}"#);
        assert_eq!(value, "here: it asks wayfare_redis_up for place queue, which no series has");
        assert_eq!(
            told(r#"wayfare_redis_up{job="api"}"#),
            "here: it asks wayfare_redis_up for the job api, which isn't scraped"
        );
        assert!(told(r#"wayfare_redis_up{place!~"q.*"}"#).contains("q.*, which no series has"));
    }

    #[test]
    fn labels_that_are_lost_on_the_way_are_not_there() {
        assert!(offences("sum by (route) (wayfare_redis_up)", &[])[0].contains("groups by route"));
        assert!(offences("sum(wayfare_redis_up)", &["place"])[0].contains("shows the label place"));
        assert!(offences("wayfare_redis_up / on (le) wayfare_redis_up", &[])[0].contains("matched by le"));
    }

    #[test]
    fn what_prometheus_answers_with_nothing_is_named() {
        assert!(offences("rate(wayfare_redis_up[5m])", &[])[0].contains("is a gauge"));
        let whole = offences(r#"http_server_request_duration_seconds_bucket{le="1"}"#, &[]);
        assert!(whole[0].contains("stores whole bounds"), "{whole:?}");
        assert!(offences("sum(", &[])[0].contains("is no PromQL"));
    }

    #[test]
    fn what_nothing_asks_for_is_named_unless_there_is_a_reason() {
        let families = exposition::parse(SCRAPE).unwrap().families;
        let asked = BTreeSet::from(["http_server_request_duration_seconds_count".to_owned()]);
        assert!(unasked(&families, &asked, &BTreeMap::new())[0].contains("nothing asks for wayfare_redis_up"));
        let reasons = BTreeMap::from([("wayfare_redis_up".to_owned(), "why".to_owned())]);
        assert_eq!(unasked(&families, &asked, &reasons), Vec::<String>::new());
        let reasons = BTreeMap::from([("gone".to_owned(), "why".to_owned())]);
        assert_eq!(unasked(&families, &asked, &reasons).len(), 2);
    }
}
