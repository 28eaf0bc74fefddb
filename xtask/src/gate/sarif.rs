//! Findings as SARIF 2.1.0, for tools that show them next to the source. Accepted ones are included, suppressed.

use serde_json::{Value, json};

use super::{Finding, Severity};

pub fn document(scanner: &str, findings: &[(Finding, Option<String>)]) -> Value {
    let mut ids: Vec<_> = findings.iter().map(|(finding, _)| finding.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let results: Vec<_> = findings.iter().map(|(finding, by)| result(finding, by.as_deref())).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": { "name": scanner, "rules": rules } }, "results": results }],
    })
}

fn result(finding: &Finding, by: Option<&str>) -> Value {
    let level = match finding.severity {
        Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical | Severity::Unknown => "error",
    };
    let suppressions: Vec<_> = by.iter().map(|by| json!({ "kind": "external", "justification": by })).collect();
    let region = json!({ "startLine": finding.line });
    json!({
        "ruleId": finding.id,
        "level": level,
        "message": { "text": finding.says },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": finding.file }, "region": region } }],
        "suppressions": suppressions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_suppressed_with_its_reason_and_the_rest_is_not() {
        let finding = |line| Finding {
            id: "rule".into(),
            place: "api/src/lib.rs".into(),
            file: "api/src/lib.rs".into(),
            line,
            severity: Severity::High,
            says: "no".into(),
            is_final: false,
        };
        let document = document("semgrep", &[(finding(7), None), (finding(1), Some("by ann".into()))]);
        let run = &document["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"], json!([{ "id": "rule" }]));
        let place = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], 7);
        assert_eq!(run["results"][0]["suppressions"], json!([]));
        assert_eq!(run["results"][1]["suppressions"][0]["justification"], "by ann");
    }
}
