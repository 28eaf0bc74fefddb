//! Who gets in where: every operation of the OpenAPI document with every kind of token, and with none. What is expected is
//! read off the document, so that an operation that is added is tested with the others.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{client::Client, start::Wayfare};

const ROLES: [&str; 4] = ["customer", "courier", "manager", "admin"];

struct Operation {
    id: String,
    method: Method,
    path: String,
    /// The schemes that open it; empty for everybody.
    schemes: Vec<String>,
    /// Whether it can be had without any token, too.
    for_guests: bool,
    content_type: Option<String>,
}

/// The roles that a scheme lets in: the names are a promise of the document.
fn lets_in(scheme: &str) -> &'static [&'static str] {
    match scheme {
        "customer" => &ROLES,
        "courier" => &["courier", "admin"],
        "manager" => &["manager", "admin"],
        "staff" => &["courier", "manager", "admin"],
        "admin" => &["admin"],
        other => panic!("say in this test who the scheme `{other}` lets in"),
    }
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let alternatives = operation["security"].as_array().cloned().unwrap_or_default();
            let names = |a: &Value| a.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
            found.push(Operation {
                id: operation["operationId"].as_str().expect("every operation has an id").to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: filled(path, &operation["parameters"]),
                for_guests: alternatives.is_empty() || alternatives.contains(&json!({})),
                schemes: alternatives.iter().flat_map(names).collect(),
                content_type: operation["requestBody"]["content"].as_object().and_then(|c| c.keys().next().cloned()),
            });
        }
    }
    found
}

/// The address, with something in place of its parameters that there isn't.
fn filled(path: &str, parameters: &Value) -> String {
    let mut path = path.to_owned();
    for parameter in parameters.as_array().into_iter().flatten().filter(|p| p["in"] == "path") {
        let value = match parameter["schema"]["format"].as_str() {
            Some("uuid") => "00000000-0000-0000-0000-000000000000",
            Some("int64") => "999999999",
            _ => "nothing",
        };
        path = path.replace(&format!("{{{}}}", parameter["name"].as_str().expect("a name")), value);
    }
    path
}

/// The status and, for refusals, the code. The body isn't read to its end: some are streams.
async fn ask(client: &Client, operation: &Operation) -> (u16, String) {
    let mut request = client.request(operation.method.clone(), &operation.path);
    if let Some(kind) = &operation.content_type {
        request = request.header("content-type", kind).body("{}");
    }
    let answer = request.send().await.expect("the service answers");
    let status = answer.status().as_u16();
    if status < 400 {
        return (status, String::new());
    }
    let problem: Value = answer.json().await.expect("a problem");
    (status, problem["code"].as_str().expect("a code").to_owned())
}

fn is_in((status, code): &(u16, String)) -> bool {
    *status != 401 && code != "wrong_role" && *status < 500
}

#[tokio::test]
async fn each_operation_lets_in_whom_the_document_says_and_nobody_else() {
    let wayfare = Wayfare::start().await;
    let operations = operations(&wayfare.get("/openapi.json").await.expect(200));
    assert!(operations.len() > 30);
    let mut wrong = BTreeMap::new();
    for operation in &operations {
        let mut expect = |who: &str, answer: (u16, String), as_expected: bool| {
            if !as_expected {
                wrong.insert(format!("{} by {who}", operation.id), answer);
            }
        };
        let none = ask(&wayfare, operation).await;
        let fine = if operation.for_guests { is_in(&none) } else { none == (401, "not_signed_in".to_owned()) };
        expect("a guest", none, fine);

        let garbage = ask(&wayfare.bearing("garbage"), operation).await;
        let fine =
            if operation.schemes.is_empty() { is_in(&garbage) } else { garbage == (401, "token_invalid".to_owned()) };
        expect("garbage", garbage, fine);

        for role in ROLES {
            // Signed in anew each time: one of the operations signs out.
            let answer = ask(&wayfare.person(role).await.client, operation).await;
            let may = operation.schemes.is_empty() || operation.schemes.iter().any(|s| lets_in(s).contains(&role));
            let fine = if may { is_in(&answer) } else { answer == (403, "wrong_role".to_owned()) };
            expect(role, answer, fine);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn the_roles_of_the_document_are_those_that_somebody_has() {
    let wayfare = Wayfare::start().await;
    let document = wayfare.get("/openapi.json").await.expect(200);
    let named = document["components"]["securitySchemes"].as_object().expect("schemes");
    for scheme in named.keys() {
        assert!(!lets_in(scheme).is_empty());
    }
    let operations = operations(&document);
    assert!(operations.iter().any(|o| o.schemes == ["admin"]));
    assert!(operations.iter().any(|o| o.schemes == ["manager"]));
}

#[tokio::test]
async fn a_header_that_is_no_bearer_token_is_refused_like_none() {
    let wayfare = Wayfare::start().await;
    for header in ["Basic Y3VzdG9tZXI6cGFzc3dvcmQ=", "Bearer", "Bearer ", "garbage", ""] {
        let answer = wayfare.with("authorization", header).get("/api/me").await;
        assert_eq!(answer.status, 401, "`{header}`: {}", answer.text());
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}
