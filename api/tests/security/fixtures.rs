//! People and things that can be whose they are: each made anew, because trying changes them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    process::{Installation, Server},
};

pub const PASSWORD: &str = "wayfare-demo-1";
const OWN_PASSWORD: &str = "a harbour in the fog";

/// The shop of the demo's manager, and one that isn't.
pub const SHOP: i64 = 1;
pub const OTHER_SHOP: i64 = 2;
pub const NO_SHOP: i64 = 999_999;

pub struct World {
    pub server: Server,
}

/// Somebody, and what they signed in with.
pub struct Person {
    pub client: Client,
    pub id: String,
    pub email: String,
    pub password: &'static str,
}

impl std::ops::Deref for Person {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(|installation| installation).await
    }

    pub async fn with(change: impl FnOnce(Installation) -> Installation) -> Self {
        let installation = change(Installation::embedded()).seeded();
        let server = installation.serve().await;
        for product in [Self::first(SHOP), Self::first(OTHER_SHOP)] {
            let admin = server.client.sign_in("admin").await;
            let id =
                admin.get(&product).await.expect(200)["items"][0]["id"].as_i64().expect("the shop sells something");
            admin.patch(&format!("/api/menu-items/{id}"), json!({ "stock": 100_000 })).await.expect(200);
        }
        Self { server }
    }

    fn first(shop: i64) -> String {
        format!("/api/menu-items?shop={shop}&limit=1")
    }

    pub fn log(&self) -> String {
        self.server.process.log()
    }

    pub fn guest(&self) -> &Client {
        &self.server.client
    }

    /// The demo's `customer`, `courier`, `manager` or `admin`, signed in anew.
    pub async fn person(&self, role: &str) -> Person {
        self.sign_in(&format!("{role}@wayfare.example"), PASSWORD).await
    }

    pub async fn newcomer(&self) -> Person {
        let email = format!("{}@people.example", uuid::Uuid::new_v4().simple());
        let body = json!({ "email": email, "name": "New Comer", "password": OWN_PASSWORD });
        self.guest().post("/api/auth/register", body).await.expect(201);
        self.sign_in(&email, OWN_PASSWORD).await
    }

    pub async fn sign_in(&self, email: &str, password: &'static str) -> Person {
        let body = json!({ "email": email, "password": password });
        let tokens = self.guest().post("/api/auth/login", body).await.expect(200);
        let token = tokens["access_token"].as_str().map(str::to_owned);
        let client = Client { token, ..self.guest().clone() };
        let id = tokens["user"]["id"].as_str().expect("an id").to_owned();
        Person { client, id, email: email.to_owned(), password }
    }

    /// An order that this person has placed.
    pub async fn order(&self, who: &Person, shop: i64) -> String {
        // The demo's shops close at night, and these tests run at any hour.
        let hours: Vec<_> = (1..=7).map(|day| json!({ "day": day, "from": "00:00", "to": "24:00" })).collect();
        let admin = self.person("admin").await;
        admin.patch(&format!("/api/shops/{shop}"), json!({ "hours": hours })).await.expect(200);
        let items = who.get(&Self::first(shop)).await.expect(200);
        let body = json!({
            "shop_id": shop,
            "lines": [{ "product_id": items["items"][0]["id"], "quantity": 1 }],
            "address": { "text": "Lighthouse 1", "lat": 46.905, "lon": 4.365 },
            "mode": "bike",
        });
        let key = uuid::Uuid::new_v4().to_string();
        let request = who.request(Method::POST, "/api/orders").header("Idempotency-Key", key).json(&body);
        text(&who.send(request).await.expect("an answer").expect(201)["id"])
    }

    pub async fn product(&self, shop: i64) -> String {
        let body = json!({ "shop_id": shop, "name": "Oat", "category": "test", "price": 1, "stock": 1 });
        self.person("admin").await.post("/api/menu-items", body).await.expect(201)["id"].to_string()
    }

    /// One more session of somebody's.
    pub async fn session(&self, who: &Person) -> String {
        let other = self.sign_in(&who.email, who.password).await;
        text(&other.get("/api/me/sessions").await.expect(200)[0]["id"])
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

pub fn nobody() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// One pixel.
pub fn picture() -> Vec<u8> {
    use base64::Engine;
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    base64::engine::general_purpose::STANDARD.decode(png).expect("base64")
}

/// Sends it and doesn't read the answer to its end when it is a stream.
pub async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.expect("the service answers").status().as_u16()
}

/// How an answer refuses.
pub fn code(answer: &Answer) -> &str {
    answer.body["code"].as_str().unwrap_or_default()
}
