//! A sign-in on one device, from log-in to log-out. Sessions live in the database; what was looked up is cached, so that a
//! request costs one question to Redis.
//!
//! No revoked session gets in: the end is written to the database, then taken out of the cache. A replica that lost Redis
//! asks the database, and before it believes the cache again it takes out what ended meanwhile; it does so by itself, at
//! the latest a second and a half after Redis is back, for the sake of replicas that noticed nothing. See
//! docs/adr/0002-sessions.md for what is left (a replica that dies between the two steps: [`TTL`]).

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use poem_openapi::Object;
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    App,
    auth::account::{self, Role},
    clock::Instant,
    error::Result,
    redis::Redis,
};

/// So many sessions an account may have; with one more, the oldest ends. As many as are listed.
pub const MOST: u64 = 100;
/// How long a cached look-up is believed.
const TTL: Duration = Duration::from_secs(30);
/// How often to see whether Redis is back; costs two comparisons.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Object)]
#[sea_orm(table_name = "session")]
#[oai(rename = "Session", skip_serializing_if_is_none)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub created_at: Instant,
    /// When it was last renewed
    pub used_at: Instant,
    pub expires_at: Instant,
    pub ended_at: Option<Instant>,
    /// Signed out, ended elsewhere, too many, refresh token reused, password changed, role changed, disabled
    pub ended_why: Option<String>,
    pub ip: String,
    /// What the device calls itself
    pub device: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Who a live session belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub account_id: Uuid,
    pub role: Role,
    pub shop_id: Option<i64>,
    /// When the session ends unless it is renewed.
    pub expires_at: Instant,
}

impl Entity {
    /// The owner of a session that is live now.
    async fn owner(db: &impl ConnectionTrait, id: Uuid, now: Instant) -> Result<Option<Owner>> {
        let Some(session) = Self::find_by_id(id).one(db).await? else {
            return Ok(None);
        };
        if session.ended_at.is_some() || session.expires_at <= now {
            return Ok(None);
        }
        let account = account::Entity::find_by_id(session.account_id).one(db).await?;
        Ok(account.filter(|a| a.disabled_at.is_none()).map(|a| Owner {
            account_id: a.id,
            role: a.role,
            shop_id: a.shop_id,
            expires_at: session.expires_at,
        }))
    }

    fn live(account: Uuid, now: Instant) -> Select<Self> {
        Self::find()
            .filter(Column::AccountId.eq(account))
            .filter(Column::EndedAt.is_null())
            .filter(Column::ExpiresAt.gt(now))
    }

    /// All of them, newest first.
    pub async fn of(db: &impl ConnectionTrait, account: Uuid, now: Instant) -> Result<Vec<Model>> {
        Ok(Self::live(account, now).order_by_desc(Column::CreatedAt).limit(MOST).all(db).await?)
    }

    /// Whether this session is live and the account's.
    pub async fn is_of(db: &impl ConnectionTrait, id: Uuid, account: Uuid, now: Instant) -> Result<bool> {
        Ok(Self::live(account, now).filter(Column::Id.eq(id)).one(db).await?.is_some())
    }

    /// Ends one session; tells whether it was live.
    pub async fn end(db: &impl ConnectionTrait, id: Uuid, now: Instant, why: &str) -> Result<bool> {
        let ended = Self::update_many()
            .col_expr(Column::EndedAt, Expr::value(now))
            .col_expr(Column::EndedWhy, Expr::value(why))
            .filter(Column::Id.eq(id))
            .filter(Column::EndedAt.is_null())
            .exec(db)
            .await?;
        Ok(ended.rows_affected == 1)
    }

    /// Ends every session there is; tells how many that were. Where they are cached, they live on for
    /// [`TTL`] at the longest.
    pub async fn end_everyones(db: &impl ConnectionTrait, now: Instant, why: &str) -> Result<u64> {
        let ended = Self::update_many()
            .col_expr(Column::EndedAt, Expr::value(now))
            .col_expr(Column::EndedWhy, Expr::value(why))
            .filter(Column::EndedAt.is_null())
            .exec(db)
            .await?;
        Ok(ended.rows_affected)
    }

    /// Ends the oldest sessions of an account beyond the newest [`MOST`]; gives their ids, to be forgotten after the commit.
    pub async fn end_oldest(db: &impl ConnectionTrait, account: Uuid, now: Instant) -> Result<Vec<Uuid>> {
        let live = Self::live(account, now).order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
        // Nothing skips without a limit.
        let beyond = live.offset(MOST).limit(10_000).select_only().column(Column::Id);
        let ids: Vec<Uuid> = beyond.into_tuple().all(db).await?;
        for id in &ids {
            Self::end(db, *id, now, "too many sessions").await?;
        }
        Ok(ids)
    }

