//! The OpenAPI document as validators and generators of clients read it.

use serde_json::Value;

use crate::start::Wayfare;

/// Every object in the document, at whatever depth, with the names that lead there.
fn walk(path: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| walk(&format!("{path}/{name}"), field, visit)),
        Value::Array(items) => items.iter().for_each(|item| walk(path, item, visit)),
        _ => {}
    }
}

async fn document() -> Value {
    Wayfare::start().await.get("/openapi.json").await.expect(200)
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().expect("paths");
    paths.values().flat_map(|item| item.as_object().expect("operations").values())
}

#[tokio::test]
async fn it_has_no_field_of_a_later_version_than_it_says() {
    let document = document().await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.0.")));
    assert!(document["info"].get("summary").is_none() && document["info"]["license"].get("identifier").is_none());
    assert!(document.get("webhooks").is_none());
}

#[tokio::test]
async fn nothing_in_it_is_null_but_an_example_or_a_default() {
    walk("", &document().await, &mut |path, value| {
        assert!(!value.is_null() || path.ends_with("/default") || path.ends_with("/example"), "{path}");
    });
}

#[tokio::test]
async fn what_stands_beside_a_reference_stands_beside_all_of() {
    walk("", &document().await, &mut |path, value| {
        let members = value.get("allOf").and_then(Value::as_array).into_iter().flatten();
        assert!(
            members.clone().all(|m| m.as_object().is_some_and(|m| m.len() == 1 && m.contains_key("$ref"))),
            "{path}"
        );
        assert!(value.get("$ref").is_none_or(|_| value.as_object().is_some_and(|fields| fields.len() == 1)), "{path}");
    });
}

#[tokio::test]
async fn a_media_type_is_json_without_a_charset_and_there_is_one_for_a_body() {
    let document = document().await;
    walk("", &document, &mut |path, value| {
        if let Some(content) = value.get("content").and_then(Value::as_object) {
            assert!(
                content.keys().all(|kind| !kind.contains(';')) && content.len() == 1,
                "{path}: {:?}",
                content.keys()
            );
        }
    });
    for operation in operations(&document) {
        let responses = operation["responses"].as_object().expect("responses");
        let right = responses.keys().filter(|status| status.starts_with('2')).count();
        assert_eq!(right, 1, "{}", operation["operationId"]);
    }
}

#[tokio::test]
async fn no_schema_is_called_as_the_constructor_of_another() {
    let document = document().await;
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for name in schemas.keys() {
        assert!(!schemas.contains_key(&format!("New{name}")), "New{name} and {name}");
    }
}

#[tokio::test]
async fn every_operation_says_who_may_call_it_and_the_document_where() {
    let document = document().await;
    assert!(document["servers"].as_array().is_some_and(|servers| !servers.is_empty()));
    for operation in operations(&document) {
        assert!(operation["security"].is_array(), "{}", operation["operationId"]);
    }
    let public = operations(&document).find(|operation| operation["operationId"] == "list_shops");
    assert_eq!(public.expect("an operation")["security"], serde_json::json!([]));
}

#[tokio::test]
async fn modes_are_taken_as_one_parameter_and_as_one_for_each() {
    let wayfare = Wayfare::start().await;
    let asked = async |modes: &str| {
        let path = format!("/api/routes?from=46.9,4.35&to=46.905,4.36&{modes}");
        let routes = wayfare.get(&path).await.expect(200);
        let found: Vec<String> = routes["modes"]
            .as_array()
            .expect("modes")
            .iter()
            .map(|m| m["mode"].as_str().expect("a mode").to_owned())
            .collect();
        found
    };
    let both = asked("modes=bike,foot").await;
    assert_eq!(both.len(), 2);
    assert_eq!(asked("modes=bike&modes=foot").await, both);
    assert_eq!(asked("modes=bike&modes=foot,bike").await, both);
    for bad in ["modes=", "modes=bike&modes=ship", "modes=bike,,foot"] {
        wayfare.get(&format!("/api/routes?from=46.9,4.35&to=46.905,4.36&{bad}")).await.refused(400, "bad_parameter");
    }
}
