//! Placing orders and finding them again.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    catalog::all_pages,
    fixtures::{SHOP, order_of},
    place::PASSWORD,
    start::Wayfare,
};

#[tokio::test]
async fn an_order_takes_stock_and_names_prices_as_they_are() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 7).await;
    let nora = wayfare.newcomer().await;
    let answer = nora.try_order(&Uuid::new_v4().to_string(), order_of(product, 3)).await;
    let order = answer.expect(201);
    assert_eq!((&order["state"], &order["total"]["amount"]), (&json!("placed"), &json!(450)));
    assert_eq!(order["lines"][0]["price"], json!({ "amount": 150, "currency": "EUR" }));
    assert_eq!(answer.header("idempotency-replayed"), Some("false"));
    let location = answer.header("location").expect("a location").to_owned();
    assert_eq!(nora.get(&location).await.expect(200), order);
    assert_eq!(wayfare.stock(product).await, 4);
}

#[tokio::test]
async fn a_price_that_changes_later_leaves_the_order_as_it_was() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 7).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 2).await;
    let manager = wayfare.person("manager").await;
    manager.patch(&format!("/api/menu-items/{product}"), json!({ "price": 999, "name": "New" })).await.expect(200);
    let path = format!("/api/orders/{}", order["id"].as_str().expect("an id"));
    assert_eq!(nora.get(&path).await.expect(200), order);
}

#[tokio::test]
async fn the_same_key_and_body_give_the_same_answer_and_one_order() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 7).await;
    let (nora, key) = (wayfare.newcomer().await, Uuid::new_v4().to_string());
    let first = nora.try_order(&key, order_of(product, 2)).await;
    // Whatever has become of it meanwhile.
    wayfare.person("manager").await.move_order(&first.json(), "accepted").await.expect(200);
    let again = nora.try_order(&key, order_of(product, 2)).await;
    assert_eq!((again.expect(201), again.header("location")), (first.expect(201), first.header("location")));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(wayfare.stock(product).await, 5);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 7).await;
    let (nora, key) = (wayfare.newcomer().await, Uuid::new_v4().to_string());
    nora.try_order(&key, order_of(product, 2)).await.expect(201);
    nora.try_order(&key, order_of(product, 3)).await.refused(422, "idempotency_key_reused");
    let mut noted = order_of(product, 2);
    noted["note"] = json!("Ring twice");
    nora.try_order(&key, noted).await.refused(422, "idempotency_key_reused");
    assert_eq!(wayfare.stock(product).await, 5);
}

#[tokio::test]
async fn a_repeat_gets_its_order_though_nothing_is_left() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("The last one", 150, 1).await;
    let (nora, key) = (wayfare.newcomer().await, Uuid::new_v4().to_string());
    let first = nora.try_order(&key, order_of(product, 1)).await.expect(201);
    assert_eq!(nora.try_order(&key, order_of(product, 1)).await.expect(201), first);
}

#[tokio::test]
async fn two_customers_may_choose_the_same_key() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 7).await;
    let (nora, omar) = (wayfare.newcomer().await, wayfare.newcomer().await);
    let one = nora.try_order("the-same-key", order_of(product, 1)).await.expect(201);
    let two = omar.try_order("the-same-key", order_of(product, 1)).await.expect(201);
    assert_ne!(one["id"], two["id"]);
}

#[tokio::test]
async fn a_refused_order_leaves_its_key_free_and_the_stock_alone() {
    let wayfare = Wayfare::start().await;
    let (scarce, plenty) = (wayfare.product("Scarce", 150, 1).await, wayfare.product("Plenty", 150, 9).await);
    let (nora, key) = (wayfare.newcomer().await, Uuid::new_v4().to_string());
    let mut both = order_of(plenty, 2);
    both["lines"].as_array_mut().expect("lines").push(json!({ "product_id": scarce, "quantity": 2 }));
    let refused = nora.try_order(&key, both).await;
    refused.refused(409, "out_of_stock");
    assert_eq!(refused.json()["errors"], json!([{ "at": scarce.to_string(), "detail": "Scarce: 2 wanted, 1 left" }]));
    assert_eq!((wayfare.stock(scarce).await, wayfare.stock(plenty).await), (1, 9));
    nora.try_order(&key, order_of(scarce, 1)).await.expect(201);
}

