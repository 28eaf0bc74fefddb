//! The gate: compares findings with the list of accepted ones. Pure: no network and no clock.

pub mod reports;
pub mod sarif;

use anyhow::{Context, Result};
use serde::Deserialize;
use stages::exit::{Exit, Failure};

/// The list, from the root of the clone.
pub const ALLOWED: &str = "xtask/allowed.toml";

/// No telemetry, and no ignore file of the scanner in the clone hides a finding: there is one list.
pub const TRIVY: [&str; 9] = [
    "--quiet",
    "--disable-telemetry",
    "--skip-version-check",
    "--config",
    "/dev/null",
    "--ignorefile",
    "/dev/null",
    "--format",
    "json",
];

/// One thing that a scanner found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The scanner's name for it: an advisory, a rule.
    pub id: String,
    /// The package or the file that it is in: what the list calls `in`.
    pub place: String,
    pub file: String,
    pub line: u64,
    pub severity: Severity,
    /// A sentence, with the remedy if it is known.
    pub says: String,
    /// A leaked secret can't be accepted.
    pub is_final: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
    /// Not rated yet, which is no reason to let it pass.
    Unknown,
}

/// What stops it; what is lower is kept in the reports.
pub const THRESHOLD: Severity = Severity::High;

/// What is accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    #[serde(default)]
    accepted: Vec<Accepted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    id: String,
    /// The package, the file, or with `/` at its end the folder.
    r#in: String,
    /// Who answers questions about it.
    owner: String,
    reason: String,
    /// The last day on which it holds, `2026-12-31`.
    until: String,
}

#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    /// A sentence for each reported finding.
    pub lines: Vec<String>,
    pub blocking: usize,
    /// Every finding, and who accepted it why.
    pub findings: Vec<(Finding, Option<String>)>,
}

/// Judges the list and the findings; `today` is a day as the list writes it.
pub fn judge(findings: Vec<Finding>, allowed: &str, today: &str) -> Result<Verdict> {
    let allowed = Allowed::read(allowed)?;
    let (mut verdict, faults) = (allowed.judge(findings), allowed.faults(today));
    verdict.blocking += faults.len();
    verdict.lines.splice(0..0, faults);
    Ok(verdict)
}

impl Allowed {
    pub fn read(text: &str) -> Result<Self> {
        toml::from_str(text).with_context(|| format!("{ALLOWED} can't be read"))
    }

