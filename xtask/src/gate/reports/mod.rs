//! What each scanner writes, read as findings. A report that can't be read, or of a scanner that looked at nothing, is an
//! error: silence is no proof.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Finding, Severity, not_judged};

const CARGO_LOCK: &str = "Cargo.lock";
const NPM_LOCK: &str = "web/package-lock.json";

fn parse<T: DeserializeOwned>(report: &str) -> Result<T> {
    serde_json::from_str(report).map_err(|error| not_judged(format!("the report can't be read: {error}")))
}

fn looked(at_something: bool) -> Result<()> {
    if at_something { Ok(()) } else { Err(not_judged("the scanner found nothing to scan")) }
}

/// What is known of a package, and the file that names it.
fn vulnerability(id: &str, severity: Severity, package: &str, version: &str, fixed: &str, file: &str) -> Finding {
    let remedy = match fixed {
        "" => "no fixed version yet".to_owned(),
        fixed => format!("fixed in {fixed}"),
    };
    let word = match severity {
        Severity::Unknown => String::new(),
        known => format!(" {known:?}").to_lowercase(),
    };
    let says = format!("{id}{word} in {package} {version}: {remedy}");
    Finding { place: package.to_owned(), ..in_file(id.to_owned(), severity, file.to_owned(), 1, says) }
}

fn in_file(id: String, severity: Severity, file: String, line: u64, says: String) -> Finding {
    Finding { id, place: file.clone(), file, line, severity, says, is_final: false }
}

/// An image of ours. One whose binary doesn't say what it was made of would pass for want of anything to look up.
pub fn image(report: &str) -> Result<Vec<Finding>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Report {
        results: Option<Vec<Looked>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Looked {
        r#type: Option<String>,
        #[serde(default)]
        packages: Vec<serde_json::Value>,
    }
    let results = parse::<Report>(report)?.results.unwrap_or_default();
    let crates = |it: &Looked| it.r#type.as_deref() == Some("rustbinary") && !it.packages.is_empty();
    if !results.iter().any(crates) {
        return Err(not_judged("no binary in it lists its crates (cargo-auditable)"));
    }
    trivy(report)
}

