//! What admins do to accounts.

use serde_json::json;

use crate::{fixtures::SHOP, place::PASSWORD, start::Wayfare};

#[tokio::test]
async fn a_new_role_counts_at_once() {
    let wayfare = Wayfare::start().await;
    let (admin, nora) = (wayfare.person("admin").await, wayfare.newcomer().await);
    nora.get("/api/me").await.expect(200);
    let path = format!("/api/users/{}/role", nora.id);
    let user = admin.put(&path, json!({ "role": "manager", "shop_id": SHOP })).await.expect(200);
    assert_eq!((&user["role"], &user["shop_id"]), (&json!("manager"), &json!(SHOP)));
    nora.get("/api/me").await.refused(401, "token_invalid");
    let nora = wayfare.sign_in(&nora.email, PASSWORD).await;
    nora.patch("/api/shops/1", json!({ "description": "New here" })).await.expect(200);
    admin.put(&path, json!({ "role": "customer" })).await.expect(200);
    nora.patch("/api/shops/1", json!({ "description": "Gone again" })).await.refused(401, "token_invalid");
}

#[tokio::test]
async fn only_managers_have_a_shop_and_each_has_one_that_exists() {
    let wayfare = Wayfare::start().await;
    let (admin, nora) = (wayfare.person("admin").await, wayfare.newcomer().await);
    let path = format!("/api/users/{}/role", nora.id);
    admin.put(&path, json!({ "role": "manager" })).await.refused(422, "shop_for_managers");
    admin.put(&path, json!({ "role": "courier", "shop_id": SHOP })).await.refused(422, "shop_for_managers");
    admin.put(&path, json!({ "role": "manager", "shop_id": 9_999 })).await.refused(404, "not_found");
    assert_eq!(nora.get("/api/me").await.expect(200)["role"], "customer");
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_comes_back_when_enabled() {
    let wayfare = Wayfare::start().await;
    let (admin, nora) = (wayfare.person("admin").await, wayfare.newcomer().await);
    nora.get("/api/me").await.expect(200);
    let path = format!("/api/users/{}/disabled", nora.id);
    admin.put(&path, json!({ "disabled": true })).await.expect(200);
    nora.get("/api/me").await.refused(401, "token_invalid");
    let renewal = json!({ "refresh_token": nora.refresh_token });
    nora.post("/api/auth/refresh", renewal).await.refused(401, "session_over");
    wayfare.try_sign_in(&nora.email, PASSWORD).await.refused(403, "account_disabled");
    // Who doesn't know the password doesn't learn that there is an account.
    wayfare.try_sign_in(&nora.email, "not the password").await.refused(401, "wrong_credentials");
    admin.put(&path, json!({ "disabled": false })).await.expect(200);
    wayfare.try_sign_in(&nora.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_admin_can_not_lock_themselves_out() {
    let wayfare = Wayfare::start().await;
    let admin = wayfare.person("admin").await;
    let path = format!("/api/users/{}/disabled", admin.id);
    admin.put(&path, json!({ "disabled": true })).await.refused(409, "yourself");
    admin.get("/api/me").await.expect(200);
}

#[tokio::test]
async fn the_list_of_accounts_is_complete_page_by_page() {
    let wayfare = Wayfare::start().await;
    for _ in 0..5 {
        wayfare.newcomer().await;
    }
    let admin = wayfare.person("admin").await;
    let ids = crate::catalog::all_pages(&admin, "/api/users?limit=2").await;
    assert_eq!(ids.len(), 9);
}

#[tokio::test]
async fn a_user_that_does_not_exist_can_not_be_changed() {
    let wayfare = Wayfare::start().await;
    let admin = wayfare.person("admin").await;
    let id = uuid::Uuid::new_v4();
    admin.put(&format!("/api/users/{id}/role"), json!({ "role": "courier" })).await.refused(404, "not_found");
    admin.put(&format!("/api/users/{id}/disabled"), json!({ "disabled": true })).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let wayfare = Wayfare::start().await;
    let admin = wayfare.person("admin").await;
    let role = |id: &str| format!("/api/users/{id}/role");
    admin.put(&role(&admin.id), json!({ "role": "customer" })).await.refused(409, "last_admin");
    admin.get("/api/users").await.expect(200);
    let other = wayfare.newcomer().await;
    admin.put(&role(&other.id), json!({ "role": "admin" })).await.expect(200);
    admin.put(&role(&admin.id), json!({ "role": "customer" })).await.expect(200);
    let other = wayfare.sign_in(&other.email, PASSWORD).await;
    other.put(&role(&other.id), json!({ "role": "courier" })).await.refused(409, "last_admin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_take_each_others_role_or_account_one_stays() {
    let wayfare = Wayfare::start().await;
    let replica = wayfare.replica().await;
    let one = wayfare.person("admin").await;
    for round in 0..6 {
        let two = wayfare.newcomer().await;
        one.put(&format!("/api/users/{}/role", two.id), json!({ "role": "admin" })).await.expect(200);
        let two = wayfare.sign_in(&two.email, PASSWORD).await;
        let there = two.client.at(&replica);
        let (path, body) = match round % 2 {
            0 => ("role", json!({ "role": "customer" })),
            _ => ("disabled", json!({ "disabled": true })),
        };
        let (a, b) = (format!("/api/users/{}/{path}", two.id), format!("/api/users/{}/{path}", one.id));
        let (first, second) = tokio::join!(one.put(&a, body.clone()), there.put(&b, body.clone()));
        let both = (first.status, second.status);
        assert_eq!(both.0.min(both.1), 200, "{} {}", first.text(), second.text());
        assert_ne!(both.0, both.1, "{} {}", first.text(), second.text());
        let admins = "SELECT COUNT(*) FROM account WHERE role = 'admin' AND disabled_at IS NULL";
        assert_eq!(wayfare.number(admins).await, 1);
        if first.status != 200 {
            return;
        }
    }
}
