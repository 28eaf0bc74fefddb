//! The gate: a scanner's report against the list of what somebody answers for. It asks nobody and reads no clock.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::exit::{Exit, Failure};

/// What Trivy reports, as far as it is judged.
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "Results")]
    results: Option<Vec<Looked>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Looked {
    #[serde(default)]
    target: String,
    #[serde(default)]
    vulnerabilities: Vec<Weakness>,
    #[serde(default)]
    secrets: Vec<Secret>,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(rename = "PkgName")]
    package: String,
    #[serde(rename = "InstalledVersion")]
    version: String,
    #[serde(rename = "FixedVersion", default)]
    fixed: String,
    #[serde(rename = "Severity")]
    severity: Severity,
}

#[derive(Deserialize)]
struct Secret {
    #[serde(rename = "RuleID")]
    rule: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "UPPERCASE")]
enum Severity {
    Low,
    Medium,
    High,
    Critical,
    /// Nobody has judged it yet: that is no reason to let it pass.
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    #[serde(default)]
    accepted: Vec<Accepted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    id: String,
    package: String,
    /// Whom to ask.
    owner: String,
    reason: String,
    /// The last day on which it holds, `2026-12-31`.
    until: String,
}

#[derive(Debug, PartialEq)]
pub struct Verdict {
    /// A sentence for each finding that is told.
    pub lines: Vec<String>,
    pub blocking: usize,
}

/// `today` is a day as the list writes it.
pub fn judge(report: &str, allowed: &str, today: &str) -> Result<Verdict> {
    let report: Report =
        serde_json::from_str(report).map_err(|error| not_judged(format!("the report can't be read: {error}")))?;
    let looked = report.results.filter(|results| !results.is_empty());
    let looked = looked.ok_or_else(|| not_judged("the scanner found nothing that it could look at".into()))?;
    let allowed: Allowed = toml::from_str(allowed).context("the list of what is accepted")?;
    let mut stops = Vec::new();
    for entry in &allowed.accepted {
        stops.extend(fault(entry, today).map(|fault| format!("{} in {}: {fault}", entry.id, entry.package)));
    }
    let mut told = Vec::new();
    for weakness in looked.iter().flat_map(|looked| &looked.vulnerabilities).filter(|it| it.severity >= Severity::High)
    {
        let line = weakness.line();
        match allowed.accepted.iter().find(|entry| entry.id == weakness.id && entry.package == weakness.package) {
            Some(entry) => {
                told.push(format!("{line}; accepted by {} until {}: {}", entry.owner, entry.until, entry.reason))
            }
            None => stops.push(line),
        }
    }
    for (target, secret) in
        looked.iter().flat_map(|looked| looked.secrets.iter().map(|secret| (&looked.target, secret)))
    {
        stops.push(format!("a secret ({}) in {target}: take it out, and make a new one", secret.rule));
    }
    let blocking = stops.len();
    Ok(Verdict { lines: stops.into_iter().chain(told).collect(), blocking })
}

impl Weakness {
    fn line(&self) -> String {
        let remedy = if self.fixed.is_empty() {
            "no version mends it yet".to_owned()
        } else {
            format!("mended in {}", self.fixed)
        };
        let severity = format!("{:?}", self.severity).to_lowercase();
        format!("{} {severity} in {} {}: {remedy}", self.id, self.package, self.version)
    }
}

fn fault(entry: &Accepted, today: &str) -> Option<String> {
    let is_day = entry.until.len() == 10
        && entry.until.char_indices().all(|(i, c)| if i == 4 || i == 7 { c == '-' } else { c.is_ascii_digit() });
    if entry.owner.trim().is_empty() || entry.reason.trim().is_empty() {
        return Some("accepted without an owner or a reason".into());
    }
    if !is_day {
        return Some(format!("accepted until `{}`, which is no day", entry.until));
    }
    (entry.until.as_str() < today)
        .then(|| format!("accepted until {}, which has passed: ask {}", entry.until, entry.owner))
}

fn not_judged(why: String) -> anyhow::Error {
    Failure::new(Exit::NotJudged, why).next("nothing was judged, so nothing is green: see the scanner's log").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "SchemaVersion": 2, "ArtifactName": "wayfare:local",
        "Results": [
            { "Target": "debian 12", "Class": "os-pkgs", "Vulnerabilities": [
                { "VulnerabilityID": "CVE-1", "PkgName": "libc6", "InstalledVersion": "2.36-9", "FixedVersion": "2.36-10", "Severity": "CRITICAL" },
                { "VulnerabilityID": "CVE-2", "PkgName": "libc6", "InstalledVersion": "2.36-9", "Severity": "MEDIUM" } ] },
            { "Target": "usr/bin/wayfare", "Class": "lang-pkgs" }
        ]
    }"#;

    fn accepted(owner: &str, until: &str) -> String {
        format!(
            "[[accepted]]\nid = \"CVE-1\"\npackage = \"libc6\"\nowner = \"{owner}\"\nreason = \"not reached\"\nuntil = \"{until}\"\n"
        )
    }

    fn told(report: &str, allowed: &str) -> (usize, String) {
        let verdict = judge(report, allowed, "2026-11-21").unwrap();
        (verdict.blocking, verdict.lines.join("\n"))
    }

    #[test]
    fn what_is_high_stops_it_and_what_is_lower_does_not() {
        assert_eq!(told(REPORT, ""), (1, "CVE-1 critical in libc6 2.36-9: mended in 2.36-10".into()));
        assert_eq!(told(&REPORT.replace("CRITICAL", "LOW"), ""), (0, String::new()));
        for severity in ["HIGH", "UNKNOWN"] {
            assert_eq!(told(&REPORT.replace("CRITICAL", severity), "").0, 1, "{severity}");
        }
    }

    #[test]
    fn what_somebody_answers_for_passes_until_its_last_day() {
        assert_eq!(told(REPORT, &accepted("ann", "2026-11-21")).0, 0);
        let (blocking, lines) = told(REPORT, &accepted("ann", "2026-11-20"));
        assert_eq!(blocking, 1);
        assert!(lines.contains("accepted until 2026-11-20, which has passed: ask ann"), "{lines}");
        assert_eq!(told(REPORT, &accepted("", "2026-12-31")).0, 1);
        assert_eq!(told(REPORT, &accepted("ann", "never")).0, 1);
        assert_eq!(told(REPORT, &accepted("ann", "2026-12-31").replace("libc6", "zlib")).0, 1);
        assert!(judge(REPORT, "[[accepted]]\nid = \"CVE-1\"\n", "2026-11-21").is_err());
    }

    #[test]
    fn a_secret_always_stops_it() {
        let report =
            r#"{"Results": [{"Target": "/etc/key", "Secrets": [{"RuleID": "private-key", "Severity": "LOW"}]}]}"#;
        assert_eq!(told(report, ""), (1, "a secret (private-key) in /etc/key: take it out, and make a new one".into()));
    }

    #[test]
    fn a_report_that_looked_at_nothing_is_not_green() {
        for report in ["", "{}", r#"{"Results": null}"#, r#"{"Results": []}"#, "[1]"] {
            let failure = Failure::from_any(judge(report, "", "2026-11-21").unwrap_err());
            assert_eq!(failure.exit, Exit::NotJudged, "{report}");
        }
    }
}
