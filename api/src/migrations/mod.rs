//! The database's versions, named by time, each a file. Only ever added to: what has been released is never edited.

use sea_orm::ConnectionTrait;
use sea_orm_migration::prelude::*;

use crate::db::Db;

mod m20261121_090000_first;
mod m20261121_120000_audit_is_append_only;
mod m20261121_140000_indexes_as_they_are_asked;
mod m20261121_150000_the_way_of_a_delivery;
mod m20261128_150000_webhooks_in_order;
mod m20261128_151000_sizes_of_pictures;

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_090000_first::Migration),
            Box::new(m20261121_120000_audit_is_append_only::Migration),
            Box::new(m20261121_140000_indexes_as_they_are_asked::Migration),
            Box::new(m20261121_150000_the_way_of_a_delivery::Migration),
            Box::new(m20261128_150000_webhooks_in_order::Migration),
            Box::new(m20261128_151000_sizes_of_pictures::Migration),
        ]
    }
}

/// Applies what is missing, up to and with `to` when it is given; tells what was applied.
///
/// # Errors
/// An unknown name; a migration that fails, which leaves the versions before it applied.
pub async fn up(db: &Db, to: Option<&str>) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
    let last = match to {
        Some(name) => names
            .iter()
            .position(|n| n == name)
            .ok_or_else(|| anyhow::anyhow!("there is no migration `{name}`; there are:\n  {}", names.join("\n  ")))?,
        None => names.len() - 1,
    };
    // Two jobs that start together must not both create the first table.
    let lock = if db.is_sqlite() { None } else { Some(lock(db).await?) };
    let pending: Vec<String> =
        Migrator::get_pending_migrations(&db.write).await?.iter().map(|m| m.name().to_owned()).collect();
    let wanted: Vec<String> =
        pending.into_iter().filter(|n| names.iter().position(|m| m == n).is_some_and(|i| i <= last)).collect();
    let steps = <u32 as TryFrom<usize>>::try_from(wanted.len())?;
    if steps > 0 {
        Migrator::up(&db.write, Some(steps)).await?;
    }
    drop(lock);
    Ok(wanted)
}

/// An advisory lock that PostgreSQL frees with the transaction.
async fn lock(db: &Db) -> anyhow::Result<crate::db::Tx> {
    let tx = db.begin().await?;
    tx.execute_unprepared("SELECT pg_advisory_xact_lock(7331)").await?;
    Ok(tx)
}

/// Whether the database is exactly at this version. Only reads: who serves needs no right to make tables.
///
/// # Errors
/// Names the command to run when a migration is missing, and the version to run when there is one that we don't know.
pub async fn up_to_date(db: &Db) -> anyhow::Result<()> {
    let ours: Vec<String> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
    let applied = applied(db).await?;
    let unknown: Vec<&str> = applied.iter().filter(|name| !ours.contains(name)).map(String::as_str).collect();
    anyhow::ensure!(
        unknown.is_empty(),
        "the database belongs to a newer version: it has {}, which is missing here; run that version, or put back a copy \
         of the database from before it",
        unknown.join(", ")
    );
    let missing = ours.iter().filter(|name| !applied.contains(name)).count();
    anyhow::ensure!(missing == 0, "the database lacks {missing} migration(s); run `wayfare migrate`");
    Ok(())
}

async fn applied(db: &Db) -> Result<Vec<String>, DbErr> {
    const TABLE: &str = "seaql_migrations";
    if !SchemaManager::new(&db.write).has_table(TABLE).await? {
        return Ok(vec![]);
    }
    let read = Query::select().column(Alias::new("version")).from(Alias::new(TABLE)).to_owned();
    let rows = db.write.query_all(&read).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}
