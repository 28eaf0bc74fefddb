//! Which labels the result of a query has.

use std::collections::BTreeSet;

use promql_parser::parser::{BinaryExpr, Expr, LabelModifier, VectorMatchCardinality, token};

use crate::known::Known;

/// Added by Prometheus when it scrapes, as monitoring/prometheus.yml and k8s/components/monitoring tell it.
pub const BY_SCRAPE: [&str; 5] = ["instance", "job", "namespace", "pod", "rollouts_pod_template_hash"];

pub fn of(query: &Expr, known: &Known) -> BTreeSet<String> {
    match query {
        Expr::Aggregate(it) => match &it.modifier {
            Some(LabelModifier::Include(by)) => by.labels.iter().cloned().collect(),
            Some(LabelModifier::Exclude(without)) => {
                of(&it.expr, known).into_iter().filter(|label| !without.labels.contains(label)).collect()
            }
            None if keeps_series(it.op.id()) => of(&it.expr, known),
            None => BTreeSet::new(),
        },
        Expr::Binary(it) => of_binary(it, known),
        Expr::Unary(it) => of(&it.expr, known),
        Expr::Paren(it) => of(&it.expr, known),
        Expr::Subquery(it) => of(&it.expr, known),
        Expr::VectorSelector(it) => of_metric(it.name.as_deref(), known),
        Expr::MatrixSelector(it) => of_metric(it.vs.name.as_deref(), known),
        Expr::Call(it) => {
            let mut labels: BTreeSet<_> = it.args.args.iter().flat_map(|argument| of(argument, known)).collect();
            if it.func.name == "histogram_quantile" {
                labels.remove("le");
            }
            if ["absent", "absent_over_time", "scalar", "vector"].contains(&it.func.name) {
                labels.clear();
            }
            labels
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => BTreeSet::new(),
    }
}

fn keeps_series(op: token::TokenId) -> bool {
    [token::T_TOPK, token::T_BOTTOMK].contains(&op)
}

fn of_metric(name: Option<&str>, known: &Known) -> BTreeSet<String> {
    let own = name.and_then(|name| known.0.get(name)).into_iter().flat_map(|metric| metric.labels.iter().cloned());
    own.chain(BY_SCRAPE.map(str::to_owned)).collect()
}

fn of_binary(it: &BinaryExpr, known: &Known) -> BTreeSet<String> {
    let [left, right] = [&it.lhs, &it.rhs].map(|side| of(side, known));
    let modifier = it.modifier.as_ref();
    match modifier.map(|modifier| &modifier.card) {
        Some(VectorMatchCardinality::ManyToOne(more)) => left.into_iter().chain(more.labels.iter().cloned()).collect(),
        Some(VectorMatchCardinality::OneToMany(more)) => right.into_iter().chain(more.labels.iter().cloned()).collect(),
        // Either side may be what remains.
        _ if it.op.id() == token::T_LOR => left.into_iter().chain(right).collect(),
        _ if [token::T_LAND, token::T_LUNLESS].contains(&it.op.id()) => left,
        _ => match modifier.and_then(|modifier| modifier.matching.as_ref()) {
            Some(LabelModifier::Include(on)) => on.labels.iter().cloned().collect(),
            _ if left.is_empty() => right,
            _ => left,
        },
    }
}
