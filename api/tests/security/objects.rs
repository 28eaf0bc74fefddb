//! Whose things somebody gets at: every operation of the OpenAPI document that is about an object, as every role, with what
//! is one's own, another's, of another shop, and missing. What is expected follows from three rules, [`Owner::expected`];
//! an operation that is added has to be put under one of them.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::RequestBuilder;
use serde_json::json;

use crate::{
    document::{Operation, operations},
    fixtures::{NO_SHOP, OTHER_SHOP, Person, SHOP, World, nobody, picture, status, text},
    wait::note,
};

const ROLES: [&str; 5] = ["guest", "customer", "courier", "manager", "admin"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// One's own: ordered by oneself at a shop that isn't one's own; a session of one's own; oneself.
    Own,
    /// Another's; for orders, at the manager's shop.
    Anothers,
    /// Of a shop that isn't the manager's.
    OtherShop,
    Missing,
}

use Whose::{Anothers, Missing, OtherShop, Own};

/// Who an operation's object belongs to.
#[derive(Clone, Copy, Debug)]
enum Owner {
    /// Everybody may see it.
    Nobody,
    /// The account that is signed in: for others it doesn't exist.
    Account,
    /// The account that ordered, the shop, and the courier who has it. It is only placed, so that no courier has.
    Order,
    /// Its manager: others who are signed in are told that they may not, whether or not there is such a shop.
    Shop,
    /// The manager of the shop that sells it.
    Product,
    /// Admins work on all.
    Admins,
}

/// Every operation that is about an object. Those without one are tried as each role in `it access`.
fn owner(operation: &Operation) -> Owner {
    match operation.id.as_str() {
        "get_shop" | "get_menu_item" | "get_image" | "list_departures" | "put_in_cart" | "take_out_of_cart" => {
            Owner::Nobody
        }
        "end_session" => Owner::Account,
        "get_order" | "watch_order" | "move_order" => Owner::Order,
        "add_menu_item" | "change_shop" | "set_webhook" => Owner::Shop,
        "change_menu_item" | "retire_menu_item" | "set_image" => Owner::Product,
        "set_role" | "set_disabled" => Owner::Admins,
        // Anybody may order at any shop.
        "place_order" => Owner::Nobody,
        other => panic!("say in this test to whom the object of `{other}` belongs"),
    }
}

impl Owner {
    fn cases(self) -> &'static [Whose] {
        match self {
            Self::Nobody => &[Anothers, Missing],
            Self::Account | Self::Admins => &[Own, Anothers, Missing],
            Self::Order => &[Own, Anothers, OtherShop, Missing],
            Self::Shop | Self::Product => &[Own, OtherShop, Missing],
        }
    }

    /// What somebody is told; 200 stands for every answer that isn't a refusal.
    fn expected(self, role: &str, whose: Whose, wants_token: bool) -> u16 {
        match (self, role, whose) {
            (_, "guest", _) if wants_token => 401,
            (Self::Shop | Self::Product, "customer" | "courier", _) => 403,
            (Self::Admins, "customer" | "courier" | "manager", _) => 403,
            (Self::Shop, "manager", OtherShop | Missing) | (Self::Product, "manager", OtherShop) => 403,
            (_, _, Missing) => 404,
            (Self::Nobody, ..) | (Self::Account | Self::Order, _, Own) => 200,
            (Self::Account, _, _) => 404,
            (Self::Order, "admin", _) | (Self::Order, "manager", Anothers) => 200,
            (Self::Order, ..) => 404,
            (Self::Shop | Self::Product | Self::Admins, ..) => 200,
        }
    }
}

/// What an operation tells in its own words to those whom it lets in.
fn otherwise(operation: &str, whose: Whose, expected: u16) -> u16 {
    match (operation, whose, expected) {
        // A shop that there isn't sells nothing: `not_sold_here`.
        ("place_order", Missing, 404) => 409,
        // What isn't in the cart is out of it.
        ("take_out_of_cart", Missing, 404) => 200,
        // Admins can't shut themselves out: `yourself`.
        ("set_disabled", Own, 200) => 409,
        _ => expected,
    }
}

