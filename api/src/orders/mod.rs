//! Orders, from placed to delivered.

use std::sync::Arc;

use chrono::TimeDelta;
use city::Point;
use futures_util::stream::BoxStream;
use poem::web::sse::Event;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Header, Path, Query},
    payload::{EventStream, Json},
    types::ToJSON,
};
use uuid::Uuid;

pub mod delivery;
pub mod event;
pub mod figures;
pub mod key;
pub mod line;
pub mod moves;
pub mod order;
pub mod place;
pub mod stream;
mod taken;
pub mod watch;
pub mod write;

use crate::{
    App,
    auth::{Admin, Customer, Identity, Role},
    cart,
    catalog::{hours, product, shop},
    error::{Error, Result},
    page::{self, Page},
    streams::Admitted,
    tags::Tag,
};
use delivery::Delivery;
use event::OrderEvent;
use figures::Figures;
use key::IdempotencyKey;
use order::{Order, State, Whose};
use place::NewOrder;

#[derive(ApiResponse)]
pub enum PlacedOrder {
    /// Placed
    #[oai(status = 201)]
    Placed(
        Json<Order>,
        /// The order's address
        #[oai(header = "Location")]
        String,
        /// Whether the order had been placed before with this key
        #[oai(header = "Idempotency-Replayed")]
        bool,
    ),
}

/// A move of an order
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Move {
    pub to: State,
}

/// As whom somebody looks at orders
#[derive(Clone, Copy, Default, Enum)]
#[oai(rename_all = "snake_case")]
pub enum View {
    /// What I ordered
    #[default]
    Mine,
    /// My shop's; for admins: everybody's
    Shop,
    /// What I bring, and what waits for a courier
    Courier,
}

#[derive(ApiResponse)]
pub enum Events {
    /// The events so far, then each as it comes, until the last
    #[oai(status = 200)]
    Stream(EventStream<BoxStream<'static, OrderEvent>>),
    /// There is nothing after the event that you saw last: don't connect again
    #[oai(status = 204)]
    Over,
}

pub struct OrdersApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Tag::Orders")]
impl OrdersApi {
    /// Place an order
    ///
    /// Make a new `Idempotency-Key` for each order and send it again with every retry: a client that lost the answer gets
    /// the first order again and not a second one. A shop that is closed takes no order: `shop_closed` tells when it opens,
    /// in `errors` as an instant at `opens_at`.
    #[oai(path = "/orders", method = "post", operation_id = "place_order")]
    async fn place(
        &self,
        who: Customer,
        #[oai(name = "Idempotency-Key")] key: Header<IdempotencyKey>,
        new: Json<NewOrder>,
    ) -> Result<PlacedOrder> {
        let placed = place::place(&self.0, &who.0, key.0.0, new.0).await?;
        let location = format!("/api/orders/{}", placed.order.id);
        Ok(PlacedOrder::Placed(Json(placed.order), location, placed.again))
    }

    /// List delivery options with time and emissions
    #[oai(path = "/delivery", method = "get", operation_id = "list_delivery_options")]
    async fn delivery(
        &self,
        /// From which shop
        #[oai(validator(minimum(value = "1")))]
        shop: Query<i64>,
        /// Where to: degrees north
        #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
        lat: Query<f64>,
        /// Where to: degrees east
        #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
        lon: Query<f64>,
        /// How many pieces: a bus takes five at the most
        #[oai(default = "one", validator(minimum(value = "1"), maximum(value = "5000")))]
        pieces: Query<i32>,
    ) -> Result<Json<Delivery>> {
        Ok(Json(delivery::options(&self.0, shop.0, Point::new(lat.0, lon.0), pieces.0).await?))
    }

    /// List orders, newest first
    #[oai(path = "/orders", method = "get", operation_id = "list_orders")]
    async fn list(
        &self,
        who: Customer,
        /// As whom
        #[oai(default)]
        view: Query<View>,
        /// Only in this state
        state: Query<Option<State>>,
        /// How many at the most
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u64>,
        /// Where the last page ended
        #[oai(validator(max_length = 400))]
        after: Query<Option<String>>,
    ) -> Result<Json<Page<Order>>> {
        let db = &self.0.db.write;
        let after: Option<Uuid> = after.0.as_deref().map(page::decode).transpose()?;
        let found = order::Entity::page(db, whose(&who.0, view.0)?, state.0, after, limit.0 + 1).await?;
        let lines = line::Entity::of(db, found.iter().map(|o| o.id)).await?;
        Ok(Json(Page::cut(found.into_iter().map(|o| o.with(&lines)).collect(), limit.0, |order: &Order| order.id)))
    }

    /// Stream the events of orders from now on
    ///
    /// For lists that stay new without being asked for again and again. Server-sent events with ids.
    #[oai(path = "/orders/events", method = "get", operation_id = "watch_orders")]
    async fn watch(
        &self,
        who: Customer,
        /// As whom
        #[oai(default)]
        view: Query<View>,
        #[oai(name = "Last-Event-ID", validator(minimum(value = "0")))] last: Header<Option<i64>>,
    ) -> Result<EventStream<BoxStream<'static, OrderEvent>>> {
        let whose = whose(&who.0, view.0)?;
        let admitted = self.admit(&who.0)?;
        let events = watch::watch(self.0.clone(), who.0.clone(), whose, last.0).await?;
        Ok(as_events(admitted.hold(events)))
    }

