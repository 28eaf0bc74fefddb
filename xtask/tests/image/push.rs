//! What gets into a registry under which name, and what doesn't.

use rustix::process::{Pid, Signal, kill_process};

use crate::clone::{Clone, Ran, start, until};
use crate::line::{Fault, Line};
use crate::parts::{Registry, USER, changed, digest, run, with_image};

#[test]
fn a_name_stays_with_its_image() {
    let (clone, registry) = (with_image(), Registry::open());
    let to = registry.repository();
    assert_eq!(run(&clone, &format!("image push --to {to} --tag one"), &[]).code, Some(0));
    assert_eq!(run(&clone, &format!("image push --to {to} --tag one"), &[]).code, Some(0), "the same again is no harm");
    let first = digest(&clone);
    changed(&clone, |config| config["created"] = "2001-01-01T00:00:00Z".into());
    let ran = run(&clone, &format!("image push --to {to} --tag two --tag one"), &[]);
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    assert!(ran.err.contains(&first) && ran.err.contains("another tag: --tag"), "{}", ran.err);
    assert_eq!(registry.tags(), ["one"], "and nothing was given the free name");
    let ran = run(&clone, &format!("image find --to {to} --tag one --json"), &[]);
    assert_eq!(ran.json()["data"]["image"], format!("{to}@{first}"));
}

#[test]
fn only_what_was_built_for_release_from_this_commit_gets_its_name() {
    let (clone, registry) = (with_image(), Registry::open());
    let push = || run(&clone, &format!("image push --to {}", registry.repository()), &[]);
    let refused = |why: &str| {
        let ran = push();
        assert_eq!(ran.code, Some(5), "{}", ran.err);
        assert!(ran.err.contains(why) && ran.err.contains("cargo xtask image build --release"), "{}", ran.err);
    };
    let label = |name: &str, value: &str| changed(&clone, |config| config["config"]["Labels"][name] = value.into());
    refused("but the current commit is 0123abc");
    label("org.opencontainers.image.revision", "0123abc");
    label("wayfare.profile", "quick");
    refused("it was built for testing (profile quick)");
    let ran = run(&clone, &format!("image find --to {}", registry.repository()), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("no image 0123abc"), "{}", ran.err);
    label("wayfare.profile", "release");
    assert_eq!(push().code, Some(0));
    assert_eq!(registry.tags(), ["0123abc"]);
}

#[test]
fn a_release_gets_its_version_for_a_name_too_when_that_is_what_the_program_says() {
    let (clone, registry) = (with_image(), Registry::open());
    for (name, value) in [("org.opencontainers.image.revision", "0123abc"), ("wayfare.profile", "release")] {
        changed(&clone, |config| config["config"]["Labels"][name] = value.into());
    }
    let tagged = |clone: Clone, tag: &str| {
        let git = "case $1 in rev-parse) echo 0123abc;; log) echo 1700000000;; tag) echo latest; echo";
        clone.with("git", &format!("{git} {tag};; esac"))
    };
    let (push, version) = (format!("image push --to {}", registry.repository()), env!("CARGO_PKG_VERSION"));
    let clone = tagged(clone, "v9.9.9");
    let ran = run(&clone, &push, &[]);
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    assert!(ran.err.contains(&format!("the tag is v9.9.9, but the version in Cargo.toml is {version}")), "{}", ran.err);
    assert!(ran.err.contains("set version = \"9.9.9\" in Cargo.toml, commit"), "{}", ran.err);
    assert!(registry.tags().is_empty());
    let clone = tagged(clone, &format!("v{version}"));
    let ran = run(&clone, &push, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut names = registry.tags();
    names.sort();
    assert_eq!(names, [version, "0123abc"]);
}

#[test]
fn a_push_that_is_cut_off_leaves_no_name_and_can_be_taken_up_again() {
    let (clone, registry) = (with_image(), Registry::open());
    let line = Line::to(registry.port, 4 << 20, Fault::Breaks);
    let ran = run(&clone, &format!("image push --to 127.0.0.1:{}/wayfare --tag one", line.port), &[]);
    assert!(line.is_used_up());
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("push again, uploaded layers are kept"), "{}", ran.err);
    assert!(registry.tags().is_empty() && !clone.path("target/image/pushed").exists());
    assert_eq!(run(&clone, &format!("image push --to {} --tag one", registry.repository()), &[]).code, Some(0));
    assert_eq!(registry.tags(), ["one"]);
}

#[test]
fn ctrl_c_in_the_middle_of_a_push_leaves_no_name_and_no_password() {
    let (clone, registry) = (with_image(), Registry::with_password());
    let line = Line::to(registry.port, 4 << 20, Fault::GoesQuiet);
    let mut push = clone.xtask(&format!("image push --to 127.0.0.1:{}/wayfare --tag one", line.port));
    push.env("WAYFARE_REGISTRY_USER", USER).env("WAYFARE_REGISTRY_PASSWORD", "right");
    let running = start(push);
    until("half of it is there", || line.is_used_up().then_some(()));
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let ran = Ran::of(running.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert!(!clone.path("target/xtask/registry/config.json").exists());
    let find = format!("image find --to {} --tag one", registry.repository());
    let ran = run(&clone, &find, &[("WAYFARE_REGISTRY_USER", USER), ("WAYFARE_REGISTRY_PASSWORD", "right")]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
}

#[test]
fn a_wrong_password_says_what_to_set_and_stays_secret() {
    let (clone, registry) = (with_image(), Registry::with_password());
    let push = format!("image push --to {} --tag one --verbose", registry.repository());
    let as_ann =
        |password| run(&clone, &push, &[("WAYFARE_REGISTRY_USER", USER), ("WAYFARE_REGISTRY_PASSWORD", password)]);
    let ran = as_ann("guessed-wrong");
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("WAYFARE_REGISTRY_PASSWORD"), "{}", ran.err);
    assert!(!format!("{}{}", ran.out, ran.err).contains("guessed-wrong"));
    assert!(!clone.path("target/xtask/registry/config.json").exists());
    assert_eq!(as_ann("").code, Some(2));
    assert_eq!(as_ann("right").code, Some(0));
    assert_eq!(run(&clone, &push, &[]).code, Some(4), "no sign-in is left behind");
}

#[test]
fn a_registry_that_is_not_there_is_out_of_reach() {
    let clone = with_image();
    let to = format!("127.0.0.1:{}/wayfare", crate::parts::free_port());
    let ran = run(&clone, &format!("image push --to {to} --tag one"), &[]);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("connection refused"), "{}", ran.err);
}
