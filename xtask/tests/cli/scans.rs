//! Scans of a clone in which something was planted, by the scanners themselves where they are on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clone::Clone;

/// The real program: of this clone's own tools, or of the machine's.
fn real(name: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_BIN_EXE_xtask")).ancestors().nth(2).map(|target| target.join("tools/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    own.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Without the scanner there is nothing to try; where the parts are required, that is a failure.
fn here(name: &str) -> Option<PathBuf> {
    let found = real(name);
    let required = std::env::var_os("WAYFARE_REQUIRE_PARTS").is_some();
    assert!(found.is_some() || !required, "{name} isn't here: cargo xtask doctor --install --from-source");
    if found.is_none() {
        eprintln!("skipped: {name} isn't here");
    }
    found
}

fn with(clone: Clone, name: &str, program: &Path) -> Clone {
    clone.with(name, &format!("exec {} \"$@\"", program.display()))
}

/// With git, and a list of what is accepted.
fn cloned() -> Clone {
    let clone = Clone::bare().with("git", "exec git \"$@\"");
    fs::create_dir(clone.path("xtask")).unwrap();
    fs::write(clone.path("xtask/allowed.toml"), "").unwrap();
    clone
}

fn commit(clone: &Clone) {
    for words in ["init --quiet", "add --all", "-c user.name=a -c user.email=a@b commit --quiet --message=planted"] {
        assert!(Command::new("git").args(words.split(' ')).current_dir(clone.path("")).status().unwrap().success());
    }
}

#[test]
fn a_scanner_that_is_not_there_is_not_judged_and_its_remedy_is_told() {
    let ran = cloned().run("scan --json");
    assert_eq!((ran.code, ran.json()["result"].as_str()), (Some(8), Some("not evaluated")), "{}", ran.err);
    for name in ["detect-secrets", "gitleaks", "semgrep", "cargo-audit", "npm-audit", "trivy"] {
        assert_eq!(ran.json()["data"][name]["not_judged"], "there is no report", "{name}");
    }
    assert!(ran.err.contains("cargo xtask doctor --install"), "{}", ran.err);
}

#[test]
fn a_scanner_that_is_blind_is_not_judged() {
    let nothing = r#"echo '{"plugins_used": [{"name": "A"}], "results": {}}'"#;
    let ran = cloned().with("detect-secrets", nothing).run("scan secrets --json");
    assert_eq!(ran.code, Some(8), "{}", ran.err);
    let told = &ran.json()["data"]["detect-secrets"]["not_judged"];
    assert_eq!(told, "it didn't find the planted mistake");
    assert_eq!(ran.json()["steps"][2]["result"], "not evaluated");
}

#[test]
fn a_scanner_that_fails_is_not_judged_whatever_it_said_last_time() {
    let found = r#"{"plugins_used": [{"name": "A"}], "results": {"key.pem": [{"type": "Key", "hashed_secret": "0", "line_number": 1}]}}"#;
    let clean = r#"{"plugins_used": [{"name": "A"}], "results": {}}"#;
    let answers =
        format!("case \"$*\" in *planted*) echo '{found}';; *) test -e away && exit 1; echo '{clean}';; esac");
    let clone = cloned().with("detect-secrets", &answers);
    assert_eq!(clone.run("scan secrets").code, Some(0));
    assert!(clone.path("target/reports/scan/detect-secrets.sarif").exists());
    fs::write(clone.path("away"), "").unwrap();
    assert_eq!(clone.run("scan secrets").code, Some(8));
}

#[test]
fn a_code_that_means_a_find_is_no_pass_without_a_report() {
    let away = "echo '{\"message\": \"405 Method Not Allowed\"}'; exit 1";
    let ran =
        cloned().with("npm", away).with("cargo", "exit 1").with("cargo-audit", "").run("scan dependencies --json");
    assert_eq!(ran.code, Some(8), "{}", ran.err);
    let results: Vec<_> = ran.json()["steps"].as_array().unwrap().iter().map(|step| step["result"].clone()).collect();
    assert_eq!(results, ["passed", "not evaluated", "not evaluated", "not evaluated", "not evaluated"]);
}

#[test]
fn a_scanner_of_crates_that_knows_of_no_vulnerability_is_not_evaluated() {
    let nothing = r#"{"database": {"advisory-count": 900}, "lockfile": {"dependency-count": 500}, "vulnerabilities": {"list": []}}"#;
    let clone = cloned().with("cargo", &format!("echo '{nothing}'")).with("cargo-audit", "");
    let ran = clone.run("scan dependencies --json");
    assert_eq!(ran.code, Some(8), "{}", ran.err);
    let told = &ran.json()["data"]["cargo-audit"]["not_judged"];
    assert_eq!(told, "it didn't find the planted mistake");
}

#[test]
fn a_planted_secret_is_found_until_somebody_answers_for_it() {
    let Some(scanner) = here("detect-secrets") else { return };
    let clone = with(cloned(), "detect-secrets", &scanner);
    // In pieces, so that this file isn't found.
    fs::write(clone.path("settings.py"), format!("{} = \"Tr0ub4dor-and-3-horses\"\n", ["pass", "word"].concat()))
        .unwrap();
    commit(&clone);
    let ran = clone.run("scan secrets --json");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let line = ran.json()["data"]["detect-secrets"]["lines"][0].as_str().unwrap().to_owned();
    assert!(line.contains(" in settings.py:1: ") && !line.contains("Tr0ub4dor"), "{line}");
    let id = line.split(['(', ')']).nth(1).unwrap();
    let accept = |until: &str| {
        let entry =
            format!("id = \"{id}\", in = \"settings.py\", owner = \"ann\", reason = \"made up\", until = \"{until}\"");
        fs::write(clone.path("xtask/allowed.toml"), format!("accepted = [{{ {entry} }}]\n")).unwrap();
        clone.run("scan secrets").code
    };
    assert_eq!(accept("9999-12-31"), Some(0));
    assert_eq!(accept("2020-01-01"), Some(1), "an entry that has passed");
}

#[test]
fn a_secret_that_was_taken_out_is_found_in_the_history() {
    let Some(scanner) = here("gitleaks") else { return };
    let clone = with(cloned(), "gitleaks", &scanner);
    let (kind, noise) = (["PRIVATE", "KEY"].join(" "), "MIIEpAIBAAKCAQEA7bq5wT0n".repeat(8));
    fs::write(clone.path("old.pem"), format!("-----BEGIN RSA {kind}-----\n{noise}\n-----END RSA {kind}-----\n"))
        .unwrap();
    commit(&clone);
    fs::write(clone.path("old.pem"), "").unwrap();
    commit(&clone);
    let ran = clone.run("scan history --json");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let line = ran.json()["data"]["gitleaks"]["lines"][0].as_str().unwrap().to_owned();
    assert!(line.starts_with("a secret (private-key) in old.pem:1: it is public in commit "), "{line}");
}

#[test]
fn a_scanner_of_files_that_only_grumbles_where_it_should_stop_is_not_judged() {
    let low = r#"{ "Results": [{ "Target": "Dockerfile", "Misconfigurations": [{ "ID": "DS-0026", "Message": "m", "Severity": "LOW" }] }] }"#;
    let trivy = format!("while test $1 != --output; do shift; done; echo '{low}' > $2");
    let ran = cloned().with("trivy", &trivy).run("scan configuration --json");
    assert_eq!(ran.code, Some(8), "{}", ran.err);
    let told = &ran.json()["data"]["trivy"]["not_judged"];
    assert_eq!(told, "it didn't find the planted mistake");
}

/// No package index has Trivy, so this runs by hand and in the pipelines that bring it.
#[test]
fn a_dockerfile_whose_program_is_root_is_found() {
    let Some(scanner) = real("trivy") else { return eprintln!("skipped: trivy isn't here") };
    let clone = with(cloned(), "trivy", &scanner);
    fs::write(clone.path("Dockerfile"), "FROM debian:12\nCMD [\"true\"]\n").unwrap();
    // Its own ways to say that something does no harm, which name no owner and no last day.
    fs::write(clone.path(".trivyignore"), "DS-0002\n").unwrap();
    fs::write(clone.path("trivy.yaml"), "severity:\n  - LOW\n").unwrap();
    let ran = clone.run("scan configuration --json");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let line = ran.json()["data"]["trivy"]["lines"][0].as_str().unwrap().to_owned();
    assert!(line.starts_with("DS-0002 in Dockerfile: "), "{line}");
}

/// cargo-audit itself with a lock file, and advisories of this test in place of RustSec's.
fn audited(scanner: &Path, advisories: &[(&str, &str)]) -> Clone {
    let clone = with(cloned(), "cargo-audit", scanner);
    let clone = clone.with("cargo", &format!("exec {} \"$@\"", scanner.display()));
    let lock = "version = 4\n\n[[package]]\nname = \"weak\"\nversion = \"1.0.0\"\n\
                source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
                checksum = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
    let settings = format!(
        "[database]\npath = {:?}\nfetch = false\nstale = true\n\n[yanked]\nenabled = false\nupdate_index = false\n",
        clone.path("advisories")
    );
    for (file, text) in [("Cargo.lock", lock), (".cargo/audit.toml", &settings)].iter().chain(advisories) {
        let file = clone.path(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    commit(&clone);
    clone
}

#[test]
fn a_vulnerable_crate_is_found() {
    let Some(scanner) = here("cargo-audit") else { return };
    let advisory = "```toml\n[advisory]\nid = \"RUSTSEC-2026-9998\"\npackage = \"weak\"\ndate = \"2026-11-21\"\n\n[versions]\n\
                    patched = [\">= 1.0.1\"]\n```\n\n# It is weak\n\nFor a test.\n";
    let clone = audited(&scanner, &[("advisories/crates/weak/RUSTSEC-2026-9998.md", advisory)]);
    let ran = clone.run("scan dependencies --json");
    let told = ran.json()["data"]["cargo-audit"].clone();
    let expected = "RUSTSEC-2026-9998 in weak 1.0.0: fixed in >=1.0.1";
    assert_eq!(told["lines"], serde_json::json!([expected]), "{told}\n{}", ran.err);
    // Exit 1 is for what was found; the missing npm is reported, too.
    assert_eq!(ran.code, Some(8));
}

#[test]
fn a_scanner_that_can_find_is_still_not_judged_without_the_advisories_of_others() {
    let Some(scanner) = here("cargo-audit") else { return };
    let ran = audited(&scanner, &[]).run("scan dependencies --json");
    assert_eq!(ran.code, Some(8), "{}", ran.err);
    let step = |name: &str| {
        let report = ran.json();
        let mut steps = report["steps"].as_array().unwrap().iter();
        steps.find(|step| step["name"] == name).unwrap()["result"].clone()
    };
    assert_eq!(
        (step("cargo-audit finds a planted vulnerability"), step("cargo-audit")),
        ("passed".into(), "not evaluated".into())
    );
    assert_eq!(ran.json()["data"]["cargo-audit"]["not_judged"], "there is no report");
}
