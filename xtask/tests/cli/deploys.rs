//! What `deploy` refuses before anything is touched. Docker is a stand-in: nothing here reaches it, or all of it waits.

use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt;

use crate::clone::{Clone, Ran, line_in, start};

fn clone() -> Clone {
    let clone = Clone::bare().with("git", "").with("cosign", "").with("skopeo", "");
    for (name, text) in [("try", "signed = false\n"), ("staging", ""), ("prod", "protected = true\n")] {
        std::fs::create_dir_all(clone.path("k8s/overlays").join(name)).unwrap();
        let file = clone.path("k8s/overlays").join(name).join("env.toml");
        std::fs::write(file, format!("{text}[docker]\nport = 9000\n")).unwrap();
    }
    let docker = "case $1 in --version) exit;; build) echo now > building; exec sleep 600;; esac; echo $* >> asked";
    clone.with("docker", docker)
}

fn run(clone: &Clone, words: &str) -> Ran {
    let mut command = clone.xtask(words);
    command.env("WAYFARE_STATE_DIR", clone.path("state"));
    Ran::of(start(command).wait_with_output().unwrap())
}

#[test]
fn production_asks_first_and_gets_no_known_passwords() {
    let clone = clone();
    let image = format!("registry.example/wayfare@sha256:{}", "0".repeat(64));
    for (words, next) in [
        (format!("deploy --env prod {image}"), "the same with --yes"),
        ("down --env prod".into(), "the same with --yes"),
        (format!("deploy --env prod --yes --seed {image}"), "leave out --seed"),
    ] {
        let ran = run(&clone, &words);
        assert_eq!(ran.code, Some(5), "{words}: {}", ran.err);
        assert!(ran.err.contains(next), "{words}: {}", ran.err);
    }
    assert!(!clone.path("asked").exists() && !clone.path("state").exists());
}

#[test]
fn a_name_that_can_be_moved_gets_only_where_nothing_is_signed() {
    let clone = clone();
    for image in ["wayfare:local", "registry.example/wayfare:1", "registry.example/wayfare@sha256:12"] {
        let ran = run(&clone, &format!("deploy --env staging {image}"));
        assert_eq!(ran.code, Some(5), "{image}: {}", ran.err);
        assert!(ran.err.contains("doesn't get into staging"), "{image}: {}", ran.err);
        assert_eq!(run(&clone, &format!("deploy --env try --dry-run {image}")).code, Some(0));
    }
    assert!(!clone.path("asked").exists());
}

#[test]
fn an_unknown_environment_is_a_mistake_of_usage_and_a_new_folder_is_an_environment() {
    let clone = clone();
    let ran = run(&clone, "deploy --env attic");
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("one of local, prod, staging, try"), "{}", ran.err);
    std::fs::create_dir(clone.path("k8s/overlays/attic")).unwrap();
    std::fs::copy(clone.path("k8s/overlays/try/env.toml"), clone.path("k8s/overlays/attic/env.toml")).unwrap();
    let script = run(&clone, "deploy --env attic --dry-run").out;
    assert!(script.contains("--project-name wayfare-attic up"), "{script}");
}

#[test]
fn while_one_deployment_is_under_way_another_one_is_refused_and_told_so() {
    let clone = clone();
    let mut first = clone.xtask("deploy --env try");
    first.env("WAYFARE_STATE_DIR", clone.path("state")).process_group(0);
    let first = start(first);
    line_in(&clone.path("building"));
    let ran = run(&clone, "deploy --env try");
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    assert!(
        ran.err.contains(&format!("another operation is in progress in try: process {}", first.id())),
        "{}",
        ran.err
    );
    assert_eq!(run(&clone, "down --env try").code, Some(5));
    kill_process_group(Pid::from_child(&first), Signal::INT).unwrap();
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(130));
    assert!(!clone.path("state/try/under-way.json").exists(), "nothing had begun");
}