/// The request of `who` for an object that stands so to them, made for this try alone.
async fn request(world: &World, operation: &Operation, who: Option<&Person>, whose: Whose) -> RequestBuilder {
    let client = who.map_or(world.guest(), |person| &person.client);
    let stranger = world.newcomer().await;
    let own = who.unwrap_or(&stranger);
    let object = match owner(operation) {
        Owner::Nobody => public(world, operation, whose).await,
        Owner::Account => session(world, own, &stranger, whose).await,
        Owner::Order => order(world, own, &stranger, whose).await,
        Owner::Shop => shop(whose).to_string(),
        Owner::Product if whose == Missing => NO_SHOP.to_string(),
        Owner::Product => world.product(shop(whose)).await,
        Owner::Admins => match whose {
            Own => own.id.clone(),
            Missing => nobody(),
            _ => stranger.id.clone(),
        },
    };
    let start = operation.path.find('{').unwrap_or(operation.path.len());
    let end = operation.path.find('}').map_or(operation.path.len(), |end| end + 1);
    let path = format!("{}{object}{}", &operation.path[..start], &operation.path[end..]);
    let path = if start == operation.path.len() { operation.path.clone() } else { path };
    let request = client.request(operation.method.clone(), &path);
    match operation.id.as_str() {
        "move_order" => request.json(&json!({ "to": "cancelled" })),
        "set_role" => request.json(&json!({ "role": "admin" })),
        "set_disabled" => request.json(&json!({ "disabled": false })),
        "change_menu_item" => request.json(&json!({ "price": 2 })),
        "change_shop" => request.json(&json!({ "description": "New" })),
        "set_webhook" => request.json(&json!({ "url": "https://a.example/" })),
        "put_in_cart" => request.json(&json!({ "quantity": 1 })),
        "set_image" => request.header("content-type", "image/png").body(picture()),
        "add_menu_item" => {
            let shop: i64 = object.parse().expect("a shop's number");
            request.json(&json!({ "shop_id": shop, "name": "Oat", "category": "test", "price": 1, "stock": 1 }))
        }
        "place_order" => {
            let shop: i64 = object.parse().expect("a shop's number");
            let lines = json!([{ "product_id": if shop == NO_SHOP { NO_SHOP } else { 1 }, "quantity": 1 }]);
            let address = json!({ "text": "Lighthouse 1", "lat": 46.905, "lon": 4.365 });
            let body = json!({ "shop_id": shop, "lines": lines, "address": address, "mode": "bike" });
            request.header("Idempotency-Key", nobody()).json(&body)
        }
        _ => request,
    }
}

async fn public(world: &World, operation: &Operation, whose: Whose) -> String {
    match (operation.id.as_str(), whose) {
        ("get_shop" | "place_order", Missing) => NO_SHOP.to_string(),
        ("get_shop" | "place_order", _) => SHOP.to_string(),
        ("get_image", Missing) => "0000000000000000.png".to_owned(),
        ("get_image", _) => image(world).await,
        ("list_departures", Missing) => "99999999999".to_owned(),
        ("list_departures", _) => {
            let stops = world.guest().get("/api/stops?near=46.9,4.35&radius=3000").await.expect(200);
            stops[0]["id"].to_string()
        }
        (_, Missing) => NO_SHOP.to_string(),
        _ => "1".to_owned(),
    }
}

/// The name of a picture that some product has.
async fn image(world: &World) -> String {
    let manager = world.person("manager").await;
    let path = format!("/api/menu-items/{}/image", world.product(SHOP).await);
    let put = manager.request(reqwest::Method::PUT, &path).header("content-type", "image/png").body(picture());
    let item = manager.send(put).await.expect("an answer").expect(200);
    let address = item["image"].as_str().expect("the product has a picture now");
    address.rsplit('/').next().expect("an address has an end").to_owned()
}

async fn session(world: &World, own: &Person, stranger: &Person, whose: Whose) -> String {
    match whose {
        Own => world.session(own).await,
        Missing => nobody(),
        _ => world.session(stranger).await,
    }
}

async fn order(world: &World, own: &Person, stranger: &Person, whose: Whose) -> String {
    match whose {
        Own => world.order(own, OTHER_SHOP).await,
        Anothers => world.order(stranger, SHOP).await,
        OtherShop => world.order(stranger, OTHER_SHOP).await,
        Missing => nobody(),
    }
}

fn shop(whose: Whose) -> i64 {
    match whose {
        Missing => NO_SHOP,
        OtherShop => OTHER_SHOP,
        Own | Anothers => SHOP,
    }
}

