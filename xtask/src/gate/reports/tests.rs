use stages::exit::{Exit, Failure};

use super::*;

type Reader = fn(&str) -> Result<Vec<Finding>>;

const READERS: [Reader; 7] = [image, trivy, detect_secrets, gitleaks, semgrep, cargo_audit, npm_audit];

fn told(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.says.as_str()).collect()
}

#[test]
fn an_image_is_judged_by_its_packages_its_files_and_its_secrets() {
    let report = r#"{ "SchemaVersion": 2, "ArtifactName": "wayfare:local", "Results": [
        { "Target": "debian 12", "Class": "os-pkgs", "Vulnerabilities": [
            { "VulnerabilityID": "CVE-1", "PkgName": "libc6", "InstalledVersion": "2.36-9", "FixedVersion": "2.36-10", "Severity": "CRITICAL" },
            { "VulnerabilityID": "CVE-2", "PkgName": "libc6", "InstalledVersion": "2.36-9", "Severity": "MEDIUM" } ] },
        { "Target": "usr/bin/wayfare", "Class": "lang-pkgs", "Type": "rustbinary",
          "Packages": [{ "ID": "itoa@1.0.18", "Name": "itoa", "Version": "1.0.18", "AnalyzedBy": "rustbinary" }],
          "Vulnerabilities": [
            { "VulnerabilityID": "CVE-3", "PkgName": "itoa", "InstalledVersion": "1.0.18", "FixedVersion": "9.0.0", "Status": "fixed",
              "SeveritySource": "osv", "Title": "planted", "Severity": "HIGH" } ] },
        { "Target": "/etc/key", "Secrets": [{ "RuleID": "private-key", "Severity": "LOW" }] } ] }"#;
    let found = image(report).unwrap();
    assert_eq!(
        told(&found),
        [
            "CVE-1 critical in libc6 2.36-9: fixed in 2.36-10",
            "CVE-2 medium in libc6 2.36-9: no fixed version yet",
            "CVE-3 high in itoa 1.0.18: fixed in 9.0.0",
            "a secret (private-key) in /etc/key: remove it, and replace it by a new one",
        ]
    );
    assert!(found[3].is_final && found[3].severity == Severity::Critical, "whatever its rule thinks of it");
}

#[test]
fn an_image_whose_binary_does_not_name_its_crates_is_not_judged() {
    for crates in ["", r#", { "Target": "usr/bin/wayfare", "Class": "lang-pkgs", "Type": "rustbinary" }"#] {
        let report = format!(
            r#"{{ "Results": [{{ "Target": "debian 12", "Class": "os-pkgs", "Type": "debian",
                                 "Packages": [{{ "ID": "libc6@2.36-9" }}] }}{crates}] }}"#
        );
        assert!(trivy(&report).is_ok());
        assert_eq!(Failure::from_any(image(&report).unwrap_err()).exit, Exit::NotJudged);
    }
}

#[test]
fn files_that_configure_something_are_judged() {
    let report = r#"{ "Results": [{ "Target": "api/Dockerfile", "Class": "config", "Type": "dockerfile", "Misconfigurations": [
        { "ID": "DS-0002", "Title": "Image user should not be 'root'", "Message": "Last USER command should not be 'root'.",
          "Resolution": "Add 'USER <non root>'.", "Severity": "HIGH", "Status": "FAIL", "CauseMetadata": { "StartLine": 3 } } ] }] }"#;
    let found = trivy(report).unwrap();
    assert_eq!((found[0].place.as_str(), found[0].line, found[0].severity), ("api/Dockerfile", 3, Severity::High));
    assert_eq!(
        found[0].says,
        "DS-0002 in api/Dockerfile: Last USER command should not be 'root': Add 'USER <non root>'."
    );
}

#[test]
fn the_id_of_a_secret_in_a_file_is_of_that_very_text() {
    let report = r#"{ "version": "1.5.0", "plugins_used": [{ "name": "KeywordDetector", "keyword_exclude": "" }], "results": {
        "api/src/a.rs": [{ "type": "Secret Keyword", "filename": "api/src/a.rs", "is_verified": false, "line_number": 3,
                           "hashed_secret": "DIGEST-of-it" }] } }"#;
    let found = detect_secrets(report).unwrap();
    assert_eq!((found[0].id.as_str(), found[0].place.as_str()), ("secret-keyword-DIGEST-of-it", "api/src/a.rs"));
}

#[test]
fn a_leak_is_told_with_its_commit() {
    let report = r#"[{ "RuleID": "private-key", "Description": "…", "StartLine": 1, "EndLine": 3, "File": "old.pem",
        "Commit": "0123456789abcdef", "Fingerprint": "0123456789abcdef:old.pem:private-key:1" }]"#;
    let says = "a secret (private-key) in old.pem:1: it is public in commit 012345678: replace it by a new one";
    assert_eq!(told(&gitleaks(report).unwrap()), [says]);
    assert_eq!(gitleaks("[]").unwrap(), []);
}

