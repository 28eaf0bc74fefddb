//! Requests that can't be answered: each gets a problem with a stable code and its request's id.

use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{client::Answer, fixtures::order_of, start::Wayfare};

/// Sends bytes as they are; gives what comes back until the connection ends.
async fn raw(wayfare: &Wayfare, bytes: &str) -> String {
    let address = wayfare.guest.url.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("the service listens");
    stream.write_all(bytes.as_bytes()).await.expect("it takes what is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_code_and_the_requests_id() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let missing = "/api/orders/00000000-0000-0000-0000-000000000000";
    let refusals = [
        (wayfare.get("/api/nothing").await, 404, "no_such_address"),
        (wayfare.get("/nothing").await, 404, "no_such_address"),
        (nora.get(missing).await, 404, "not_found"),
        (wayfare.get("/api/me").await, 401, "not_signed_in"),
        (nora.get("/api/users").await, 403, "wrong_role"),
        (wayfare.delete("/api/shops").await, 405, "method_not_allowed"),
        (wayfare.get("/api/shops/x").await, 400, "bad_parameter"),
        (wayfare.get("/api/shops/99999999999999999999").await, 400, "bad_parameter"),
        (nora.get("/api/orders/not-a-uuid").await, 400, "bad_parameter"),
        (wayfare.get("/api/menu-items?limit=0").await, 400, "bad_parameter"),
        (wayfare.get("/api/menu-items?limit=101").await, 400, "bad_parameter"),
        (wayfare.get("/api/menu-items?sort=colour").await, 400, "bad_parameter"),
        (wayfare.get("/api/menu-items?in_stock=maybe").await, 400, "bad_parameter"),
        (wayfare.with("x-cart-token", "mine").get("/api/cart").await, 400, "bad_parameter"),
        (wayfare.post("/api/auth/login", json!({})).await, 400, "bad_body"),
        (wayfare.post("/api/auth/login", json!([])).await, 400, "bad_body"),
        (nora.try_order("a-key-of-mine", order_of(999_999, 1)).await, 409, "not_sold_here"),
    ];
    for (answer, status, code) in refusals {
        answer.refused(status, code);
        let problem = answer.json();
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{problem}");
        assert_eq!(
            (problem["status"].as_u64(), problem["request_id"].as_str()),
            (Some(status.into()), answer.header("x-request-id"))
        );
        for field in ["type", "title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {problem}");
        }
    }
}

#[tokio::test]
async fn a_word_that_is_not_in_the_list_is_told_without_the_frameworks_own_names() {
    let wayfare = Wayfare::start().await;
    for (address, parameter) in
        [("/api/menu-items?sort=colour", "sort"), ("/api/routes?from=46.9,4.35&to=46.9,4.36&modes=bus,boat", "modes")]
    {
        let problem = wayfare.get(address).await.json();
        let detail = format!("`{parameter}`: not one of the words that it may be; /docs lists them.");
        assert_eq!(problem["detail"].as_str(), Some(detail.as_str()));
    }
}

#[tokio::test]
async fn a_body_that_can_not_be_read_is_refused() {
    let wayfare = Wayfare::start().await;
    let login = |kind: &'static str, body: &str| {
        let request = wayfare.request(Method::POST, "/api/auth/login").header(CONTENT_TYPE, kind);
        Answer::to(request.body(body.to_owned()))
    };
    let good = r#"{"email":"customer@wayfare.example","password":"a harbour in the fog"}"#;
    login("application/json", good).await.expect(200);
    for body in
        ["", "{", "null", "[]", "\"text\"", "{\"email\":1}", &format!("{good}x"), &good.replace("email", "user")]
    {
        login("application/json", body).await.refused(400, "bad_body");
    }
    let unknown = good.replace('{', r#"{"role":"admin","#);
    login("application/json", &unknown).await.refused(400, "bad_body");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        login(kind, good).await.refused(415, "bad_content_type");
    }
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    login("application/json", &deep).await.refused(400, "bad_body");
    let mut encoded = wayfare.request(Method::POST, "/api/auth/login").header(CONTENT_TYPE, "application/json");
    encoded = encoded.header("content-encoding", "gzip").body(good);
    Answer::to(encoded).await.refused(415, "encoded_body");
}

