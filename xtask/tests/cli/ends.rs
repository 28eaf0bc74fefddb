//! How runs end: each exit code that can be had here, and nothing left running.

use rustix::process::{Pid, Signal, kill_process};

use crate::clone::{Clone, Ran, is_dead, line_in, start, until};

#[test]
fn a_missing_tool_is_named_with_its_remedy_before_anything_runs() {
    let ran = Clone::bare().run("test");
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("cargo") && ran.err.contains("rustup.rs") && ran.err.contains("doctor"), "{}", ran.err);
}

#[test]
fn the_doctor_fails_only_without_what_is_required() {
    let ran = Clone::bare().run("doctor --json");
    assert_eq!((ran.code, ran.json()["exit"].as_i64()), (Some(3), Some(3)));
    assert!(ran.json()["error"].as_str().unwrap().contains("cargo and rustc"));
}

#[test]
fn an_image_without_docker_is_a_missing_tool_and_a_silent_daemon_is_out_of_reach() {
    let clone = Clone::bare().with("git", "");
    let ran = clone.run("image build");
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("docker: apt install docker.io"), "{}", ran.err);
    for docker in ["exec sleep 600", "echo no daemon; exit 1"] {
        let docker = format!("test $1 = --version || {docker}");
        let clone = Clone::bare().with("git", "").with("docker", &docker);
        let ran = clone.run("image build");
        assert_eq!(ran.code, Some(4), "{}", ran.err);
        assert!(ran.err.contains("start Docker's daemon"), "{}", ran.err);
    }
}

#[test]
fn what_was_not_built_is_not_pushed_and_what_was_not_pushed_is_not_signed() {
    let clone = Clone::bare().with("git", "").with("skopeo", "exit 1").with("cosign", "exit 1");
    for (words, next) in [
        ("image push", "cargo xtask image build"),
        ("image sign", "cargo xtask image push"),
        ("image verify", "cargo xtask image push"),
    ] {
        let ran = clone.run(words);
        assert_eq!(ran.code, Some(1), "{words}: {}", ran.err);
        assert!(ran.err.contains(next), "{words}: {}", ran.err);
    }
}

#[test]
fn a_failed_step_shows_its_last_lines_its_log_and_the_next_thing_to_do() {
    let clone = Clone::bare().with("cargo", "for i in $(seq 50); do echo line $i; done; exit 101");
    let ran = clone.run("test");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("│ line 50") && !ran.err.contains("│ line 30\n"), "{}", ran.err);
    assert!(ran.err.contains("target/xtask/logs/test-on-sqlite.log"), "{}", ran.err);
    assert!(ran.err.contains("next  cargo xtask test -- NAME"), "{}", ran.err);
    let log = std::fs::read_to_string(clone.path("target/xtask/logs/test-on-sqlite.log")).unwrap();
    assert!(log.contains("line 1\n"));
}

#[test]
fn a_run_in_which_no_test_ran_has_failed() {
    let clone = Clone::bare().with("cargo", "echo 'test result: ok. 0 passed; 0 failed; 0 ignored'");
    let ran = clone.run("test --json -- misspelt");
    assert_eq!((ran.code, ran.json()["result"].as_str()), (Some(1), Some("failed")));
}

#[test]
fn nonsense_is_a_mistake_of_usage() {
    let clone = Clone::bare().with("cargo", "").with("git", "");
    for words in ["bogus", "test --port", "ci --from deploy", "up --port 0"] {
        assert_eq!(clone.run(words).code, Some(2), "{words}");
    }
}

#[test]
fn an_error_before_the_run_is_json_too() {
    let clone = Clone::bare().with("cargo", "").with("git", "");
    let document = clone.run("ci --from deploy --json").json();
    assert_eq!((document["exit"].as_i64(), document["result"].as_str()), (Some(2), Some("usage")));
    assert_eq!(
        document["next"],
        "one of: doctor, lint, scan secrets sast, test, test security, test web, test fuzz, image build, test compose, test image, test deploy, evidence"
    );
}

#[test]
fn ctrl_c_ends_the_children_and_the_run_with_130() {
    let clone = Clone::bare().with("cargo", "sleep 600 & echo $! > child; wait");
    let running = start(clone.xtask("test --json"));
    let child = line_in(&clone.path("child"));
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let ran = Ran::of(running.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.json()["result"].as_str()), (Some(130), Some("interrupted")));
    until("the child is dead", || is_dead(&child).then_some(()));
}

#[test]
fn ctrl_c_reaches_the_stage_inside_a_stage() {
    let xtask = env!("CARGO_BIN_EXE_xtask");
    let script = format!(
        "case $1 in
            --version) echo cargo 1.95.0;;
            xtask) shift; PATH={{bin}} exec {xtask} \"$@\";;
            test) sleep 600 & echo $! > child; wait;;
        esac"
    );
    let clone = Clone::bare();
    let script = script.replace("{bin}", clone.path("bin").to_str().unwrap());
    let clone = clone.with("cargo", &script).with("rustc", "echo rustc 1.95.0").with("git", "");
    let running = start(clone.xtask("ci --from test"));
    let child = line_in(&clone.path("child"));
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let ran = Ran::of(running.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    until("the child is dead", || is_dead(&child).then_some(()));
}

