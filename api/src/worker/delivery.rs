//! An event on its way to a shop's webhook: when it is due, how often it was tried, what came of it.

use sea_orm::{
    QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict},
};

use crate::{clock::Instant, error::Result, orders::event};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: i64,
    pub shop_id: i64,
    pub attempts: i32,
    pub due_at: Instant,
    pub delivered_at: Option<Instant>,
    /// Given up: tried as often as is allowed.
    pub dead_at: Option<Instant>,
    /// What the last attempt met with.
    pub problem: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An event waits for those of the same order before it: until each has arrived or is given up. One that no worker has
/// taken over yet is waited for as well.
const IS_NEXT_OF_ITS_ORDER: &str = "NOT EXISTS (
    SELECT 1 FROM order_event mine
    JOIN order_event earlier ON earlier.order_id = mine.order_id AND earlier.id < mine.id
    LEFT JOIN delivery sending ON sending.event_id = earlier.id
    WHERE mine.id = delivery.event_id AND (earlier.taken_at IS NULL
        OR (sending.event_id IS NOT NULL AND sending.delivered_at IS NULL AND sending.dead_at IS NULL)))";

impl Entity {
    /// Notes events to be delivered, each once.
    pub async fn add(db: &impl ConnectionTrait, events: &[event::Model], now: Instant) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let delivery = |event: &event::Model| Model {
            event_id: event.id,
            shop_id: event.shop_id,
            attempts: 0,
            due_at: now,
            delivered_at: None,
            dead_at: None,
            problem: None,
        };
        let rows = events.iter().map(|event| ActiveModel::from(delivery(event)).reset_all());
        let once = OnConflict::column(Column::EventId).do_nothing().to_owned();
        Self::insert_many(rows).on_conflict(once).exec_without_returning(db).await?;
        Ok(())
    }

    /// The oldest that are due, without those of the shops in `busy`.
    pub async fn due(db: &impl ConnectionTrait, now: Instant, busy: Vec<i64>, limit: u64) -> Result<Vec<Model>> {
        let open = Self::find().filter(Column::DeliveredAt.is_null()).filter(Column::DeadAt.is_null());
        let due = open.filter(Column::DueAt.lte(now)).filter(Column::ShopId.is_not_in(busy));
        let next = due.filter(Expr::cust(IS_NEXT_OF_ITS_ORDER));
        Ok(next.order_by_asc(Column::EventId).limit(limit).all(db).await?)
    }

    /// Takes due deliveries for one attempt each, until `until`; gives those that no other worker has.
    pub async fn claim(db: &impl ConnectionTrait, ids: Vec<i64>, now: Instant, until: Instant) -> Result<Vec<Model>> {
        // Two workers that lock the same rows in turn would wait for each other: each leaves the other's alone.
        let free = Self::find()
            .select_only()
            .column(Column::EventId)
            .filter(Column::EventId.is_in(ids))
            .filter(Column::DueAt.lte(now))
            .filter(Column::DeliveredAt.is_null())
            .filter(Column::DeadAt.is_null())
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let claimed = Self::update_many()
            .col_expr(Column::DueAt, Expr::value(until))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::EventId.in_subquery(free.into_query()));
        Ok(claimed.exec_with_returning(db).await?)
    }

    pub async fn delivered(db: &impl ConnectionTrait, ids: Vec<i64>, now: Instant) -> Result<()> {
        Self::update_many()
            .col_expr(Column::DeliveredAt, Expr::value(now))
            .col_expr(Column::Problem, Expr::value(None::<String>))
            .filter(Column::EventId.is_in(ids))
            .exec(db)
            .await?;
        Ok(())
    }

    pub async fn set(db: &impl ConnectionTrait, change: ActiveModel) -> Result<()> {
        Self::update(change).exec(db).await?;
        Ok(())
    }

    /// Gives up what is open and has been for longer than any retry takes: the backlog of a shop that is away for good.
    pub async fn give_up(db: &impl ConnectionTrait, older_than: Instant, now: Instant) -> Result<u64> {
        let old =
            event::Entity::find().select_only().column(event::Column::Id).filter(event::Column::At.lt(older_than));
        let given_up = Self::update_many()
            .col_expr(Column::DeadAt, Expr::value(now))
            .col_expr(Column::Problem, Expr::value("the webhook didn't take events for too long"))
            .filter(Column::DeliveredAt.is_null())
            .filter(Column::DeadAt.is_null())
            .filter(Column::EventId.in_subquery(old.into_query()))
            .exec(db)
            .await?;
        Ok(given_up.rows_affected)
    }
}