#[tokio::test]
async fn nobody_gets_at_what_is_not_theirs() {
    let world = World::start().await;
    let document = world.guest().get("/openapi.json").await.expect(200);
    let about_objects: Vec<_> = operations(&document).into_iter().filter(Operation::has_object).collect();
    assert!(about_objects.len() >= 18, "{}", about_objects.len());
    let mut wrong = BTreeMap::new();
    let mut table = String::from("\nwho is told what about one's own, another's, another shop's, a missing object:\n");
    for operation in &about_objects {
        let owner = owner(operation);
        table.push_str(&format!("{:18}", operation.id));
        for (role, whose) in ROLES.iter().flat_map(|role| owner.cases().iter().map(move |whose| (*role, *whose))) {
            let who = if role == "guest" { None } else { Some(world.person(role).await) };
            let told = status(request(&world, operation, who.as_ref(), whose).await).await;
            let told = if told < 300 { 200 } else { told };
            let expected = owner.expected(role, whose, operation.wants_token);
            let expected = otherwise(&operation.id, whose, expected);
            if owner.cases()[0] == whose {
                table.push_str(&format!("  {role}"));
            }
            table.push_str(&format!(" {told}"));
            if told != expected {
                wrong.insert(format!("{} by {role}, {whose:?}", operation.id), format!("{told}, not {expected}"));
            }
        }
        table.push('\n');
    }
    note(&table);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Lists and their streams say by `view` whose they are.
#[tokio::test]
async fn a_list_of_orders_holds_only_those_that_its_view_may_show() {
    let world = World::start().await;
    let (nora, stranger) = (world.newcomer().await, world.newcomer().await);
    let (hers, here, there) = (
        world.order(&nora, OTHER_SHOP).await,
        world.order(&stranger, SHOP).await,
        world.order(&stranger, OTHER_SHOP).await,
    );
    let ids = async |who: &Person, view: &str| {
        let page = who.get(&format!("/api/orders?limit=100&view={view}")).await.expect(200);
        page["items"].as_array().expect("items").iter().map(|order| text(&order["id"])).collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(&nora, "mine").await, BTreeSet::from([hers.clone()]));
    assert_eq!(ids(&stranger, "mine").await, BTreeSet::from([here.clone(), there.clone()]));
    let (manager, courier, admin) =
        (world.person("manager").await, world.person("courier").await, world.person("admin").await);
    assert_eq!(ids(&manager, "shop").await, BTreeSet::from([here.clone()]));
    assert_eq!(ids(&courier, "courier").await, BTreeSet::new());
    assert_eq!(ids(&admin, "shop").await, BTreeSet::from([hers, here, there]));
    for (who, views) in [(&nora, ["shop", "courier"].as_slice()), (&courier, &["shop"]), (&manager, &["courier"])] {
        for (view, list) in views.iter().flat_map(|view| [(view, ""), (view, "/events")]) {
            let path = format!("/api/orders{list}?view={view}");
            assert_eq!(status(who.request(reqwest::Method::GET, &path)).await, 403, "{path}");
        }
    }
}

/// A guest's cart is opened by its token and by nothing else.
#[tokio::test]
async fn a_cart_is_nobodys_but_its_tokens() {
    let world = World::start().await;
    let put = async |token: Option<&str>| {
        let request = world.guest().request(reqwest::Method::PUT, "/api/cart/items/1").json(&json!({ "quantity": 3 }));
        let request = token.into_iter().fold(request, |request, token| request.header("X-Cart-Token", token));
        world.guest().send(request).await.expect("an answer").expect(200)
    };
    let token = text(&put(None).await["token"]);
    let other = put(Some(&nobody())).await;
    assert_ne!(text(&other["token"]), token);
    let nora = world.newcomer().await;
    nora.put("/api/cart/items/1", json!({ "quantity": 5 })).await.expect(200);
    let opened = world.guest().request(reqwest::Method::GET, "/api/cart").header("X-Cart-Token", &token);
    let opened = world.guest().send(opened).await.expect("an answer").expect(200);
    assert_eq!(opened["lines"][0]["quantity"], 3);
    let empty = world.guest().get("/api/cart").await.expect(200);
    assert_eq!(empty["lines"].as_array().map(Vec::len), Some(0));
}