#[test]
fn a_record_of_nothing_proves_nothing() {
    let clone = Clone::bare().with("git", "case $1 in rev-parse) echo 0123abc;; esac").with("cargo", "exit 1");
    let ran = clone.run("evidence verify build --json");
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.json()["data"]["faults"][0], "build: there is no record");
    assert_eq!(clone.run("build").code, Some(1));
    let faults = clone.run("evidence verify build --json").json()["data"]["faults"].clone();
    assert_eq!(faults[0], "build: it says `failed`");
}

#[test]
fn a_run_on_this_commit_proves_itself_until_the_commit_moves() {
    let git = "case $1 in rev-parse) cat head;; esac";
    let clone = Clone::bare().with("git", git).with("cargo", "echo 'test result: ok. 1 passed; 0 failed'");
    std::fs::write(clone.path("head"), "one\n").unwrap();
    assert_eq!(clone.run("test").code, Some(0));
    assert_eq!(clone.run("evidence verify test").code, Some(0));
    std::fs::write(clone.path("head"), "two\n").unwrap();
    let ran = clone.run("evidence verify test");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("test: it is of another commit"), "{}", ran.err);
}

#[test]
fn the_proof_is_the_summary_of_a_job_on_github() {
    let git = "case $1 in rev-parse) echo 0123abc;; esac";
    let clone = Clone::bare().with("git", git).with("cargo", "echo 'test result: ok. 1 passed; 0 failed'");
    assert_eq!(clone.run("test").code, Some(0));
    let mut verify = clone.xtask("evidence verify test build");
    verify.env("GITHUB_STEP_SUMMARY", clone.path("summary"));
    assert_eq!(start(verify).wait().unwrap().code(), Some(1));
    let summary = std::fs::read_to_string(clone.path("summary")).unwrap();
    assert!(summary.contains("| test | ✅ passed |") && summary.contains("| build | ❌ no record |"), "{summary}");
}

#[test]
fn a_resumed_run_leaves_out_what_passed_on_this_commit_and_only_that() {
    let git = "case $1 in rev-parse) cat head;; status) cat changes;; esac";
    let clone = Clone::bare().with("git", git).with("cargo", "").with("rustc", "");
    std::fs::write(clone.path("head"), "one\n").unwrap();
    std::fs::write(clone.path("changes"), "").unwrap();
    assert_eq!(clone.run("doctor").code, Some(0));
    let skipped = || clone.run("ci --resume --dry-run --json").json()["steps"][0]["skipped"].clone();
    assert_eq!(skipped(), "it passed on this commit");
    std::fs::write(clone.path("changes"), " M a\n").unwrap();
    assert_eq!(clone.run("doctor").code, Some(0));
    assert!(skipped().is_null(), "it is unknown whether these are the same changes");
    std::fs::write(clone.path("changes"), "").unwrap();
    assert_eq!(clone.run("doctor").code, Some(0));
    assert_eq!(skipped(), "it passed on this commit");
    std::fs::write(clone.path("head"), "two\n").unwrap();
    assert!(skipped().is_null());
}

#[test]
fn what_nothing_changed_in_is_left_out() {
    let git = "case $1 in merge-base) test $3 = main && echo 0123abc;; diff) cat changed;; esac";
    let clone = Clone::bare().with("git", git).with("cargo", "exit 1");
    std::fs::write(clone.path("changed"), "").unwrap();
    let ran = clone.run("ci --since main --json");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.json()["steps"].as_array().unwrap().iter().all(|step| step["skipped"].is_string()));
    std::fs::write(clone.path("changed"), "README.md\n").unwrap();
    let steps = clone.run("ci --since main --dry-run --json").json()["steps"].clone();
    assert!(steps[1]["skipped"].is_null() && steps[3]["skipped"].is_string());
    assert_eq!(clone.run("ci --since nowhere").code, Some(2));
}

#[test]
fn children_are_not_told_that_they_are_xtask() {
    let clone = Clone::bare().with("cargo", "case $1 in build) env > env;; esac");
    let mut build = clone.xtask("build");
    build.env("CARGO_PKG_NAME", "xtask").env("CARGO_MANIFEST_DIR", "/xtask").env("CARGO_HOME", "/kept");
    start(build).wait().unwrap();
    let env = std::fs::read_to_string(clone.path("env")).unwrap();
    assert!(env.contains("CARGO_HOME=/kept"), "{env}");
    assert!(!env.contains("CARGO_PKG_NAME") && !env.contains("CARGO_MANIFEST_DIR"), "{env}");
}
