//! Access tokens: what is believed, and what is not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::TimeDelta;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use wayfare::config::{Config, Secret};

use crate::{fixtures::Person, start::Wayfare};

const NEW: &str = "secret-of-the-new-key-of-32-bytes-or-more";
const OLD: &str = "secret-of-the-old-key-of-32-bytes-or-more";

pub fn two_keys(config: &mut Config) {
    config.jwt_keys = Some(Secret::new(format!("new:{NEW},old:{OLD}")));
}

fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |v: &Value| BASE64.encode(v.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key").chain_update(&text).finalize();
    format!("{text}.{}", BASE64.encode(mac.into_bytes()))
}

/// The header and the claims of somebody's good token.
fn opened(person: &Person) -> (Value, Value) {
    let part = |i: usize| {
        let part = person.access_token.split('.').nth(i).expect("three parts");
        serde_json::from_slice(&BASE64.decode(part).expect("base64")).expect("JSON")
    };
    (part(0), part(1))
}

/// Whether the service takes the token for its own.
async fn believed(wayfare: &Wayfare, token: &str) -> bool {
    let answer = wayfare.bearing(token).get("/api/me").await;
    if answer.status != 200 {
        answer.refused(401, "token_invalid");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    answer.status == 200
}

#[tokio::test]
async fn a_token_made_as_the_service_makes_them_is_believed() {
    // Without this one, each refusal below could have a reason that isn't meant.
    let wayfare = Wayfare::with(two_keys).await;
    let (header, claims) = opened(&wayfare.newcomer().await);
    assert!(believed(&wayfare, &signed(&header, &claims, NEW)).await);
    assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT", "kid": "new" }));
    assert_eq!(claims.get("role"), None);
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let wayfare = Wayfare::with(two_keys).await;
    let (mut header, claims) = opened(&wayfare.newcomer().await);
    let part = |v: &Value| BASE64.encode(v.to_string());
    for algorithm in ["none", "None", "NONE"] {
        header["alg"] = json!(algorithm);
        assert!(!believed(&wayfare, &format!("{}.{}.", part(&header), part(&claims))).await);
        assert!(!believed(&wayfare, &signed(&header, &claims, NEW)).await);
    }
}

#[tokio::test]
async fn a_token_of_another_algorithm_is_refused_though_the_key_is_right() {
    let wayfare = Wayfare::with(two_keys).await;
    let (mut header, claims) = opened(&wayfare.newcomer().await);
    for algorithm in ["HS384", "HS512", "RS256", "ES256"] {
        header["alg"] = json!(algorithm);
        assert!(!believed(&wayfare, &signed(&header, &claims, NEW)).await, "{algorithm}");
    }
}

#[tokio::test]
async fn a_token_of_another_key_is_refused() {
    let wayfare = Wayfare::with(two_keys).await;
    let (mut header, claims) = opened(&wayfare.newcomer().await);
    assert!(!believed(&wayfare, &signed(&header, &claims, "somebody else's secret, 32 bytes long")).await);
    // The name of one key with the secret of the other.
    assert!(!believed(&wayfare, &signed(&header, &claims, OLD)).await);
    header["kid"] = json!("unknown");
    assert!(!believed(&wayfare, &signed(&header, &claims, NEW)).await);
    header.as_object_mut().expect("an object").remove("kid");
    assert!(!believed(&wayfare, &signed(&header, &claims, NEW)).await);
}

#[tokio::test]
async fn a_token_with_one_wrong_claim_is_refused() {
    let wayfare = Wayfare::with(two_keys).await;
    let nora = wayfare.newcomer().await;
    let (header, claims) = opened(&nora);
    let admin = wayfare.person("admin").await;
    let wrong = [
        ("iss", json!("somebody else")),
        ("aud", json!("another service")),
        ("sub", json!(admin.id)),
        ("sid", json!(uuid::Uuid::new_v4())),
        ("nbf", json!(wayfare.now().timestamp() + 60)),
        ("exp", json!(wayfare.now().timestamp() - 60)),
        ("exp", json!("later")),
    ];
    for (name, value) in wrong {
        let mut changed = claims.clone();
        changed[name] = value;
        assert!(!believed(&wayfare, &signed(&header, &changed, NEW)).await, "{changed}");
    }
    for name in ["iss", "aud", "sub", "sid", "nbf", "exp"] {
        let mut changed = claims.clone();
        changed.as_object_mut().expect("an object").remove(name);
        assert!(!believed(&wayfare, &signed(&header, &changed, NEW)).await, "without {name}");
    }
}

#[tokio::test]
async fn a_token_lasts_as_long_as_it_says_and_no_longer() {
    let wayfare = Wayfare::with(|config| config.access_seconds = 60).await;
    let nora = wayfare.newcomer().await;
    wayfare.later(TimeDelta::seconds(55));
    assert!(believed(&wayfare, &nora.access_token).await);
    wayfare.later(TimeDelta::seconds(15));
    assert!(!believed(&wayfare, &nora.access_token).await);
}

#[tokio::test]
async fn a_new_first_key_signs_while_the_old_ones_tokens_still_count() {
    let before = Wayfare::with(|config| config.jwt_keys = Some(Secret::new(format!("old:{OLD}")))).await;
    let nora = before.newcomer().await;
    assert_eq!(opened(&nora).0["kid"], "old");
    let rotated = before.replica_with(two_keys).await;
    assert!(believed(&rotated, &nora.access_token).await);
    assert_eq!(opened(&rotated.newcomer().await).0["kid"], "new");
    let done = before.replica_with(|config| config.jwt_keys = Some(Secret::new(format!("new:{NEW}")))).await;
    assert!(!believed(&done, &nora.access_token).await);
}

#[tokio::test]
async fn the_embedded_key_outlives_a_restart_and_only_the_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let again = wayfare.replica().await;
    assert!(believed(&again, &nora.access_token).await);
    let file = std::fs::metadata(wayfare.place.dir.path().join("jwt.key")).expect("the key is kept");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}