#[tokio::test]
async fn a_product_named_twice_is_taken_as_often() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let nora = wayfare.newcomer().await;
    let mut body = order_of(product, 3);
    body["lines"].as_array_mut().expect("lines").push(json!({ "product_id": product, "quantity": 3 }));
    nora.try_order(&Uuid::new_v4().to_string(), body.clone()).await.refused(409, "out_of_stock");
    body["lines"][1]["quantity"] = json!(2);
    let order = nora.try_order(&Uuid::new_v4().to_string(), body).await.expect(201);
    assert_eq!((&order["lines"][0]["quantity"], &order["total"]["amount"]), (&json!(5), &json!(750)));
    assert_eq!(wayfare.stock(product).await, 0);
}

#[tokio::test]
async fn what_the_shop_does_not_sell_can_not_be_ordered_there() {
    let wayfare = Wayfare::start().await;
    let other = wayfare.number("SELECT MIN(id) FROM product WHERE shop_id = 2").await;
    let retired = wayfare.product("Retired", 150, 5).await;
    wayfare.person("manager").await.delete(&format!("/api/menu-items/{retired}")).await.expect(204);
    let nora = wayfare.newcomer().await;
    for product in [other, retired, 999_999] {
        let answer = nora.try_order(&Uuid::new_v4().to_string(), order_of(product, 1)).await;
        answer.refused(409, "not_sold_here");
        assert_eq!(answer.json()["errors"][0]["at"], product.to_string());
    }
}

#[tokio::test]
async fn an_order_without_lines_takes_the_carts_lines_of_that_shop() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let other = wayfare.number("SELECT MIN(id) FROM product WHERE shop_id = 2").await;
    let nora = wayfare.newcomer().await;
    for id in [product, other] {
        nora.put(&format!("/api/cart/items/{id}"), json!({ "quantity": 2 })).await.expect(200);
    }
    let mut body = order_of(product, 1);
    body.as_object_mut().expect("an object").remove("lines");
    let (key, place) = (Uuid::new_v4().to_string(), body.clone());
    let order = nora.try_order(&key, place.clone()).await.expect(201);
    assert_eq!((order["lines"].as_array().map(Vec::len), &order["lines"][0]["quantity"]), (Some(1), &json!(2)));
    let cart = nora.get("/api/cart").await.expect(200);
    assert_eq!((cart["lines"].as_array().map(Vec::len), &cart["lines"][0]["item"]["id"]), (Some(1), &json!(other)));
    // The cart is empty of it now: a repeat is told of the order, and something new is refused.
    assert_eq!(nora.try_order(&key, place).await.expect(201), order);
    nora.try_order(&Uuid::new_v4().to_string(), body).await.refused(409, "nothing_to_order");
}

#[tokio::test]
async fn another_customers_order_does_not_exist() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let (nora, omar) = (wayfare.newcomer().await, wayfare.newcomer().await);
    let order = nora.order(product, 1).await;
    let path = format!("/api/orders/{}", order["id"].as_str().expect("an id"));
    let unknown = format!("/api/orders/{}", Uuid::new_v4());
    for (verb, end) in [("get", ""), ("get", "/events"), ("move", "/moves")] {
        let ask = async |path: &str| match verb {
            "get" => omar.get(&format!("{path}{end}")).await,
            _ => omar.post(&format!("{path}{end}"), json!({ "to": "cancelled" })).await,
        };
        let (hers, nobodys) = (ask(&path).await, ask(&unknown).await);
        hers.refused(404, "not_found");
        assert_eq!(hers.json()["detail"], nobodys.json()["detail"]);
    }
    assert_eq!(omar.get("/api/orders").await.expect(200)["items"], json!([]));
    assert_eq!(nora.get(&path).await.expect(200)["state"], "placed");
}

#[tokio::test]
async fn each_role_has_its_view_of_the_orders_and_no_other() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 9).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 1).await;
    let seen = async |role: &str, view: &str| {
        let answer = wayfare.person(role).await.get(&format!("/api/orders?view={view}")).await;
        if answer.status == 200 {
            answer.json()["items"].as_array().map_or(0, Vec::len).to_string()
        } else {
            answer.code()
        }
    };
    assert_eq!(seen("customer", "shop").await, "wrong_role");
    assert_eq!(seen("customer", "courier").await, "wrong_role");
    assert_eq!(seen("courier", "shop").await, "wrong_role");
    assert_eq!(seen("manager", "courier").await, "wrong_role");
    assert_eq!((seen("manager", "shop").await, seen("admin", "shop").await), ("1".into(), "1".into()));
    // A courier sees what waits for one, and keeps seeing what they took.
    assert_eq!(seen("courier", "courier").await, "0");
    let manager = wayfare.person("manager").await;
    manager.move_order(&order, "accepted").await.expect(200);
    manager.move_order(&order, "preparing").await.expect(200);
    assert_eq!(seen("courier", "courier").await, "1");
    wayfare.person("courier").await.move_order(&order, "on_the_way").await.expect(200);
    assert_eq!((seen("courier", "courier").await, seen("courier", "mine").await), ("1".into(), "0".into()));
}

