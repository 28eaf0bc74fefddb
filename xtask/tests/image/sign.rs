//! Who signed what, and how it shows when something was changed since.

use std::fs;
use std::process::Command;

use crate::clone::{Clone, start};
use crate::parts::{Registry, digest, found, run, tamper, with_image};

const PASSWORD: (&str, &str) = ("COSIGN_PASSWORD", "only for this test");

/// Makes NAME.key and NAME.pub.
fn make_key(clone: &Clone, name: &str) {
    let mut command = Command::new(found("cosign"));
    command.args(["generate-key-pair", "--output-key-prefix", name]).env(PASSWORD.0, PASSWORD.1);
    command.current_dir(clone.path("."));
    assert!(start(command).wait().unwrap().success());
}

fn pushed() -> (Clone, Registry) {
    let (clone, registry) = (with_image(), Registry::open());
    make_key(&clone, "ours");
    let ran = run(&clone, &format!("image push --to {} --tag one", registry.repository()), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    (clone, registry)
}

fn signed() -> (Clone, Registry) {
    let (clone, registry) = pushed();
    let ran = run(&clone, "image sign --key ours.key", &[PASSWORD]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = run(&clone, "image verify --key ours.pub", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(clone.path("target/image/verified").exists());
    (clone, registry)
}

/// The step at which it isn't verified.
fn stops_at(clone: &Clone, words: &str, step: &str) {
    let ran = run(clone, &format!("{words} --json"), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let error = ran.json()["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with(step), "{error}");
    assert!(ran.json()["next"].as_str().unwrap().contains("don't deploy it"));
    assert!(!clone.path("target/image/verified").exists(), "nothing may be deployed");
}

#[test]
fn what_was_signed_is_verified_pulled_by_its_digest_and_serves() {
    let (clone, registry) = signed();
    let image = format!("{}@{}", registry.repository(), digest(&clone));
    assert_eq!(fs::read_to_string(clone.path("target/image/verified")).unwrap(), format!("{image}\n"));
    let docker = |words: &[&str]| {
        start({
            let mut c = Command::new(found("docker"));
            c.args(words);
            c
        })
        .wait()
        .unwrap()
    };
    assert!(docker(&["pull", "--quiet", &image]).success());
    let ran = run(&clone, &format!("image measure {image}"), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("ms to /readyz"), "{}", ran.err);
    assert!(!docker(&["run", "--rm", "--entrypoint", "/bin/sh", &image, "-c", "true"]).success(), "it has a shell");
    assert!(docker(&["image", "rm", &image]).success());
}

#[test]
fn what_nobody_signed_is_not_verified() {
    let (clone, _registry) = pushed();
    stops_at(&clone, "image verify --key ours.pub", "signature: ");
}

#[test]
fn what_another_key_signed_is_not_verified() {
    let (clone, _registry) = signed();
    make_key(&clone, "theirs");
    stops_at(&clone, "image verify --key theirs.pub", "signature: ");
}

#[test]
fn a_wrong_password_of_the_key_signs_nothing() {
    let (clone, registry) = pushed();
    let ran = run(&clone, "image sign --key ours.key", &[("COSIGN_PASSWORD", "another")]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("its password in COSIGN_PASSWORD"), "{}", ran.err);
    assert_eq!(registry.tags(), ["one"]);
}

#[test]
fn a_layer_that_was_tampered_with_shows() {
    let (clone, registry) = signed();
    let image = registry.manifest("one");
    let layer = image["layers"].as_array().unwrap().last().unwrap()["digest"].as_str().unwrap();
    tamper(&registry.blob(layer));
    stops_at(&clone, "image verify --key ours.pub", "content: ");
}

#[test]
fn a_list_of_parts_that_was_tampered_with_shows() {
    let (clone, registry) = signed();
    let attestation = registry.manifest(&format!("{}.att", digest(&clone).replace(':', "-")));
    tamper(&registry.blob(attestation["layers"][0]["digest"].as_str().unwrap()));
    stops_at(&clone, "image verify --key ours.pub", "SBOM: ");
}

#[test]
fn a_name_is_not_verified_because_it_can_be_moved() {
    let (clone, registry) = signed();
    let ran = run(&clone, &format!("image verify {}:one --key ours.pub", registry.repository()), &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
}

#[test]
fn a_list_of_another_image_is_not_signed() {
    let (clone, _registry) = pushed();
    let file = clone.path("target/reports/sbom.cdx.json");
    let list = fs::read_to_string(&file).unwrap();
    fs::write(&file, list.replace(digest(&clone).trim_start_matches("sha256:"), &"0".repeat(64))).unwrap();
    let ran = run(&clone, "image sign --key ours.key", &[PASSWORD]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("cargo xtask image sbom"), "{}", ran.err);
}
