//! A SQLite file that nobody works with, such as a copy: read and judged without a trace beside it.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions, Row,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{Failure, manifest::LastOrder};

pub struct Shelf(SqliteConnection);

impl Shelf {
    /// # Errors
    /// A file that isn't a database.
    pub async fn open(file: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
        let opened = options.connect().await;
        Ok(Self(opened.with_context(|| format!("{} can't be opened", file.display()))?))
    }

    /// By table.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn rows(&mut self) -> sqlx::Result<BTreeMap<String, i64>> {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let names: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut self.0).await?;
        let mut rows = BTreeMap::new();
        for name in names {
            let count = AssertSqlSafe(format!("SELECT count(*) FROM \"{name}\""));
            let count: i64 = sqlx::query_scalar(count).fetch_one(&mut self.0).await?;
            rows.insert(name, count);
        }
        Ok(rows)
    }

    /// # Errors
    /// What SQLite says.
    pub async fn migrations(&mut self) -> sqlx::Result<Vec<String>> {
        sqlx::query_scalar("SELECT version FROM seaql_migrations ORDER BY version").fetch_all(&mut self.0).await
    }

    /// # Errors
    /// What SQLite says.
    pub async fn last_order(&mut self) -> sqlx::Result<Option<LastOrder>> {
        let last = "SELECT hex(id) AS id, placed_at FROM orders ORDER BY placed_at DESC, id DESC LIMIT 1";
        let row = sqlx::query(last).fetch_optional(&mut self.0).await?;
        row.map(|row| Ok(LastOrder { id: row.try_get("id")?, placed_at: row.try_get("placed_at")? })).transpose()
    }

    /// The files that products show.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn pictures(&mut self) -> sqlx::Result<Vec<String>> {
        let shown = "SELECT DISTINCT image FROM product WHERE image IS NOT NULL";
        sqlx::query_scalar(shown).fetch_all(&mut self.0).await
    }

    /// That each page is one, each index agrees with its table and each reference leads somewhere.
    ///
    /// # Errors
    /// The first of what is wrong.
    pub async fn judge(&mut self) -> anyhow::Result<()> {
        let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(3)").fetch_all(&mut self.0).await?;
        if found != ["ok"] {
            return Err(Failure::damaged(format!("SQLite finds it damaged: {}", found.join("; "))).into());
        }
        if let Some(row) = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut self.0).await? {
            let table: String = row.try_get(0)?;
            return Err(Failure::damaged(format!("a row of `{table}` refers to one that isn't there")).into());
        }
        Ok(())
    }
}
