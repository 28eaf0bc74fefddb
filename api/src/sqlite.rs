//! What is SQLite's own: how a connection is set up, and when it may be used again.

use std::time::Duration;

use sea_orm::{
    ConnectOptions,
    sqlx::{self, Connection, sqlite::SqliteConnection},
};

/// FULL: an acknowledged order survives a power cut. A commit waits for the disk, and one writer
/// waits for another.
const SYNCHRONOUS: &str = "FULL";

pub fn set_up(options: &mut ConnectOptions) {
    options
        .map_sqlx_sqlite_opts(|o| {
            o.pragma("journal_mode", "WAL")
                .pragma("synchronous", SYNCHRONOUS)
                .pragma("foreign_keys", "ON")
                .pragma("cache_size", "-8000")
                .busy_timeout(Duration::from_secs(10))
        })
        .map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .map_sqlx_sqlite_pool_opts(|o| o.after_release(|connection, _| Box::pin(is_at_rest(connection))));
}

/// Whether a connection that comes back has nothing open; another one is closed, which undoes what
/// is open.
///
/// SQLite ends a transaction by itself when the disk is full, a read or write fails, memory is
/// short, it is interrupted, or a trigger says so. The driver goes on counting it as open: what is
/// committed on such a connection from then on is the release of a savepoint that nobody else sees,
/// and is gone at the end.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // An ordinary roll-back was only queued so far; the answer comes after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}
