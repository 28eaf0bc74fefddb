//! What managers write: only to their own shop.

use serde_json::json;

use crate::{fixtures::SHOP, place::PASSWORD, start::Wayfare};

#[tokio::test]
async fn a_manager_writes_only_to_their_own_shop() {
    let wayfare = Wayfare::start().await;
    let manager = wayfare.person("manager").await;
    let other = wayfare.number("SELECT MIN(id) FROM product WHERE shop_id = 2").await;
    let new = json!({ "shop_id": 2, "name": "N", "category": "c", "price": 1 });
    manager.post("/api/menu-items", new).await.refused(403, "not_your_shop");
    manager.patch(&format!("/api/menu-items/{other}"), json!({ "price": 1 })).await.refused(403, "not_your_shop");
    manager.delete(&format!("/api/menu-items/{other}")).await.refused(403, "not_your_shop");
    manager.patch("/api/shops/2", json!({ "description": "Mine" })).await.refused(403, "not_your_shop");
    manager.put("/api/shops/2/webhook", json!({ "url": "https://a.example" })).await.refused(403, "not_your_shop");
    assert_eq!(
        wayfare.number("SELECT COUNT(*) FROM audit WHERE action LIKE '%shop%' OR action LIKE '%product'").await,
        0
    );
}

#[tokio::test]
async fn an_admin_writes_to_every_shop() {
    let wayfare = Wayfare::start().await;
    let admin = wayfare.person("admin").await;
    let new = json!({ "shop_id": 2, "name": "N", "category": "c", "price": 1 });
    let answer = admin.post("/api/menu-items", new).await;
    let id = answer.expect(201)["id"].clone();
    assert_eq!(answer.header("location"), Some(format!("/api/menu-items/{id}").as_str()));
    admin.delete(&format!("/api/menu-items/{id}")).await.expect(204);
    let new = json!({ "shop_id": 9_999, "name": "N", "category": "c", "price": 1 });
    admin.post("/api/menu-items", new).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_a_change_leaves_out_stays() {
    let wayfare = Wayfare::start().await;
    let id = wayfare.product("Oat biscuit", 150, 7).await;
    let path = format!("/api/menu-items/{id}");
    let mut before = wayfare.get(&path).await.expect(200);
    let after = wayfare.person("manager").await.patch(&path, json!({ "price": 175 })).await.expect(200);
    before["price"]["amount"] = json!(175);
    assert_eq!(after, before);
    assert_eq!(wayfare.get(&path).await.expect(200), before);
}

#[tokio::test]
async fn a_renamed_product_is_found_by_its_new_name_alone() {
    let wayfare = Wayfare::start().await;
    let id = wayfare.product("Zwieback", 150, 7).await;
    let manager = wayfare.person("manager").await;
    manager.patch(&format!("/api/menu-items/{id}"), json!({ "name": "Knäckebröd" })).await.expect(200);
    let count = async |q: &str| {
        let page = wayfare.get(&format!("/api/menu-items?q={q}")).await.expect(200);
        page["items"].as_array().expect("items").len()
    };
    assert_eq!((count("zwieback").await, count("knackebrod").await), (0, 1));
}

#[tokio::test]
async fn a_retired_product_is_gone_but_stays_in_the_orders_that_name_it() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Last year's calendar", 150, 7).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 1).await;
    let path = format!("/api/menu-items/{product}");
    let manager = wayfare.person("manager").await;
    manager.delete(&path).await.expect(204);
    wayfare.get(&path).await.refused(404, "not_found");
    manager.patch(&path, json!({ "price": 1 })).await.refused(404, "not_found");
    let path = format!("/api/orders/{}", order["id"].as_str().expect("an id"));
    assert_eq!(nora.get(&path).await.expect(200)["lines"][0]["name"], "Last year's calendar");
}

#[tokio::test]
async fn a_shops_hours_can_be_set_and_impossible_ones_can_not() {
    let wayfare = Wayfare::start().await;
    let manager = wayfare.person("manager").await;
    let hours = |day: u8, from: &str, to: &str| json!({ "hours": [{ "day": day, "from": from, "to": to }] });
    let shop = manager.patch("/api/shops/1", hours(7, "10:00", "24:00")).await.expect(200);
    assert_eq!(shop["hours"], json!([{ "day": 7, "from": "10:00", "to": "24:00" }]));
    for (from, to) in [("22:00", "08:00"), ("08:00", "08:00")] {
        manager.patch("/api/shops/1", hours(1, from, to)).await.refused(422, "bad_hours");
    }
    let overlapping = json!({ "hours": vec![json!({ "day": 1, "from": "08:00", "to": "18:00" }); 28] });
    manager.patch("/api/shops/1", overlapping).await.refused(422, "bad_hours");
    for (day, from, to) in [(0, "10:00", "12:00"), (8, "10:00", "12:00"), (1, "24:00", "12:00"), (1, "9:00", "12:00")] {
        assert_eq!(manager.patch("/api/shops/1", hours(day, from, to)).await.code(), "bad_body", "{day} {from} {to}");
    }
    assert_eq!(wayfare.get("/api/shops/1").await.expect(200), shop);
}

#[tokio::test]
async fn a_webhooks_key_is_shown_once_and_is_new_each_time() {
    let wayfare = Wayfare::start().await;
    let manager = wayfare.person("manager").await;
    let path = format!("/api/shops/{SHOP}/webhook");
    let set = || manager.put(&path, json!({ "url": "https://shop.example/hook" }));
    let (one, two) = (set().await.expect(200), set().await.expect(200));
    assert!(one["secret"].as_str().is_some_and(|s| s.starts_with("whsec_") && s.len() > 40));
    assert_ne!(one["secret"], two["secret"]);
    let shop = wayfare.get(&format!("/api/shops/{SHOP}")).await;
    assert!(!shop.text().contains("whsec_") && !shop.text().contains("shop.example"));
}

#[tokio::test]
async fn a_manager_of_another_shop_is_a_stranger_here() {
    let wayfare = Wayfare::start().await;
    let (admin, nora) = (wayfare.person("admin").await, wayfare.newcomer().await);
    let path = format!("/api/users/{}/role", nora.id);
    admin.put(&path, json!({ "role": "manager", "shop_id": 2 })).await.expect(200);
    let nora = wayfare.sign_in(&nora.email, PASSWORD).await;
    let product = wayfare.product("Oat biscuit", 150, 7).await;
    nora.patch(&format!("/api/menu-items/{product}"), json!({ "price": 1 })).await.refused(403, "not_your_shop");
    let order = wayfare.person("customer").await.order(product, 1).await;
    nora.move_order(&order, "accepted").await.refused(404, "not_found");
}
