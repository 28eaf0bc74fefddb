//! Placing an order, once for each key; what is written, and how, is in [`write`].

use std::collections::BTreeMap;

use poem_openapi::{Object, types::ToJSON};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    App,
    auth::Identity,
    bus::Note,
    cart,
    catalog::product::{self, Left},
    error::{Detail, Error, Result},
    orders::{
        delivery, line,
        order::{self, Address, Mode, Order, State},
        taken,
        write::{self, Draft, Found, write},
    },
    text::Prose,
};

/// What somebody orders
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "OrderRequest")]
pub struct NewOrder {
    #[oai(validator(minimum(value = "1")))]
    pub shop_id: i64,
    /// Without them: what the cart holds of this shop, which is then emptied of it
    #[oai(validator(min_items = 1, max_items = 50), skip_serializing_if_is_none)]
    pub lines: Option<Vec<NewLine>>,
    pub address: Address,
    /// One of those that `GET /api/delivery` offers
    pub mode: Mode,
    /// For the shop or the courier
    #[oai(validator(max_length = 500), skip_serializing_if_is_none)]
    pub note: Option<Prose>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewLine {
    #[oai(validator(minimum(value = "1")))]
    pub product_id: i64,
    #[oai(validator(minimum(value = "1"), maximum(value = "99")))]
    pub quantity: i32,
}

/// An order, and whether it had been placed before.
pub struct Placed {
    pub order: Order,
    pub again: bool,
}

/// Places an order, once for each key.
///
/// # Errors
/// 409 when a product is out of stock or not sold by the shop, or the shop is closed; 422 when the key came with another body before, or when the
/// order is too large for its mode or goes too far.
pub async fn place(app: &App, who: &Identity, key: String, new: NewOrder) -> Result<Placed> {
    if !app.flags.ordering() {
        return Err(refused(app, Error::forbidden("ordering_off", "Nothing can be ordered at the moment.")));
    }
    let hash = format!("{:x}", Sha256::digest(new.to_json_string().as_bytes()));
    let timer = app.metrics.db_client_operation_duration_seconds.with_label_values(&["place_order"]).start_timer();
    let done = app.signals.within("place_order", attempt(app, who, &key, &hash, new)).await;
    timer.observe_duration();
    match done {
        Ok((order, left)) => {
            announce(app, &order, left);
            Ok(Placed { order, again: false })
        }
        // Asking once more would wait in vain as long again, and run into the request's own time limit.
        Err(error) if error.is_database_away() => Err(refused(app, error)),
        // A failure may be the echo of the client's first try, which took the key or the last of the stock.
        Err(error) => match order::Entity::by_key(&app.db.write, who.account_id, &key).await {
            Ok(Some(first)) if first.request_hash == hash => {
                let lines = line::Entity::of(&app.db.write, [first.id]).await?;
                Ok(Placed { order: first.as_placed().with(&lines), again: true })
            }
            Ok(Some(_)) => Err(Error::invalid(
                "idempotency_key_reused",
                "This Idempotency-Key came with another order before; make a new one.",
            )),
            _ => Err(refused(app, error)),
        },
    }
}

async fn attempt(app: &App, who: &Identity, key: &str, hash: &str, new: NewOrder) -> Result<(Order, Vec<Left>)> {
    let (wanted, cart) = match &new.lines {
        Some(lines) => (wanted(lines), None),
        None => in_cart(app, who.account_id, new.shop_id).await?,
    };
    if wanted.is_empty() {
        return Err(Error::conflict(
            "nothing_to_order",
            "The cart holds nothing of this shop; put something in, or name the lines.",
        ));
    }
    let pieces = wanted.iter().fold(0i32, |sum, (_, quantity)| sum.saturating_add(*quantity));
    let trip = match app.sites.of(app, new.shop_id).await {
        Ok(site) => {
            taken::check(app, &site, &new.address)?;
            delivery::chosen(app, &site, &new, pieces)?
        }
        Err(away) if away.is_database_away() => return Err(away),
        // Whether there is such a shop is for the order's own statement to say.
        Err(_) => None,
    };
    let draft =
        Draft { id: Uuid::now_v7(), who, key, hash, new: &new, wanted: &wanted, cart, trip, now: app.clock.now() };
    let found = write(app, &draft).await?;
    check(&wanted, &found)?;
    let left = found.iter().filter_map(|f| Some(Left { product: f.product_id, stock: f.left? })).collect();
    Ok((write::order(&draft, &found).with(&write::lines(&draft, &found)), left))
}

/// Product and quantity, in the order of the products' ids; a product that is named twice is wanted once, and more.
fn wanted(lines: &[NewLine]) -> Vec<(i64, i32)> {
    let mut wanted = BTreeMap::new();
    for line in lines {
        *wanted.entry(line.product_id).or_insert(0) += line.quantity;
    }
    wanted.into_iter().collect()
}

/// What the cart holds of one shop.
async fn in_cart(app: &App, account: Uuid, shop: i64) -> Result<(Vec<(i64, i32)>, Option<Uuid>)> {
    let db = &app.db.write;
    let Some(cart) = cart::entity::Entity::of_account(db, account).await? else { return Ok((vec![], None)) };
    let lines = cart::line::Entity::of(db, cart.id).await?;
    let products = product::Entity::by_ids(db, lines.iter().map(|l| l.product_id)).await?;
    let of_shop = |line: &&cart::line::Model| products.iter().any(|p| p.id == line.product_id && p.shop_id == shop);
    Ok((lines.iter().filter(of_shop).map(|l| (l.product_id, l.quantity)).collect(), Some(cart.id)))
}

/// Whether everything that was wanted was found, and taken.
fn check(wanted: &[(i64, i32)], found: &[Found]) -> Result<()> {
    let of = |id: i64| found.iter().find(|f| f.product_id == id);
    let missing = wanted.iter().filter(|(id, _)| of(*id).is_none());
    let missing: Vec<Detail> =
        missing.map(|(id, _)| Detail { at: id.to_string(), detail: "This shop doesn't sell it.".to_owned() }).collect();
    if !missing.is_empty() {
        return Err(
            Error::conflict("not_sold_here", "The shop doesn't sell everything that was ordered.").with(missing)
        );
    }
    if found.iter().all(|f| f.left.is_some()) {
        return Ok(());
    }
    let short =
        wanted.iter().filter_map(|(id, quantity)| of(*id).filter(|f| f.stock < *quantity).map(|f| (f, quantity)));
    let short = short.map(|(f, quantity)| Detail {
        at: f.product_id.to_string(),
        detail: format!("{}: {quantity} wanted, {} left", f.name, f.stock),
    });
    Err(Error::conflict("out_of_stock", "There is not enough left of everything that was ordered.")
        .with(short.collect()))
}

fn refused(app: &App, error: Error) -> Error {
    app.metrics.wayfare_orders_refused_total.with_label_values(&[error.code]).inc();
    error
}

fn announce(app: &App, order: &Order, left: Vec<Left>) {
    app.metrics.wayfare_orders_placed_total.inc();
    app.metrics.wayfare_order_moves_total.with_label_values(&[State::Placed.as_str()]).inc();
    app.metrics
        .wayfare_revenue_minor_units_total
        .with_label_values(&[&order.total.currency])
        .inc_by(u64::try_from(order.total.amount).unwrap_or(0));
    let stock = left.into_iter().map(|l| Note::Stock { shop: order.shop_id, product: l.product, stock: l.stock });
    app.bus.tell([Note::Order(order.id), Note::Outbox].into_iter().chain(stock).collect());
}
