//! From one environment to the next: only what proved itself, and says so by a signature.

use std::fs;

use serde_json::{Value, json};

use crate::clone::Ran;
use crate::parts::run;
use crate::place::{PASSWORD, Place};

const BEFORE: &str = "before";

#[test]
fn an_environment_takes_only_what_has_a_signed_record_of_the_one_before_and_has_soaked_there() {
    let place = Place::new();
    place.takes_from(BEFORE, 0);
    let image = place.image("proven", |_| ());
    let refused = place.deploy(&image);
    assert_eq!(refused.code, Some(5), "without a record: {}", refused.err);
    assert!(refused.err.contains(&format!("cargo xtask attest --env {BEFORE}")), "{}", refused.err);

    passed(&place, &image, false);
    assert_eq!(attest(&place).code, Some(1), "no load went there");
    passed(&place, &image, true);
    let ran = attest(&place);
    assert_eq!(ran.code, Some(0), "{}", ran.err);

    place.takes_from(BEFORE, 60 * 24 * 365 * 100);
    let ran = place.deploy(&image);
    assert_eq!(ran.code, Some(5), "it has to stay there for longer: {}", ran.err);
    assert!(ran.err.contains(&format!("runs in {BEFORE} for less than")), "{}", ran.err);

    place.takes_from("elsewhere", 0);
    let ran = place.deploy(&image);
    assert_eq!(ran.code, Some(5), "it passed in another environment: {}", ran.err);

    place.takes_from(BEFORE, 0);
    let other = place.image("unproven", |_| ());
    let ran = place.deploy(&other);
    assert_eq!(ran.code, Some(5), "a record is of one image: {}", ran.err);

    let ran = place.deploy(&image);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let data = ran.json()["data"].clone();
    assert_eq!((&data["proven"][0]["environment"], &data["proven"][0]["tour"]), (&BEFORE.into(), &9.into()));
    place.serves(&image);
    let ran = place.down();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

fn attest(place: &Place) -> Ran {
    run(&place.clone, &format!("attest --env {BEFORE} --key ours.key"), &[PASSWORD])
}

/// The records that `deploy --tour` and `load` would have left.
fn passed(place: &Place, image: &str, load: bool) {
    let overlay = place.clone.path("k8s/overlays").join(BEFORE);
    fs::create_dir_all(&overlay).unwrap();
    fs::write(overlay.join("env.toml"), "[docker]\nport = 9001\n").unwrap();
    let folder = place.clone.path("target/evidence");
    fs::create_dir_all(&folder).unwrap();
    let record = |name: &str, started: &str, steps: Value, data: Value| {
        let record = json!({ "schema": 1, "stage": name, "result": "passed", "exit": 0, "commit": null, "dirty": false,
            "started": started, "seconds": 1.0, "steps": steps, "tools": {}, "data": data });
        fs::write(folder.join(name).with_extension("json"), record.to_string()).unwrap();
    };
    let tests = json!({ "passed": 9, "failed": 0, "ignored": 0 });
    let steps = json!([
        { "name": "smoke test", "result": "passed", "seconds": 1.0 },
        { "name": "tour", "result": "passed", "seconds": 1.0, "tests": tests },
    ]);
    record(&format!("deploy-env-{BEFORE}"), "2026-11-01T10:00:00Z", steps, json!({ "image": image }));
    if load {
        let data = json!({ "to": "http://127.0.0.1:9001", "objectives": [] });
        record("load", "2026-11-01T11:00:00Z", json!([]), data);
    }
}
