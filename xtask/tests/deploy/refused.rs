//! What doesn't get anywhere near an environment.

use crate::parts::tamper;
use crate::place::Place;

#[test]
fn what_nobody_signed_or_somebody_changed_starts_nothing() {
    let place = Place::new();
    let unsigned = place.pushed("unsigned", |_| ());
    let ran = place.deploy(&unsigned);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.json()["error"].as_str().unwrap().starts_with("signature: "), "{}", ran.err);
    let signed = place.image("signed", |_| ());
    let manifest = place.registry.manifest("signed");
    tamper(&place.registry.blob(manifest["layers"].as_array().unwrap().last().unwrap()["digest"].as_str().unwrap()));
    let ran = place.deploy(&signed);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.json()["error"].as_str().unwrap().starts_with("content: "), "{}", ran.err);
    let ran = place.deploy(&format!("{}:signed", place.registry.repository()));
    assert_eq!(ran.code, Some(5), "a name can be moved: {}", ran.err);
    assert_eq!(place.left(), "");
}
