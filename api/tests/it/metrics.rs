//! What Prometheus sees.

use std::collections::BTreeSet;

use serde_json::json;
use wayfare::metrics::Metrics;

use crate::{fixtures::order_of, start::Wayfare};

/// The names of the families that have at least one series.
fn families(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect()
}

#[tokio::test]
async fn every_metric_is_there_from_the_start_and_no_other() {
    let wayfare = Wayfare::start().await;
    // What is asked before the first scrape, always: whether the service is ready.
    wayfare.get("/readyz").await.expect(200);
    let text = wayfare.get("/metrics").await.text();
    let mut listed: BTreeSet<&str> = Metrics::list().iter().map(|(name, ..)| *name).collect();
    if wayfare.app.redis.is_none() {
        listed.remove("wayfare_redis_up");
    }
    // There is no read replica here.
    listed.retain(|name| !name.starts_with("wayfare_replica_"));
    let families: BTreeSet<_> = families(&text).into_iter().filter(|name| !name.starts_with("process_")).collect();
    assert_eq!(families, listed);
    for (name, help, _) in Metrics::list().iter().filter(|(name, ..)| listed.contains(name)) {
        assert!(text.contains(&format!("# HELP {name} {help}")), "{name}");
    }
}

#[tokio::test]
async fn a_route_is_called_by_its_operation_and_never_by_its_address() {
    let wayfare = Wayfare::start().await;
    let document = wayfare.get("/openapi.json").await.expect(200);
    let operations: BTreeSet<&str> = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|item| item.as_object().expect("methods").values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    let nora = wayfare.newcomer().await;
    for path in [
        "/api/shops/1",
        "/api/shops/2",
        "/api/shops/x",
        "/api/menu-items?q=secret",
        "/api/invented",
        "/invented",
        "/livez",
    ] {
        nora.get(path).await;
    }
    nora.delete("/api/shops/1").await;
    nora.get("/api/users").await;
    let text = wayfare.get("/metrics").await.text();
    assert!(!text.contains("secret") && !text.contains("invented") && !text.contains("/api"), "{text}");
    let known = |route: &str| operations.contains(route) || ["unmatched", "operational"].contains(&route);
    for line in text.lines().filter(|l| l.starts_with("http_server_request_duration_seconds_count")) {
        let route = line.split("http_route=\"").nth(1).and_then(|l| l.split('"').next()).expect("a route");
        assert!(known(route), "{line}");
    }
    let series = |route: &str, status: &str| {
        format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"GET\",http_response_status_code=\"{status}\",http_route=\"{route}\"}}"
        )
    };
    assert_eq!(wayfare.metric(&series("get_shop", "200")).await, 2.0);
    assert_eq!(wayfare.metric(&series("list_users", "403")).await, 1.0);
}

#[tokio::test]
async fn an_invented_method_makes_no_series_of_its_own() {
    let wayfare = Wayfare::start().await;
    for method in ["BREW", "PROPFIND"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        crate::client::Answer::to(wayfare.request(method, "/api/shops")).await.refused(405, "method_not_allowed");
    }
    let text = wayfare.get("/metrics").await.text();
    assert!(text.contains("http_request_method=\"_OTHER\"") && !text.contains("BREW"));
}

#[tokio::test]
async fn business_is_counted() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let (nora, manager, courier) =
        (wayfare.newcomer().await, wayfare.person("manager").await, wayfare.person("courier").await);
    wayfare.try_sign_in(&nora.email, "not the password").await.refused(401, "wrong_credentials");
    nora.put(&format!("/api/cart/items/{product}"), json!({ "quantity": 1 })).await.expect(200);
    let order = nora.order(product, 2).await;
    nora.try_order("a-key-of-mine", order_of(product, 9)).await.refused(409, "out_of_stock");
    nora.try_order("a-key-of-mine", order_of(999_999, 9)).await.refused(409, "not_sold_here");
    manager.move_order(&order, "accepted").await.expect(200);
    manager.move_order(&order, "preparing").await.expect(200);
    courier.move_order(&order, "on_the_way").await.expect(200);
    wayfare.later(chrono::TimeDelta::minutes(12));
    // The token of before has run out by now.
    wayfare.person("courier").await.move_order(&order, "delivered").await.expect(200);
    let expected = [
        ("wayfare_sign_ups_total", 1.0),
        ("wayfare_sign_ins_total{outcome=\"refused\"}", 1.0),
        ("wayfare_orders_placed_total", 1.0),
        ("wayfare_revenue_minor_units_total{currency=\"EUR\"}", 300.0),
        ("wayfare_orders_refused_total{code=\"out_of_stock\"}", 1.0),
        ("wayfare_orders_refused_total{code=\"not_sold_here\"}", 1.0),
        ("wayfare_order_moves_total{to=\"placed\"}", 1.0),
        ("wayfare_order_moves_total{to=\"delivered\"}", 1.0),
        ("wayfare_order_moves_total{to=\"cancelled\"}", 0.0),
        ("wayfare_active_carts", 1.0),
        ("wayfare_outbox_waiting", 5.0),
        ("wayfare_delivery_duration_seconds_count", 1.0),
        ("wayfare_delivery_duration_seconds_bucket{le=\"600\"}", 0.0),
        ("wayfare_delivery_duration_seconds_bucket{le=\"900\"}", 1.0),
        ("db_client_operation_duration_seconds_count{db_operation_name=\"place_order\"}", 3.0),
    ];
    for (series, value) in expected {
        assert_eq!(wayfare.metric(series).await, value, "{series}");
    }
    assert!((720.0..780.0).contains(&wayfare.metric("wayfare_outbox_oldest_seconds").await));
}

#[tokio::test]
async fn a_repeated_order_is_counted_once() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("Oat biscuit", 150, 5).await;
    let nora = wayfare.newcomer().await;
    for _ in 0..3 {
        nora.try_order("a-key-of-mine", order_of(product, 1)).await.expect(201);
    }
    assert_eq!(wayfare.metric("wayfare_orders_placed_total").await, 1.0);
    assert_eq!(wayfare.metric("wayfare_revenue_minor_units_total{currency=\"EUR\"}").await, 150.0);
}

#[tokio::test]
async fn a_cart_that_is_empty_or_old_is_not_active() {
    let wayfare = Wayfare::start().await;
    wayfare.put("/api/cart/items/1", json!({ "quantity": 1 })).await.expect(200);
    let nora = wayfare.newcomer().await;
    nora.put("/api/cart/items/1", json!({ "quantity": 1 })).await.expect(200);
    nora.delete("/api/cart").await.expect(200);
    assert_eq!(wayfare.metric("wayfare_active_carts").await, 1.0);
    wayfare.later(chrono::TimeDelta::hours(25));
    assert_eq!(wayfare.metric("wayfare_active_carts").await, 0.0);
}

#[tokio::test]
async fn with_a_token_only_who_has_it_sees_the_metrics() {
    let token = "a-token-for-whoever-scrapes";
    let wayfare = Wayfare::with(|config| config.metrics_token = Some(wayfare::config::Secret::new(token))).await;
    wayfare.get("/metrics").await.refused(401, "metrics_token");
    wayfare.bearing("another-token-of-sixteen").get("/metrics").await.refused(401, "metrics_token");
    assert_eq!(wayfare.bearing(token).get("/metrics").await.status, 200);
}
