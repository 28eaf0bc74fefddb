//! The moves of an order, and who may make each. Cancelling gives the stock back, once: the guarded update decides.

use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    audit::{self, Deed},
    auth::{Identity, Role},
    bus::Note,
    catalog::product,
    error::{Error, Result},
    orders::{
        event, line,
        order::{self, Order, State},
    },
};

/// How somebody stands to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Customer,
    Shop,
    Courier,
    Admin,
}

/// The whole table of moves: from, to, and who may besides the admins.
const MOVES: [(State, State, &[Stands]); 7] = [
    (State::Placed, State::Accepted, &[Stands::Shop]),
    (State::Accepted, State::Preparing, &[Stands::Shop]),
    (State::Preparing, State::OnTheWay, &[Stands::Courier]),
    (State::OnTheWay, State::Delivered, &[Stands::Courier]),
    (State::Placed, State::Cancelled, &[Stands::Customer, Stands::Shop]),
    (State::Accepted, State::Cancelled, &[Stands::Shop]),
    (State::Preparing, State::Cancelled, &[Stands::Shop]),
];

/// Moves an order.
///
/// # Errors
/// 404 for an order the caller may not see, 409 when no such move leads from where it is, 403 when another has to make it.
pub async fn advance(app: &App, who: &Identity, id: Uuid, to: State) -> Result<Order> {
    let tx = app.db.begin().await?;
    let order = visible(order::Entity::by_id(&*tx, id).await?, who)?;
    allowed(&order, who, to)?;
    let courier = if to == State::OnTheWay { Some(who.account_id) } else { order.courier_id };
    let now = app.clock.now();
    if !order::Entity::advance(&*tx, &order, to, courier, now).await? {
        return Err(Error::conflict("wrong_state", "Somebody else moved this order just now; look again."));
    }
    let lines = line::Entity::of(&*tx, [id]).await?;
    let mut notes = vec![Note::Order(id), Note::Outbox];
    if to == State::Cancelled {
        let back: Vec<_> = lines.iter().map(|l| (l.product_id, l.quantity)).collect();
        product::Entity::lock(&*tx, order.shop_id, back.iter().map(|b| b.0)).await?;
        let left = product::Entity::give_back(&*tx, &back).await?;
        notes.extend(left.into_iter().map(|l| Note::Stock { shop: order.shop_id, product: l.product, stock: l.stock }));
    }
    event::Entity::add(&*tx, id, order.shop_id, to, who.account_id, now).await?;
    audit::write(&*tx, app, who, Deed::MoveOrder, id, json!({ "from": order.state, "to": to })).await?;
    tx.commit().await?;
    app.metrics.wayfare_order_moves_total.with_label_values(&[to.as_str()]).inc();
    if to == State::Delivered {
        app.metrics.wayfare_delivery_duration_seconds.observe((now - order.placed_at).as_seconds_f64());
    }
    app.bus.tell(notes);
    Ok(order::Model { state: to, courier_id: courier, changed_at: now, ..order }.with(&lines))
}

/// The order, for those who may know of it. It carries an address and a note: couriers see what they could take now, and
/// what they bring.
pub fn visible(order: order::Model, who: &Identity) -> Result<order::Model> {
    let is_free = order.courier_id.is_none() && order.state == State::Preparing;
    let sees = order.account_id == who.account_id
        || match who.role {
            Role::Admin => true,
            Role::Manager => who.shop_id == Some(order.shop_id),
            Role::Courier => order.courier_id == Some(who.account_id) || is_free,
            Role::Customer => false,
        };
    if sees { Ok(order) } else { Err(Error::no("order")) }
}

fn allowed(order: &order::Model, who: &Identity, to: State) -> Result<()> {
    let (from, next) = (order.state, to);
    let Some((_, _, may)) = MOVES.iter().find(|(f, t, _)| *f == from && *t == next) else {
        return Err(Error::conflict(
            "wrong_state",
            format!("An order that is {} can't become {}.", from.as_str(), next.as_str()),
        ));
    };
    let stands = standing(order, who);
    if stands.iter().any(|s| *s == Stands::Admin || may.contains(s)) {
        return Ok(());
    }
    Err(Error::forbidden("not_your_move", "Somebody else has to make this move."))
}

fn standing(order: &order::Model, who: &Identity) -> Vec<Stands> {
    let mut stands = Vec::new();
    if order.account_id == who.account_id {
        stands.push(Stands::Customer);
    }
    match who.role {
        Role::Admin => stands.push(Stands::Admin),
        Role::Manager if who.shop_id == Some(order.shop_id) => stands.push(Stands::Shop),
        Role::Courier if order.courier_id.is_none_or(|c| c == who.account_id) => stands.push(Stands::Courier),
        Role::Manager | Role::Courier | Role::Customer => {}
    }
    stands
}