    /// Get daily business figures
    #[oai(path = "/figures", method = "get", operation_id = "get_figures")]
    async fn figures(
        &self,
        _who: Admin,
        /// How many days back, this one included
        #[oai(default = "fortnight", validator(minimum(value = "1"), maximum(value = "31")))]
        days: Query<u32>,
    ) -> Result<Json<Figures>> {
        Ok(Json(figures::figures(&self.0, days.0).await?))
    }

    /// Get an order
    #[oai(path = "/orders/:id", method = "get", operation_id = "get_order")]
    async fn get(&self, who: Customer, id: Path<Uuid>) -> Result<Json<Order>> {
        let db = &self.0.db.write;
        let order = moves::visible(order::Entity::by_id(db, id.0).await?, &who.0)?;
        Ok(Json(order.with(&line::Entity::of(db, [id.0]).await?)))
    }

    /// Advance an order to its next state, or cancel it
    ///
    /// placed → accepted → preparing (the shop) → on_the_way → delivered (the courier). The customer may cancel what is only
    /// placed, the shop until it is on the way.
    #[oai(path = "/orders/:id/moves", method = "post", operation_id = "move_order")]
    async fn advance(&self, who: Customer, id: Path<Uuid>, to: Json<Move>) -> Result<Json<Order>> {
        Ok(Json(moves::advance(&self.0, &who.0, id.0, to.0.to).await?))
    }

    /// Stream the events of an order
    ///
    /// Server-sent events with ids: a client that comes back with `Last-Event-ID` misses nothing, at whichever replica. When
    /// it has seen the last event there is, the answer is 204: don't connect again.
    #[oai(path = "/orders/:id/events", method = "get", operation_id = "watch_order")]
    async fn events(
        &self,
        who: Customer,
        id: Path<Uuid>,
        #[oai(name = "Last-Event-ID", validator(minimum(value = "0")))] last: Header<Option<i64>>,
    ) -> Result<Events> {
        let order = moves::visible(order::Entity::by_id(&self.0.db.write, id.0).await?, &who.0)?;
        let last = last.0.unwrap_or(0);
        if order.state.is_last() && event::Entity::of(&self.0.db.write, id.0, last).await?.is_empty() {
            return Ok(Events::Over);
        }
        let admitted = self.admit(&who.0)?;
        Ok(Events::Stream(as_events(admitted.hold(stream::follow(self.0.clone(), who.0, id.0, last)))))
    }
}

impl OrdersApi {
    /// Lets one more event stream in.
    fn admit(&self, who: &Identity) -> Result<Admitted> {
        let app = &self.0;
        app.streams.admit(&app.config, &app.metrics, Some(who.account_id), who.caller.ip)
    }
}

fn as_events(events: BoxStream<'static, OrderEvent>) -> EventStream<BoxStream<'static, OrderEvent>> {
    let events = EventStream::new(events).to_event(|event: OrderEvent| {
        Event::message(event.to_json_string()).id(event.id.to_string()).event_type("order")
    });
    events.keep_alive(std::time::Duration::from_secs(15))
}

fn whose(who: &Identity, view: View) -> Result<Whose> {
    match (view, who.role) {
        (View::Mine, _) => Ok(Whose::Of(who.account_id)),
        (View::Shop, Role::Admin) => Ok(Whose::All),
        (View::Shop, Role::Manager) => {
            who.shop_id.map(Whose::Shop).ok_or_else(|| Error::forbidden("no_shop", "You manage no shop."))
        }
        (View::Courier, Role::Courier | Role::Admin) => Ok(Whose::Courier(who.account_id)),
        (View::Shop | View::Courier, _) => Err(Error::forbidden("wrong_role", "Your role doesn't have this view.")),
    }
}

/// Brings the gauges up to date that are counted in the database.
pub async fn measure(app: &App) -> Result<()> {
    let now = app.clock.now();
    let carts = cart::entity::Entity::active(&app.db.write, now - TimeDelta::days(1)).await?;
    let (waiting, oldest) = event::Entity::backlog(&app.db.write).await?;
    let zone = hours::zone(&app.city);
    let shops = shop::Entity::list(&app.db.write).await?;
    let open = shops.iter().filter(|shop| shop.hours.is_open(now, zone)).count();
    app.metrics.wayfare_shops_open.set(i64::try_from(open).unwrap_or(i64::MAX));
    app.metrics.wayfare_image_bytes.set(product::Entity::image_bytes(&app.db.write, None).await?);
    app.metrics.wayfare_active_carts.set(i64::try_from(carts).unwrap_or(i64::MAX));
    app.metrics.wayfare_outbox_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    app.metrics.wayfare_outbox_oldest_seconds.set(oldest.map_or(0, |at| (now - at).num_seconds()));
    Ok(())
}

fn one() -> i32 {
    1
}

fn fortnight() -> u32 {
    14
}

fn twenty() -> u64 {
    20
}
