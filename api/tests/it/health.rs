//! What those ask who run the service.

use serde_json::json;

use crate::start::Wayfare;

#[tokio::test]
async fn a_service_with_its_database_is_ready() {
    let wayfare = Wayfare::start().await;
    for path in ["/readyz", "/health/ready", "/health/startup"] {
        let state = wayfare.get(path).await.expect(200);
        assert_eq!((&state["status"], &state["database"]), (&json!("ready"), &json!(true)), "{path}");
        let redis = if wayfare.app.redis.is_some() { json!(true) } else { json!(null) };
        assert_eq!(state["redis"], redis, "{path}");
    }
}

#[tokio::test]
async fn a_draining_service_lives_and_serves_but_is_not_ready() {
    let wayfare = Wayfare::start().await;
    wayfare.app.drain();
    assert_eq!(wayfare.get("/readyz").await.expect(503)["draining"], true);
    wayfare.get("/livez").await.expect(200);
    wayfare.get("/health/live").await.expect(200);
    wayfare.get("/api/shops").await.expect(200);
}

#[tokio::test]
async fn without_its_database_a_service_lives_says_so_and_tells_clients_to_come_back() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    wayfare.app.db.close().await;
    assert_eq!(wayfare.get("/readyz").await.expect(503)["database"], false);
    wayfare.get("/livez").await.expect(200);
    for answer in [nora.get("/api/orders").await, nora.get("/api/shops").await] {
        answer.refused(503, "database_away");
        assert_eq!(answer.header("retry-after"), Some("2"));
        // The cause is for the log, not for clients.
        assert!(!answer.text().contains("pool"), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_document_is_the_one_that_the_binary_prints() {
    let wayfare = Wayfare::start().await;
    let printed = wayfare.place.binary(&["openapi"]).output().expect("the binary runs");
    let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(wayfare.get("/openapi.json").await.expect(200), printed);
}

#[tokio::test]
async fn the_healthcheck_says_by_its_exit_what_readyz_says() {
    let wayfare = Wayfare::start().await;
    let check = async |url: String| {
        let mut command = wayfare.place.binary(&["healthcheck", "--url", &url]);
        tokio::task::spawn_blocking(move || command.output().expect("the binary runs")).await.expect("it ends")
    };
    let url = format!("{}/readyz", wayfare.guest.url);
    assert!(check(url.clone()).await.status.success());
    wayfare.app.drain();
    let refused = check(url).await;
    assert_eq!((refused.status.code(), String::from_utf8_lossy(&refused.stderr).contains("503")), (Some(1), true));
    assert_eq!(check("http://127.0.0.1:1/readyz".to_owned()).await.status.code(), Some(1));
}