    /// Where the account signed in lately.
    pub async fn addresses(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<IpAddr>> {
        let last = Self::find().filter(Column::AccountId.eq(account)).order_by_desc(Column::CreatedAt).limit(200);
        let ips: Vec<String> = last.select_only().column(Column::Ip).into_tuple().all(db).await?;
        Ok(ips.iter().filter_map(|ip| ip.parse().ok()).collect())
    }

    /// Deletes some of the sessions that were over before then, with their refresh tokens; tells how many.
    pub async fn delete_over(db: &impl ConnectionTrait, before: Instant, most: u64) -> Result<u64> {
        let over = Column::EndedAt.lt(before).or(Column::ExpiresAt.lt(before));
        let over = Self::find().filter(over).limit(most).select_only().column(Column::Id);
        let ids: Vec<Uuid> = over.into_tuple().all(db).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        Ok(Self::delete_many().filter(Column::Id.is_in(ids)).exec(db).await?.rows_affected)
    }

    /// Ends all sessions of an account but `keep`; gives their ids, to be forgotten after the commit.
    pub async fn end_all(
        db: &impl ConnectionTrait,
        account: Uuid,
        keep: Option<Uuid>,
        now: Instant,
        why: &str,
    ) -> Result<Vec<Uuid>> {
        let live = Self::live(account, now).select_only().column(Column::Id);
        let mut ids: Vec<Uuid> = live.into_tuple().all(db).await?;
        ids.retain(|id| Some(*id) != keep);
        for id in &ids {
            Self::end(db, *id, now, why).await?;
        }
        Ok(ids)
    }

    pub async fn renew(db: &impl ConnectionTrait, id: Uuid, now: Instant, expires_at: Instant) -> Result<()> {
        Self::update(ActiveModel { id: Set(id), used_at: Set(now), expires_at: Set(expires_at), ..Default::default() })
            .exec(db)
            .await?;
        Ok(())
    }
}

/// The cache in front of the table.
pub struct Sessions {
    redis: Option<Redis>,
    memory: moka::sync::Cache<Uuid, Owner>,
    /// The count of Redis' losses up to which ended sessions were taken out.
    swept: AtomicU64,
}

impl Sessions {
    pub fn new(redis: Option<Redis>) -> Self {
        Self {
            redis,
            memory: moka::sync::Cache::builder().max_capacity(10_000).time_to_live(TTL).build(),
            swept: AtomicU64::new(0),
        }
    }

    /// The owner of a live session, from the cache or the database.
    pub async fn owner(&self, app: &App, id: Uuid) -> Result<Option<Owner>> {
        // What seems to be over may have been renewed since it was cached: the database says.
        let cached = self.cached(app, id).await.filter(|owner| owner.expires_at > app.clock.now());
        if let Some(owner) = cached {
            return Ok(Some(owner));
        }
        let owner = Entity::owner(&app.db.write, id, app.clock.now()).await?;
        let Some(found) = owner else { return Ok(None) };
        if !self.keep(app, id, found).await {
            return Ok(owner);
        }
        // Ended while it was being kept? Then its end looked for the entry too early: look once more.
        let still = Entity::owner(&app.db.write, id, app.clock.now()).await?;
        if still.is_none() {
            self.forget(&[id]).await;
        }
        Ok(still)
    }

    /// Takes ended sessions out of the cache. Call it after the commit that ended them.
    pub async fn forget(&self, ids: &[Uuid]) {
        ids.iter().for_each(|id| self.memory.invalidate(id));
        if ids.is_empty() {
            return;
        }
        if let Some(redis) = &self.redis {
            let keys: Vec<String> = ids.iter().map(|id| key(redis, id)).collect();
            // When this fails, the loss has been counted and nothing cached is believed before a sweep.
            if redis.ask::<()>(redis::cmd("DEL").arg(keys)).await.is_err() {
                tracing::debug!("ended sessions will be removed from the cache when redis is back");
            }
        }
    }

    /// Sweeps as soon as Redis is back, for as long as the process lives: whose Redis never was away, such as another
    /// replica that nobody asked anything meanwhile, would go on believing what we couldn't take out.
    pub async fn follow(&self, app: &App) {
        let Some(redis) = &self.redis else { return };
        loop {
            if !redis.is_away() {
                let _ = self.sweep(app, redis).await;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn cached(&self, app: &App, id: Uuid) -> Option<Owner> {
        let Some(redis) = &self.redis else {
            // One process alone: what it ended, it forgot.
            return if app.db.is_sqlite() { self.memory.get(&id) } else { None };
        };
        if redis.is_away() {
            return None;
        }
        self.sweep(app, redis).await?;
        let text: Option<String> = redis.ask(redis::cmd("GET").arg(key(redis, &id))).await.ok()?;
        serde_json::from_str(&text?).ok()
    }

    /// Tells whether the owner may be in the cache now: also when Redis didn't say so, but not when it wasn't asked.
    async fn keep(&self, app: &App, id: Uuid, owner: Owner) -> bool {
        match &self.redis {
            None if app.db.is_sqlite() => {
                self.memory.insert(id, owner);
                true
            }
            None => false,
            Some(redis) if redis.is_away() => false,
            Some(redis) => {
                let text = serde_json::to_string(&owner).unwrap_or_default();
                // Not kept: the next request asks the database again.
                let _ = redis
                    .ask::<()>(redis::cmd("SET").arg(key(redis, &id)).arg(text).arg("EX").arg(TTL.as_secs()))
                    .await;
                true
            }
        }
    }

    /// After Redis was lost: takes out what ended within the time that an entry lives. Nothing while that can't be done.
    async fn sweep(&self, app: &App, redis: &Redis) -> Option<()> {
        let losses = redis.losses();
        if self.swept.load(Relaxed) == losses {
            return Some(());
        }
        let since = app.clock.now() - 2 * TTL;
        let ended = Entity::find().filter(Column::EndedAt.gte(since)).all(&app.db.write).await.ok()?;
        for some in ended.chunks(500) {
            redis
                .ask::<()>(redis::cmd("DEL").arg(some.iter().map(|s| key(redis, &s.id)).collect::<Vec<_>>()))
                .await
                .ok()?;
        }
        self.swept.store(losses, Relaxed);
        Some(())
    }
}

fn key(redis: &Redis, id: &Uuid) -> String {
    redis.key(&format!("session:{}", id.simple()))
}
