//! How orders can be brought: what is offered, what is kept, and that shops are where the city has them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    fixtures::{SHOP, order_of},
    start::Wayfare,
};

const TO: &str = "lat=46.9&lon=4.35";

fn option<'a>(delivery: &'a Value, mode: &str) -> &'a Value {
    let options = delivery["options"].as_array().expect("a list");
    options.iter().find(|o| o["mode"] == mode).unwrap_or_else(|| panic!("no {mode} in {delivery}"))
}

#[tokio::test]
async fn each_way_to_bring_an_order_has_its_time_and_emissions() {
    let wayfare = Wayfare::start().await;
    let delivery = wayfare.get(&format!("/api/delivery?shop={SHOP}&{TO}&pieces=2")).await.expect(200);
    let [bike, foot, car, bus] = ["bike", "foot", "car", "bus"].map(|mode| option(&delivery, mode)["trip"].clone());
    let of = |trip: &Value, field: &str| trip[field].as_f64().unwrap_or_else(|| panic!("{field} of {trip}"));
    assert!(of(&bike, "seconds") < of(&foot, "seconds"));
    assert!(of(&car, "co2e_grams") > of(&bus, "co2e_grams") && of(&bus, "co2e_grams") > of(&bike, "co2e_grams"));
    let factors = delivery["factors"].as_array().expect("a list");
    let petrol = factors.iter().find(|f| f["what"] == "car, petrol").expect("the car's factor");
    let alone = of(&car, "metres") / 1000.0 * of(petrol, "value");
    assert!((alone - of(&car, "co2e_grams")).abs() < 0.2, "nobody shares the courier's car: {alone} and {car}");
}

#[tokio::test]
async fn a_bus_takes_small_orders_only() {
    let wayfare = Wayfare::start().await;
    let delivery = wayfare.get(&format!("/api/delivery?shop={SHOP}&{TO}&pieces=6")).await.expect(200);
    assert_eq!(option(&delivery, "bus")["reason"]["code"], "too_much_for_bus");
    let (customer, product) = (wayfare.person("customer").await, wayfare.product("Box", 100, 20).await);
    let by_bus = |quantity| {
        let mut order = order_of(product, quantity);
        order["mode"] = json!("bus");
        order
    };
    customer.try_order(&Uuid::new_v4().to_string(), by_bus(6)).await.refused(422, "too_much_for_bus");
    assert_eq!(wayfare.stock(product).await, 20);
    let order = customer.try_order(&Uuid::new_v4().to_string(), by_bus(5)).await.expect(201);
    assert_eq!((&order["mode"], order["delivery"]["metres"].is_i64()), (&json!("bus"), true), "{order}");
}

#[tokio::test]
async fn an_order_keeps_the_way_of_the_mode_that_was_chosen() {
    let wayfare = Wayfare::start().await;
    let (customer, product) = (wayfare.person("customer").await, wayfare.product("Cake", 100, 5).await);
    let offered = wayfare.get(&format!("/api/delivery?shop={SHOP}&{TO}")).await.expect(200);
    let order = customer.order(product, 1).await;
    assert_eq!(order["delivery"], option(&offered, "bike")["trip"]);
    let address = format!("/api/orders/{}", order["id"].as_str().expect("an id"));
    assert_eq!(customer.get(&address).await.expect(200)["delivery"], order["delivery"]);
}

#[tokio::test]
async fn an_address_beyond_the_map_can_be_ordered_to_without_a_way_and_one_far_beyond_can_not() {
    let wayfare = Wayfare::start().await;
    let (customer, product) = (wayfare.person("customer").await, wayfare.product("Cake", 100, 5).await);
    let far = wayfare.get(&format!("/api/delivery?shop={SHOP}&lat=0&lon=0")).await.expect(200);
    assert_eq!(option(&far, "car")["reason"]["code"], "outside_city");
    let mut order = order_of(product, 1);
    order["address"] = json!({ "text": "Null Island", "lat": 0.0, "lon": 0.0 });
    customer.try_order(&Uuid::new_v4().to_string(), order.clone()).await.refused(422, "too_far");
    order["address"] = json!({ "text": "Over the hills", "lat": 47.05, "lon": 4.35 });
    let order = customer.try_order(&Uuid::new_v4().to_string(), order).await.expect(201);
    assert!(order["delivery"].is_null(), "{order}");
}

#[tokio::test]
async fn nothing_is_brought_from_a_shop_that_there_is_not() {
    let wayfare = Wayfare::start().await;
    wayfare.get(&format!("/api/delivery?shop=999999&{TO}")).await.refused(404, "not_found");
    wayfare.get("/api/delivery?shop=1&lat=NaN&lon=0").await.refused(400, "bad_parameter");
}

#[tokio::test]
async fn the_demo_shops_stand_where_the_demo_city_has_them() {
    let wayfare = Wayfare::start().await;
    for shop in wayfare.get("/api/shops").await.expect(200).as_array().expect("a list") {
        let name = shop["name"].as_str().expect("a name").replace('&', "%26");
        let found = wayfare.get(&format!("/api/geocode?limit=1&q={name}")).await.expect(200);
        let place = &found["features"][0];
        assert_eq!(place["properties"]["name"], shop["name"]);
        let at = &place["geometry"]["coordinates"];
        let apart = |a: &Value, b: &Value| (a.as_f64().expect("degrees") - b.as_f64().expect("degrees")).abs();
        assert!(apart(&at[0], &shop["lon"]) < 1e-6 && apart(&at[1], &shop["lat"]) < 1e-6, "{shop} and {place}");
    }
}
