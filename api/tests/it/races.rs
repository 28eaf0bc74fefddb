//! What the database has to decide, because many want it at once.

use futures_util::future::join_all;
use uuid::Uuid;

use crate::{
    client::Answer,
    fixtures::{SHOP, order_of},
    start::Wayfare,
};

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|a| a.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_buyers_of_32_items_exactly_32_get_one() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Concert ticket", 2_500, 32).await;
    let buyers = join_all((0..64).map(|_| wayfare.newcomer())).await;
    let keys: Vec<String> = buyers.iter().map(|_| Uuid::new_v4().to_string()).collect();
    let tries = buyers.iter().zip(&keys).map(|(buyer, key)| buyer.try_order(key, order_of(product, 1)));
    let answers = join_all(tries).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (32, 32));
    assert!(answers.iter().all(|a| a.status == 201 || a.code() == "out_of_stock"));
    assert_eq!(wayfare.stock(product).await, 0);
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM orders").await, 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_items_sell_once_though_two_replicas_sell_them() {
    let wayfare = Wayfare::start().await;
    let other = wayfare.replica().await;
    let product = wayfare.product("Concert ticket", 2_500, 4).await;
    let nora = wayfare.newcomer().await;
    let there = nora.client.at(&other);
    let tries = (0..12).map(|i| {
        let client = if i % 2 == 0 { nora.client.clone() } else { there.clone() };
        async move {
            client.with("idempotency-key", &Uuid::new_v4().to_string()).post("/api/orders", order_of(product, 1)).await
        }
    });
    let answers = join_all(tries).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (4, 8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_sent_eight_times_at_once_is_one_order() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Concert ticket", 2_500, 8).await;
    let nora = wayfare.newcomer().await;
    let answers = join_all((0..8).map(|_| nora.try_order("the-same-key", order_of(product, 1)))).await;
    assert_eq!(count(&answers, 201), 8);
    assert!(answers.iter().all(|a| a.json() == answers[0].json()));
    let new = answers.iter().filter(|a| a.header("idempotency-replayed") == Some("false")).count();
    assert_eq!(new, 1);
    assert_eq!(wayfare.stock(product).await, 7);
    assert_eq!(wayfare.metric("wayfare_orders_placed_total").await, 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_the_same_products_in_other_sequences_never_block_each_other() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let (one, two) = (wayfare.product("One", 100, 50).await, wayfare.product("Two", 100, 50).await);
    let body = |first: i64, second: i64| {
        serde_json::json!({
            "shop_id": SHOP,
            "lines": [{ "product_id": first, "quantity": 1 }, { "product_id": second, "quantity": 1 }],
            "address": { "text": "Here", "lat": 46.9, "lon": 4.35 },
            "mode": "foot",
        })
    };
    let tries = (0..40).map(|i| {
        let body = if i % 2 == 0 { body(one, two) } else { body(two, one) };
        let nora = &nora;
        async move { nora.try_order(&Uuid::new_v4().to_string(), body).await }
    });
    let answers = join_all(tries).await;
    assert_eq!(count(&answers, 201), 40);
    assert_eq!((wayfare.stock(one).await, wayfare.stock(two).await), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_cancelled_eight_times_at_once_gives_its_stock_back_once() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Concert ticket", 2_500, 10).await;
    let nora = wayfare.newcomer().await;
    let order = nora.order(product, 3).await;
    let manager = wayfare.person("manager").await;
    let tries = (0..8).map(|i| {
        let (who, order) = (if i % 2 == 0 { &nora } else { &manager }, &order);
        async move { who.move_order(order, "cancelled").await }
    });
    let answers = join_all(tries).await;
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, 7));
    assert_eq!(wayfare.stock(product).await, 10);
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM order_event WHERE state = 'cancelled'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_two_move_at_once_goes_one_way() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Concert ticket", 2_500, 10).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    for _ in 0..5 {
        let order = nora.order(product, 1).await;
        let (one, two) = tokio::join!(nora.move_order(&order, "cancelled"), manager.move_order(&order, "accepted"));
        let id = order["id"].as_str().expect("an id");
        let events = manager.get(&format!("/api/orders/{id}")).await.expect(200);
        let won = if one.status == 200 { "cancelled" } else { "accepted" };
        // The loser finds that it is too late, or, for the customer, that it is the shop's now.
        assert_eq!((one.status == 200) as u8 + (two.status == 200) as u8, 1, "{} {}", one.text(), two.text());
        assert_eq!(events["state"], won);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_couriers_who_take_an_order_at_once_one_has_it() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Concert ticket", 2_500, 10).await;
    let (courier, admin) = (wayfare.person("courier").await, wayfare.person("admin").await);
    let order = wayfare.newcomer().await.order(product, 1).await;
    admin.move_order(&order, "accepted").await.expect(200);
    admin.move_order(&order, "preparing").await.expect(200);
    let other = wayfare.newcomer().await;
    admin.put(&format!("/api/users/{}/role", other.id), serde_json::json!({ "role": "courier" })).await.expect(200);
    let other = wayfare.sign_in(&other.email, crate::place::PASSWORD).await;
    let (one, two) = tokio::join!(courier.move_order(&order, "on_the_way"), other.move_order(&order, "on_the_way"));
    let (winner, loser) = if one.status == 200 { (&courier, &two) } else { (&other, &one) };
    assert!([404, 409].contains(&loser.status), "{}", loser.text());
    assert_eq!(wayfare.number("SELECT COUNT(*) FROM order_event WHERE state = 'on_the_way'").await, 1);
    winner.move_order(&order, "delivered").await.expect(200);
}
