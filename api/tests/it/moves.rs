//! The state machine of orders: every state × every state × everybody.

use serde_json::{Value, json};

use crate::{fixtures::Person, place::PASSWORD, start::Wayfare};

const STATES: [&str; 6] = ["placed", "accepted", "preparing", "on_the_way", "delivered", "cancelled"];

/// Who may make which move, besides the admins: stated again here, since that is the claim.
const ALLOWED: [(&str, &str, &[&str]); 7] = [
    ("placed", "accepted", &["manager"]),
    ("accepted", "preparing", &["manager"]),
    ("preparing", "on_the_way", &["courier"]),
    ("on_the_way", "delivered", &["courier"]),
    ("placed", "cancelled", &["buyer", "manager"]),
    ("accepted", "cancelled", &["manager"]),
    ("preparing", "cancelled", &["manager"]),
];

/// Puts an order into a state past the API, brought by `courier` once it is on the way.
async fn put_into(wayfare: &Wayfare, order: &Value, state: &str, courier: &str) {
    let id = order["id"].as_str().expect("an id").replace('-', "");
    let uuid = |hex: &str| {
        let hex = hex.replace('-', "");
        if wayfare.app.db.is_sqlite() { format!("x'{hex}'") } else { format!("'{hex}'") }
    };
    let courier = if ["on_the_way", "delivered"].contains(&state) { uuid(courier) } else { "NULL".to_owned() };
    let update = format!("UPDATE orders SET state = '{state}', courier_id = {courier} WHERE id = {}", uuid(&id));
    assert_eq!(wayfare.sql(&update).await.expect("an order can be put into a state"), 1, "{update}");
}

#[tokio::test]
async fn only_the_moves_of_the_table_are_made_and_only_by_those_it_names() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 100).await;
    let (buyer, stranger, courier) =
        (wayfare.newcomer().await, wayfare.newcomer().await, wayfare.person("courier").await);
    let everybody: [(&str, &Person); 5] = [
        ("buyer", &buyer),
        ("stranger", &stranger),
        ("courier", &courier),
        ("manager", &wayfare.person("manager").await),
        ("admin", &wayfare.person("admin").await),
    ];
    let order = buyer.order(product, 1).await;
    let mut wrong = Vec::new();
    for (from, to) in STATES.iter().flat_map(|f| STATES.iter().map(move |t| (*f, *t))) {
        let row = ALLOWED.iter().find(|(f, t, _)| (*f, *t) == (from, to));
        for (name, person) in &everybody {
            put_into(&wayfare, &order, from, &courier.id).await;
            let answer = person.move_order(&order, to).await;
            // A courier sees what they could take now, and what they bring; a stranger sees nothing.
            let for_couriers = ["preparing", "on_the_way", "delivered"].contains(&from);
            let hidden = *name == "stranger" || (*name == "courier" && !for_couriers);
            let expected = match row {
                _ if hidden => 404,
                None => 409,
                Some((_, _, may)) if *name == "admin" || may.contains(name) => 200,
                Some(_) => 403,
            };
            if answer.status != expected {
                wrong.push(format!("{from} → {to} by {name}: {expected} expected, {}", answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn another_courier_can_not_deliver_what_one_has_taken() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 100).await;
    let (admin, other) = (wayfare.person("admin").await, wayfare.newcomer().await);
    admin.put(&format!("/api/users/{}/role", other.id), json!({ "role": "courier" })).await.expect(200);
    let other = wayfare.sign_in(&other.email, PASSWORD).await;
    let order = wayfare.newcomer().await.order(product, 1).await;
    let courier = wayfare.person("courier").await;
    put_into(&wayfare, &order, "on_the_way", &courier.id).await;
    other.move_order(&order, "delivered").await.refused(404, "not_found");
    courier.move_order(&order, "delivered").await.expect(200);
}

#[tokio::test]
async fn an_order_goes_all_the_way_and_says_who_brought_it() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let (nora, manager) = (wayfare.newcomer().await, wayfare.person("manager").await);
    let courier = wayfare.person("courier").await;
    let order = nora.order(product, 2).await;
    for (who, to) in
        [(&manager, "accepted"), (&manager, "preparing"), (&courier, "on_the_way"), (&courier, "delivered")]
    {
        assert_eq!(who.move_order(&order, to).await.expect(200)["state"], to);
    }
    let done = nora.get(&format!("/api/orders/{}", order["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!((&done["state"], &done["courier_id"]), (&json!("delivered"), &json!(courier.id)));
    assert_eq!(wayfare.stock(product).await, 3);
}

#[tokio::test]
async fn a_cancelled_order_gives_back_each_of_its_products() {
    let wayfare = Wayfare::start().await;
    let (one, two) = (wayfare.product("One", 150, 5).await, wayfare.product("Two", 150, 5).await);
    let nora = wayfare.newcomer().await;
    let mut body = crate::fixtures::order_of(one, 2);
    body["lines"].as_array_mut().expect("lines").push(json!({ "product_id": two, "quantity": 5 }));
    let order = nora.try_order("a-key-of-mine", body).await.expect(201);
    assert_eq!((wayfare.stock(one).await, wayfare.stock(two).await), (3, 0));
    nora.move_order(&order, "cancelled").await.expect(200);
    nora.move_order(&order, "cancelled").await.refused(409, "wrong_state");
    assert_eq!((wayfare.stock(one).await, wayfare.stock(two).await), (5, 5));
}

#[tokio::test]
async fn a_state_that_there_is_not_can_not_be_reached() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let admin = wayfare.person("admin").await;
    let order = admin.order(product, 1).await;
    for to in ["eaten", "", "PLACED", "on-the-way"] {
        admin.move_order(&order, to).await.refused(400, "bad_body");
    }
}

#[tokio::test]
async fn a_courier_reads_address_and_note_only_of_what_they_could_take_or_bring() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 100).await;
    let (nora, courier) = (wayfare.newcomer().await, wayfare.person("courier").await);
    let order = nora.order(product, 1).await;
    let path = format!("/api/orders/{}", order["id"].as_str().expect("an id"));
    for (state, status) in
        [("placed", 404), ("accepted", 404), ("preparing", 200), ("on_the_way", 200), ("delivered", 200)]
    {
        put_into(&wayfare, &order, state, &courier.id).await;
        assert_eq!(courier.get(&path).await.status, status, "{state}");
    }
    put_into(&wayfare, &order, "on_the_way", &nora.id).await;
    courier.get(&path).await.refused(404, "not_found");
    courier.get(&format!("{path}/events")).await.refused(404, "not_found");
}
