//! An order. On the wire with its lines: [`Order`].

use poem_openapi::{Enum, Object};
use sea_orm::{
    QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::Instant,
    error::{Error, Result},
    money::Money,
    orders::{delivery::Trip, line},
    text::Line,
};

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
#[oai(rename_all = "snake_case", rename = "OrderState")]
#[serde(rename_all = "snake_case")]
pub enum State {
    Placed,
    Accepted,
    Preparing,
    OnTheWay,
    Delivered,
    Cancelled,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Accepted => "accepted",
            Self::Preparing => "preparing",
            Self::OnTheWay => "on_the_way",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing comes after it.
    pub fn is_last(self) -> bool {
        matches!(self, Self::Delivered | Self::Cancelled)
    }
}

/// How the order is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
#[oai(rename_all = "snake_case", rename = "DeliveryMode")]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Bike,
    Foot,
    Car,
    /// By bus and on foot: at most five pieces
    Bus,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub shop_id: i64,
    pub courier_id: Option<Uuid>,
    pub state: State,
    pub total: i64,
    pub currency: String,
    pub address: String,
    pub lat: f64,
    pub lon: f64,
    pub mode: Mode,
    pub delivery_metres: Option<i32>,
    pub delivery_seconds: Option<i32>,
    pub delivery_grams: Option<f64>,
    pub note: Option<String>,
    pub idempotency_key: String,
    /// Of the body that placed it: the same key with another body is a mistake.
    pub request_hash: String,
    pub placed_at: Instant,
    pub changed_at: Instant,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Where an order goes
#[derive(Clone, Debug, PartialEq, Object)]
#[oai(deny_unknown_fields)]
pub struct Address {
    /// As one would say it to the courier
    #[oai(validator(min_length = 1, max_length = 200))]
    pub text: Line,
    /// Degrees north
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    pub lat: f64,
    /// Degrees east
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    pub lon: f64,
}

/// An order
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Order {
    pub id: Uuid,
    pub account_id: Uuid,
    pub shop_id: i64,
    /// Who brings it, once somebody does
    pub courier_id: Option<Uuid>,
    pub state: State,
    pub lines: Vec<OrderLine>,
    pub total: Money,
    pub address: Address,
    pub mode: Mode,
    /// The way from the shop by this mode, as it was when the order was placed; absent where the map knows none
    pub delivery: Option<Trip>,
    pub note: Option<String>,
    pub placed_at: Instant,
    pub changed_at: Instant,
}

/// What was ordered, at the price of that moment
#[derive(Clone, Debug, Object)]
pub struct OrderLine {
    pub product_id: i64,
    pub name: String,
    /// Of one
    pub price: Money,
    pub quantity: i32,
}

impl Model {
    pub fn with(self, lines: &[line::Model]) -> Order {
        let Self {
            id,
            account_id,
            shop_id,
            courier_id,
            state,
            total,
            currency,
            address,
            lat,
            lon,
            mode,
            delivery_metres,
            delivery_seconds,
            delivery_grams,
            note,
            idempotency_key: _,
            request_hash: _,
            placed_at,
            changed_at,
        } = self;
        let money = |amount| Money { amount, currency: currency.clone() };
        let line = |l: &line::Model| OrderLine {
            product_id: l.product_id,
            name: l.name.clone(),
            price: money(l.price),
            quantity: l.quantity,
        };
        let lines = lines.iter().filter(|l| l.order_id == id).map(line).collect();
        let address = Address { text: address.into(), lat, lon };
        let delivery = delivery_metres.zip(delivery_seconds).zip(delivery_grams);
        let delivery = delivery.map(|((metres, seconds), co2e_grams)| Trip { metres, seconds, co2e_grams });
        Order {
            id,
            account_id,
            shop_id,
            courier_id,
            state,
            lines,
            total: money(total),
            address,
            mode,
            delivery,
            note,
            placed_at,
            changed_at,
        }
    }

