//! A shop or kitchen, with its place on the map. The row is the wire type; what is secret about a shop (its webhook's
//! key) is in a table of its own.

use poem_openapi::Object;
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use crate::{
    catalog::hours::Hours,
    error::{Error, Result},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Object)]
#[sea_orm(table_name = "shop")]
#[oai(rename = "Shop")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    /// What it sells: bakery, grocery, kitchen, …
    pub kind: String,
    pub description: String,
    pub address: String,
    /// Degrees north
    pub lat: f64,
    /// Degrees east
    pub lon: f64,
    pub hours: Hours,
    /// ISO 4217: every price of the shop is in it
    pub currency: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub async fn by_id(db: &impl ConnectionTrait, id: i64) -> Result<Model> {
        Self::find_by_id(id).one(db).await?.ok_or_else(|| Error::no("shop"))
    }

    /// Holds the shop until the transaction ends.
    pub async fn lock(db: &impl ConnectionTrait, id: i64) -> Result<Model> {
        Self::find_by_id(id).lock_exclusive().one(db).await?.ok_or_else(|| Error::no("shop"))
    }

    pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Model>> {
        Ok(Self::find().order_by_asc(Column::Name).all(db).await?)
    }
}
