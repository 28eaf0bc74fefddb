//! Registering, signing in, changing a password.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use crate::{client::Client, place::PASSWORD, start::Wayfare};

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
    let longest = "éàüöñ".repeat(8)[..72].to_owned();
    register("a@people.example", &longest).await.expect(201);
    register("b@people.example", &format!("{longest}é")).await.refused(422, "password_too_long");
    register("c@people.example", &"harbour ".repeat(10)[..73]).await.refused(400, "bad_body");
    wayfare.try_sign_in("a@people.example", &longest).await.expect(200);
    wayfare.try_sign_in("a@people.example", &format!("{longest}é")).await.refused(401, "wrong_credentials");
}

#[tokio::test]
async fn a_password_is_at_least_ten_characters_long() {
    let wayfare = Wayfare::start().await;
    let body = |password: &str| json!({ "email": "nora@people.example", "name": "Nora", "password": password });
    wayfare.post("/api/auth/register", body("fog-lamps")).await.refused(400, "bad_body");
    // Ten as they are typed, and six as they are hashed.
    let apart = "foge\u{301}e\u{301}e\u{301}x";
    wayfare.post("/api/auth/register", body(apart)).await.refused(422, "password_too_short");
    wayfare.post("/api/auth/register", body("fog-lamps!")).await.expect(201);
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

#[tokio::test]
async fn a_password_that_somebody_guesses_first_is_refused() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    for password in ["aaaaaaaaaa", "1234567890", "password123", "wayfare-demo-1", "nora1people"] {
        let body = json!({ "email": "nora@people.example", "name": "Nora", "password": password });
        wayfare.post("/api/auth/register", body).await.refused(422, "password_guessable");
        let change = json!({ "current": PASSWORD, "new": password });
        if password != "nora1people" {
            nora.post("/api/auth/password", change).await.refused(422, "password_guessable");
        }
    }
    let change = json!({ "current": PASSWORD, "new": PASSWORD });
    nora.post("/api/auth/password", change).await.refused(422, "password_unchanged");
}

#[tokio::test]
async fn who_runs_the_demo_may_use_the_demos_password() {
    let wayfare = Wayfare::with(|config| config.demo = true).await;
    let body = json!({ "email": "nora@people.example", "name": "Nora", "password": "wayfare-demo-1" });
    wayfare.post("/api/auth/register", body).await.expect(201);
}

/// A letter with its accent is one character on one keyboard and two on another.
#[tokio::test]
async fn a_password_is_the_same_from_any_keyboard() {
    let wayfare = Wayfare::start().await;
    let composed = "p\u{e4}ssw\u{f6}rd-\u{e9}-lang-genug";
    let decomposed = "pa\u{308}sswo\u{308}rd-e\u{301}-lang-genug";
    for (email, password) in [("a@people.example", composed), ("b@people.example", decomposed)] {
        let body = json!({ "email": email, "name": "Nora", "password": password });
        wayfare.post("/api/auth/register", body).await.expect(201);
        for typed in [composed, decomposed] {
            wayfare.try_sign_in(email, typed).await.expect(200);
        }
    }
}

async fn set_hash(wayfare: &Wayfare, email: &str, hash: &str) {
    let update = format!("UPDATE account SET password_hash = '{hash}' WHERE email = '{email}'");
    assert_eq!(wayfare.sql(&update).await.expect("a hash can be set"), 1);
}

async fn hash_is(wayfare: &Wayfare, email: &str, like: &str) -> bool {
    let count = format!("SELECT COUNT(*) FROM account WHERE email = '{email}' AND password_hash LIKE '{like}'");
    wayfare.number(&count).await == 1
}