    /// As it was when it was placed.
    pub fn as_placed(self) -> Self {
        Self { state: State::Placed, courier_id: None, changed_at: self.placed_at, ..self }
    }
}

/// Orders of one state and currency together.
#[derive(Debug, sea_orm::FromQueryResult)]
pub struct Sums {
    pub state: State,
    pub currency: String,
    pub orders: i64,
    pub total: i64,
}

/// Which orders somebody asks for.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    Of(Uuid),
    Shop(i64),
    /// What a courier brings or could take.
    Courier(Uuid),
    All,
}

impl Entity {
    pub async fn by_id(db: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
        Self::find_by_id(id).one(db).await?.ok_or_else(|| Error::no("order"))
    }

    /// What was placed from `begin` until `end`, by state and currency.
    pub async fn sums(db: &impl ConnectionTrait, begin: Instant, end: Instant) -> Result<Vec<Sums>> {
        let placed = Self::find().filter(Column::PlacedAt.gte(begin)).filter(Column::PlacedAt.lt(end));
        // PostgreSQL sums whole numbers into decimals.
        let total = Column::Total.sum().cast_as("bigint");
        let sums = placed.select_only().column(Column::State).column(Column::Currency);
        let sums = sums.column_as(Column::Id.count(), "orders").column_as(total, "total");
        Ok(sums.group_by(Column::State).group_by(Column::Currency).into_model().all(db).await?)
    }

    /// How long the last deliveries since then took, in the middle of them, seconds.
    pub async fn usual_delivery(db: &impl ConnectionTrait, since: Instant) -> Result<Option<i64>> {
        let delivered = Self::find().filter(Column::State.eq(State::Delivered)).filter(Column::ChangedAt.gte(since));
        let last = delivered.order_by_desc(Column::ChangedAt).limit(200).all(db).await?;
        let mut seconds: Vec<_> = last.iter().map(|o| (o.changed_at - o.placed_at).num_seconds()).collect();
        seconds.sort_unstable();
        Ok(seconds.get(seconds.len() / 2).copied())
    }

    pub async fn by_ids(db: &impl ConnectionTrait, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<Model>> {
        let ids: Vec<_> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(Self::find().filter(Column::Id.is_in(ids)).all(db).await?)
    }

    pub async fn by_key(db: &impl ConnectionTrait, account: Uuid, key: &str) -> Result<Option<Model>> {
        Ok(Self::find().filter(Column::AccountId.eq(account)).filter(Column::IdempotencyKey.eq(key)).one(db).await?)
    }

    pub async fn page(
        db: &impl ConnectionTrait,
        whose: Whose,
        state: Option<State>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Model>> {
        let orders = match whose {
            Whose::Of(account) => Self::find().filter(Column::AccountId.eq(account)),
            Whose::Shop(shop) => Self::find().filter(Column::ShopId.eq(shop)),
            Whose::Courier(courier) => {
                let free = Column::CourierId.is_null().and(Column::State.eq(State::Preparing));
                Self::find().filter(Column::CourierId.eq(courier).or(free))
            }
            Whose::All => Self::find(),
        };
        // Ids begin with the time: newest first.
        let orders = orders
            .apply_if(state, |q, s| q.filter(Column::State.eq(s)))
            .apply_if(after, |q, id| q.filter(Column::Id.lt(id)));
        Ok(orders.order_by_desc(Column::Id).limit(limit).all(db).await?)
    }

    /// Moves an order that is still where the caller saw it; tells whether it was.
    pub async fn advance(
        db: &impl ConnectionTrait,
        order: &Model,
        to: State,
        courier: Option<Uuid>,
        now: Instant,
    ) -> Result<bool> {
        let moved = Self::update_many()
            .col_expr(Column::State, Expr::value(to))
            .col_expr(Column::CourierId, Expr::value(courier))
            .col_expr(Column::ChangedAt, Expr::value(now))
            .filter(Column::Id.eq(order.id))
            .filter(Column::State.eq(order.state))
            .exec(db)
            .await?;
        Ok(moved.rows_affected == 1)
    }
}
