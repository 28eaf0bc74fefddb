//! What happened to an order: the customer's live stream reads it, and it is the outbox of the shop's webhook. Written in
//! the transaction that changes the order, so that neither is without the other.

use poem_openapi::Object;
use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, LockBehavior, LockType},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{clock::Instant, error::Result, orders::order::State, trace_context};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "order_event")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub order_id: Uuid,
    pub shop_id: i64,
    pub state: State,
    /// Who moved it.
    pub account_id: Uuid,
    pub at: Instant,
    /// When it was last put on the queue.
    pub published_at: Option<Instant>,
    /// When a worker took it over for good.
    pub taken_at: Option<Instant>,
    /// The trace of the request that made it.
    pub traceparent: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An order has come to a state
#[derive(Clone, Debug, PartialEq, Object, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Rises; send the last one you saw as `Last-Event-ID`
    pub id: i64,
    pub order_id: Uuid,
    pub shop_id: i64,
    pub state: State,
    pub at: Instant,
}

impl From<Model> for OrderEvent {
    fn from(event: Model) -> Self {
        let Model { id, order_id, shop_id, state, at, .. } = event;
        Self { id, order_id, shop_id, state, at }
    }
}

impl Entity {
    pub async fn add(
        db: &impl ConnectionTrait,
        order_id: Uuid,
        shop_id: i64,
        state: State,
        account_id: Uuid,
        at: Instant,
    ) -> Result<()> {
        let event = ActiveModel {
            order_id: Set(order_id),
            shop_id: Set(shop_id),
            state: Set(state),
            account_id: Set(account_id),
            at: Set(at),
            traceparent: Set(trace_context::current()),
            ..Default::default()
        };
        Self::insert(event).exec_without_returning(db).await?;
        Ok(())
    }

    pub async fn of(db: &impl ConnectionTrait, order: Uuid, after: i64) -> Result<Vec<Model>> {
        Ok(Self::find()
            .filter(Column::OrderId.eq(order))
            .filter(Column::Id.gt(after))
            .order_by_asc(Column::Id)
            .limit(100)
            .all(db)
            .await?)
    }

    /// Of all orders.
    pub async fn after(db: &impl ConnectionTrait, id: i64) -> Result<Vec<Model>> {
        Ok(Self::find().filter(Column::Id.gt(id)).order_by_asc(Column::Id).limit(1000).all(db).await?)
    }

    /// The id of the newest event; 0 when there is none.
    pub async fn newest(db: &impl ConnectionTrait) -> Result<i64> {
        Ok(Self::find().order_by_desc(Column::Id).one(db).await?.map_or(0, |event| event.id))
    }

    /// Events that nobody has taken over and that are not on the queue, or were put there before `stale` and may be lost
    /// with it. Locked, so that two workers don't publish the same ones or turn the order of an order's events around.
    pub async fn to_publish(db: &impl ConnectionTrait, stale: Instant) -> Result<Vec<Model>> {
        let unpublished = Condition::any().add(Column::PublishedAt.is_null()).add(Column::PublishedAt.lt(stale));
        let waiting =
            Self::find().filter(Column::TakenAt.is_null()).filter(unpublished).order_by_asc(Column::Id).limit(100);
        Ok(waiting.lock_with_behavior(LockType::Update, LockBehavior::Nowait).all(db).await?)
    }

    pub async fn published(db: &impl ConnectionTrait, ids: Vec<i64>, now: Instant) -> Result<()> {
        Self::update_many()
            .col_expr(Column::PublishedAt, Expr::value(now))
            .filter(Column::Id.is_in(ids))
            .exec(db)
            .await?;
        Ok(())
    }

    /// Events that wait, oldest first, for a worker in this process.
    pub async fn waiting(db: &impl ConnectionTrait) -> Result<Vec<i64>> {
        let ids = Self::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::TakenAt.is_null())
            .order_by_asc(Column::Id)
            .limit(100);
        Ok(ids.into_tuple().all(db).await?)
    }

    /// Takes events over: those that nobody has taken and nobody is taking.
    pub async fn take(db: &impl ConnectionTrait, ids: &[i64], now: Instant) -> Result<Vec<Model>> {
        let waiting = Self::find().filter(Column::Id.is_in(ids.iter().copied())).filter(Column::TakenAt.is_null());
        let waiting = waiting.order_by_asc(Column::Id).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let events = waiting.all(db).await?;
        if !events.is_empty() {
            Self::update_many()
                .col_expr(Column::TakenAt, Expr::value(now))
                .filter(Column::Id.is_in(events.iter().map(|e| e.id)))
                .exec(db)
                .await?;
        }
        Ok(events)
    }

    pub async fn by_ids(db: &impl ConnectionTrait, ids: impl IntoIterator<Item = i64>) -> Result<Vec<Model>> {
        Ok(Self::find().filter(Column::Id.is_in(ids)).all(db).await?)
    }

    /// How many wait, and since when the oldest does.
    pub async fn backlog(db: &impl ConnectionTrait) -> Result<(u64, Option<Instant>)> {
        let waiting = Self::find().filter(Column::TakenAt.is_null());
        let oldest = waiting.clone().order_by_asc(Column::Id).one(db).await?.map(|e| e.at);
        Ok((waiting.count(db).await?, oldest))
    }
}