#[tokio::test]
async fn a_text_with_the_character_zero_is_refused_alike_on_every_database() {
    let wayfare = Wayfare::start().await;
    let nora = wayfare.newcomer().await;
    let body = json!({ "email": "zero@people.example", "name": "Nul\u{0}", "password": "wayfare-demo-1" });
    wayfare.post("/api/auth/register", body).await.refused(400, "bad_body");
    let mut order = order_of(1, 1);
    order["note"] = json!("\u{0}");
    nora.try_order("a-key-of-mine", order).await.refused(400, "bad_body");
    for path in ["/api/menu-items?q=%00", "/api/menu-items?category=%00", "/api/images/%00"] {
        let status = wayfare.get(path).await.status;
        assert!(status < 500, "{path}: {status}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_told_those_that_it_takes() {
    let wayfare = Wayfare::start().await;
    for (path, allow) in [
        ("/api/shops", "GET"),
        ("/api/menu-items/1", "GET, DELETE, PATCH"),
        ("/api/cart", "GET, DELETE"),
        ("/api/auth/login", "POST"),
    ] {
        let answer = Answer::to(wayfare.request(Method::TRACE, path)).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
}

#[tokio::test]
async fn a_request_keeps_the_id_it_came_with_when_that_is_a_plain_one() {
    let wayfare = Wayfare::start().await;
    let given = wayfare.with("x-request-id", "deploy-2026-check_1").get("/api/nothing").await;
    assert_eq!(given.json()["request_id"], "deploy-2026-check_1");
    for id in ["short", "with space in it", "quote\"quote\"", &"x".repeat(65)] {
        let answer = wayfare.with("x-request-id", id).get("/api/shops").await;
        let own = answer.header("x-request-id").expect("an id");
        assert!(own != id && own.len() == 32, "{own}");
    }
    let (one, two) = (wayfare.get("/api/shops").await, wayfare.get("/api/shops").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_or_not_it_says_so() {
    let wayfare = Wayfare::with(|config| config.body_limit = 1_000).await;
    let sized = |bytes: usize| format!("{{\"email\":\"a@b.example\",\"password\":\"{}\"}}", "x".repeat(bytes - 37));
    assert_eq!(sized(500).len(), 500);
    let login = |body: reqwest::Body| {
        let request = wayfare
            .request(Method::POST, "/api/auth/login")
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Answer::to(request.body(body))
    };
    let chunked = |text: String| {
        let parts: Vec<_> = text.as_bytes().chunks(100).map(|c| std::io::Result::Ok(c.to_vec())).collect();
        reqwest::Body::wrap_stream(futures_util::stream::iter(parts))
    };
    login(sized(1_000).into()).await.refused(401, "wrong_credentials");
    login(chunked(sized(1_000))).await.refused(401, "wrong_credentials");
    login(sized(1_001).into()).await.refused(413, "body_too_large");
    login(chunked(sized(1_001))).await.refused(413, "body_too_large");
    login(chunked(sized(100_000))).await.refused(413, "body_too_large");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_the_clients_failure_and_not_waited_for() {
    let wayfare = Wayfare::with(|config| config.timeout_seconds = 1).await;
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n";
    for rest in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let answer = raw(&wayfare, &format!("{head}{rest}")).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"code\":\"body_timed_out\""), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_lies_about_its_length_is_refused() {
    let wayfare = Wayfare::start().await;
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n";
    for length in ["x", "-1", "99999999999999999999999999"] {
        let answer = raw(&wayfare, &format!("{head}Content-Length: {length}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{length}: {answer}");
    }
    let answer = raw(&wayfare, &format!("{head}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_given_up() {
    let wayfare = Wayfare::with(|config| config.timeout_seconds = 1).await;
    // Whoever wants to write waits for this transaction.
    let tx = wayfare.app.db.begin().await.expect("a transaction");
    sea_orm::ConnectionTrait::execute_unprepared(&*tx, "UPDATE product SET stock = stock WHERE id = 1")
        .await
        .expect("a lock");
    let nora_waits = async {
        let tokens = wayfare.app.keys.sign(uuid::Uuid::nil(), uuid::Uuid::nil(), wayfare.now()).expect("a token");
        wayfare.bearing(&tokens).get("/api/me").await.refused(401, "token_invalid");
        wayfare.try_sign_in("customer@wayfare.example", crate::place::PASSWORD).await
    };
    let answer = nora_waits.await;
    if wayfare.app.db.is_sqlite() {
        answer.refused(504, "timed_out");
        assert_eq!(answer.header("retry-after"), Some("1"));
    } else {
        // PostgreSQL locks rows, not the database: here it is the product's buyer who waits.
        let customer = crate::fixtures::Person::of(&wayfare, &answer.expect(200));
        customer.try_order("a-key-of-mine", order_of(1, 1)).await.refused(504, "timed_out");
    }
    drop(tx);
    wayfare.person("customer").await;
}
