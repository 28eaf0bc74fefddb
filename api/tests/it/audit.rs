//! The audit: one line for each deed, readable by admins, changeable by nobody.

use reqwest::Method;
use serde_json::{Value, json};
use wayfare::audit::{self, Deed};

use crate::{
    client::Answer,
    fixtures::{Person, SHOP},
    place::PASSWORD,
    start::Wayfare,
};

/// The lines about one kind of deed.
async fn lines(admin: &Person, action: &str) -> Vec<Value> {
    let page = admin.get(&format!("/api/audit?limit=200&action={action}")).await.expect(200);
    page["items"].as_array().expect("items").clone()
}

/// Does everything that is worth a line, once, beginning with an empty audit; who did it.
async fn everything(wayfare: &Wayfare) -> (Person, Person, Vec<&'static str>) {
    let mut done = Vec::new();
    let mut did = |deed: &'static str| done.push(deed);
    let nora = wayfare.newcomer().await;
    did("register");
    did("sign_in");
    wayfare.try_sign_in(&nora.email, "not the password").await.refused(401, "wrong_credentials");
    did("sign_in_refused");
    let tablet = wayfare.sign_in(&nora.email, PASSWORD).await;
    did("sign_in");
    let body = json!({ "refresh_token": tablet.refresh_token });
    wayfare.post("/api/auth/refresh", body.clone()).await.expect(200);
    for _ in 0..2 {
        wayfare.post("/api/auth/refresh", body.clone()).await.refused(401, "session_over");
    }
    did("refresh_reused");
    let phone = wayfare.sign_in(&nora.email, PASSWORD).await;
    did("sign_in");
    let sessions = nora.get("/api/me/sessions").await.expect(200);
    nora.delete(&format!("/api/me/sessions/{}", sessions[0]["id"].as_str().expect("an id"))).await.expect(204);
    did("end_session");
    phone.get("/api/me").await.refused(401, "token_invalid");
    let change = |current: &str| json!({ "current": current, "new": "another password" });
    nora.post("/api/auth/password", change("not the password")).await.refused(403, "wrong_password");
    did("change_password_refused");
    nora.post("/api/auth/password", change(PASSWORD)).await.expect(204);
    did("change_password");
    nora.get("/api/users").await.refused(403, "wrong_role");
    did("forbidden");
    manage(wayfare, &nora, &mut did).await;
    nora.post("/api/auth/logout", json!({})).await.expect(204);
    did("sign_out");
    let elsewhere = wayfare.sign_in(&nora.email, "another password").await;
    did("sign_in");
    elsewhere.delete("/api/me/sessions").await.expect(204);
    did("sign_out_everywhere");
    let admin = wayfare.person("admin").await;
    did("sign_in");
    admin.put(&format!("/api/users/{}/role", nora.id), json!({ "role": "courier" })).await.expect(200);
    did("set_role");
    for (disabled, deed) in [(true, "disable_account"), (false, "enable_account")] {
        admin.put(&format!("/api/users/{}/disabled", nora.id), json!({ "disabled": disabled })).await.expect(200);
        did(deed);
    }
    admin.get("/api/users").await.expect(200);
    did("list_users");
    admin.get("/api/audit?limit=1").await.expect(200);
    did("list_audit");
    (admin, nora, done)
}

