//! Placing an order: stock taken, order and event and audit written, all in one transaction or not at all.

use std::collections::BTreeMap;

use poem_openapi::{Object, types::ToJSON};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, SqlErr};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    App,
    audit::{self, Deed},
    auth::Identity,
    bus::Note,
    cart,
    catalog::product::{self, Left},
    db::Tx,
    error::{Detail, Error, Result},
    orders::{
        event, line,
        order::{self, Address, Mode, Order, State},
    },
    text::Text,
};

/// What somebody orders
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewOrder {
    #[oai(validator(minimum(value = "1")))]
    pub shop_id: i64,
    /// Without them: what the cart holds of this shop, which is then emptied of it
    #[oai(validator(min_items = 1, max_items = 50), skip_serializing_if_is_none)]
    pub lines: Option<Vec<NewLine>>,
    pub address: Address,
    pub mode: Mode,
    /// For the shop or the courier
    #[oai(validator(max_length = 500), skip_serializing_if_is_none)]
    pub note: Option<Text>,
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
/// 409 when a product is out of stock or not sold by the shop; 422 when the key came with another body before.
pub async fn place(app: &App, who: &Identity, key: String, new: NewOrder) -> Result<Placed> {
    if !app.flags.ordering() {
        return Err(refused(app, Error::forbidden("ordering_off", "Nothing can be ordered at the moment.")));
    }
    let hash = Sha256::digest(new.to_json_string().as_bytes())
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let timer = app.metrics.db_client_operation_duration_seconds.with_label_values(&["place_order"]).start_timer();
    let done = app.signals.within("place_order", attempt(app, who, &key, &hash, new)).await;
    timer.observe_duration();
    match done {
        Ok((order, left)) => {
            announce(app, &order, left);
            Ok(Placed { order, again: false })
        }
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
    let tx = app.db.begin().await?;
    let wanted = match &new.lines {
        Some(lines) => wanted(lines)?,
        None => in_cart(&tx, who.account_id).await?,
    };
    let products = product::Entity::lock(&*tx, new.shop_id, wanted.keys().copied()).await?;
    // The cart may hold products of other shops; named lines are all meant.
    let wanted: Vec<(i64, i32)> = match new.lines {
        Some(_) => wanted.into_iter().collect(),
        None => wanted.into_iter().filter(|(id, _)| products.iter().any(|p| p.id == *id)).collect(),
    };
    check(&wanted, &products)?;
    let left = product::Entity::take(&*tx, &wanted).await?;
    if left.len() < wanted.len() {
        return Err(out_of_stock(&wanted, &left, &products));
    }
    let (id, now) = (Uuid::now_v7(), app.clock.now());
    let lines: Vec<line::Model> = products
        .iter()
        .zip(&wanted)
        .map(|(p, (_, quantity))| line::Model {
            order_id: id,
            product_id: p.id,
            name: p.name.clone(),
            price: p.price,
            quantity: *quantity,
        })
        .collect();
    let order = order::Model {
        id,
        account_id: who.account_id,
        shop_id: new.shop_id,
        courier_id: None,
        state: State::Placed,
        total: lines.iter().map(|l| l.price * i64::from(l.quantity)).sum(),
        currency: products[0].currency.clone(),
        address: new.address.text.into(),
        lat: new.address.lat,
        lon: new.address.lon,
        mode: new.mode,
        note: new.note.map(Into::into),
        idempotency_key: key.to_owned(),
        request_hash: hash.to_owned(),
        placed_at: now,
        changed_at: now,
    };
    order::Entity::insert(order::ActiveModel::from(order.clone()).reset_all())
        .exec_without_returning(&*tx)
        .await
        .map_err(taken_key)?;
    line::Entity::add(&*tx, &lines).await?;
    event::Entity::add(&*tx, id, order.shop_id, State::Placed, who.account_id, now).await?;
    audit::write(
        &*tx,
        app,
        who,
        Deed::PlaceOrder,
        id,
        json!({ "shop_id": order.shop_id, "total": order.total, "currency": order.currency }),
    )
    .await?;
    if new.lines.is_none() {
        empty_cart(&tx, who.account_id, &wanted).await?;
    }
    tx.commit().await?;
    Ok((order.with(&lines), left))
}

fn wanted(lines: &[NewLine]) -> Result<BTreeMap<i64, i32>> {
    let mut wanted = BTreeMap::new();
    for line in lines {
        *wanted.entry(line.product_id).or_insert(0) += line.quantity;
    }
    Ok(wanted)
}

async fn in_cart(tx: &Tx, account: Uuid) -> Result<BTreeMap<i64, i32>> {
    let Some(cart) = cart::entity::Entity::of_account(&**tx, account).await? else {
        return Ok(BTreeMap::new());
    };
    Ok(cart::line::Entity::of(&**tx, cart.id).await?.into_iter().map(|l| (l.product_id, l.quantity)).collect())
}

async fn empty_cart(tx: &Tx, account: Uuid, wanted: &[(i64, i32)]) -> Result<()> {
    match cart::entity::Entity::of_account(&**tx, account).await? {
        Some(cart) => cart::line::Entity::remove(&**tx, cart.id, wanted.iter().map(|w| w.0)).await,
        None => Ok(()),
    }
}

fn check(wanted: &[(i64, i32)], products: &[product::Model]) -> Result<()> {
    if wanted.is_empty() {
        return Err(Error::conflict(
            "nothing_to_order",
            "The cart holds nothing of this shop; put something in, or name the lines.",
        ));
    }
    let missing: Vec<Detail> = wanted
        .iter()
        .filter(|(id, _)| products.iter().all(|p| p.id != *id))
        .map(|(id, _)| Detail { at: id.to_string(), detail: "This shop doesn't sell it.".to_owned() })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::conflict("not_sold_here", "The shop doesn't sell everything that was ordered.").with(missing))
    }
}

fn out_of_stock(wanted: &[(i64, i32)], left: &[Left], products: &[product::Model]) -> Error {
    let short = wanted.iter().filter(|(id, _)| left.iter().all(|l| l.product != *id));
    let detail = |(id, quantity): &(i64, i32)| {
        let product = products.iter().find(|p| p.id == *id);
        Detail {
            at: id.to_string(),
            detail: format!(
                "{}: {} wanted, {} left",
                product.map_or("?", |p| &p.name),
                quantity,
                product.map_or(0, |p| p.stock)
            ),
        }
    };
    Error::conflict("out_of_stock", "There is not enough left of everything that was ordered.")
        .with(short.map(detail).collect())
}

fn taken_key(cause: DbErr) -> Error {
    match cause.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::conflict("already_placed", "This order has been placed."),
        _ => cause.into(),
    }
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
