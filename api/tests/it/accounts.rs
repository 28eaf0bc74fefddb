//! Registering, signing in, changing a password.

use serde_json::json;

use crate::{place::PASSWORD, start::Wayfare};

#[tokio::test]
async fn who_registers_is_a_customer_and_can_sign_in() {
    let wayfare = Wayfare::start().await;
    let body = json!({ "email": "nora@people.example", "name": "Nora", "password": PASSWORD });
    let user = wayfare.post("/api/auth/register", body).await.expect(201);
    assert_eq!((&user["role"], &user["name"]), (&json!("customer"), &json!("Nora")));
    let nora = wayfare.sign_in("nora@people.example", PASSWORD).await;
    assert_eq!(nora.get("/api/me").await.expect(200), user);
}

#[tokio::test]
async fn no_answer_ever_carries_the_hash_of_a_password() {
    let wayfare = Wayfare::start().await;
    let (admin, nora) = (wayfare.person("admin").await, wayfare.newcomer().await);
    let users = admin.get("/api/users").await;
    for answer in [&users, &nora.get("/api/me").await, &wayfare.try_sign_in(&nora.email, PASSWORD).await] {
        assert!(!answer.text().contains("$2"), "{}", answer.text());
        assert!(!answer.text().contains("hash"), "{}", answer.text());
    }
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_spelt() {
    let wayfare = Wayfare::start().await;
    let body = |email: &str| json!({ "email": email, "name": "Nora", "password": PASSWORD });
    wayfare.post("/api/auth/register", body("Nora@People.example")).await.expect(201);
    wayfare.post("/api/auth/register", body("nora@people.EXAMPLE")).await.refused(409, "email_taken");
    wayfare.try_sign_in("NORA@people.example", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn two_who_register_one_address_at_once_make_one_account() {
    let wayfare = Wayfare::start().await;
    let body = json!({ "email": "nora@people.example", "name": "Nora", "password": PASSWORD });
    let register = || wayfare.post("/api/auth/register", body.clone());
    let (one, two) = tokio::join!(register(), register());
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_look_the_same() {
    let wayfare = Wayfare::start().await;
    let answers = [
        wayfare.try_sign_in("nobody@people.example", "not the password").await,
        wayfare.try_sign_in("customer@wayfare.example", "not the password").await,
        wayfare.try_sign_in("customer@wayfare.example", &"x".repeat(200)).await,
    ];
    let bodies = answers.map(|answer| {
        answer.refused(401, "wrong_credentials");
        let mut body = answer.json();
        body["request_id"].take();
        body
    });
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[1], bodies[2]);
}

/// What takes the time is the hash, so that one is worked out in each case keeps the times alike.
#[tokio::test]
async fn a_password_is_hashed_whether_or_not_there_is_an_account() {
    let hasher = wayfare::auth::password::Hasher::new(10).expect("a hasher");
    let known = hasher.hash(PASSWORD).await.expect("a good password");
    for hash in [None, Some(known.as_str())] {
        for password in [PASSWORD, "wrong password", &"x".repeat(100)] {
            // An answer that needs no hash is there at the first look.
            let mut verify = std::pin::pin!(hasher.verify(password, hash));
            assert!(futures_util::poll!(verify.as_mut()).is_pending(), "`{password}` was answered without a hash");
            assert_eq!(verify.await.expect("there is room"), hash.is_some() && password == PASSWORD);
        }
    }
}

#[tokio::test]
async fn a_password_over_72_bytes_is_refused_and_not_cut() {
    let wayfare = Wayfare::start().await;
    let register = async |email: &str, password: &str| {
        wayfare.post("/api/auth/register", json!({ "email": email, "name": "N", "password": password })).await
    };
    // 36 characters of two bytes fit, one more does not, though the characters would.
    let longest = "é".repeat(36);
    register("a@people.example", &longest).await.expect(201);
    register("b@people.example", &format!("{longest}é")).await.refused(422, "password_too_long");
    register("c@people.example", &"x".repeat(73)).await.refused(400, "bad_body");
    wayfare.try_sign_in("a@people.example", &longest).await.expect(200);
    wayfare.try_sign_in("a@people.example", &format!("{longest}é")).await.refused(401, "wrong_credentials");
}

#[tokio::test]
async fn a_password_is_at_least_ten_characters_long() {
    let wayfare = Wayfare::start().await;
    let body = |password: &str| json!({ "email": "nora@people.example", "name": "Nora", "password": password });
    wayfare.post("/api/auth/register", body("123456789")).await.refused(400, "bad_body");
    wayfare.post("/api/auth/register", body("1234567890")).await.expect(201);
}

#[tokio::test]
async fn a_changed_password_is_the_one_that_counts() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let change = |current: &str| json!({ "current": current, "new": "another password" });
    nora.post("/api/auth/password", change("not the password")).await.refused(403, "wrong_password");
    nora.post("/api/auth/password", change(PASSWORD)).await.expect(204);
    wayfare.try_sign_in(&nora.email, PASSWORD).await.refused(401, "wrong_credentials");
    wayfare.try_sign_in(&nora.email, "another password").await.expect(200);
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_and_no_other() {
    let wayfare = Wayfare::start().await;
    let (phone, stranger) = (wayfare.newcomer().await, wayfare.newcomer().await);
    let tablet = wayfare.sign_in(&phone.email, PASSWORD).await;
    tablet.get("/api/me").await.expect(200);
    phone.post("/api/auth/password", json!({ "current": PASSWORD, "new": "another password" })).await.expect(204);
    tablet.get("/api/me").await.refused(401, "token_invalid");
    tablet
        .post("/api/auth/refresh", json!({ "refresh_token": tablet.refresh_token }))
        .await
        .refused(401, "session_over");
    phone.get("/api/me").await.expect(200);
    stranger.get("/api/me").await.expect(200);
}

#[tokio::test]
async fn a_changed_password_ends_sessions_however_many_there_are() {
    let wayfare = Wayfare::start().await;
    let first = wayfare.newcomer().await;
    first.get("/api/me").await.expect(200);
    let mut last = first.clone();
    for _ in 0..101 {
        last = wayfare.sign_in(&first.email, PASSWORD).await;
    }
    last.post("/api/auth/password", json!({ "current": PASSWORD, "new": "another password" })).await.expect(204);
    first.get("/api/me").await.refused(401, "token_invalid");
}
