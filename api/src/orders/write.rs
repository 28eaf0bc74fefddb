//! Writing an order: stock taken, order, lines, event and audit line written, the cart emptied; all or nothing.
//!
//! PostgreSQL does it in one statement, which costs a fifth of the round trips and is a transaction by itself; SQLite
//! can't change data inside a WITH and does the same step by step. Both tell what they found, and both have written
//! nothing when it wasn't enough. docs/adr/0006-one-statement.md has the measurement.

use std::sync::LazyLock;

use sea_orm::{
    ActiveEnum, ActiveModelTrait, DbErr, EntityTrait, RuntimeErr, SqlErr,
    sqlx::{self, Row, postgres::PgRow},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    audit::{self, Deed},
    auth::Identity,
    cart,
    catalog::product,
    clock::Instant,
    db_errors,
    error::{Error, Result},
    held::Held,
    orders::{
        delivery::Trip,
        event, line,
        order::{self, State},
        place::NewOrder,
    },
    trace_context,
};

/// An order that is about to be written.
pub struct Draft<'a> {
    pub id: Uuid,
    pub who: &'a Identity,
    pub key: &'a str,
    pub hash: &'a str,
    pub new: &'a NewOrder,
    /// Product and quantity, in the order of the products' ids.
    pub wanted: &'a [(i64, i32)],
    /// The cart to take the products out of.
    pub cart: Option<Uuid>,
    pub trip: Option<Trip>,
    pub now: Instant,
}

/// A product of the shop, as it was found.
pub struct Found {
    pub product_id: i64,
    pub name: String,
    pub price: i64,
    pub currency: String,
    pub stock: i32,
    /// How many are wanted of it.
    pub quantity: i32,
    /// What is left, when everything could be taken.
    pub left: Option<i32>,
}

/// Writes the order, unless something is missing or short: then nothing is written, and what was found says why.
///
/// # Errors
/// 409 when the key has been used.
pub async fn write(app: &App, draft: &Draft<'_>) -> Result<Vec<Found>> {
    match app.db.held() {
        Some(held) => at_once(held, draft).await,
        None => step_by_step(app, draft).await,
    }
}

/// The products are locked in the order of their ids: two orders that share some wait for each other and never block
/// each other for good. `fits` is empty unless all are there and enough, and then nothing below it writes. What it finds
/// is enough to tell which of the two happened, and what is left.
const AT_ONCE: &str = "
WITH found AS (SELECT id, name, price, currency, stock, ($2::integer[])[array_position($1::bigint[], id)] AS quantity
    FROM product WHERE id = ANY($1::bigint[]) AND shop_id = $3 AND retired_at IS NULL ORDER BY id FOR NO KEY UPDATE),
fits AS (SELECT * FROM found WHERE (SELECT count(*) FROM found WHERE stock >= quantity) = cardinality($1::bigint[])),
taken AS (UPDATE product p SET stock = p.stock - f.quantity FROM fits f WHERE p.id = f.id),
placed AS (INSERT INTO orders (id, account_id, shop_id, state, total, currency, address, lat, lon, mode, note, idempotency_key,
        request_hash, placed_at, changed_at, delivery_metres, delivery_seconds, delivery_grams)
    SELECT $4, $5, $3, 'placed', sum(price * quantity), min(currency), $6, $7, $8, $9, $10, $11, $12, $13, $13, $19, $20, $21 FROM fits
    HAVING count(*) > 0 RETURNING total, currency),
lines AS (INSERT INTO order_line (order_id, product_id, name, price, quantity)
    SELECT $4, id, name, price, quantity FROM fits),
event AS (INSERT INTO order_event (order_id, shop_id, state, account_id, at, traceparent)
    SELECT $4, $3, 'placed', $5, $13, $22 FROM placed),
audited AS (INSERT INTO audit (at, account_id, role, action, subject, detail, ip, request_id)
    SELECT $13, $5, $14, $15, $16,
        jsonb_build_object('shop_id', $3::bigint, 'total', total, 'currency', currency), $17, $18 FROM placed)
SELECT id, name, price, currency, stock, quantity FROM found";

/// The same for an order out of a cart, which loses what was ordered. Without one the statement is better off without
/// this step: PostgreSQL prepares each step of a statement each time, needed or not.
static OUT_OF_CART: LazyLock<String> = LazyLock::new(|| {
    let (order, told) = AT_ONCE.rsplit_once('\n').expect("it has lines");
    format!(
        "{order},\nemptied AS (DELETE FROM cart_line WHERE cart_id = $23 AND product_id IN (SELECT id FROM fits))\n{told}"
    )
});

