//! What the newer database knows that an older copy of it has to know, too, before it serves: which
//! events were delivered already, and which numbers were given away.

use std::path::Path;

use anyhow::Context;
use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

/// Rows that the newer database has and the older copy lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    pub orders: i64,
    pub accounts: i64,
}

/// What would be lost by putting `older` in the place of `newer`.
///
/// # Errors
/// A database that can't be read.
pub async fn lost(newer: &Path, older: &Path) -> anyhow::Result<Lost> {
    // Not immutable: the last orders are in its log.
    let mut both = attached(SqliteConnectOptions::new().filename(newer), older).await?;
    let mut count = async |table: &str| -> sqlx::Result<i64> {
        let count = format!("SELECT count(*) FROM main.{table} WHERE id NOT IN (SELECT id FROM other.{table})");
        sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut both).await
    };
    Ok(Lost { orders: count("orders").await?, accounts: count("account").await? })
}

/// An event is the same when its order and its time are, too: a number alone may have been given twice.
const SAME: &str = "JOIN main.order_event mine ON mine.id = theirs.id AND mine.order_id = theirs.order_id
    AND mine.at = theirs.at";

/// Writes into `copy` what `newer` knows. Events that were delivered since aren't sent again, and
/// numbers that were given since aren't given again.
///
/// # Errors
/// A database that can't be read: then the copy is as it was.
pub async fn carry(newer: &Path, copy: &Path) -> anyhow::Result<()> {
    let mut both = attached(SqliteConnectOptions::new().filename(copy), newer).await?;
    let statements = [
        "BEGIN IMMEDIATE".to_owned(),
        format!(
            "UPDATE main.order_event SET taken_at = theirs.taken_at, published_at = theirs.published_at
             FROM (SELECT theirs.* FROM other.order_event theirs {SAME}) AS theirs
             WHERE theirs.id = main.order_event.id AND theirs.taken_at IS NOT NULL"
        ),
        format!(
            "INSERT OR REPLACE INTO main.delivery
                 (event_id, shop_id, attempts, due_at, delivered_at, dead_at, problem)
             SELECT d.event_id, d.shop_id, d.attempts, d.due_at, d.delivered_at, d.dead_at, d.problem
             FROM other.delivery d JOIN other.order_event theirs ON theirs.id = d.event_id {SAME}"
        ),
        "UPDATE main.sqlite_sequence SET seq = max(seq, coalesce(
             (SELECT theirs.seq FROM other.sqlite_sequence theirs WHERE theirs.name = main.sqlite_sequence.name), 0))"
            .to_owned(),
        "INSERT INTO main.sqlite_sequence (name, seq) SELECT name, seq FROM other.sqlite_sequence
             WHERE name NOT IN (SELECT name FROM main.sqlite_sequence)"
            .to_owned(),
        "COMMIT".to_owned(),
    ];
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut both).await?;
    }
    Ok(())
}

async fn attached(main: SqliteConnectOptions, other: &Path) -> anyhow::Result<SqliteConnection> {
    let mut connection = main.connect().await?;
    let other = other.to_str().context("the folder's name isn't text")?;
    sqlx::query("ATTACH ? AS other").bind(other).execute(&mut connection).await?;
    Ok(connection)
}
