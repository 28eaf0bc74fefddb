//! What a person does: sign in, look around, search, order, look how far the order is. Each waits as people do.

use std::{
    ops::Range,
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use goose::prelude::*;
use rand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::tally::{self, Outcome};

/// Between two visits.
pub const PAUSE: Range<Duration> = Duration::from_millis(200)..Duration::from_millis(800);
/// The window of the service's limits: who is refused is never told to wait longer.
const LONGEST_WAIT: u64 = 60;
const PASSWORD: &str = "a person under load";
const WORDS: [&str; 8] = ["bread", "soup", "coffee", "apple", "noodles", "pizza", "basil", "tea"];

pub static MIX: OnceLock<Mix> = OnceLock::new();

/// What people come for, in parts of their sum.
#[derive(Clone, Copy, Default, Deserialize)]
pub struct Mix {
    browse: u32,
    search: u32,
    order: u32,
    track: u32,
}

#[derive(Debug, PartialEq)]
enum Errand {
    Browse,
    Search,
    Order,
    Track,
}

impl Mix {
    fn sum(self) -> u32 {
        self.browse + self.search + self.order + self.track
    }

    /// `part` is below the sum.
    fn errand(self, part: u32) -> Errand {
        match part {
            n if n < self.browse => Errand::Browse,
            n if n < self.browse + self.search => Errand::Search,
            n if n < self.browse + self.search + self.order => Errand::Order,
            _ => Errand::Track,
        }
    }
}

/// What somebody knows by now.
#[derive(Clone, Default)]
struct Person {
    token: String,
    /// A product in stock, with its shop.
    seen: Option<(Value, Value)>,
    order: Option<String>,
}

pub async fn sign_in(user: &mut GooseUser) -> TransactionResult {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let email = format!("load-{now}-{}@wayfare.example", user.weighted_users_index);
    let who = json!({ "email": email, "name": "Load", "password": PASSWORD });
    let entry = json!({ "email": email, "password": PASSWORD });
    ask(user, "sign in", Ask::post("/api/auth/register", who)).await?;
    let answer = ask(user, "sign in", Ask::post("/api/auth/login", entry)).await?;
    let token = answer.and_then(|answer| Some(answer["access_token"].as_str()?.to_owned())).unwrap_or_default();
    user.set_session_data(Person { token, ..Person::default() });
    Ok(())
}

pub async fn visit(user: &mut GooseUser) -> TransactionResult {
    let mix = MIX.get().copied().unwrap_or_default();
    let part = rand::rng().random_range(0..mix.sum().max(1));
    match mix.errand(part) {
        Errand::Browse => browse(user).await,
        Errand::Search => search(user).await,
        Errand::Order => order(user).await,
        Errand::Track => track(user).await,
    }
}

/// The shops, one of them, and one thing in it.
async fn browse(user: &mut GooseUser) -> TransactionResult {
    tally::visit("browse");
    let Some(shop) = ask(user, "browse", Ask::get("/api/shops")).await?.as_ref().and_then(one) else { return Ok(()) };
    let goods = Ask::get(format!("/api/menu-items?in_stock=true&limit=50&shop={}", shop["id"]));
    let Some(product) = ask(user, "browse", goods).await?.as_ref().and_then(|page| one(&page["items"])) else {
        return Ok(());
    };
    ask(user, "browse", Ask::get(format!("/api/menu-items/{}", product["id"]))).await?;
    person(user).seen = Some((shop, product));
    Ok(())
}

async fn search(user: &mut GooseUser) -> TransactionResult {
    tally::visit("search");
    let word = WORDS[rand::rng().random_range(0..WORDS.len())];
    ask(user, "search", Ask::get(format!("/api/menu-items?limit=20&q={word}"))).await.map(drop)
}

/// One of what was looked at. Who has seen nothing yet has nothing to order.
async fn order(user: &mut GooseUser) -> TransactionResult {
    let Some((shop, product)) = person(user).seen.clone() else { return browse(user).await };
    tally::visit("order");
    let body = json!({
        "shop_id": shop["id"],
        "lines": [{ "product_id": product["id"], "quantity": 1 }],
        "address": { "text": "Where the shop is", "lat": shop["lat"], "lon": shop["lon"] },
        "mode": "foot",
    });
    let made = ask(user, "order", Ask::post("/api/orders", body)).await?;
    if let Some(id) = made.and_then(|order| Some(order["id"].as_str()?.to_owned())) {
        person(user).order = Some(id);
    }
    Ok(())
}

/// The last order, or the list of them where there is none yet.
async fn track(user: &mut GooseUser) -> TransactionResult {
    tally::visit("track");
    let path = person(user).order.as_ref().map_or("/api/orders".to_owned(), |id| format!("/api/orders/{id}"));
    ask(user, "track", Ask::get(path)).await.map(drop)
}

fn person(user: &mut GooseUser) -> &mut Person {
    if user.get_session_data::<Person>().is_none() {
        user.set_session_data(Person::default());
    }
    user.get_session_data_unchecked_mut()
}

fn one(list: &Value) -> Option<Value> {
    let list = list.as_array().filter(|list| !list.is_empty())?;
    Some(list[rand::rng().random_range(0..list.len())].clone())
}

struct Ask {
    path: String,
    body: Option<Value>,
    /// The same in every attempt, so that an order that was placed isn't placed again.
    key: String,
}

impl Ask {
    fn get(path: impl Into<String>) -> Self {
        Ask { path: path.into(), body: None, key: String::new() }
    }

    fn post(path: &str, body: Value) -> Self {
        Ask { path: path.to_owned(), body: Some(body), key: format!("load-{:032x}", rand::random::<u128>()) }
    }
}

/// The right answer, if there was one. Who is refused comes back once, when the service says so.
async fn ask(user: &mut GooseUser, scenario: &'static str, what: Ask) -> Result<Option<Value>, Box<TransactionError>> {
    match once(user, scenario, &what).await? {
        Answer::Right(answer) => Ok(Some(answer)),
        Answer::Refused { wait: Some(seconds) } => {
            tokio::time::sleep(Duration::from_secs(seconds.min(LONGEST_WAIT))).await;
            let Answer::Right(answer) = once(user, scenario, &what).await? else { return Ok(None) };
            tally::answered_later(scenario);
            Ok(Some(answer))
        }
        Answer::Refused { wait: None } | Answer::Wrong => Ok(None),
    }
}

enum Answer {
    Right(Value),
    Wrong,
    /// With the seconds of Retry-After.
    Refused {
        wait: Option<u64>,
    },
}

async fn once(user: &mut GooseUser, scenario: &'static str, what: &Ask) -> Result<Answer, Box<TransactionError>> {
    let method = if what.body.is_some() { GooseMethod::Post } else { GooseMethod::Get };
    let mut builder = user.get_request_builder(&method, &what.path)?;
    if !person(user).token.is_empty() {
        builder = builder.bearer_auth(&person(user).token);
    }
    if let Some(body) = &what.body {
        builder = builder.header("Idempotency-Key", &what.key).json(body);
    }
    let request = GooseRequest::builder().method(method).path(what.path.as_str()).name(scenario);
    let asked = user.request(request.set_request_builder(builder).build()).await?;
    let time = asked.request.response_time;
    let count = |outcome, what: &str| tally::request(scenario, outcome, time, what);
    let answer = match asked.response {
        Ok(answer) => answer,
        Err(error) => {
            count(Outcome::Wrong, if error.is_timeout() { "no answer in time" } else { "no answer" });
            return Ok(Answer::Wrong);
        }
    };
    let status = answer.status().as_u16();
    if status == 429 {
        let wait = answer.headers().get("Retry-After").and_then(|wait| wait.to_str().ok()?.parse().ok());
        count(Outcome::Refused, "");
        return Ok(Answer::Refused { wait });
    }
    let body = answer.json::<Value>().await.unwrap_or_default();
    // Somebody else took the last one, or the shop is closed at this hour: that is an answer.
    let is_told = status == 409 && (body["code"] == "out_of_stock" || body["code"] == "shop_closed");
    let is_right = (200..300).contains(&status) && !body.is_null() || is_told;
    count(if is_right { Outcome::Right } else { Outcome::Wrong }, &status.to_string());
    Ok(if is_right { Answer::Right(body) } else { Answer::Wrong })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_errand_has_its_part_of_the_hundred() {
        let mix = Mix { browse: 70, search: 15, order: 10, track: 5 };
        let count = |errand| (0..mix.sum()).filter(|part| mix.errand(*part) == errand).count();
        let counts = [Errand::Browse, Errand::Search, Errand::Order, Errand::Track].map(count);
        assert_eq!(counts, [70, 15, 10, 5]);
    }
}
