//! How the business goes, as admins see it.

use chrono::TimeDelta;
use serde_json::json;

use crate::start::Wayfare;

#[tokio::test]
async fn each_day_has_its_own_orders_revenue_and_sign_ups() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 9).await;
    let nora = wayfare.newcomer().await;
    nora.order(product, 2).await;
    let admin = wayfare.person("admin").await;
    let before = admin.get("/api/figures?days=2").await.expect(200)["days"][1]["sign_ups"].as_u64().expect("a number");
    wayfare.later(TimeDelta::days(1));
    let (nora, admin) = (wayfare.newcomer().await, wayfare.person("admin").await);
    nora.order(product, 1).await;
    let cancelled = nora.order(product, 3).await;
    nora.move_order(&cancelled, "cancelled").await.expect(200);
    let figures = admin.get("/api/figures?days=3").await.expect(200);
    let days = figures["days"].as_array().expect("days");
    assert_eq!(days.len(), 3);
    assert_eq!((&days[0]["orders"], &days[0]["revenue"]), (&json!(0), &json!([])));
    assert_eq!((&days[1]["orders"], &days[1]["revenue"][0]["amount"]), (&json!(1), &json!(300)));
    assert_eq!(days[1]["sign_ups"], json!(before));
    assert_eq!((&days[2]["orders"], &days[2]["cancelled"]), (&json!(2), &json!(1)));
    assert_eq!((&days[2]["revenue"][0]["amount"], &days[2]["sign_ups"]), (&json!(150), &json!(1)));
}

#[tokio::test]
async fn the_time_to_deliver_is_that_of_the_orders_delivered() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 9).await;
    let nora = wayfare.newcomer().await;
    let (manager, courier) = (wayfare.person("manager").await, wayfare.person("courier").await);
    assert!(wayfare.person("admin").await.get("/api/figures").await.expect(200).get("delivery_seconds").is_none());
    let order = nora.order(product, 1).await;
    for state in ["accepted", "preparing"] {
        manager.move_order(&order, state).await.expect(200);
    }
    courier.move_order(&order, "on_the_way").await.expect(200);
    wayfare.later(TimeDelta::minutes(10));
    courier.move_order(&order, "delivered").await.expect(200);
    let figures = wayfare.person("admin").await.get("/api/figures").await.expect(200);
    let seconds = figures["delivery_seconds"].as_i64().expect("a time");
    assert!((600..660).contains(&seconds), "{seconds}");
    assert_eq!(figures["days"].as_array().map(Vec::len), Some(14));
}

#[tokio::test]
async fn only_so_many_days_can_be_asked_for() {
    let wayfare = Wayfare::start().await;
    let admin = wayfare.person("admin").await;
    for days in ["0", "32", "-1", "x"] {
        admin.get(&format!("/api/figures?days={days}")).await.refused(400, "bad_parameter");
    }
}
