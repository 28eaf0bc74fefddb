//! One environment from its first deployment to its end, under constant traffic: no request fails.
//!
//! It is one test, since what it takes to start the databases is most of its time.

use rustix::process::Signal;

use crate::place::{Place, set};
use crate::requests::Load;

#[test]
fn no_request_fails_whatever_is_deployed_and_in_the_end_nothing_is_left() {
    let place = Place::new();
    let (one, two) = (place.image("one", |_| ()), place.image("two", |_| ()));
    a_failing_first_deployment_leaves_nothing_that_runs(&place);
    on_an_empty_place_it_begins(&place, &one);
    let load = Load::start(place.port, 2);
    the_next_version_takes_over(&place, &one, &two);
    ctrl_c_in_the_middle_is_put_back(&place, &one, &two);
    what_was_cut_off_and_one_that_never_is_ready_are_put_back(&place, &one, &two);
    one_that_says_another_commit_is_put_back(&place, &two);
    a_rollback_brings_the_version_before_and_another_one_brings_it_back(&place, &one, &two);
    let told = load.end();
    assert!(told.failed.is_empty(), "{} of {}: {:?}", told.failed.len(), told.answered, told.failed);
    assert!(told.answered > 1000, "only {} were answered", told.answered);
    println!("{} requests, the slowest in {} ms", told.answered, told.slowest.as_millis());
    let ran = place.down();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(place.left(), "");
    assert!(std::fs::read_dir(place.clone.path("state")).unwrap().next().is_none(), "secrets are left");
}

fn a_failing_first_deployment_leaves_nothing_that_runs(place: &Place) {
    let silent = silent(place, "first");
    let ran = place.deploy_impatiently(&silent);
    assert_eq!(ran.code, Some(124), "nothing ran that could serve again: {}", ran.err);
    let status = place.status();
    assert_eq!(status.code, Some(1), "nothing serves: {}", status.err);
    assert_eq!(status.json()["data"]["status"]["last_deployment"]["outcome"], "failed");
    assert!(ran.err.contains("there was no previous version, and nothing runs now"), "{}", ran.err);
    assert_eq!(place.containers(), Vec::<String>::new());
}

fn on_an_empty_place_it_begins(place: &Place, one: &str) {
    let ran = place.deploy(one);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = ran.json()["data"].clone();
    assert!(told["previous"].is_null() && told["replicas"].as_array().unwrap().len() == 2, "{told}");
    place.serves(one);
}

fn the_next_version_takes_over(place: &Place, one: &str, two: &str) {
    let ran = place.deploy(two);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = ran.json()["data"].clone();
    assert_eq!((&told["previous"]["image"], &told["web"]), (&one.into(), &"kept".into()));
    for replica in told["replicas"].as_array().unwrap() {
        assert_eq!(replica["revision"], "two");
    }
    let known = place.known();
    assert_eq!((&known["now"]["image"], &known["before"]["image"]), (&two.into(), &one.into()));
    place.serves(two);
}

fn a_rollback_brings_the_version_before_and_another_one_brings_it_back(place: &Place, one: &str, two: &str) {
    let diff = place.diff(one);
    assert_eq!(diff.code, Some(0), "{}", diff.err);
    assert!(
        diff.err.contains(&format!("+    image: {one}")) && diff.err.contains(&format!("-    image: {two}")),
        "{}",
        diff.err
    );
    assert_eq!(
        (&diff.json()["data"]["changes"], place.diff(two).json()["data"]["changes"].clone()),
        (&true.into(), false.into())
    );
    for (image, revision) in [(one, "one"), (two, "two")] {
        let ran = place.rollback();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(!ran.err.contains("migrate"), "tables stay: {}", ran.err);
        place.serves(image);
        let ran = place.status();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let status = ran.json()["data"]["status"].clone();
        assert_eq!((&status["commit"], &status["image"]), (&revision.into(), &image.into()));
        assert_eq!(status["replicas"], serde_json::json!({ "wanted": 2, "ready": 2 }));
        assert_eq!(status["last_deployment"]["outcome"], "passed");
    }
}

/// It listens on an unused port.
fn silent(place: &Place, revision: &str) -> String {
    place.image(revision, |config| set(config, "WAYFARE_LISTEN", "0.0.0.0:4999"))
}

/// The first is killed in the middle; the second finds that, and puts back both.
fn what_was_cut_off_and_one_that_never_is_ready_are_put_back(place: &Place, one: &str, two: &str) {
    let silent = silent(place, "silent");
    let ran = place.deploy_until_the_old_ones_end(one, Signal::KILL);
    assert_eq!(ran.code, None);
    assert_eq!(place.containers().len(), 5, "two old, two new and a worker");
    let ran = place.deploy_impatiently(&silent);
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    assert!(ran.err.contains("0.0.0.0:4999"), "the last lines of its log: {}", ran.err);
    assert_eq!(place.known()["now"]["image"], two);
    place.serves(two);
}

fn one_that_says_another_commit_is_put_back(place: &Place, two: &str) {
    let other = place.image("other", |config| set(config, "WAYFARE_REVISION", "another"));
    let ran = place.deploy(&other);
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    assert!(ran.err.contains("the image is of commit other, but the running service reports another"), "{}", ran.err);
    place.serves(two);
}

fn ctrl_c_in_the_middle_is_put_back(place: &Place, one: &str, two: &str) {
    let ran = place.deploy_until_the_old_ones_end(one, Signal::INT);
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert_eq!(place.known()["now"]["image"], two);
    place.serves(two);
}
