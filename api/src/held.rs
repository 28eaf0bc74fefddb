//! PostgreSQL connections that go from one statement to the next without the pool's test in between.
//!
//! The pool asks each connection that comes back for a sign of life: one more round trip, which costs the service and the
//! database a tenth of what an order does. Whoever has just read a statement's whole answer knows that the connection is
//! well, and keeps it here for the next one: for a moment, and half of the pool's connections at the most, so that others
//! always find some.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use sea_orm::{
    ConnAcquireErr, DbErr, RuntimeErr,
    sqlx::{self, PgPool, Postgres, pool::PoolConnection, postgres::PgArguments, postgres::PgRow, query::Query},
};

/// How long a connection is believed to be well: shorter than any server needs to restart.
const WELL: Duration = Duration::from_millis(100);

pub struct Held {
    pool: PgPool,
    most: usize,
    free: Mutex<Vec<(PoolConnection<Postgres>, Instant)>>,
}

impl Held {
    pub fn new(pool: PgPool) -> Self {
        let most = pool.options().get_max_connections() as usize / 2;
        Self { pool, most, free: Mutex::default() }
    }

    /// All rows of one statement, which is a transaction by itself.
    ///
    /// # Errors
    /// What the database says; no connection within the pool's time.
    pub async fn fetch_all(&self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>, DbErr> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await.map_err(not_acquired)?,
        };
        // Given up in the middle, or after an error, the connection goes back to the pool, which tests it.
        let rows =
            query.fetch_all(&mut *connection).await.map_err(|e| DbErr::Query(RuntimeErr::SqlxError(e.into())))?;
        let mut free = self.free();
        if free.len() < self.most {
            free.push((connection, Instant::now()));
        }
        Ok(rows)
    }

    /// How many wait here.
    pub fn count(&self) -> usize {
        self.free().len()
    }

    /// Gives all back to the pool, which can't close before.
    pub fn give_back(&self) {
        self.free().clear();
    }

    fn take(&self) -> Option<PoolConnection<Postgres>> {
        let mut free = self.free();
        match free.pop() {
            Some((connection, since)) if since.elapsed() < WELL => Some(connection),
            // The last one in was the freshest.
            Some(_) => {
                free.clear();
                None
            }
            None => None,
        }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<(PoolConnection<Postgres>, Instant)>> {
        self.free.lock().expect("no holder panics")
    }
}

fn not_acquired(cause: sqlx::Error) -> DbErr {
    match cause {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        other => DbErr::Conn(RuntimeErr::SqlxError(other.into())),
    }
}