#[tokio::test]
async fn a_hash_of_another_cost_or_spelling_is_made_anew_at_the_next_sign_in() {
    let wayfare = Wayfare::with(|config| config.bcrypt_cost = 5).await;
    let nora = wayfare.newcomer().await;
    let before = "pa\u{308}sswo\u{308}rd-e\u{301}-lang-genug";
    for (password, typed) in [(PASSWORD, PASSWORD), (before, before), (before, "p\u{e4}ssw\u{f6}rd-\u{e9}-lang-genug")]
    {
        let old = bcrypt::hash(password, 4).expect("a hash");
        set_hash(&wayfare, &nora.email, &old).await;
        wayfare.try_sign_in(&nora.email, "not the password").await.refused(401, "wrong_credentials");
        assert!(hash_is(&wayfare, &nora.email, &old).await);
        wayfare.try_sign_in(&nora.email, typed).await.expect(200);
        assert!(hash_is(&wayfare, &nora.email, "$2b$05$%").await);
        wayfare.try_sign_in(&nora.email, typed).await.expect(200);
    }
}

/// Whoever knows the old password signs in while the owner changes it: no such session may outlive the change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_of_the_old_password_outlives_its_change() {
    let wayfare = Wayfare::with(|config| config.bcrypt_cost = 6).await;
    for _ in 0..12 {
        let owner = wayfare.newcomer().await;
        let thieves = join_all((0..8).map(|_| wayfare.try_sign_in(&owner.email, PASSWORD)));
        let change = owner.post("/api/auth/password", json!({ "current": PASSWORD, "new": "another password" }));
        let (answers, changed) = tokio::join!(thieves, change);
        changed.expect(204);
        for answer in answers.iter().filter(|a| a.status == 200) {
            let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
            wayfare.bearing(&token).get("/api/me").await.refused(401, "token_invalid");
        }
    }
}

/// Hashes made anew by one sign-in don't make the others fail that compared the old one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_sign_in_with_an_old_hash_at_once_all_get_in() {
    let wayfare = Wayfare::with(|config| config.bcrypt_cost = 5).await;
    let nora = wayfare.newcomer().await;
    set_hash(&wayfare, &nora.email, &bcrypt::hash(PASSWORD, 4).expect("a hash")).await;
    let answers = join_all((0..8).map(|_| wayfare.try_sign_in(&nora.email, PASSWORD))).await;
    assert!(answers.iter().all(|a| a.status == 200));
}

fn behind_a_proxy(config: &mut wayfare::config::Config) {
    config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
}

fn from(wayfare: &Wayfare, address: &str) -> Client {
    wayfare.with("x-forwarded-for", address)
}

async fn sign_in_from(wayfare: &Wayfare, address: &str, email: &str, password: &str) -> u16 {
    from(wayfare, address).post("/api/auth/login", json!({ "email": email, "password": password })).await.status
}

#[tokio::test]
async fn wrong_passwords_for_one_account_wait_wherever_they_come_from() {
    let wayfare = Wayfare::with(behind_a_proxy).await;
    let owner = wayfare.newcomer().await;
    let mut waiting = Vec::new();
    // The owner signed in from here before, and nobody from there.
    for email in [owner.email.as_str(), "nobody@people.example"] {
        let mut statuses = Vec::new();
        for i in 1..=30 {
            statuses.push(sign_in_from(&wayfare, &format!("198.51.100.{i}"), email, "not the password").await);
        }
        assert_eq!(statuses.iter().filter(|s| **s == 401).count(), 10, "{email}: {statuses:?}");
        waiting.push(statuses);
    }
    assert_eq!(waiting[0], waiting[1], "nothing tells which addresses have accounts");
    assert_eq!(sign_in_from(&wayfare, "198.51.100.99", &owner.email, PASSWORD).await, 429);
    assert_eq!(sign_in_from(&wayfare, "127.0.0.1", "customer@wayfare.example", PASSWORD).await, 200);
    wayfare.later(TimeDelta::seconds(61));
    assert_eq!(sign_in_from(&wayfare, "198.51.100.98", &owner.email, "not the password").await, 401);
    assert_eq!(sign_in_from(&wayfare, "198.51.100.97", &owner.email, PASSWORD).await, 429);
    wayfare.later(TimeDelta::seconds(121));
    assert_eq!(sign_in_from(&wayfare, "198.51.100.97", &owner.email, PASSWORD).await, 200);
}

