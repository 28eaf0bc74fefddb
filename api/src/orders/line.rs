//! One product of an order, with name and price as they were.

use sea_orm::{QueryOrder, entity::prelude::*};
use uuid::Uuid;

use crate::error::Result;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i64,
    pub name: String,
    /// Of one, minor units.
    pub price: i64,
    pub quantity: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub async fn of(db: &impl ConnectionTrait, orders: impl IntoIterator<Item = Uuid>) -> Result<Vec<Model>> {
        Ok(Self::find().filter(Column::OrderId.is_in(orders)).order_by_asc(Column::ProductId).all(db).await?)
    }

    pub async fn add(db: &impl ConnectionTrait, lines: &[Model]) -> Result<()> {
        let rows = lines.iter().map(|line| ActiveModel::from(line.clone()).reset_all());
        Self::insert_many(rows).exec_without_returning(db).await?;
        Ok(())
    }
}
