//! Orders are read newest first by their ids, which begin with the time: the indexes end in the id now. Nothing asks for all
//! orders of a state or for the audit by time; what a courier may take, and what one brings, are few rows each.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const BOTH: [&str; 8] = [
    "DROP INDEX order_of_account",
    "DROP INDEX order_of_shop",
    "DROP INDEX order_by_state",
    "DROP INDEX audit_by_time",
    "CREATE INDEX order_of_account ON orders (account_id, id)",
    "CREATE INDEX order_of_shop ON orders (shop_id, id)",
    "CREATE INDEX order_of_courier ON orders (courier_id, id) WHERE courier_id IS NOT NULL",
    "CREATE INDEX order_to_take ON orders (id) WHERE courier_id IS NULL AND state = 'preparing'",
];

/// An order is a record and outlives what it refers to, as its lines outlive their products: deleting an account by hand
/// would have deleted its orders. Each reference cost two row locks an order, on rows that all orders of a shop share.
/// SQLite can drop no constraint without copying its table, and locks no rows.
const POSTGRES: [&str; 2] = [
    "ALTER TABLE orders DROP CONSTRAINT orders_account_id_fkey",
    "ALTER TABLE orders DROP CONSTRAINT orders_shop_id_fkey",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == sea_orm::DbBackend::Postgres;
        let more: &[&str] = if postgres { &POSTGRES } else { &[] };
        // At once, on one connection: another one of SQLite's may still believe in an index that was dropped.
        let statements = [&BOTH, more].concat().join("; ");
        manager.get_connection().execute_unprepared(&statements).await?;
        Ok(())
    }
}
