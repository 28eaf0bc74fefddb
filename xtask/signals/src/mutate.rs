//! Whether the tests of an alert know its threshold: halved or doubled, one of them has to fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use promql_parser::parser::{self, Expr, NumberLiteral};
use serde_json::Value;

use crate::rules::FOLDER;
use crate::{query, rules};

const FACTORS: [f64; 2] = [0.5, 2.0];

/// # Errors
/// No promtool, or tests that fail as they are.
pub fn run(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("target/xtask/mutants");
    fs::create_dir_all(&folder)?;
    let mut survivors = Vec::new();
    for (path, file) in
        query::files(root, FOLDER, ".yaml")?.into_iter().filter(|(path, _)| !path.ends_with("_test.yaml"))
    {
        let suite = Suite::of(&folder, &file)?;
        ensure!(suite.passes(&suite.rules, None)?, "the tests of {path} fail as they are: promtool says why");
        survivors.extend(suite.survivors(&path)?);
    }
    ensure!(!rules::read(root)?.is_empty(), "there are no rules");
    Ok(survivors)
}

/// A file of rules, and its tests in a folder where they find the mutant.
struct Suite {
    rules: Value,
    tests: Value,
    folder: PathBuf,
    name: String,
}

impl Suite {
    fn of(folder: &Path, file: &Path) -> Result<Self> {
        let name = file.file_stem().and_then(|name| name.to_str()).context("a file has a name")?;
        let tests = file.with_file_name(format!("{name}_test.yaml"));
        let text = fs::read_to_string(&tests).with_context(|| format!("{} isn't there", tests.display()))?;
        let rules = serde_saphyr::from_str(&fs::read_to_string(file)?)?;
        Ok(Suite { rules, tests: serde_saphyr::from_str(&text)?, folder: folder.to_owned(), name: name.to_owned() })
    }

    /// Whether the rules pass all tests, or those of one alert. JSON is YAML.
    fn passes(&self, rules: &Value, alert: Option<&str>) -> Result<bool> {
        let mut tests = self.tests.clone();
        if let Some(all) = tests["tests"].as_array_mut() {
            all.retain(|test| alert.is_none_or(|alert| is_of(test, alert)));
        }
        let [rules_file, tests_file] = ["", "_test"].map(|end| self.folder.join(format!("{}{end}.yaml", self.name)));
        fs::write(rules_file, rules.to_string())?;
        fs::write(&tests_file, tests.to_string())?;
        let output = Command::new("promtool").args(["test", "rules"]).arg(&tests_file).output();
        Ok(output.context("promtool can't be started")?.status.success())
    }

    fn survivors(&self, path: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for (pointer, name, expr) in self.alerts() {
            let tree = parser::parse(&expr).map_err(|why| anyhow::anyhow!("{path}: {name}: {why}"))?;
            for threshold in thresholds(&tree) {
                for factor in FACTORS {
                    let mut rules = self.rules.clone();
                    let place = rules.pointer_mut(&pointer).context("the rule is still there")?;
                    *place = Value::String(changed(&tree, threshold, threshold * factor).to_string());
                    if self.passes(&rules, Some(&name))? {
                        let to = threshold * factor;
                        found.push(format!("{path}: {name}: with {to} in place of {threshold} its tests still pass"));
                    }
                }
            }
        }
        Ok(found)
    }

    /// Where each alert's query stands, its name, and the query.
    fn alerts(&self) -> Vec<(String, String, String)> {
        let groups = self.rules["groups"].as_array().into_iter().flatten().enumerate();
        let rules = groups.flat_map(|(group, it)| {
            let rules = it["rules"].as_array().into_iter().flatten().enumerate();
            rules.map(move |(index, rule)| (format!("/groups/{group}/rules/{index}/expr"), rule))
        });
        rules
            .filter_map(|(at, rule)| Some((at, rule["alert"].as_str()?.to_owned(), rule["expr"].as_str()?.to_owned())))
            .collect()
    }
}

fn is_of(test: &Value, alert: &str) -> bool {
    let mut cases = test["alert_rule_test"].as_array().into_iter().flatten();
    cases.any(|case| case["alertname"] == alert)
}

/// Numbers that something is compared with, each once. Nothing is half or twice nothing.
fn thresholds(tree: &Expr) -> Vec<f64> {
    let mut found: Vec<f64> = match tree {
        Expr::Binary(it) => [&it.lhs, &it.rhs].into_iter().flat_map(|side| thresholds(side)).collect(),
        Expr::Paren(it) => thresholds(&it.expr),
        Expr::NumberLiteral(it) if it.val != 0.0 => vec![it.val],
        _ => Vec::new(),
    };
    found.sort_by(f64::total_cmp);
    found.dedup();
    found
}

fn changed(tree: &Expr, from: f64, to: f64) -> Expr {
    let mut tree = tree.clone();
    match &mut tree {
        Expr::Binary(it) => {
            *it.lhs = changed(&it.lhs, from, to);
            *it.rhs = changed(&it.rhs, from, to);
        }
        Expr::Paren(it) => *it.expr = changed(&it.expr, from, to),
        Expr::NumberLiteral(it) if it.val == from => return Expr::NumberLiteral(NumberLiteral::new(to)),
        _ => {}
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_what_something_is_compared_with() {
        let tree =
            parser::parse("sum(rate(a[5m])) / scalar(b) > 14.4 * 0.001 and c > (14.4) * 0.001 and vector(7) == 0")
                .unwrap();
        assert_eq!(thresholds(&tree), [0.001, 14.4]);
        let changed = changed(&tree, 14.4, 28.8).to_string();
        assert!(
            changed.contains("> 28.8 * 0.001") && changed.contains("(28.8)") && !changed.contains("14.4"),
            "{changed}"
        );
    }
}
