//! An order keeps the way that it was to be brought: nothing for orders placed before, and where the map knows no way.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One at a time: SQLite adds no two columns at once.
        for column in ["delivery_metres INTEGER", "delivery_seconds INTEGER", "delivery_grams DOUBLE PRECISION"] {
            let statement = format!("ALTER TABLE orders ADD COLUMN {column}");
            manager.get_connection().execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}
