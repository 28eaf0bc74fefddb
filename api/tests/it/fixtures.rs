//! People, products and orders that tests need and that don't matter to them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Answer, Client},
    place::PASSWORD,
    start::Wayfare,
};

/// The shop of the demo city's manager.
pub const SHOP: i64 = 1;

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    pub client: Client,
    pub id: String,
    pub email: String,
    pub access_token: String,
    pub refresh_token: String,
}

impl std::ops::Deref for Person {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Person {
    /// Of what a log-in answered.
    pub fn of(client: &Client, tokens: &Value) -> Self {
        let text = |v: &Value| v.as_str().expect("a text").to_owned();
        Self {
            client: client.bearing(&text(&tokens["access_token"])),
            id: text(&tokens["user"]["id"]),
            email: text(&tokens["user"]["email"]),
            access_token: text(&tokens["access_token"]),
            refresh_token: text(&tokens["refresh_token"]),
        }
    }

    /// Orders one product of [`SHOP`].
    pub async fn order(&self, product: i64, quantity: i32) -> Value {
        self.try_order(&Uuid::new_v4().to_string(), order_of(product, quantity)).await.expect(201)
    }

    pub async fn try_order(&self, key: &str, body: Value) -> Answer {
        self.with("idempotency-key", key).post("/api/orders", body).await
    }

    pub async fn move_order(&self, order: &Value, to: &str) -> Answer {
        let id = order["id"].as_str().expect("an order has an id");
        self.post(&format!("/api/orders/{id}/moves"), json!({ "to": to })).await
    }
}

/// The body of an order for one product of [`SHOP`].
pub fn order_of(product: i64, quantity: i32) -> Value {
    json!({
        "shop_id": SHOP,
        "lines": [{ "product_id": product, "quantity": quantity }],
        "address": { "text": "Lighthouse Road 1", "lat": 46.9, "lon": 4.35 },
        "mode": "bike",
    })
}

impl Wayfare {
    /// Signs in the demo city's `customer`, `courier`, `manager` or `admin`.
    pub async fn person(&self, role: &str) -> Person {
        self.sign_in(&format!("{role}@wayfare.example"), PASSWORD).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Person {
        let tokens = self.try_sign_in(email, password).await.expect(200);
        Person::of(&self.guest, &tokens)
    }

    pub async fn try_sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", json!({ "email": email, "password": password })).await
    }

    /// Somebody who has just registered, as a customer.
    pub async fn newcomer(&self) -> Person {
        let email = format!("{}@people.example", Uuid::new_v4().simple());
        self.post("/api/auth/register", json!({ "email": email, "name": "New Comer", "password": PASSWORD }))
            .await
            .expect(201);
        self.sign_in(&email, PASSWORD).await
    }

    /// A new product of [`SHOP`]; gives its id.
    pub async fn product(&self, name: &str, price: i64, stock: i32) -> i64 {
        let manager = self.person("manager").await;
        let body = json!({ "shop_id": SHOP, "name": name, "category": "test", "price": price, "stock": stock });
        manager.post("/api/menu-items", body).await.expect(201)["id"].as_i64().expect("a product has an id")
    }

    pub async fn stock(&self, product: i64) -> i64 {
        self.get(&format!("/api/menu-items/{product}")).await.expect(200)["stock"]
            .as_i64()
            .expect("a product has stock")
    }
}
