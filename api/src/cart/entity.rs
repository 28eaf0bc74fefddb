//! A cart: a customer's, or a guest's, whose id is the secret that opens it.

use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{clock::Instant, error::Result};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cart")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// None for a guest.
    pub account_id: Option<Uuid>,
    pub changed_at: Instant,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// A guest's cart: a customer's is never opened by its id.
    pub async fn of_guest(db: &impl ConnectionTrait, token: Uuid) -> Result<Option<Model>> {
        Ok(Self::find_by_id(token).filter(Column::AccountId.is_null()).one(db).await?)
    }

    pub async fn of_account(db: &impl ConnectionTrait, account: Uuid) -> Result<Option<Model>> {
        Ok(Self::find().filter(Column::AccountId.eq(account)).one(db).await?)
    }

    pub async fn make_for_guest(db: &impl ConnectionTrait, now: Instant) -> Result<Model> {
        let cart = Model { id: Uuid::new_v4(), account_id: None, changed_at: now };
        Self::insert(ActiveModel::from(cart.clone()).reset_all()).exec_without_returning(db).await?;
        Ok(cart)
    }

    /// The account's cart, made when there is none. Two requests at once get the same.
    pub async fn make_for_account(db: &impl ConnectionTrait, account: Uuid, now: Instant) -> Result<Model> {
        if let Some(cart) = Self::of_account(db, account).await? {
            return Ok(cart);
        }
        let cart = ActiveModel { id: Set(Uuid::new_v4()), account_id: Set(Some(account)), changed_at: Set(now) };
        let once = OnConflict::column(Column::AccountId).do_nothing().to_owned();
        Self::insert(cart).on_conflict(once).exec_without_returning(db).await?;
        Self::of_account(db, account)
            .await?
            .ok_or_else(|| crate::error::Error::internal(anyhow::anyhow!("the cart just made is gone")))
    }

    pub async fn touch(db: &impl ConnectionTrait, id: Uuid, now: Instant) -> Result<()> {
        Self::update_many().col_expr(Column::ChangedAt, Expr::value(now)).filter(Column::Id.eq(id)).exec(db).await?;
        Ok(())
    }

    /// Forgets guests' carts that nobody has touched since.
    pub async fn forget_guests(db: &impl ConnectionTrait, since: Instant) -> Result<u64> {
        let stale = Self::delete_many().filter(Column::AccountId.is_null()).filter(Column::ChangedAt.lt(since));
        Ok(stale.exec(db).await?.rows_affected)
    }

    /// Carts with something in them that were changed since.
    pub async fn active(db: &impl ConnectionTrait, since: Instant) -> Result<u64> {
        let filled = super::line::Entity::carts();
        Ok(Self::find().filter(Column::ChangedAt.gte(since)).filter(Column::Id.in_subquery(filled)).count(db).await?)
    }
}
