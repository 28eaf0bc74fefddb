//! Where a shop's own system is told of its orders, and the keys that sign what it is told.
//!
//! A new key takes over at once, and the one before it signs beside it for [`OVERLAP`]: the receiver may change its own when
//! it likes, and what is tried again meanwhile still verifies.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use rand::RngCore;
use sea_orm::{FromJsonQueryResult, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{clock::Instant, error::Result};

/// How long a replaced key goes on signing.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// How many replaced keys at the most; the oldest stop first.
const MOST_OLD: usize = 4;

#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shop_id: i64,
    pub url: String,
    pub secret: String,
    pub old_keys: Option<OldKeys>,
}

/// Keys that were replaced, newest first.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct OldKeys(Vec<OldKey>);

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct OldKey {
    secret: String,
    until: Instant,
}

/// What is printed ends up in a log: not the keys.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("shop_id", &self.shop_id).field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for OldKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The keys that sign now, the newest first.
    pub fn keys(&self, now: Instant) -> impl Iterator<Item = &str> {
        let old = self.old_keys.iter().flat_map(|old| &old.0).filter(move |old| old.until > now);
        std::iter::once(self.secret.as_str()).chain(old.map(|old| old.secret.as_str()))
    }

    /// The keys that go on signing once this one's is replaced.
    fn retired(self, now: Instant) -> OldKeys {
        let mut old = vec![OldKey { secret: self.secret, until: now + OVERLAP }];
        old.extend(self.old_keys.unwrap_or_default().0.into_iter().filter(|old| old.until > now));
        old.truncate(MOST_OLD);
        OldKeys(old)
    }
}

impl Entity {
    /// Sets the address, with a new key.
    pub async fn set(db: &impl ConnectionTrait, shop_id: i64, url: String, now: Instant) -> Result<Model> {
        let before = Self::find_by_id(shop_id).lock_exclusive().one(db).await?;
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        let secret = format!("whsec_{}", STANDARD.encode(random));
        let webhook = Model { shop_id, url, secret, old_keys: before.map(|before| before.retired(now)) };
        let changed = [Column::Url, Column::Secret, Column::OldKeys];
        let replace = OnConflict::column(Column::ShopId).update_columns(changed).to_owned();
        Self::insert(ActiveModel::from(webhook.clone()).reset_all())
            .on_conflict(replace)
            .exec_without_returning(db)
            .await?;
        Ok(webhook)
    }

    pub async fn of(db: &impl ConnectionTrait, shops: impl IntoIterator<Item = i64>) -> Result<Vec<Model>> {
        Ok(Self::find().filter(Column::ShopId.is_in(shops)).all(db).await?)
    }
}
