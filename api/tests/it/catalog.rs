//! Finding something in the catalog: filters, search, sorting, paging, caching.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{client::Client, fixtures::SHOP, start::Wayfare};

/// The ids of a paged list, page after page; each once.
pub async fn all_pages(client: &Client, path: &str) -> Vec<String> {
    let (mut ids, mut seen, mut after) = (Vec::new(), HashSet::new(), String::new());
    loop {
        let page = client.get(&format!("{path}{after}")).await.expect(200);
        for item in page["items"].as_array().expect("items") {
            let id = item["id"].to_string();
            assert!(seen.insert(id.clone()), "a page repeats what another had");
            ids.push(id);
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return ids,
        }
    }
}

async fn found(wayfare: &Wayfare, query: &str) -> Vec<Value> {
    let page = wayfare.get(&format!("/api/menu-items?limit=100&{query}")).await.expect(200);
    page["items"].as_array().expect("items").clone()
}

async fn names(wayfare: &Wayfare, query: &str) -> Vec<String> {
    found(wayfare, query).await.iter().map(|i| i["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn each_filter_keeps_what_fits_and_nothing_else() {
    let wayfare = Wayfare::start().await;
    let sold_out = wayfare.product("Sold out", 100, 0).await;
    let all = all_pages(&wayfare, "/api/menu-items?limit=100").await.len();
    type Fits = dyn Fn(&Value) -> bool;
    let filters: [(&str, &Fits); 6] = [
        ("shop=2", &|i| i["shop_id"] == 2),
        ("category=bread", &|i| i["category"] == "bread"),
        ("min_price=450", &|i| i["price"]["amount"].as_i64() >= Some(450)),
        ("max_price=450", &|i| i["price"]["amount"].as_i64() <= Some(450)),
        ("in_stock=true", &|i| i["stock"].as_i64() > Some(0)),
        ("shop=1&category=bread&min_price=450", &|i| {
            i["shop_id"] == 1 && i["category"] == "bread" && i["price"]["amount"].as_i64() >= Some(450)
        }),
    ];
    for (query, fits) in filters {
        let found = found(&wayfare, query).await;
        assert!(!found.is_empty() && found.len() < all, "{query}: {} of {all}", found.len());
        assert!(found.iter().all(fits), "{query}");
    }
    assert!(found(&wayfare, "in_stock=true&category=test").await.iter().all(|i| i["id"] != sold_out));
    assert_eq!(found(&wayfare, "category=test").await.len(), 1);
}

#[tokio::test]
async fn a_search_ignores_case_accents_and_the_order_of_words() {
    let wayfare = Wayfare::start().await;
    wayfare.product("Açaí Façade", 600, 5).await;
    for q in ["acai facade", "FACADE", "fa%C3%A7ade%20acai", "cad%20%20cai"] {
        assert_eq!(names(&wayfare, &format!("q={q}")).await, ["Açaí Façade"], "{q}");
    }
    assert!(names(&wayfare, "q=acai%20chocolate").await.is_empty());
}

#[tokio::test]
async fn signs_that_like_takes_for_wildcards_mean_themselves() {
    let wayfare = Wayfare::start().await;
    for name in ["Juice 100% apple", "Juice 100 ml", "snake_case", "snakeXcase", r"back\slash"] {
        wayfare.product(name, 300, 5).await;
    }
    assert_eq!(names(&wayfare, "q=100%25").await, ["Juice 100% apple"]);
    assert_eq!(names(&wayfare, "q=snake_case").await, ["snake_case"]);
    assert_eq!(names(&wayfare, "q=%5C").await, [r"back\slash"]);
}

#[tokio::test]
async fn no_search_can_break_the_query() {
    let wayfare = Wayfare::start().await;
    for q in ["%27", "%22%3B%20DROP%20TABLE%20product%3B--", "%F0%9F%A5%90", "%5C%5C%25", "%EF%BF%BD"] {
        wayfare.get(&format!("/api/menu-items?q={q}")).await.expect(200);
    }
}

#[tokio::test]
async fn pages_are_complete_and_without_doubles_in_every_order() {
    let wayfare = Wayfare::start().await;
    // Doubles in name and price, so that the order has to be made total.
    for _ in 0..3 {
        wayfare.product("Twin", 500, 5).await;
    }
    let all = wayfare.number("SELECT COUNT(*) FROM product").await;
    for sort in ["name", "price", "-price", "newest"] {
        for limit in [1, 7, 100] {
            let ids = all_pages(&wayfare, &format!("/api/menu-items?sort={sort}&limit={limit}")).await;
            assert_eq!(i64::try_from(ids.len()).expect("few"), all, "{sort} by {limit}");
        }
    }
}

#[tokio::test]
async fn sorting_by_price_and_age_sorts() {
    let wayfare = Wayfare::start().await;
    let prices = async |sort: &str| {
        let found = found(&wayfare, &format!("sort={sort}")).await;
        found.iter().map(|i| (i["price"]["amount"].as_i64(), i["id"].as_i64())).collect::<Vec<_>>()
    };
    let up = prices("price").await;
    assert!(up.is_sorted());
    assert!(prices("-price").await.is_sorted_by_key(|(price, id)| (std::cmp::Reverse(*price), *id)));
    assert!(prices("newest").await.is_sorted_by_key(|(_, id)| std::cmp::Reverse(*id)));
    assert_eq!(prices("price").await, up);
}

#[tokio::test]
async fn a_page_does_not_shift_when_something_is_added_before_it() {
    let wayfare = Wayfare::start().await;
    let first = wayfare.get("/api/menu-items?sort=price&limit=5").await.expect(200);
    let next = first["next"].as_str().expect("there is more");
    let path = format!("/api/menu-items?sort=price&limit=5&after={next}");
    let before = wayfare.get(&path).await.expect(200);
    wayfare.product("Cheapest of all", 1, 5).await;
    assert_eq!(wayfare.get(&path).await.expect(200), before);
}

#[tokio::test]
async fn a_cursor_of_another_order_or_of_nobody_is_refused() {
    let wayfare = Wayfare::start().await;
    let page = wayfare.get("/api/menu-items?sort=price&limit=1").await.expect(200);
    let next = page["next"].as_str().expect("there is more");
    wayfare.get(&format!("/api/menu-items?sort=name&after={next}")).await.refused(422, "bad_cursor");
    for cursor in ["x", "AAAA", "eyJ9", "e30"] {
        wayfare.get(&format!("/api/menu-items?after={cursor}")).await.refused(422, "bad_cursor");
    }
}

#[tokio::test]
async fn categories_are_those_that_have_something_for_sale() {
    let wayfare = Wayfare::start().await;
    let product = wayfare.product("The only one", 100, 1).await;
    let has_test =
        async || wayfare.get("/api/categories").await.expect(200).as_array().expect("a list").contains(&json!("test"));
    assert!(has_test().await);
    wayfare.person("manager").await.delete(&format!("/api/menu-items/{product}")).await.expect(204);
    assert!(!has_test().await);
}

#[tokio::test]
async fn who_has_the_answer_already_is_not_sent_it_again() {
    let wayfare = Wayfare::start().await;
    for path in ["/api/menu-items", "/api/shops", "/api/categories"] {
        let first = wayfare.get(path).await;
        let tag = first.header("etag").expect("a tag").to_owned();
        for held in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = wayfare.with("if-none-match", &held).get(path).await;
            assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())), "{path}");
        }
        assert_eq!(wayfare.with("if-none-match", "\"other\"").get(path).await.status, 200);
    }
}