#[tokio::test]
async fn the_list_of_orders_is_complete_page_by_page_and_newest_first() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 9).await;
    let nora = wayfare.newcomer().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.insert(0, nora.order(product, 1).await["id"].to_string());
    }
    assert_eq!(all_pages(&nora, "/api/orders?limit=2").await, placed);
    let newest = serde_json::from_str::<serde_json::Value>(&placed[0]).expect("an id");
    nora.move_order(&json!({ "id": newest }), "cancelled").await.expect(200);
    assert_eq!(all_pages(&nora, "/api/orders?limit=2&state=cancelled").await, placed[..1]);
    assert_eq!(all_pages(&nora, "/api/orders?limit=2&state=placed").await, placed[1..]);
}

#[tokio::test]
async fn an_order_that_can_not_be_meant_is_refused() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = order_of(1, 1);
        change(&mut body);
        body
    };
    let bodies = [
        with(&|b| b["lines"] = json!([])),
        with(&|b| b["lines"] = json!(vec![json!({ "product_id": 1, "quantity": 1 }); 51])),
        with(&|b| b["lines"][0]["quantity"] = json!(0)),
        with(&|b| b["address"]["lat"] = json!(90.5)),
        with(&|b| b["address"]["lon"] = json!(-181)),
        with(&|b| b["address"]["text"] = json!("")),
        with(&|b| b["mode"] = json!("rocket")),
        with(&|b| b["shop_id"] = json!(0)),
        with(&|b| b["total"] = json!(1)),
        with(&|b| b["note"] = json!("x".repeat(501))),
    ];
    for body in bodies {
        nora.try_order(&Uuid::new_v4().to_string(), body.clone()).await.refused(400, "bad_body");
    }
    for key in ["short", "with space in it", &"x".repeat(65)] {
        nora.try_order(key, order_of(1, 1)).await.refused(400, "bad_parameter");
    }
    nora.post("/api/orders", order_of(1, 1)).await.refused(400, "bad_parameter");
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM orders").await, 0);
    assert_eq!(SHOP, 1);
}

#[tokio::test]
async fn a_shop_that_is_closed_takes_no_order_and_tells_when_it_opens() {
    let wayfare = Wayfare::start().await;
    let (product, nora) = (wayfare.product("Oat biscuit", 150, 9).await, wayfare.newcomer().await);
    let zone: chrono_tz::Tz = wayfare.app.city.zone_name().parse().unwrap_or(chrono_tz::Tz::UTC);
    // It is a Wednesday at noon in UTC: a Wednesday everywhere that a demo city may be.
    let local = wayfare.now().with_timezone(&zone);
    let set = async |hours: Value| {
        let manager = wayfare.person("manager").await;
        manager.patch("/api/shops/1", json!({ "hours": hours })).await.expect(200)
    };
    let tomorrow = chrono::Datelike::weekday(&local).succ().number_from_monday();
    set(json!([{ "day": tomorrow, "from": "08:00", "to": "12:00" }])).await;
    let answer = nora.try_order("a-key-of-mine", order_of(product, 1)).await;
    answer.refused(409, "shop_closed");
    let problem = answer.json();
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("Thursday 08:00")), "{problem}");
    assert_eq!(problem["errors"][0]["at"], "opens_at", "{problem}");
    let opens: wayfare::clock::Instant = problem["errors"][0]["detail"].as_str().expect("a time").parse().expect("one");
    wayfare.later(opens - wayfare.now());
    let nora = wayfare.sign_in(&nora.email, PASSWORD).await;
    let order = nora.try_order("a-key-of-mine", order_of(product, 1)).await.expect(201);
    // The retry of an order that was placed finds it after closing time, too.
    wayfare.later(chrono::TimeDelta::hours(4));
    let nora = wayfare.sign_in(&nora.email, PASSWORD).await;
    assert_eq!(nora.try_order("a-key-of-mine", order_of(product, 1)).await.expect(201)["id"], order["id"]);
    nora.try_order("another-key", order_of(product, 1)).await.refused(409, "shop_closed");
    set(json!([])).await;
    nora.try_order("another-key", order_of(product, 1)).await.refused(409, "shop_closed");
}
