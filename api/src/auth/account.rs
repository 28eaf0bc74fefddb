//! A person with a sign-in. The row never leaves `auth`: it carries the password's hash. On the wire it is a [`User`].

use std::fmt;

use poem_openapi::{Enum, Object};
use sea_orm::{
    ActiveValue::Set,
    Order, QueryOrder, QuerySelect, QueryTrait, SqlErr,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::Instant,
    error::{Error, Result},
};

/// What somebody may do. Each can also do what a customer can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Customer,
    Courier,
    Manager,
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Courier => "courier",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }
}

#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub role: Role,
    /// The shop that a manager manages.
    pub shop_id: Option<i64>,
    pub disabled_at: Option<Instant>,
    pub created_at: Instant,
}

/// What is printed ends up in a log: not the hash.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A person with a sign-in
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// The shop that a manager manages
    pub shop_id: Option<i64>,
    /// Since when the account can't be used
    pub disabled_at: Option<Instant>,
    pub created_at: Instant,
}

impl From<Model> for User {
    fn from(Model { id, email, name, password_hash: _, role, shop_id, disabled_at, created_at }: Model) -> Self {
        Self { id, email, name, role, shop_id, disabled_at, created_at }
    }
}

impl Entity {
    /// How many registered from `begin` until `end`.
    pub async fn joined(db: &impl ConnectionTrait, begin: Instant, end: Instant) -> Result<u64> {
        Ok(Self::find().filter(Column::CreatedAt.gte(begin)).filter(Column::CreatedAt.lt(end)).count(db).await?)
    }

    pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Model>> {
        Ok(Self::find().filter(Column::Email.eq(normal(email))).one(db).await?)
    }

    pub async fn by_id(db: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
        Self::find_by_id(id).one(db).await?.ok_or_else(|| Error::no("user"))
    }

    /// The account as it is now, for as long as the transaction lasts.
    pub async fn hold(tx: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>> {
        // Orders and carts may refer to it meanwhile: their check of the key takes a weaker lock.
        Ok(Self::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?)
    }

    /// The admins who can sign in, held for as long as the transaction lasts: of two changes one sees the other's.
    pub async fn hold_admins(tx: &impl ConnectionTrait) -> Result<Vec<Uuid>> {
        let admins = Self::find().filter(Column::Role.eq(Role::Admin)).filter(Column::DisabledAt.is_null());
        let admins = admins.order_by_asc(Column::Id).lock(LockType::NoKeyUpdate).all(tx).await?;
        Ok(admins.into_iter().map(|admin| admin.id).collect())
    }

    /// The highest cost of the hashes that are stored.
    pub async fn highest_cost(db: &impl ConnectionTrait) -> Result<Option<u32>> {
        let cost = Expr::cust("MAX(substr(password_hash, 5, 2))");
        let cost: Option<Option<String>> =
            Self::find().select_only().column_as(cost, "cost").into_tuple().one(db).await?;
        Ok(cost.flatten().and_then(|cost| cost.parse().ok()))
    }

    /// # Errors
    /// 409 when the address has an account.
    pub async fn add(db: &impl ConnectionTrait, account: Model) -> Result<Model> {
        let account = ActiveModel::from(Model { email: normal(&account.email), ..account }).reset_all();
        Self::insert(account).exec_with_returning(db).await.map_err(|cause| match cause.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                Error::conflict("email_taken", "There is an account with this e-mail address; sign in.")
            }
            _ => cause.into(),
        })
    }

    pub async fn set(db: &impl ConnectionTrait, id: Uuid, change: ActiveModel) -> Result<Model> {
        Ok(Self::update(ActiveModel { id: Set(id), ..change }).exec(db).await?)
    }

    pub async fn page(db: &impl ConnectionTrait, after: Option<Uuid>, limit: u64) -> Result<Vec<Model>> {
        Ok(Self::find()
            .apply_if(after, |q, id| q.filter(Column::Id.gt(id)))
            .order_by(Column::Id, Order::Asc)
            .limit(limit)
            .all(db)
            .await?)
    }
}

/// One person, one spelling.
pub fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}
