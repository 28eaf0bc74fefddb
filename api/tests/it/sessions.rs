//! Sessions: renewed by tokens that are good once, listed, ended.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{client::Answer, fixtures::Person, place::PASSWORD, start::Wayfare};

async fn refresh(wayfare: &Wayfare, token: &str) -> Answer {
    wayfare.post("/api/auth/refresh", json!({ "refresh_token": token })).await
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_that_both_work() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let renewed = Person::of(&wayfare, &refresh(&wayfare, &nora.refresh_token).await.expect(200));
    assert_ne!(renewed.refresh_token, nora.refresh_token);
    assert_eq!(renewed.get("/api/me").await.expect(200)["email"], nora.email);
    refresh(&wayfare, &renewed.refresh_token).await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_whole_family() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let renewed = Person::of(&wayfare, &refresh(&wayfare, &nora.refresh_token).await.expect(200));
    renewed.get("/api/me").await.expect(200);
    refresh(&wayfare, &nora.refresh_token).await.refused(401, "session_over");
    refresh(&wayfare, &renewed.refresh_token).await.refused(401, "session_over");
    renewed.get("/api/me").await.refused(401, "token_invalid");
    nora.get("/api/me").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn a_reused_token_leaves_the_other_devices_alone() {
    let wayfare = Wayfare::start().await;
    let phone = wayfare.newcomer().await;
    let tablet = wayfare.sign_in(&phone.email, PASSWORD).await;
    refresh(&wayfare, &phone.refresh_token).await.expect(200);
    refresh(&wayfare, &phone.refresh_token).await.refused(401, "session_over");
    tablet.get("/api/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_refreshes_at_once_one_succeeds_and_the_family_ends() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let tries = (0..8).map(|_| refresh(&wayfare, &nora.refresh_token));
    let answers = futures_util::future::join_all(tries).await;
    let good: Vec<Value> = answers.iter().filter(|a| a.status == 200).map(Answer::json).collect();
    assert_eq!(good.len(), 1);
    assert!(answers.iter().all(|a| a.status == 200 || a.code() == "session_over"));
    // Whoever got the new tokens may be the thief.
    Person::of(&wayfare, &good[0]).get("/api/me").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn an_invented_refresh_token_is_refused_like_an_old_one() {
    let wayfare = Wayfare::start().await;
    refresh(&wayfare, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.refused(401, "session_over");
    refresh(&wayfare, "").await.refused(401, "session_over");
}

#[tokio::test]
async fn who_signs_out_is_out_at_once_and_only_here() {
    let wayfare = Wayfare::start().await;
    let phone = wayfare.newcomer().await;
    let tablet = wayfare.sign_in(&phone.email, PASSWORD).await;
    phone.get("/api/me").await.expect(200);
    phone.post("/api/auth/logout", json!({})).await.expect(204);
    phone.get("/api/me").await.refused(401, "token_invalid");
    refresh(&wayfare, &phone.refresh_token).await.refused(401, "session_over");
    tablet.get("/api/me").await.expect(200);
}

#[tokio::test]
async fn who_signs_out_at_one_replica_is_out_at_the_other() {
    let wayfare = Wayfare::with(crate::tokens::two_keys).await;
    let nora = wayfare.newcomer().await;
    let other = wayfare.replica().await;
    // Seen by both, so that both may have kept what they looked up.
    nora.get("/api/me").await.expect(200);
    if crate::place::on_postgres() {
        nora.at(&other).get("/api/me").await.expect(200);
    }
    nora.post("/api/auth/logout", json!({})).await.expect(204);
    nora.at(&other).get("/api/me").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn a_session_that_nobody_uses_runs_out() {
    let wayfare = Wayfare::with(|config| config.session_days = 3).await;
    let nora = wayfare.newcomer().await;
    wayfare.later(TimeDelta::days(2));
    let renewed = Person::of(&wayfare, &refresh(&wayfare, &nora.refresh_token).await.expect(200));
    wayfare.later(TimeDelta::days(2));
    let renewed = Person::of(&wayfare, &refresh(&wayfare, &renewed.refresh_token).await.expect(200));
    wayfare.later(TimeDelta::days(3));
    refresh(&wayfare, &renewed.refresh_token).await.refused(401, "session_over");
}

#[tokio::test]
async fn sessions_are_listed_with_their_device_newest_first() {
    let wayfare = Wayfare::start().await;
    let phone = wayfare.newcomer().await;
    wayfare.later(TimeDelta::seconds(1));
    let body = json!({ "email": phone.email, "password": PASSWORD });
    wayfare.with("user-agent", "a tablet").post("/api/auth/login", body).await.expect(200);
    let sessions = phone.get("/api/me/sessions").await.expect(200);
    let sessions = sessions.as_array().expect("a list");
    assert_eq!(sessions.len(), 2);
    assert_eq!((&sessions[0]["device"], &sessions[0]["ip"]), (&json!("a tablet"), &json!("127.0.0.1")));
}

#[tokio::test]
async fn a_session_can_be_ended_from_another_device() {
    let wayfare = Wayfare::start().await;
    let tablet = wayfare.newcomer().await;
    wayfare.later(TimeDelta::seconds(1));
    let phone = wayfare.sign_in(&tablet.email, PASSWORD).await;
    let sessions = phone.get("/api/me/sessions").await.expect(200);
    let id = sessions[1]["id"].as_str().expect("an id");
    phone.delete(&format!("/api/me/sessions/{id}")).await.expect(204);
    tablet.get("/api/me").await.refused(401, "token_invalid");
    phone.get("/api/me").await.expect(200);
    phone.delete(&format!("/api/me/sessions/{id}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn each_of_the_most_sessions_can_be_ended() {
    let wayfare = Wayfare::start().await;
    let first = wayfare.newcomer().await;
    let sessions = first.get("/api/me/sessions").await.expect(200);
    let id = sessions[0]["id"].as_str().expect("an id");
    let mut last = first.clone();
    for _ in 1..100 {
        last = wayfare.sign_in(&first.email, PASSWORD).await;
    }
    assert_eq!(last.get("/api/me/sessions").await.expect(200).as_array().expect("a list").len(), 100);
    last.delete(&format!("/api/me/sessions/{id}")).await.expect(204);
    first.get("/api/me").await.refused(401, "token_invalid");
}

#[tokio::test]
async fn another_persons_session_does_not_exist() {
    let wayfare = Wayfare::start().await;
    let (nora, thief) = (wayfare.newcomer().await, wayfare.newcomer().await);
    let sessions = nora.get("/api/me/sessions").await.expect(200);
    let id = sessions[0]["id"].as_str().expect("an id");
    thief.delete(&format!("/api/me/sessions/{id}")).await.refused(404, "not_found");
    nora.get("/api/me").await.expect(200);
}

#[tokio::test]
async fn with_one_session_too_many_the_oldest_ends() {
    let wayfare = Wayfare::start().await;
    let first = wayfare.newcomer().await;
    first.get("/api/me").await.expect(200);
    wayfare.later(TimeDelta::seconds(1));
    let second = wayfare.sign_in(&first.email, PASSWORD).await;
    wayfare.later(TimeDelta::seconds(1));
    for _ in 2..=100 {
        wayfare.sign_in(&first.email, PASSWORD).await;
    }
    first.get("/api/me").await.refused(401, "token_invalid");
    refresh(&wayfare, &first.refresh_token).await.refused(401, "session_over");
    let sessions = second.get("/api/me/sessions").await.expect(200);
    assert_eq!(sessions.as_array().expect("a list").len(), 100);
}

#[tokio::test]
async fn a_session_ends_at_last_however_often_it_is_used() {
    let wayfare = Wayfare::with(|config| {
        config.session_days = 3;
        config.session_max_days = 5;
    })
    .await;
    let mut nora = wayfare.newcomer().await;
    for _ in 0..2 {
        wayfare.later(TimeDelta::days(2));
        nora = Person::of(&wayfare, &refresh(&wayfare, &nora.refresh_token).await.expect(200));
    }
    wayfare.later(TimeDelta::days(1));
    refresh(&wayfare, &nora.refresh_token).await.refused(401, "session_over");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses() {
    let wayfare = Wayfare::start().await;
    let (phone, stranger) = (wayfare.newcomer().await, wayfare.newcomer().await);
    let tablet = wayfare.sign_in(&phone.email, PASSWORD).await;
    tablet.get("/api/me").await.expect(200);
    let out = phone.delete("/api/me/sessions").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").is_some_and(|c| c.contains("Max-Age=0")));
    for person in [&phone, &tablet] {
        person.get("/api/me").await.refused(401, "token_invalid");
        refresh(&wayfare, &person.refresh_token).await.refused(401, "session_over");
    }
    stranger.get("/api/me").await.expect(200);
}

#[tokio::test]
async fn what_has_been_over_for_long_is_deleted_and_nothing_else() {
    let wayfare = Wayfare::with(|config| config.session_days = 3).await;
    let (gone, nora) = (wayfare.newcomer().await, wayfare.newcomer().await);
    gone.post("/api/auth/logout", json!({})).await.expect(204);
    let mut renewed = nora;
    for _ in 0..20 {
        wayfare.later(TimeDelta::days(2));
        renewed = Person::of(&wayfare, &refresh(&wayfare, &renewed.refresh_token).await.expect(200));
    }
    wayfare::auth::leave::tidy(&wayfare.app).await.expect("the database answers");
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM session").await, 1);
    // The one that is good, and what was used within the last three days: whoever has one of those is caught.
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM refresh_token").await, 3);
    refresh(&wayfare, &renewed.refresh_token).await.expect(200);
}