async fn manage(wayfare: &Wayfare, nora: &Person, did: &mut impl FnMut(&'static str)) {
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    did("sign_in");
    did("add_product");
    let manager = wayfare.person("manager").await;
    did("sign_in");
    let path = format!("/api/menu-items/{product}");
    manager.patch(&path, json!({ "price": 160 })).await.expect(200);
    did("change_product");
    let picture = manager.request(Method::PUT, &format!("{path}/image")).header("content-type", "image/png");
    Answer::to(picture.body(crate::images::png(4, 4))).await.expect(200);
    did("set_image");
    manager.patch(&format!("/api/shops/{SHOP}"), json!({ "description": "New" })).await.expect(200);
    did("change_shop");
    manager.put(&format!("/api/shops/{SHOP}/webhook"), json!({ "url": "https://a.example/" })).await.expect(200);
    did("set_webhook");
    let order = nora.order(product, 1).await;
    did("place_order");
    nora.move_order(&order, "accepted").await.refused(403, "not_your_move");
    did("move_order_refused");
    manager.move_order(&order, "accepted").await.expect(200);
    did("move_order");
    manager.delete(&path).await.expect(204);
    did("retire_product");
    // What a restore does besides has its tests in `faults backup`.
    let restored = Deed::RestoreDatabase;
    audit::write_by_operator(&wayfare.app.db.write, wayfare.now(), restored, "a backup", json!({}))
        .await
        .expect("a line");
    did("restore_database");
}

#[tokio::test]
async fn everything_that_is_worth_a_line_leaves_exactly_one() {
    let wayfare = Wayfare::start().await;
    let (admin, _, mut done) = everything(&wayfare).await;
    let page = admin.get("/api/audit?limit=200").await.expect(200);
    done.push("list_audit");
    let items = page["items"].as_array().expect("items");
    let mut written: Vec<&str> = items.iter().map(|i| i["action"].as_str().expect("an action")).collect();
    written.sort_unstable();
    done.sort_unstable();
    assert_eq!(written, done);
}

/// The list in `Deed` and the deeds of this test are the same: one that is added there must be done here.
#[tokio::test]
async fn no_deed_is_left_out_of_these_tests() {
    let wayfare = Wayfare::start().await;
    let (_, _, mut done) = everything(&wayfare).await;
    let source = include_str!("../../src/audit/mod.rs");
    let named =
        source.lines().filter_map(|l| l.trim().strip_prefix("Self::")?.split_once("=> \"")?.1.strip_suffix("\","));
    let mut named: Vec<&str> = named.collect();
    done.sort_unstable();
    done.dedup();
    named.sort_unstable();
    assert_eq!(done, named);
}

#[tokio::test]
async fn a_line_says_who_in_which_role_from_where_and_by_which_request() {
    let wayfare = Wayfare::start().await;
    let admin = wayfare.person("admin").await;
    let manager = wayfare.person("manager").await.with("x-request-id", "request-of-the-manager");
    manager.patch("/api/shops/1", json!({ "description": "New" })).await.expect(200);
    let line = &lines(&admin, "change_shop").await[0];
    assert_eq!((&line["role"], &line["subject"], &line["ip"]), (&json!("manager"), &json!("1"), &json!("127.0.0.1")));
    assert_eq!(line["request_id"], "request-of-the-manager");
    let at = line["at"].as_str().and_then(|at| at.parse::<wayfare::clock::Instant>().ok()).expect("a time");
    assert!((wayfare.now() - at).num_minutes() == 0);
    // A sign-in, too, is one in a role.
    let line = &lines(&admin, "sign_in").await[1];
    assert_eq!((&line["account_id"], &line["role"]), (&json!(admin.id), &json!("admin")));
}

#[tokio::test]
async fn a_refused_deed_leaves_no_line_as_if_it_had_been_done() {
    let wayfare = Wayfare::start().await;
    let admin = wayfare.person("admin").await;
    let product = wayfare.product("Oat biscuit", 150, 1).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 1).await;
    nora.move_order(&order, "accepted").await.refused(403, "not_your_move");
    nora.move_order(&order, "delivered").await.refused(409, "wrong_state");
    nora.try_order("a-key-of-mine", crate::fixtures::order_of(product, 1)).await.refused(409, "out_of_stock");
    assert_eq!((lines(&admin, "move_order").await.len(), lines(&admin, "place_order").await.len()), (0, 1));
}

