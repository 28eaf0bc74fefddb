//! What is printed where: data on stdout, messages on stderr, a plan instead of a run.

use crate::clone::{Clone, start};

const TESTS_PASS: &str = "echo 'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out'";

#[test]
fn a_dry_run_prints_a_script_and_runs_nothing() {
    let clone = Clone::bare().with("cargo", "touch ran");
    let ran = clone.run("test --dry-run");
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("\nWAYFARE_TEST_BACKEND=sqlite cargo test --workspace"), "{}", ran.out);
    assert!(ran.out.contains("# skipped: no Docker"), "{}", ran.out);
    assert_eq!(ran.err, "");
    assert!(!clone.path("ran").exists() && !clone.path("target").exists());
}

#[test]
fn a_shell_accepts_every_dry_run() {
    let clone = Clone::bare().with("cargo", "");
    for words in ["up", "test", "lint", "ci", "bench api", "openapi", "build", "evidence show"] {
        let script = clone.run(&format!("{words} --dry-run")).out;
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-n", "-c", &script]);
        let checked = start(shell).wait().unwrap();
        assert!(checked.success(), "{words}: {script}");
    }
}

#[test]
fn a_plan_as_json_names_each_step_its_command_and_what_is_inside() {
    let clone = Clone::bare().with("cargo", "");
    let plan = clone.run("ci --dry-run --json").json();
    assert_eq!(plan["steps"][1]["command"], "cargo xtask lint");
    assert_eq!(plan["steps"][1]["inside"]["steps"][0]["command"], "cargo fmt --all --check");
}

#[test]
fn a_run_as_json_is_one_document_and_the_same_as_its_evidence() {
    let clone = Clone::bare().with("cargo", TESTS_PASS);
    let ran = clone.run("test --json");
    let printed = ran.json();
    assert_eq!(printed["result"], "passed");
    assert_eq!(printed["steps"][0]["tests"]["passed"], 3);
    assert!(printed["steps"][1]["skipped"].as_str().unwrap().starts_with("no Docker"));
    let kept = std::fs::read_to_string(clone.path("target/evidence/test.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&kept).unwrap(), printed);
}

#[test]
fn what_was_left_out_is_said_at_the_end() {
    let clone = Clone::bare().with("cargo", TESTS_PASS);
    let err = clone.run("test").err;
    let (_, table) = err.split_once("\n\n").unwrap();
    assert!(table.contains("on SQLite") && table.contains("3 passed, 1 ignored"), "{table}");
    assert!(table.contains("– on PostgreSQL and Redis  skipped"), "{table}");
    assert!(table.contains("docker"), "{table}");
}

#[test]
fn there_is_no_colour_and_no_rewritten_line_off_a_terminal() {
    let clone = Clone::bare().with("cargo", TESTS_PASS);
    let ran = clone.run("test");
    assert!(!ran.err.contains('\x1b') && !ran.err.contains('\r'), "{:?}", ran.err);
    assert!(!clone.run("--help").out.contains('\x1b'));
}

#[test]
fn verbose_shows_what_the_steps_print() {
    let clone = Clone::bare().with("cargo", &format!("echo compiling; {TESTS_PASS}"));
    assert!(clone.run("test -v").err.contains("compiling"));
    assert!(!clone.run("test").err.contains("compiling"));
}

#[test]
fn help_shows_groups_exit_codes_and_an_example_for_each_command() {
    let clone = Clone::bare();
    let help = clone.run("--help").out;
    for expected in ["Run:", "Check:", "Generate and record:", "130  interrupted by Ctrl-C"] {
        assert!(help.contains(expected), "{help}");
    }
    for stage in ["up", "doctor", "test", "lint", "openapi", "bench", "ci", "evidence", "reference", "tidy", "build"] {
        let page = clone.run(&format!("{stage} --help")).out;
        assert!(page.contains(&format!("Example:\n  cargo xtask {stage}")), "{page}");
        for flag in ["--dry-run", "--json", "-v, --verbose"] {
            assert!(page.contains(flag), "{page}");
        }
    }
}

#[test]
fn the_doctor_lists_tools_for_machines_too() {
    let clone = Clone::bare().with("cargo", "echo cargo 1.95.0").with("rustc", "echo rustc 1.94.1");
    let ran = clone.run("doctor --json");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let tools = ran.json()["data"]["tools"].clone();
    let state = |name: &str| {
        let tool = tools.as_array().unwrap().iter().find(|tool| tool["tool"] == name).unwrap();
        tool["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (state("cargo").as_str(), state("rustc").as_str(), state("docker").as_str()),
        ("ok", "too_old", "missing")
    );
}