#[test]
fn a_rule_keeps_its_name_and_a_file_that_cannot_be_read_is_not_judged() {
    let report = r#"{ "version": "1.185.0", "errors": [], "paths": { "scanned": ["api/src/a.rs"] }, "results": [
        { "check_id": "xtask.semgrep.sql-from-format", "path": "api/src/a.rs", "start": { "line": 9, "col": 1, "offset": 3 },
          "extra": { "message": "Bind it.", "severity": "ERROR", "lines": "…" } } ] }"#;
    assert_eq!(told(&semgrep(report).unwrap()), ["sql-from-format in api/src/a.rs:9: Bind it."]);
    let broken = report.replace(r#""errors": []"#, r#""errors": [{ "level": "error", "message": "no such rule" }]"#);
    assert!(semgrep(&broken).unwrap_err().to_string().contains("no such rule"));
}

#[test]
fn every_advisory_of_a_crate_stops_it_and_a_warning_does_not() {
    let report = r#"{ "database": { "advisory-count": 900 }, "lockfile": { "dependency-count": 400 },
        "vulnerabilities": { "found": true, "count": 1, "list": [
            { "advisory": { "id": "RUSTSEC-2026-0001", "package": "planted", "title": "…" }, "versions": { "patched": [">=1.0.1"], "unaffected": [] },
              "package": { "name": "planted", "version": "1.0.0" } } ] },
        "warnings": { "unmaintained": [{ "kind": "unmaintained", "package": { "name": "old", "version": "0.1.0" },
            "advisory": { "id": "RUSTSEC-2026-0002" } }], "yanked": [{ "kind": "yanked", "package": { "name": "back", "version": "2.0.0" }, "advisory": null }] } }"#;
    let found = cargo_audit(report).unwrap();
    assert_eq!(
        told(&found),
        [
            "RUSTSEC-2026-0001 in planted 1.0.0: fixed in >=1.0.1",
            "RUSTSEC-2026-0002: old 0.1.0 is unmaintained",
            "yanked: back 2.0.0 is yanked",
        ]
    );
    assert_eq!(
        found.iter().map(|it| it.severity).collect::<Vec<_>>(),
        [Severity::Unknown, Severity::Low, Severity::Low]
    );
    assert!(cargo_audit(&report.replace(r#""advisory-count": 900"#, r#""advisory-count": 0"#)).is_err());
}

#[test]
fn a_package_that_is_weak_by_another_is_told_once() {
    let report = r#"{ "auditReportVersion": 2, "vulnerabilities": {
        "inner": { "name": "inner", "severity": "high", "isDirect": false, "via": [{ "source": 1, "name": "inner", "dependency": "inner",
            "title": "Runs what it is given", "url": "https://github.com/advisories/GHSA-xxxx", "severity": "high", "cwe": [], "cvss": { "score": 0, "vectorString": null }, "range": "<1.2.3" }],
            "effects": ["outer"], "range": "<1.2.3", "nodes": [], "fixAvailable": true },
        "outer": { "name": "outer", "severity": "high", "isDirect": true, "via": ["inner"], "effects": [], "range": "*", "nodes": [], "fixAvailable": true } },
        "metadata": { "vulnerabilities": { "total": 2 }, "dependencies": { "prod": 10, "dev": 90, "total": 100 } } }"#;
    let found = npm_audit(report).unwrap();
    assert_eq!(told(&found), ["GHSA-xxxx high in inner <1.2.3: Runs what it is given; npm audit fix"]);
    assert_eq!(found[0].place, "inner");
}

#[test]
fn a_report_that_says_nothing_is_not_green() {
    let silent = [
        "",
        "{}",
        "[1]",
        r#"{"Results": null}"#,
        r#"{"Results": []}"#,
        r#"{"error": {"code": "ENOAUDIT"}}"#,
        r#"{"plugins_used": [], "results": {}}"#,
        r#"{"results": [], "errors": [], "paths": {"scanned": []}}"#,
        r#"{"database": {"advisory-count": 1}, "lockfile": {"dependency-count": 0}, "vulnerabilities": {"list": []}}"#,
        r#"{"vulnerabilities": {}, "metadata": {"dependencies": {"total": 0}}}"#,
    ];
    for (report, reader) in silent.iter().flat_map(|report| READERS.map(|reader| (report, reader))) {
        let failure = Failure::from_any(reader(report).unwrap_err());
        assert_eq!(failure.exit, Exit::NotJudged, "{report}");
    }
}