async fn at_once(held: &Held, draft: &Draft<'_>) -> Result<Vec<Found>> {
    let Draft { id, who, key, hash, new, wanted, cart, trip, now } = draft;
    let (ids, quantities): (Vec<i64>, Vec<i32>) = wanted.iter().copied().unzip();
    let statement = if cart.is_some() { OUT_OF_CART.as_str() } else { AT_ONCE };
    let query = sqlx::query(statement)
        .bind(ids)
        .bind(quantities)
        .bind(new.shop_id)
        .bind(id)
        .bind(who.account_id)
        .bind(&*new.address.text)
        .bind(new.address.lat)
        .bind(new.address.lon)
        .bind(new.mode.to_value())
        .bind(new.note.as_deref())
        .bind(key)
        .bind(hash)
        .bind(now)
        .bind(who.role.as_str())
        .bind(Deed::PlaceOrder.name())
        .bind(id.to_string())
        .bind(who.caller.ip.to_string())
        .bind(&*who.caller.request_id)
        .bind(trip.map(|t| t.metres))
        .bind(trip.map(|t| t.seconds))
        .bind(trip.map(|t| t.co2e_grams))
        .bind(trace_context::current());
    let query = if let Some(cart) = cart { query.bind(cart) } else { query };
    let rows = held.fetch_all(query).await.map_err(|cause| taken_key(cause, db_errors::of_write))?;
    let mut found: Vec<Found> =
        rows.iter().map(found).collect::<Result<_, _>>().map_err(|e| DbErr::Query(RuntimeErr::SqlxError(e.into())))?;
    if fits(wanted, &found) {
        found.iter_mut().for_each(|f| f.left = Some(f.stock - f.quantity));
    }
    Ok(found)
}

fn found(row: &PgRow) -> sqlx::Result<Found> {
    Ok(Found {
        product_id: row.try_get(0)?,
        name: row.try_get(1)?,
        price: row.try_get(2)?,
        currency: row.try_get(3)?,
        stock: row.try_get(4)?,
        quantity: row.try_get(5)?,
        left: None,
    })
}

/// Whether all that is wanted is there, and enough of it. Each product is wanted once and found at most once.
fn fits(wanted: &[(i64, i32)], found: &[Found]) -> bool {
    found.len() == wanted.len() && found.iter().all(|f| f.stock >= f.quantity)
}

async fn step_by_step(app: &App, draft: &Draft<'_>) -> Result<Vec<Found>> {
    let Draft { id, who, key: _, hash: _, new, wanted, cart, trip: _, now } = draft;
    let tx = app.db.begin().await?;
    let products = product::Entity::lock(&*tx, new.shop_id, wanted.iter().map(|w| w.0)).await?;
    let mut found: Vec<Found> = products.into_iter().filter_map(|product| Found::of(product, wanted)).collect();
    if !fits(wanted, &found) {
        return Ok(found);
    }
    for left in product::Entity::take(&*tx, wanted).await? {
        found.iter_mut().filter(|f| f.product_id == left.product).for_each(|f| f.left = Some(left.stock));
    }
    let order = order(draft, &found);
    let detail = json!({ "shop_id": order.shop_id, "total": order.total, "currency": order.currency });
    let row = order::ActiveModel::from(order.clone()).reset_all();
    order::Entity::insert(row).exec_without_returning(&*tx).await.map_err(|cause| taken_key(cause, Error::from))?;
    line::Entity::add(&*tx, &lines(draft, &found)).await?;
    event::Entity::add(&*tx, *id, new.shop_id, State::Placed, who.account_id, *now).await?;
    audit::write(&*tx, app, *who, Deed::PlaceOrder, *id, detail).await?;
    if let Some(cart) = cart {
        cart::line::Entity::remove(&*tx, *cart, wanted.iter().map(|w| w.0)).await?;
    }
    tx.commit().await?;
    Ok(found)
}

/// The order as it is once it has been written.
pub fn order(draft: &Draft<'_>, found: &[Found]) -> order::Model {
    let Draft { id, who, key, hash, new, wanted: _, cart: _, trip, now } = draft;
    order::Model {
        id: *id,
        account_id: who.account_id,
        shop_id: new.shop_id,
        courier_id: None,
        state: State::Placed,
        total: lines(draft, found).iter().map(|l| l.price * i64::from(l.quantity)).sum(),
        currency: found.first().map(|f| f.currency.clone()).unwrap_or_default(),
        address: new.address.text.to_string(),
        lat: new.address.lat,
        lon: new.address.lon,
        mode: new.mode,
        delivery_metres: trip.map(|t| t.metres),
        delivery_seconds: trip.map(|t| t.seconds),
        delivery_grams: trip.map(|t| t.co2e_grams),
        note: new.note.as_deref().map(str::to_owned),
        idempotency_key: (*key).to_owned(),
        request_hash: (*hash).to_owned(),
        placed_at: *now,
        changed_at: *now,
    }
}

pub fn lines(draft: &Draft<'_>, found: &[Found]) -> Vec<line::Model> {
    let line = |f: &Found| line::Model {
        order_id: draft.id,
        product_id: f.product_id,
        name: f.name.clone(),
        price: f.price,
        quantity: f.quantity,
    };
    found.iter().map(line).collect()
}

impl Found {
    /// Nothing for a product that isn't wanted.
    fn of(product: product::Model, wanted: &[(i64, i32)]) -> Option<Self> {
        let product::Model { id, name, price, currency, stock, .. } = product;
        let (_, quantity) = *wanted.iter().find(|(of, _)| *of == id)?;
        Some(Self { product_id: id, name, price, currency, stock, quantity, left: None })
    }
}

fn taken_key(cause: DbErr, otherwise: impl FnOnce(DbErr) -> Error) -> Error {
    match cause.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::conflict("already_placed", "This order has been placed."),
        _ => otherwise(cause),
    }
}
