//! The real service on the database, and a customer who orders.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::database::Database;
use super::emulators::free_port;
use super::root;

pub struct Shop {
    child: Child,
    base: String,
    customer: String,
}

impl Shop {
    /// Migrates and fills the database where that wasn't done, and serves. The last argument is where webhooks go.
    pub fn open(database: &Database) -> Self {
        let port = free_port();
        for words in [&["migrate"] as &[&str], &["seed", "--if-empty"]] {
            let done = wayfare(database, port).args(words).output().unwrap();
            assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        let log = File::create(database.path("serve.log")).unwrap();
        let mut serve = wayfare(database, port);
        let child =
            serve.arg("serve").stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap();
        let mut shop = Shop { child, base: format!("http://127.0.0.1:{port}"), customer: String::new() };
        let start = Instant::now();
        while shop.ask("GET", "/readyz", None, None).is_none() {
            assert!(start.elapsed() < Duration::from_secs(90), "the service isn't ready");
            thread::sleep(Duration::from_millis(100));
        }
        let manager = shop.sign_in("manager");
        shop.ask("PATCH", "/api/menu-items/1", Some(&manager), Some(json!({ "stock": 100_000 }))).unwrap();
        shop.customer = shop.sign_in("customer");
        shop
    }

    /// The answer, where it isn't a refusal.
    fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Option<Value> {
        let mut curl = Command::new("curl");
        curl.args(["-fsS", "-X", method, &format!("{}{path}", self.base)]);
        curl.args(token.iter().flat_map(|token| ["-H".to_owned(), format!("Authorization: Bearer {token}")]));
        let key = format!("Idempotency-Key: order-{}", uuid());
        curl.args(["-H", &key]);
        curl.args(body.iter().flat_map(|body| ["--json".to_owned(), body.to_string()]));
        let done = curl.stderr(Stdio::null()).output().unwrap();
        done.status.success().then(|| serde_json::from_slice(&done.stdout).unwrap_or_default())
    }

    fn sign_in(&self, role: &str) -> String {
        let body = json!({ "email": format!("{role}@wayfare.example"), "password": "wayfare-demo-1" });
        let tokens = self.ask("POST", "/api/auth/login", None, Some(body)).unwrap();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// The order's id.
    pub fn order(&self) -> String {
        let body = json!({
            "shop_id": 1, "lines": [{ "product_id": 1, "quantity": 1 }], "mode": "bike",
            "address": { "text": "Lighthouse 1", "lat": 46.905, "lon": 4.365 },
        });
        let order = self.ask("POST", "/api/orders", Some(&self.customer), Some(body)).expect("the order is taken");
        order["id"].as_str().unwrap().to_owned()
    }

    pub fn knows_me(&self) -> bool {
        self.ask("GET", "/api/me", Some(&self.customer), None).is_some()
    }

    /// The same person, at another process.
    pub fn customer_of(mut self, other: &Shop) -> Self {
        self.customer = other.customer.clone();
        self
    }

    pub fn close(mut self) -> Self {
        self.stop();
        self
    }

    fn stop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.stop();
    }
}

fn uuid() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_nanos().to_string()
}

fn wayfare(database: &Database, port: u16) -> Command {
    let mut command = Command::new(root().join("target/debug/wayfare"));
    command
        .env("WAYFARE_DATABASE_URL", database.url())
        .env("WAYFARE_DATA_DIR", database.path("data"))
        .env("WAYFARE_LISTEN", format!("127.0.0.1:{port}"))
        .env("WAYFARE_BCRYPT_COST", "4")
        .env("WAYFARE_SEED_PASSWORD", "wayfare-demo-1")
        .env("WAYFARE_RATE_LIMIT", "1000000")
        .env("WAYFARE_LOGIN_RATE_LIMIT", "1000000");
    command
}
