//! The database's versions, named by time, each a file. Only ever added to: what has been released is never edited.

use sea_orm::ConnectionTrait;
use sea_orm_migration::prelude::*;

use crate::db::Db;

mod m20261121_090000_first;
mod m20261121_120000_audit_is_append_only;
mod m20261121_140000_indexes_as_they_are_asked;
mod m20261121_150000_the_way_of_a_delivery;

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_090000_first::Migration),
            Box::new(m20261121_120000_audit_is_append_only::Migration),
            Box::new(m20261121_140000_indexes_as_they_are_asked::Migration),
            Box::new(m20261121_150000_the_way_of_a_delivery::Migration),
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

/// Whether every migration of this version is applied.
///
/// # Errors
/// Names the command to run when one is missing.
pub async fn up_to_date(db: &Db) -> anyhow::Result<()> {
    let pending = Migrator::get_pending_migrations(&db.write).await?;
    anyhow::ensure!(pending.is_empty(), "the database lacks {} migration(s); run `wayfare migrate`", pending.len());
    Ok(())
}
