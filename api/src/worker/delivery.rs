//! An event on its way to a shop's webhook: when it is due, how often it was tried, what came of it.

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, OnConflict},
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

impl Entity {
    pub async fn add(db: &impl ConnectionTrait, event: &event::Model, now: Instant) -> Result<()> {
        let delivery = Model {
            event_id: event.id,
            shop_id: event.shop_id,
            attempts: 0,
            due_at: now,
            delivered_at: None,
            dead_at: None,
            problem: None,
        };
        let once = OnConflict::column(Column::EventId).do_nothing().to_owned();
        Self::insert(ActiveModel::from(delivery).reset_all()).on_conflict(once).exec_without_returning(db).await?;
        Ok(())
    }

    pub async fn due(db: &impl ConnectionTrait, now: Instant) -> Result<Vec<Model>> {
        let open = Self::find().filter(Column::DeliveredAt.is_null()).filter(Column::DeadAt.is_null());
        Ok(open.filter(Column::DueAt.lte(now)).order_by_asc(Column::EventId).limit(50).all(db).await?)
    }

    /// Takes a due delivery for one attempt, until `until`; nothing when another worker has it.
    pub async fn claim(db: &impl ConnectionTrait, delivery: &Model, until: Instant) -> Result<bool> {
        let claimed = Self::update_many()
            .col_expr(Column::DueAt, Expr::value(until))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::EventId.eq(delivery.event_id))
            .filter(Column::Attempts.eq(delivery.attempts))
            .filter(Column::DeliveredAt.is_null())
            .exec(db)
            .await?;
        Ok(claimed.rows_affected == 1)
    }

    pub async fn set(db: &impl ConnectionTrait, change: ActiveModel) -> Result<()> {
        Self::update(change).exec(db).await?;
        Ok(())
    }
}
