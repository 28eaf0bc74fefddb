//! Each kind of request once: every operation of the OpenAPI document, what people do with it, and what is refused.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Body, SendBody};

use crate::running::Service;

/// What makes the service export series that it hasn't otherwise: parts that are away, and time to be asked while it ends.
pub fn settings(data: &std::path::Path) -> Vec<(&'static str, String)> {
    vec![
        ("WAYFARE_RATE_LIMIT", "1000000".to_owned()),
        ("WAYFARE_LOGIN_RATE_LIMIT", "1000000".to_owned()),
        ("WAYFARE_REDIS_URL", "redis://127.0.0.1:1".to_owned()),
        ("WAYFARE_DATABASE_READ_URL", format!("sqlite://{}", data.join("data/wayfare.db").display())),
        ("WAYFARE_DRAIN_SECONDS", "5".to_owned()),
    ]
}

/// # Errors
/// A service that doesn't answer.
pub fn take(service: &Service) -> Result<()> {
    let document: Value = ask(service, "GET", "/openapi.json", None, None)?.1;
    let paths = document["paths"].as_object().context("the document has paths")?;
    let mut asked = 0;
    for (path, methods) in paths {
        for method in methods.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase()) {
            if is_stream(path) || !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                continue;
            }
            let path = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            ask(service, &method, &path.collect::<Vec<_>>().join("/"), None, Some(&json!({})))?;
            asked += 1;
        }
    }
    ensure!(asked > 20, "the document has only {asked} operations");
    for role in ["customer", "manager"] {
        use_it(service, role)?;
    }
    Ok(())
}

fn is_stream(path: &str) -> bool {
    ["/events", "/stream"].iter().any(|end| path.ends_with(end))
}

/// Signs in, orders, and is refused an order.
fn use_it(service: &Service, role: &str) -> Result<()> {
    let account = json!({ "email": format!("{role}@wayfare.example"), "password": "wayfare-demo-1" });
    let (status, answer) = ask(service, "POST", "/api/auth/login", None, Some(&account))?;
    let token = answer["access_token"].as_str();
    let token = token.with_context(|| format!("{role} can't sign in: {status}"))?;
    let (_, shops) = ask(service, "GET", "/api/shops", Some(token), None)?;
    let shop = &shops["items"][0]["id"];
    let (_, items) = ask(service, "GET", &format!("/api/menu-items?shop={shop}"), Some(token), None)?;
    let lines = json!([{ "product_id": items["items"][0]["id"], "quantity": 1 }]);
    let order = json!({ "shop_id": shop, "address": { "text": "Somewhere 1" }, "mode": "bike", "lines": lines });
    ask(service, "POST", "/api/orders", Some(token), Some(&order))?;
    ask(service, "GET", "/api/orders", Some(token), None)?;
    Ok(())
}

/// The status, and the body where it is JSON.
fn ask(service: &Service, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Result<(u16, Value)> {
    let url = format!("{}{path}", service.address);
    let mut request = ureq::http::Request::builder().method(method).uri(&url);
    request = request.header("Idempotency-Key", "signals-0001").header("Connection", "close");
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let mut answer: Response<Body> = match body.filter(|_| method != "GET") {
        Some(body) => {
            let request = request.header("Content-Type", "application/json").body(body.to_string())?;
            service.agent.run(request)?
        }
        None => service.agent.run(request.body(SendBody::none())?)?,
    };
    // Some answer in protobuf.
    let bytes = answer.body_mut().read_to_vec().with_context(|| format!("{method} {path}"))?;
    Ok((answer.status().as_u16(), serde_json::from_slice(&bytes).unwrap_or_default()))
}