/// An image, or files that configure something.
pub fn trivy(report: &str) -> Result<Vec<Finding>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Report {
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
        #[serde(default)]
        misconfigurations: Vec<Mistake>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Weakness {
        #[serde(rename = "VulnerabilityID")]
        id: String,
        #[serde(rename = "PkgName")]
        package: String,
        installed_version: String,
        #[serde(default)]
        fixed_version: String,
        severity: Severity,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Secret {
        #[serde(rename = "RuleID")]
        rule: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Mistake {
        #[serde(rename = "ID")]
        id: String,
        message: String,
        #[serde(default)]
        resolution: String,
        severity: Severity,
        #[serde(default)]
        cause_metadata: Cause,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Cause {
        start_line: Option<u64>,
    }
    let results = parse::<Report>(report)?.results.unwrap_or_default();
    looked(!results.is_empty())?;
    let mut found = Vec::new();
    for Looked { target, vulnerabilities, secrets, misconfigurations } in results {
        found.extend(vulnerabilities.into_iter().map(|it| {
            vulnerability(&it.id, it.severity, &it.package, &it.installed_version, &it.fixed_version, &target)
        }));
        found.extend(secrets.into_iter().map(|it| {
            let says = format!("a secret ({}) in {target}: remove it, and replace it by a new one", it.rule);
            Finding { is_final: true, ..in_file(it.rule, Severity::Critical, target.clone(), 1, says) }
        }));
        found.extend(misconfigurations.into_iter().map(|it| {
            let says = format!("{} in {target}: {}: {}", it.id, it.message.trim_end_matches('.'), it.resolution);
            in_file(it.id, it.severity, target.clone(), it.cause_metadata.start_line.unwrap_or(1), says)
        }));
    }
    Ok(found)
}

/// The files as they are. The id holds a digest of what was found, so that only that very text can be accepted.
pub fn detect_secrets(report: &str) -> Result<Vec<Finding>> {
    #[derive(Deserialize)]
    struct Report {
        plugins_used: Vec<serde_json::Value>,
        results: BTreeMap<String, Vec<Secret>>,
    }
    #[derive(Deserialize)]
    struct Secret {
        r#type: String,
        hashed_secret: String,
        line_number: u64,
    }
    let report: Report = parse(report)?;
    looked(!report.plugins_used.is_empty())?;
    let found = report.results.into_iter().flat_map(|(file, secrets)| {
        secrets.into_iter().map(move |it| {
            let id =
                format!("{}-{}", stages::plan::slug(&it.r#type), &it.hashed_secret[..it.hashed_secret.len().min(12)]);
            secret(id, file.clone(), it.line_number, "remove it, and replace it by a new one")
        })
    });
    Ok(found.collect())
}

/// Every commit. What is in one stays readable after it was taken out of the files.
pub fn gitleaks(report: &str) -> Result<Vec<Finding>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Leak {
        #[serde(rename = "RuleID")]
        rule: String,
        file: String,
        start_line: u64,
        #[serde(default)]
        commit: String,
    }
    let leaks: Vec<Leak> = parse(report)?;
    let found = leaks.into_iter().map(|it| {
        let commit = &it.commit[..it.commit.len().min(9)];
        secret(it.rule, it.file, it.start_line, &format!("it is public in commit {commit}: replace it by a new one"))
    });
    Ok(found.collect())
}

fn secret(id: String, file: String, line: u64, remedy: &str) -> Finding {
    let says = format!("a secret ({id}) in {file}:{line}: {remedy}");
    in_file(id, Severity::Critical, file, line, says)
}

/// Source, by our own rules.
pub fn semgrep(report: &str) -> Result<Vec<Finding>> {
    #[derive(Deserialize)]
    struct Report {
        results: Vec<Match>,
        errors: Vec<Problem>,
        paths: Paths,
    }
    #[derive(Deserialize)]
    struct Match {
        check_id: String,
        path: String,
        start: Start,
        extra: Extra,
    }
    #[derive(Deserialize)]
    struct Start {
        line: u64,
    }
    #[derive(Deserialize)]
    struct Extra {
        message: String,
        severity: String,
    }
    #[derive(Deserialize)]
    struct Problem {
        level: String,
        #[serde(default)]
        message: String,
    }
    #[derive(Deserialize)]
    struct Paths {
        scanned: Vec<String>,
    }
    let report: Report = parse(report)?;
    looked(!report.paths.scanned.is_empty())?;
    if let Some(problem) = report.errors.iter().find(|problem| problem.level == "error") {
        return Err(not_judged(format!("semgrep couldn't read all files: {}", problem.message)));
    }
    let found = report.results.into_iter().map(|it| {
        // It puts the folder of the rule in front of its name.
        let id = it.check_id.rsplit('.').next().unwrap_or(&it.check_id).to_owned();
        let severity = match it.extra.severity.as_str() {
            "ERROR" | "HIGH" | "CRITICAL" => Severity::High,
            "WARNING" | "MEDIUM" => Severity::Medium,
            "INFO" | "LOW" => Severity::Low,
            _ => Severity::Unknown,
        };
        let says = format!("{id} in {}:{}: {}", it.path, it.start.line, it.extra.message.trim());
        in_file(id, severity, it.path, it.start.line, says)
    });
    Ok(found.collect())
}

/// Cargo.lock against the advisories of RustSec. They have no severity of their own: each one stops it.
pub fn cargo_audit(report: &str) -> Result<Vec<Finding>> {
    #[derive(Deserialize)]
    struct Report {
        database: Database,
        lockfile: Lockfile,
        vulnerabilities: Vulnerabilities,
        #[serde(default)]
        warnings: BTreeMap<String, Vec<Warning>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Database {
        advisory_count: u64,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Lockfile {
        dependency_count: u64,
    }
    #[derive(Deserialize)]
    struct Vulnerabilities {
        list: Vec<Vulnerability>,
    }
    #[derive(Deserialize)]
    struct Vulnerability {
        advisory: Advisory,
        versions: Versions,
        package: Package,
    }
    #[derive(Deserialize)]
    struct Advisory {
        id: String,
    }
    #[derive(Deserialize)]
    struct Versions {
        patched: Vec<String>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    #[derive(Deserialize)]
    struct Warning {
        package: Package,
        advisory: Option<Advisory>,
    }
    let report: Report = parse(report)?;
    looked(report.database.advisory_count > 0 && report.lockfile.dependency_count > 0)?;
    let weak = report.vulnerabilities.list.into_iter().map(|it| {
        let fixed = it.versions.patched.join(" or ");
        let Package { name, version } = it.package;
        vulnerability(&it.advisory.id, Severity::Unknown, &name, &version, &fixed, CARGO_LOCK)
    });
    let warned = report.warnings.into_iter().flat_map(|(kind, warnings)| {
        warnings.into_iter().map(move |it| {
            let id = it.advisory.map_or_else(|| kind.clone(), |advisory| advisory.id);
            let says = format!("{id}: {} {} is {kind}", it.package.name, it.package.version);
            Finding { place: it.package.name, ..in_file(id, Severity::Low, CARGO_LOCK.into(), 1, says) }
        })
    });
    Ok(weak.chain(warned).collect())
}

/// web/package-lock.json against the registry's advisories.
pub fn npm_audit(report: &str) -> Result<Vec<Finding>> {
    #[derive(Deserialize)]
    struct Report {
        vulnerabilities: BTreeMap<String, Package>,
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        dependencies: Count,
    }
    #[derive(Deserialize)]
    struct Count {
        total: u64,
    }
    #[derive(Deserialize)]
    struct Package {
        via: Vec<Via>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Via {
        Advisory(Advisory),
        /// Weak by a package that has its own entry.
        Another(#[expect(dead_code)] String),
    }
    #[derive(Deserialize)]
    struct Advisory {
        name: String,
        url: String,
        title: String,
        severity: String,
        range: String,
    }
    let report: Report = parse(report)?;
    looked(report.metadata.dependencies.total > 0)?;
    let advisories = report.vulnerabilities.into_values().flat_map(|package| package.via);
    let found = advisories.filter_map(|via| match via {
        Via::Advisory(it) => {
            let id = it.url.rsplit('/').next().unwrap_or(&it.url).to_owned();
            let severity = match it.severity.as_str() {
                "critical" => Severity::Critical,
                "high" => Severity::High,
                "moderate" => Severity::Medium,
                "low" | "info" => Severity::Low,
                _ => Severity::Unknown,
            };
            let says = format!("{id} {} in {} {}: {}; npm audit fix", it.severity, it.name, it.range, it.title);
            Some(Finding { place: it.name, ..in_file(id, severity, NPM_LOCK.into(), 1, says) })
        }
        Via::Another(_) => None,
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests;