#[tokio::test]
async fn who_signed_in_from_here_before_does_not_wait_for_the_attempts_of_others() {
    let wayfare = Wayfare::with(behind_a_proxy).await;
    let owner = wayfare.newcomer().await;
    for home in ["203.0.113.7", "2001:db8:1:2::7"] {
        assert_eq!(sign_in_from(&wayfare, home, &owner.email, PASSWORD).await, 200);
    }
    for i in 1..=30 {
        sign_in_from(&wayfare, &format!("198.51.100.{i}"), &owner.email, "not the password").await;
    }
    assert_eq!(sign_in_from(&wayfare, "198.51.100.200", &owner.email, PASSWORD).await, 429);
    // Another address of the same network is the same home.
    assert_eq!(sign_in_from(&wayfare, "2001:db8:1:2::8", &owner.email, PASSWORD).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_wrong_passwords_at_once_count_as_many_at_any_replica() {
    let wayfare = Wayfare::with(behind_a_proxy).await;
    let owner = wayfare.newcomer().await;
    let other = if crate::place::on_postgres() { Some(wayfare.replica_with(behind_a_proxy).await) } else { None };
    let attempts = (1..=40).map(|i| {
        let at = if i % 2 == 0 { other.as_ref().unwrap_or(&wayfare) } else { &wayfare };
        let email = owner.email.clone();
        async move { sign_in_from(at, &format!("198.51.100.{i}"), &email, "not the password").await }
    });
    let statuses = join_all(attempts).await;
    assert_eq!(statuses.iter().filter(|s| **s == 401).count(), 10, "{statuses:?}");
}

#[tokio::test]
async fn wrong_current_passwords_wait_as_well() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let tablet = wayfare.sign_in(&nora.email, PASSWORD).await;
    let change = |current: &str| json!({ "current": current, "new": "another password" });
    for _ in 0..10 {
        nora.post("/api/auth/password", change("not the password")).await.refused(403, "wrong_password");
    }
    nora.post("/api/auth/password", change(PASSWORD)).await.refused(429, "rate_limited");
    tablet.post("/api/auth/password", change(PASSWORD)).await.expect(204);
}

#[tokio::test]
async fn a_name_has_nothing_in_it_that_is_not_seen_and_changes_what_is() {
    let wayfare = Wayfare::start().await;
    let manager = wayfare.person("manager").await;
    for unseen in ['\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{feff}']
    {
        let name = format!("No{unseen}ra");
        let body = json!({ "email": "nora@people.example", "name": name, "password": PASSWORD });
        wayfare.post("/api/auth/register", body).await.refused(400, "bad_body");
        let product = json!({ "shop_id": 1, "name": name, "category": "test", "price": 1, "stock": 1 });
        manager.post("/api/menu-items", product).await.refused(400, "bad_body");
        let product = json!({ "shop_id": 1, "name": "Oat", "category": name, "price": 1, "stock": 1 });
        manager.post("/api/menu-items", product).await.refused(400, "bad_body");
    }
    manager.patch("/api/shops/1", json!({ "description": "One\n\tTwo" })).await.expect(200);
    manager.patch("/api/shops/1", json!({ "description": "\u{202e}owT" })).await.refused(400, "bad_body");
    let mut order = crate::fixtures::order_of(1, 1);
    order["address"]["text"] = json!("Lighthouse\u{202e} 1");
    manager.try_order("a-key-of-mine", order).await.refused(400, "bad_body");
    let body = json!({ "email": "nora@people.example", "name": "Nóra نورا 👩\u{200d}👧", "password": PASSWORD });
    wayfare.post("/api/auth/register", body).await.expect(201);
}
