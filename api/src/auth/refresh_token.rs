//! The token that renews a session: random, kept as a hash, good once. All tokens of a session are its family: one that
//! comes a second time has been stolen or lost on the way, and nobody can tell which, so the session ends.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore;
use sea_orm::{QuerySelect, entity::prelude::*, sea_query::Expr};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{clock::Instant, config::Secret, error::Result};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub session_id: Uuid,
    pub created_at: Instant,
    pub used_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What became of a token that somebody presented.
pub enum Presented {
    /// Good, and used up now.
    Good(Uuid),
    /// It was used before: the session has to end.
    Reused(Uuid),
    Unknown,
}

impl Entity {
    /// Makes a token; only its hash stays here.
    pub async fn issue(db: &impl ConnectionTrait, session_id: Uuid, now: Instant) -> Result<Secret> {
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        let token = URL_SAFE_NO_PAD.encode(random);
        let row = Model { hash: hash(&token), session_id, created_at: now, used_at: None };
        Self::insert(ActiveModel::from(row).reset_all()).exec_without_returning(db).await?;
        Ok(Secret::new(token))
    }

    /// Deletes some of the tokens that were used before then; tells how many.
    pub async fn delete_used(db: &impl ConnectionTrait, before: Instant, most: u64) -> Result<u64> {
        let used = Self::find().filter(Column::UsedAt.lt(before)).limit(most).select_only().column(Column::Hash);
        let hashes: Vec<String> = used.into_tuple().all(db).await?;
        if hashes.is_empty() {
            return Ok(0);
        }
        Ok(Self::delete_many().filter(Column::Hash.is_in(hashes)).exec(db).await?.rows_affected)
    }

    /// Uses a token up. Of two who present it at once, the database lets one.
    pub async fn present(db: &impl ConnectionTrait, token: &str, now: Instant) -> Result<Presented> {
        let hash = hash(token);
        let Some(row) = Self::find_by_id(hash.clone()).one(db).await? else {
            return Ok(Presented::Unknown);
        };
        let used = Self::update_many()
            .col_expr(Column::UsedAt, Expr::value(now))
            .filter(Column::Hash.eq(hash))
            .filter(Column::UsedAt.is_null())
            .exec(db)
            .await?;
        Ok(if used.rows_affected == 1 { Presented::Good(row.session_id) } else { Presented::Reused(row.session_id) })
    }
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