#[tokio::test]
async fn no_line_carries_a_password_or_a_key() {
    let wayfare = Wayfare::start().await;
    let (admin, _, _) = everything(&wayfare).await;
    let text = admin.get("/api/audit?limit=200").await.text();
    for secret in [PASSWORD, "another password", "whsec_", "$2"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_delete_a_line() {
    let wayfare = Wayfare::start().await;
    wayfare.newcomer().await;
    let count = wayfare.number("SELECT COUNT(*) FROM audit").await;
    assert_eq!(count, 2);
    let mut statements = vec!["UPDATE audit SET ip = 'nowhere'", "UPDATE audit SET id = id + 1", "DELETE FROM audit"];
    if crate::place::on_postgres() {
        statements.push("TRUNCATE audit");
    }
    for statement in statements {
        let refused = wayfare.sql(statement).await.expect_err(statement);
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM audit").await, count);
}

#[tokio::test]
async fn the_audit_is_searched_by_who_what_and_whom() {
    let wayfare = Wayfare::start().await;
    let (admin, nora, _) = everything(&wayfare).await;
    let find = async |query: &str| {
        let page = admin.get(&format!("/api/audit?limit=200&{query}")).await.expect(200);
        page["items"].as_array().expect("items").clone()
    };
    let hers = find(&format!("account={}", nora.id)).await;
    assert!(hers.len() > 5 && hers.iter().all(|i| i["account_id"] == json!(nora.id)));
    let to_her = find(&format!("subject={}&action=set_role", nora.id)).await;
    assert_eq!((to_her.len(), &to_her[0]["account_id"]), (1, &json!(admin.id)));
    assert_eq!(to_her[0]["detail"], json!({ "role": "courier", "shop_id": null }));
}

#[tokio::test]
async fn the_audit_is_complete_page_by_page_and_newest_first() {
    let wayfare = Wayfare::start().await;
    let (admin, _, done) = everything(&wayfare).await;
    let ids = crate::catalog::all_pages(&admin, "/api/audit?limit=7").await;
    // And the line of the first page's own look.
    assert_eq!(ids.len(), done.len() + 1);
    let numbers: Vec<i64> = ids.iter().map(|id| id.parse().expect("a number")).collect();
    assert!(numbers.is_sorted_by_key(|id| std::cmp::Reverse(*id)));
}

#[tokio::test]
async fn a_refusal_says_who_wanted_what_and_why_not() {
    let wayfare = Wayfare::start().await;
    let (admin, courier) = (wayfare.person("admin").await, wayfare.person("courier").await);
    courier.get("/api/audit").await.refused(403, "wrong_role");
    let line = &lines(&admin, "forbidden").await[0];
    assert_eq!((&line["account_id"], &line["role"]), (&json!(courier.id), &json!("courier")));
    assert_eq!((&line["subject"], &line["detail"]["code"]), (&json!("/api/audit"), &json!("wrong_role")));
    let manager = wayfare.person("manager").await;
    manager.put("/api/shops/2/webhook", json!({ "url": "https://a.example/" })).await.refused(403, "not_your_shop");
    assert_eq!(lines(&admin, "forbidden").await[0]["detail"]["code"], "not_your_shop");
}

#[tokio::test]
async fn refused_sign_ins_are_grouped_by_an_address_that_nobody_can_read() {
    let wayfare = Wayfare::start().await;
    for email in ["Nobody@people.example", "customer@wayfare.example", " nobody@people.example"] {
        wayfare.try_sign_in(email, "not the password").await.refused(401, "wrong_credentials");
    }
    let admin = wayfare.person("admin").await;
    let lines = lines(&admin, "sign_in_refused").await;
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["subject"], lines[2]["subject"]);
    assert_ne!(lines[0]["subject"], lines[1]["subject"]);
    assert!(!lines.iter().any(|line| line.to_string().contains("people.example")));
}

#[tokio::test]
async fn nobody_fills_the_audit_with_refusals() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let before = wayfare.number("SELECT COUNT(*) FROM audit").await;
    for _ in 0..60 {
        nora.get("/api/users").await.refused(403, "wrong_role");
        wayfare.try_sign_in("nobody@people.example", "not the password").await;
    }
    let lines = wayfare.number("SELECT COUNT(*) FROM audit").await - before;
    // Of each kind ten, then the twentieth and the fortieth; and of the pauses that the attempts bring about.
    assert!((20..=26).contains(&lines), "{lines}");
}
