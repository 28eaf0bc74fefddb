//! Answers that are kept: each under a key that no other question has.

use serde_json::Value;

use crate::{client::Client, start::Wayfare};

/// The operations whose answers have an ETag and may therefore be kept, as the OpenAPI document names them.
async fn cached(client: &Client) -> Vec<(String, String)> {
    let document = client.get("/openapi.json").await.expect(200);
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let get = &operations["get"];
        let is_stream = get["responses"]["200"]["content"]["text/event-stream"].is_object();
        if get.is_null() || is_stream || path.contains('{') {
            continue;
        }
        let answer = client.get(path).await;
        if answer.status == 200 && answer.header("etag").is_some() {
            found.push((path.clone(), get["operationId"].as_str().expect("an id").to_owned()));
        }
    }
    found
}

/// What kind of document it is.
fn shape(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        Value::Object(fields) => fields.keys().cloned().collect::<Vec<_>>().join(","),
        Value::String(_) => "text".to_owned(),
        _ => "value".to_owned(),
    }
}

#[tokio::test]
async fn no_query_of_a_cached_operation_reaches_the_answer_of_another() {
    let (wayfare, untouched) = (Wayfare::start().await, Wayfare::start().await);
    let operations = cached(&untouched).await;
    assert!(operations.len() >= 6, "{operations:?}");
    for (victim, id) in &operations {
        let expected = shape(&untouched.get(victim).await.expect(200));
        for (other, _) in operations.iter().filter(|(other, _)| other != victim) {
            for query in [victim.as_str(), victim.trim_start_matches("/api"), victim.trim_start_matches("/api/"), id] {
                let generation = wayfare.app.cache.next_generation().await;
                wayfare.app.cache.forget(generation);
                wayfare.get(&format!("{other}?{query}")).await;
                let found = shape(&wayfare.get(victim).await.expect(200));
                assert_eq!(found, expected, "{victim} after {other}?{query}");
            }
        }
    }
}
