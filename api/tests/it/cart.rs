//! Carts of guests and customers.

use serde_json::{Value, json};

use crate::{client::Client, fixtures::SHOP, start::Wayfare};

async fn put(client: &Client, product: i64, quantity: i32) -> Value {
    client.put(&format!("/api/cart/items/{product}"), json!({ "quantity": quantity })).await.expect(200)
}

/// A guest's first product: the guest with the cart's token from then on.
async fn filled(wayfare: &Wayfare, product: i64, quantity: i32) -> Client {
    let cart = put(wayfare, product, quantity).await;
    wayfare.with("x-cart-token", cart["token"].as_str().expect("a guest gets a token"))
}

fn quantities(cart: &Value) -> Vec<(i64, i64)> {
    let line = |l: &Value| (l["item"]["id"].as_i64().expect("an id"), l["quantity"].as_i64().expect("a quantity"));
    cart["lines"].as_array().expect("lines").iter().map(line).collect()
}

#[tokio::test]
async fn a_guests_cart_is_kept_under_its_token() {
    let wayfare = Wayfare::start().await;
    let guest = filled(&wayfare, 1, 2).await;
    put(&guest, 2, 1).await;
    put(&guest, 1, 5).await;
    assert_eq!(quantities(&guest.get("/api/cart").await.expect(200)), [(1, 5), (2, 1)]);
    assert_eq!(quantities(&guest.delete("/api/cart/items/1").await.expect(200)), [(2, 1)]);
    assert_eq!(quantities(&guest.delete("/api/cart").await.expect(200)), []);
}

#[tokio::test]
async fn a_cart_adds_up_for_each_shop() {
    let wayfare = Wayfare::start().await;
    let (one, two) = (wayfare.product("One", 150, 9).await, wayfare.product("Two", 70, 9).await);
    let other = wayfare.number("SELECT MIN(id) FROM product WHERE shop_id = 2").await;
    let price = wayfare.number(&format!("SELECT price FROM product WHERE id = {other}")).await;
    let guest = filled(&wayfare, one, 2).await;
    put(&guest, two, 3).await;
    let cart = put(&guest, other, 2).await;
    let mut totals: Vec<_> = cart["totals"]
        .as_array()
        .expect("totals")
        .iter()
        .map(|t| (t["shop_id"].as_i64(), t["total"]["amount"].as_i64()))
        .collect();
    totals.sort_unstable();
    assert_eq!(totals, [(Some(SHOP), Some(2 * 150 + 3 * 70)), (Some(2), Some(2 * price))]);
}