#[tokio::test]
async fn a_managers_write_shows_at_once_though_answers_are_kept() {
    let wayfare = Wayfare::start().await;
    let before = wayfare.get("/api/menu-items?q=brandnew").await;
    assert!(before.json()["items"].as_array().expect("items").is_empty());
    let product = wayfare.product("Brandnew", 100, 1).await;
    let after = wayfare.get("/api/menu-items?q=brandnew").await;
    assert_eq!(after.json()["items"][0]["id"], product);
    assert_ne!(before.header("etag"), after.header("etag"));
    let manager = wayfare.person("manager").await;
    manager.patch(&format!("/api/menu-items/{product}"), json!({ "price": 200 })).await.expect(200);
    assert_eq!(wayfare.get("/api/menu-items?q=brandnew").await.json()["items"][0]["price"]["amount"], 200);
    manager.patch(&format!("/api/shops/{SHOP}"), json!({ "description": "Under new management" })).await.expect(200);
    assert!(wayfare.get("/api/shops").await.text().contains("Under new management"));
}

#[tokio::test]
async fn a_managers_write_empties_the_other_replicas_cache() {
    let wayfare = Wayfare::start().await;
    let other = wayfare.replica().await;
    if !crate::place::on_postgres() {
        // Embedded there is one process, and nothing that could tell another.
        return;
    }
    other.get("/api/menu-items?q=brandnew").await.expect(200);
    let mut notes = other.app.bus.listen();
    let product = wayfare.product("Brandnew", 100, 1).await;
    loop {
        let note = tokio::time::timeout(std::time::Duration::from_secs(20), notes.recv()).await;
        if matches!(note.expect("a note comes").expect("the bus goes on"), wayfare::bus::Note::Catalog { .. }) {
            break;
        }
    }
    // The note and the emptying are two listeners of one channel: let the other one have its turn.
    tokio::task::yield_now().await;
    assert_eq!(other.get("/api/menu-items?q=brandnew").await.json()["items"][0]["id"], product);
}
