//! Where a shop's own system is told of its orders, and the key that signs what it is told.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::RngCore;
use sea_orm::{entity::prelude::*, sea_query::OnConflict};

use crate::error::Result;

#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shop_id: i64,
    pub url: String,
    pub secret: String,
}

/// What is printed ends up in a log: not the key.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("shop_id", &self.shop_id).field("url", &self.url).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Sets the address, with a new key.
    pub async fn set(db: &impl ConnectionTrait, shop_id: i64, url: String) -> Result<Model> {
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        let webhook = Model { shop_id, url, secret: format!("whsec_{}", STANDARD.encode(random)) };
        let replace = OnConflict::column(Column::ShopId).update_columns([Column::Url, Column::Secret]).to_owned();
        Self::insert(ActiveModel::from(webhook.clone()).reset_all())
            .on_conflict(replace)
            .exec_without_returning(db)
            .await?;
        Ok(webhook)
    }
}
