//! The database: SQLite in one file, or PostgreSQL. Connecting, and the one way to begin a transaction.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    config::{Config, Secret},
    held::Held,
};

#[derive(Clone)]
pub struct Db {
    pub write: DatabaseConnection,
    /// A replica when one is configured: may lag behind `write`.
    pub read: DatabaseConnection,
    /// Connections to PostgreSQL for what is one statement and often asked.
    held: Option<Arc<Held>>,
    /// SQLite has one writer: waiting here is fair and costs nothing, waiting inside SQLite is neither.
    writer: Arc<Mutex<()>>,
}

/// An open transaction. Dropped without `commit`, it is rolled back.
pub struct Tx {
    inner: DatabaseTransaction,
    _writer: Option<OwnedMutexGuard<()>>,
}

impl std::ops::Deref for Tx {
    type Target = DatabaseTransaction;
    fn deref(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

impl Tx {
    pub async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }
}

impl Db {
    /// Connects, and makes the data folder and the SQLite file when they aren't there.
    ///
    /// # Errors
    /// A folder that can't be written, a database that doesn't answer: the message says which.
    pub async fn connect(config: &Config) -> anyhow::Result<Self> {
        if config.database_url.is_none() {
            writable(&config.data_dir)?;
        }
        let write =
            open(&config.database(), config.database_connections).await.context("the database can't be opened")?;
        let read = match &config.database_read_url {
            Some(url) => open(url, config.database_connections).await.context("the read replica can't be opened")?,
            None => write.clone(),
        };
        let postgres = write.get_database_backend() == DbBackend::Postgres;
        let held = postgres.then(|| Arc::new(Held::new(write.get_postgres_connection_pool().clone())));
        Ok(Self { write, read, held, writer: Arc::default() })
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once: a transaction that reads first
    /// and asks for the lock later is refused when another wrote in between.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let _writer = if self.is_sqlite() { Some(self.writer.clone().lock_owned().await) } else { None };
        let options = TransactionOptions {
            sqlite_transaction_mode: self.is_sqlite().then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(Tx { inner: self.write.begin_with_options(options).await?, _writer })
    }

    pub fn is_sqlite(&self) -> bool {
        self.write.get_database_backend() == DbBackend::Sqlite
    }

    /// Connections to PostgreSQL for one statement at a time; none on SQLite.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_deref()
    }

    /// Open connections of the writing pool, and how many of them are idle.
    pub fn pool(&self) -> (i64, i64) {
        let count = |size: u32, idle: usize| (i64::from(size), i64::try_from(idle).unwrap_or(0));
        if let Some(held) = &self.held {
            let pool = self.write.get_postgres_connection_pool();
            count(pool.size(), pool.num_idle() + held.count())
        } else {
            let pool = self.write.get_sqlite_connection_pool();
            count(pool.size(), pool.num_idle())
        }
    }

    pub async fn close(&self) {
        self.held.iter().for_each(|held| held.give_back());
        let _ = self.write.close_by_ref().await;
        let _ = self.read.close_by_ref().await;
    }
}

fn writable(dir: &Path) -> anyhow::Result<()> {
    let probe = dir.join(".writable");
    std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&probe, b"wayfare"))
        .and_then(|()| std::fs::remove_file(&probe))
        .with_context(|| {
            format!("the data folder {} can't be written; give another with --data-dir, or make room", dir.display())
        })
}

/// How long a request may wait for a connection: short enough for two waits in the time of one request, so that a lost
/// database is told as such and not as a request that took too long.
const PATIENCE: Duration = Duration::from_secs(3);

async fn open(url: &Secret, connections: u32) -> anyhow::Result<DatabaseConnection> {
    // The driver's own message would repeat the address, and with it the password.
    if !url.expose().starts_with("sqlite:") {
        reqwest::Url::parse(url.expose())
            .context("its address can't be read: postgres://user:password@host:port/name")?;
    }
    let mut options = ConnectOptions::new(url.expose());
    options
        .max_connections(connections)
        .connect_timeout(PATIENCE)
        .acquire_timeout(PATIENCE)
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .sqlx_logging(false)
        .set_application_name("wayfare")
        .map_sqlx_sqlite_opts(|o| {
            o.pragma("journal_mode", "WAL")
                .pragma("synchronous", "NORMAL")
                .pragma("foreign_keys", "ON")
                .pragma("cache_size", "-8000")
                .busy_timeout(Duration::from_secs(10))
        });
    // The driver quotes an address that it can't read, and with it the password.
    Database::connect(options).await.map_err(|cause| anyhow::anyhow!(cause.to_string().replace(url.expose(), "***")))
}
