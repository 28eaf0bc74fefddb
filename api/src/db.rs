//! The database: SQLite in one file, or PostgreSQL. Connecting, and the one way to begin a transaction.

use std::{
    sync::{Arc, Mutex as Slot},
    time::{Duration, Instant},
};

use anyhow::Context;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait, sqlx::Connection,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    config::{Config, Secret},
    data_folder, db_errors,
    error::Result,
    held::Held,
    replica::{Replica, Standing},
    sqlite,
};

#[derive(Clone)]
pub struct Db {
    pub write: DatabaseConnection,
    replica: Option<Arc<Replica>>,
    /// Connections to PostgreSQL for what is one statement and often asked.
    held: Option<Arc<Held>>,
    /// SQLite has one writer: waiting here is fair and costs nothing, waiting inside SQLite is neither.
    writer: Arc<Mutex<()>>,
    last_commit: LastCommit,
}

/// When a transaction of this process was last committed.
type LastCommit = Arc<Slot<Option<Instant>>>;

/// An open transaction. Dropped without `commit`, it is rolled back.
pub struct Tx {
    inner: DatabaseTransaction,
    last_commit: LastCommit,
    _writer: Option<OwnedMutexGuard<()>>,
}

impl std::ops::Deref for Tx {
    type Target = DatabaseTransaction;
    fn deref(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

impl Tx {
    /// # Errors
    /// 503 `outcome_unknown` when the answer was lost; any other says that nothing was changed.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await.map_err(db_errors::of_write)?;
        *self.last_commit.lock().expect("no holder panics") = Some(Instant::now());
        Ok(())
    }
}

impl Db {
    /// Connects, and makes the data folder and the SQLite file when they aren't there.
    ///
    /// # Errors
    /// A folder that can't be written, a database that doesn't answer: the message says which.
    pub async fn connect(config: &Config) -> anyhow::Result<Self> {
        if config.database_url.is_none() {
            data_folder::make(&config.data_dir)?;
        }
        if let Some(file) = config.sqlite_file() {
            data_folder::make_file(&file, &config.database());
        }
        let write = open(&config.database(), options(&config.database(), config.database_connections))
            .await
            .context("the database can't be opened")?;
        let replica = match &config.database_read_url {
            Some(url) => {
                let lazily = options(url, config.database_connections).map(|mut o| o.connect_lazy(true).to_owned());
                let replica = open(url, lazily).await.context("the read replica's address can't be used")?;
                Some(Arc::new(Replica::new(replica)))
            }
            None => None,
        };
        let postgres = write.get_database_backend() == DbBackend::Postgres;
        let held = postgres.then(|| Arc::new(Held::new(write.get_postgres_connection_pool().clone())));
        Ok(Self { write, replica, held, writer: Arc::default(), last_commit: Arc::default() })
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once: a transaction that reads first
    /// and asks for the lock later is refused when another wrote in between.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let _writer = if self.is_sqlite() { Some(self.writer.clone().lock_owned().await) } else { None };
        let options = TransactionOptions {
            sqlite_transaction_mode: self.is_sqlite().then_some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let inner = self.write.begin_with_options(options).await?;
        Ok(Tx { inner, last_commit: self.last_commit.clone(), _writer })
    }

    /// Whether the database can do what is asked of it. SQLite answers questions when nothing can be written any more, on a
    /// full disk for one: there a write is tried, unless one was committed a moment ago.
    pub async fn is_well(&self) -> bool {
        if !self.is_sqlite() {
            return self.write.ping().await.is_ok();
        }
        let last = *self.last_commit.lock().expect("no holder panics");
        let just_now = last.is_some_and(|at| at.elapsed() < WELL);
        self.write.ping().await.is_ok() && (just_now || self.try_write().await.is_ok())
    }

    /// Writes a page of the SQLite file: a number that is SQLite's users' own, and that we don't use otherwise.
    async fn try_write(&self) -> Result<()> {
        let tx = self.begin().await?;
        tx.execute_unprepared("PRAGMA user_version = 1").await?;
        tx.commit().await
    }

    /// Reads what may be a few seconds old: from the replica where there is one that can be asked, else from the primary.
    ///
    /// # Errors
    /// What the primary says.
    pub async fn read<T, F>(&self, ask: impl Fn(DatabaseConnection) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        match &self.replica {
            Some(replica) => replica.ask(&self.write, ask).await,
            None => ask(self.write.clone()).await,
        }
    }

    /// Something was written that [`Self::read`] reads: whoever wrote it finds it.
    pub fn wrote(&self) {
        self.replica.iter().for_each(|replica| replica.wrote());
    }

    /// How the replica stands, where there is one.
    pub async fn replica(&self) -> Option<Standing> {
        match &self.replica {
            Some(replica) => Some(replica.standing(&self.write).await),
            None => None,
        }
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
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
    }
}

/// How long a commit shows that the next one will do.
const WELL: Duration = Duration::from_secs(2);

/// How long a request may wait for a connection: short enough for two waits in the time of one request, so that a lost
/// database is told as such and not as a request that took too long.
const PATIENCE: Duration = Duration::from_secs(3);

fn options(url: &Secret, connections: u32) -> anyhow::Result<ConnectOptions> {
    // The driver's own message would repeat the address, and with it the password.
    if !url.expose().starts_with("sqlite:") {
        reqwest::Url::parse(url.expose())
            .context("its address can't be read: postgres://user:password@host:port/name, with one host")?;
    }
    let mut options = ConnectOptions::new(url.expose());
    options
        .max_connections(connections)
        .connect_timeout(PATIENCE)
        .acquire_timeout(PATIENCE)
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .sqlx_logging(false)
        .set_application_name("wayfare")
        // PgBouncer refuses a connection that wants to set it; what we read comes in binary form.
        .map_sqlx_postgres_opts(|o| o.extra_float_digits(None))
        .map_sqlx_postgres_before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    sqlite::set_up(&mut options);
    Ok(options)
}

async fn open(url: &Secret, options: anyhow::Result<ConnectOptions>) -> anyhow::Result<DatabaseConnection> {
    // The driver quotes an address that it can't read, and with it the password.
    Database::connect(options?).await.map_err(|cause| anyhow::anyhow!(cause.to_string().replace(url.expose(), "***")))
}
