//! Somebody who calls the API, and what they are told.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub token: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The body, when the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Client {
    pub fn new(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("a plain client");
        Self { http, base: base.to_owned(), token: None }
    }

    /// The same person at another replica.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// # Errors
    /// No answer, or not a whole one.
    pub async fn send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok(Answer { status, headers, body })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await.expect("an answer")
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await.expect("an answer")
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await.expect("an answer")
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await.expect("an answer")
    }

    /// One of the accounts of `seed`.
    pub async fn sign_in(&self, role: &str) -> Self {
        let credentials = json!({ "email": format!("{role}@wayfare.example"), "password": "wayfare-demo-1" });
        let tokens = self.post("/api/auth/login", credentials).await.expect(200);
        Self { token: tokens["access_token"].as_str().map(str::to_owned), ..self.clone() }
    }

    /// Makes the first product one that is never sold out; tells a shop's webhook where to go.
    pub async fn prepare(&self, webhook: Option<&str>) -> &Self {
        let manager = self.sign_in("manager").await;
        manager.patch("/api/menu-items/1", json!({ "stock": 100_000 })).await.expect(200);
        if let Some(url) = webhook {
            manager.put("/api/shops/1/webhook", json!({ "url": url })).await.expect(200);
        }
        self
    }

    pub fn order(&self, key: &str) -> RequestBuilder {
        self.request(Method::POST, "/api/orders").header("Idempotency-Key", key).json(&an_order())
    }

    /// Orders and gives the order's id.
    pub async fn place(&self, key: &str) -> String {
        let order = self.send(self.order(key)).await.expect("an answer").expect(201);
        order["id"].as_str().expect("an order has an id").to_owned()
    }

    pub async fn advance(&self, order: &str, to: &str) -> Answer {
        self.post(&format!("/api/orders/{order}/moves"), json!({ "to": to })).await
    }
}

pub fn an_order() -> Value {
    json!({
        "shop_id": 1,
        "lines": [{ "product_id": 1, "quantity": 1 }],
        "address": { "text": "Lighthouse 1", "lat": 46.905, "lon": 4.365 },
        "mode": "bike"
    })
}
