//! One product in a cart, with the price it had when it was put in.

use sea_orm::{
    QueryOrder, SqlErr,
    entity::prelude::*,
    sea_query::{Expr, OnConflict, Query, SelectStatement},
};
use uuid::Uuid;

use crate::error::{Error, Result};

/// The most of one product that a cart holds.
pub const MOST: i32 = 99;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cart_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cart_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i64,
    pub quantity: i32,
    pub price_when_added: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub async fn of(db: &impl ConnectionTrait, cart: Uuid) -> Result<Vec<Model>> {
        Ok(Self::find().filter(Column::CartId.eq(cart)).order_by_asc(Column::ProductId).all(db).await?)
    }

    /// Puts a product in, or sets how many.
    ///
    /// # Errors
    /// 409 when the cart has just been poured into another.
    pub async fn set(db: &impl ConnectionTrait, line: Model) -> Result<()> {
        let again = OnConflict::columns([Column::CartId, Column::ProductId])
            .update_columns([Column::Quantity, Column::PriceWhenAdded])
            .to_owned();
        let set = Self::insert(ActiveModel::from(line).reset_all()).on_conflict(again).exec_without_returning(db).await;
        set.map(drop).map_err(|cause| match cause.sql_err() {
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                Error::conflict("cart_gone", "This cart has just become part of a customer's; look again.")
            }
            _ => cause.into(),
        })
    }

    pub async fn remove(db: &impl ConnectionTrait, cart: Uuid, products: impl IntoIterator<Item = i64>) -> Result<()> {
        Self::delete_many().filter(Column::CartId.eq(cart)).filter(Column::ProductId.is_in(products)).exec(db).await?;
        Ok(())
    }

    pub async fn clear(db: &impl ConnectionTrait, cart: Uuid) -> Result<()> {
        Self::delete_many().filter(Column::CartId.eq(cart)).exec(db).await?;
        Ok(())
    }

    /// Pours one cart into another: quantities add up, to [`MOST`].
    pub async fn merge(db: &impl ConnectionTrait, from: Uuid, to: Uuid) -> Result<()> {
        let mine = Self::of(db, to).await?;
        for line in Self::of(db, from).await? {
            let had = mine.iter().find(|l| l.product_id == line.product_id).map_or(0, |l| l.quantity);
            Self::set(db, Model { cart_id: to, quantity: (had + line.quantity).min(MOST), ..line }).await?;
        }
        Ok(())
    }

    /// The ids of the carts that have lines.
    pub fn carts() -> SelectStatement {
        Query::select().expr(Expr::col(Column::CartId)).from(Self).to_owned()
    }
}