#[tokio::test]
async fn a_guests_cart_is_poured_into_the_customers_once() {
    let wayfare = Wayfare::start().await;
    let guest = filled(&wayfare, 1, 3).await;
    put(&guest, 2, 1).await;
    let nora = wayfare.newcomer().await;
    put(&nora, 2, 4).await;
    let both = guest.bearing(&nora.access_token);
    for _ in 0..2 {
        let cart = both.get("/api/cart").await.expect(200);
        assert_eq!(quantities(&cart), [(1, 3), (2, 5)]);
        assert_eq!(cart.get("token"), None);
    }
    assert_eq!(quantities(&nora.get("/api/cart").await.expect(200)), [(1, 3), (2, 5)]);
    assert_eq!(quantities(&guest.get("/api/cart").await.expect(200)), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_cart_is_poured_once_though_many_ask_at_once() {
    let wayfare = Wayfare::start().await;
    let guest = filled(&wayfare, 1, 3).await;
    let nora = wayfare.newcomer().await;
    let both = guest.bearing(&nora.access_token);
    let answers = futures_util::future::join_all((0..8).map(|_| both.get("/api/cart"))).await;
    assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.text()).collect::<Vec<_>>());
    assert_eq!(quantities(&nora.get("/api/cart").await.expect(200)), [(1, 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filling_a_cart_while_it_is_poured_is_no_failure_of_ours() {
    let wayfare = Wayfare::start().await;
    for _ in 0..10 {
        let guest = filled(&wayfare, 1, 1).await;
        let both = guest.bearing(&wayfare.newcomer().await.access_token);
        let pour = async || both.get("/api/cart").await.status;
        let fill = async |product: i64| {
            guest.put(&format!("/api/cart/items/{product}"), json!({ "quantity": 1 })).await.status
        };
        let (a, b, c, d) = tokio::join!(fill(2), pour(), fill(3), fill(4));
        assert!([a, b, c, d].iter().all(|status| *status < 500), "{a} {b} {c} {d}");
    }
}

#[tokio::test]
async fn merged_quantities_stop_at_the_most_a_cart_holds() {
    let wayfare = Wayfare::start().await;
    let guest = filled(&wayfare, 1, 60).await;
    let nora = wayfare.newcomer().await;
    put(&nora, 1, 60).await;
    let cart = guest.bearing(&nora.access_token).get("/api/cart").await.expect(200);
    assert_eq!(quantities(&cart), [(1, 99)]);
}

#[tokio::test]
async fn a_customers_cart_is_the_same_on_every_device() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    put(&nora, 1, 2).await;
    let tablet = wayfare.sign_in(&nora.email, crate::place::PASSWORD).await;
    assert_eq!(quantities(&tablet.get("/api/cart").await.expect(200)), [(1, 2)]);
}

#[tokio::test]
async fn a_customers_cart_can_not_be_opened_by_its_id() {
    let wayfare = Wayfare::start().await;
    let guest = filled(&wayfare, 1, 2).await;
    let nora = wayfare.newcomer().await;
    // The guest's token opened this cart until it became the customer's.
    put(&guest.bearing(&nora.access_token), 2, 1).await;
    let statement = sea_orm::Statement::from_string(wayfare.app.db.write.get_database_backend(), "SELECT id FROM cart");
    let row = sea_orm::ConnectionTrait::query_one_raw(&wayfare.app.db.write, statement).await.expect("a query");
    let id: uuid::Uuid = row.expect("a cart").try_get_by_index(0).expect("an id");
    let thief = wayfare.with("x-cart-token", &id.to_string());
    assert_eq!(quantities(&thief.get("/api/cart").await.expect(200)), []);
    let cart = put(&thief, 3, 1).await;
    assert_ne!(cart["token"], json!(id));
    let signed_in = thief.bearing(&wayfare.newcomer().await.access_token);
    assert_eq!(quantities(&signed_in.get("/api/cart").await.expect(200)), []);
    thief.delete("/api/cart").await.expect(200);
    assert_eq!(quantities(&nora.get("/api/cart").await.expect(200)), [(1, 2), (2, 1)]);
}

#[tokio::test]
async fn a_price_that_has_changed_since_is_told() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 7).await;
    let guest = filled(&wayfare, product, 2).await;
    assert_eq!(guest.get("/api/cart").await.expect(200)["lines"][0].get("price_before"), None);
    let manager = wayfare.person("manager").await;
    manager.patch(&format!("/api/menu-items/{product}"), json!({ "price": 175 })).await.expect(200);
    let cart = guest.get("/api/cart").await.expect(200);
    assert_eq!(cart["lines"][0]["price_before"], json!({ "amount": 150, "currency": "EUR" }));
    assert_eq!(cart["totals"][0]["total"]["amount"], 350);
}

#[tokio::test]
async fn what_there_is_not_enough_of_is_told() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 3).await;
    let guest = filled(&wayfare, product, 3).await;
    assert_eq!(guest.get("/api/cart").await.expect(200)["lines"][0]["available"], true);
    assert_eq!(put(&guest, product, 4).await["lines"][0]["available"], false);
    put(&guest, product, 3).await;
    wayfare.person("manager").await.delete(&format!("/api/menu-items/{product}")).await.expect(204);
    assert_eq!(guest.get("/api/cart").await.expect(200)["lines"][0]["available"], false);
}

#[tokio::test]
async fn quantities_are_from_1_to_99_and_products_exist() {
    let wayfare = Wayfare::start().await;
    for quantity in [json!(0), json!(-1), json!(100), json!(1.5), json!("1"), json!(null), json!(5_000_000_000_i64)] {
        let answer = wayfare.put("/api/cart/items/1", json!({ "quantity": quantity })).await;
        answer.refused(400, "bad_body");
    }
    wayfare.put("/api/cart/items/999999", json!({ "quantity": 1 })).await.refused(404, "not_found");
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM cart").await, 0);
}

#[tokio::test]
async fn a_guests_cart_is_forgotten_after_a_month_and_a_customers_is_not() {
    let wayfare = Wayfare::start().await;
    let guest = filled(&wayfare, 1, 2).await;
    let nora = wayfare.newcomer().await;
    put(&nora, 1, 2).await;
    let month = wayfare.now() + chrono::TimeDelta::days(31);
    wayfare::cart::entity::Entity::forget_guests(&wayfare.app.db.write, month - chrono::TimeDelta::days(30))
        .await
        .expect("carts can be forgotten");
    assert_eq!(quantities(&guest.get("/api/cart").await.expect(200)), []);
    assert_eq!(quantities(&nora.get("/api/cart").await.expect(200)), [(1, 2)]);
}
