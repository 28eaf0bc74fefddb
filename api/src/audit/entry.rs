//! A line of the audit. The row is the wire type: only admins read it, and they may see all of it.

use poem_openapi::Object;
use sea_orm::{Order, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*};
use uuid::Uuid;

use crate::{clock::Instant, error::Result};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Object)]
#[sea_orm(table_name = "audit")]
#[oai(rename = "AuditEntry", skip_serializing_if_is_none)]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: Instant,
    /// Who, when it is known
    pub account_id: Option<Uuid>,
    /// In which role
    pub role: Option<String>,
    /// What was done
    pub action: String,
    /// To what
    pub subject: String,
    /// What changed
    pub detail: Json,
    /// From where
    pub ip: String,
    pub request_id: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub async fn search(
        db: &impl ConnectionTrait,
        account: Option<Uuid>,
        action: Option<String>,
        subject: Option<String>,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<Model>> {
        Ok(Self::find()
            .apply_if(account, |q, id| q.filter(Column::AccountId.eq(id)))
            .apply_if(action, |q, action| q.filter(Column::Action.eq(action)))
            .apply_if(subject, |q, subject| q.filter(Column::Subject.eq(subject)))
            .apply_if(after, |q, id| q.filter(Column::Id.lt(id)))
            .order_by(Column::Id, Order::Desc)
            .limit(limit)
            .all(db)
            .await?)
    }
}
