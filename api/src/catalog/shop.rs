//! A shop or kitchen, with its place on the map. The row is the wire type; what is secret about a shop (its webhook's
//! key) is in a table of its own.

use poem_openapi::{NewType, Object};
use sea_orm::{FromJsonQueryResult, QueryOrder, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

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

/// When the shop is open, in the city's time
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult, NewType)]
#[oai(from_multipart = false, from_parameter = false, to_header = false)]
pub struct Hours(pub Vec<Opening>);

/// One opening on one day of the week
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Object)]
#[oai(deny_unknown_fields)]
pub struct Opening {
    /// 1 is Monday, 7 is Sunday
    #[oai(validator(minimum(value = "1"), maximum(value = "7")))]
    pub day: u8,
    /// `08:00`
    #[oai(validator(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub from: String,
    /// `22:00`; `24:00` is the end of the day
    #[oai(validator(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))]
    pub to: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub async fn by_id(db: &impl ConnectionTrait, id: i64) -> Result<Model> {
        Self::find_by_id(id).one(db).await?.ok_or_else(|| Error::no("shop"))
    }

    pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Model>> {
        Ok(Self::find().order_by_asc(Column::Name).all(db).await?)
    }
}