    /// What is wrong with the list itself: each fault stops the run.
    pub fn faults(&self, today: &str) -> Vec<String> {
        let fault = |entry: &Accepted| Some(format!("{} in {}: {}", entry.id, entry.r#in, entry.fault(today)?));
        self.accepted.iter().filter_map(fault).collect()
    }

    pub fn judge(&self, findings: Vec<Finding>) -> Verdict {
        let mut verdict = Verdict::default();
        let mut told = Vec::new();
        for finding in findings {
            let entry = self.accepted.iter().find(|entry| entry.covers(&finding));
            let by = entry.map(|entry| format!("accepted by {} until {}: {}", entry.owner, entry.until, entry.reason));
            match &by {
                _ if finding.severity < THRESHOLD => {}
                Some(by) => told.push(format!("{}; {by}", finding.says)),
                None => verdict.lines.push(finding.says.clone()),
            }
            verdict.findings.push((finding, by));
        }
        verdict.blocking = verdict.lines.len();
        verdict.lines.extend(told);
        verdict
    }
}

impl Accepted {
    fn covers(&self, finding: &Finding) -> bool {
        let is_there =
            finding.place == self.r#in || (self.r#in.ends_with('/') && finding.place.starts_with(&self.r#in));
        self.id == finding.id && is_there && !finding.is_final
    }

    fn fault(&self, today: &str) -> Option<String> {
        let is_digit = |(i, c): (usize, char)| if i == 4 || i == 7 { c == '-' } else { c.is_ascii_digit() };
        let is_day = self.until.len() == 10 && self.until.char_indices().all(is_digit);
        if self.owner.trim().is_empty() || self.reason.trim().is_empty() {
            return Some("accepted without an owner or a reason".into());
        }
        if !is_day {
            return Some(format!("accepted until `{}`, which isn't a date", self.until));
        }
        (self.until.as_str() < today)
            .then(|| format!("accepted until {}, which has passed: ask {}", self.until, self.owner))
    }
}

/// A scanner that isn't there, that failed, or that looked at nothing.
pub fn not_judged(why: impl Into<String>) -> anyhow::Error {
    Failure::new(Exit::NotJudged, why).next("nothing was evaluated: see the scanner's log").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity) -> Finding {
        Finding {
            id: "CVE-1".into(),
            place: "libc6".into(),
            file: "debian 12".into(),
            line: 1,
            severity,
            says: "CVE-1 in libc6 2.36-9: fixed in 2.36-10".into(),
            is_final: false,
        }
    }

    fn accepted(owner: &str, until: &str) -> String {
        format!(
            "[[accepted]]\nid = \"CVE-1\"\nin = \"libc6\"\nowner = \"{owner}\"\nreason = \"not reached\"\nuntil = \"{until}\"\n"
        )
    }

    fn told(finding: Finding, allowed: &str) -> (usize, String) {
        let verdict = judge(vec![finding], allowed, "2026-11-21").unwrap();
        (verdict.blocking, verdict.lines.join("\n"))
    }

    #[test]
    fn what_is_high_stops_it_and_what_is_lower_does_not() {
        for severity in [Severity::High, Severity::Critical, Severity::Unknown] {
            assert_eq!(told(finding(severity), ""), (1, finding(severity).says), "{severity:?}");
        }
        for severity in [Severity::Low, Severity::Medium] {
            assert_eq!(told(finding(severity), ""), (0, String::new()), "{severity:?}");
        }
    }

    #[test]
    fn what_somebody_answers_for_passes_until_its_last_day() {
        let high = || finding(Severity::High);
        let (blocking, lines) = told(high(), &accepted("ann", "2026-11-21"));
        assert_eq!(blocking, 0);
        assert!(lines.ends_with("; accepted by ann until 2026-11-21: not reached"), "{lines}");
        let (blocking, lines) = told(high(), &accepted("ann", "2026-11-20"));
        assert_eq!(blocking, 1);
        assert!(lines.contains("accepted until 2026-11-20, which has passed: ask ann"), "{lines}");
        assert_eq!(told(high(), &accepted("", "2026-12-31")).0, 1);
        assert_eq!(told(high(), &accepted("ann", "never")).0, 1);
        assert_eq!(told(high(), &accepted("ann", "2026-12-31").replace("libc6", "zlib")).0, 1);
        assert!(judge(vec![high()], "[[accepted]]\nid = \"CVE-1\"\n", "2026-11-21").is_err());
    }

    #[test]
    fn an_expired_entry_stops_it_although_it_covers_nothing() {
        let verdict = judge(Vec::new(), &accepted("ann", "2026-11-20"), "2026-11-21").unwrap();
        assert_eq!(verdict.blocking, 1);
    }

    #[test]
    fn a_folder_is_accepted_with_what_is_in_it_and_nothing_beside_it() {
        let at = |place: &str| Finding { place: place.into(), ..finding(Severity::High) };
        let list = accepted("ann", "2026-12-31").replace("libc6", "api/tests/");
        assert_eq!(told(at("api/tests/it/config.rs"), &list).0, 0);
        assert_eq!(told(at("api/tests.rs"), &list).0, 1);
        assert_eq!(told(at("api/tests/it/config.rs"), &list.replace("tests/", "tests")).0, 1);
    }

    #[test]
    fn nobody_can_answer_for_what_is_final() {
        let secret = Finding { is_final: true, ..finding(Severity::Low) };
        assert_eq!(told(Finding { severity: Severity::Critical, ..secret }, &accepted("ann", "2026-12-31")).0, 1);
    }

    #[test]
    fn the_kept_list_can_be_read() {
        assert!(judge(Vec::new(), include_str!("../../allowed.toml"), "2026-11-21").is_ok());
    }
}
