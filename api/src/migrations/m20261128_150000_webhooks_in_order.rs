//! Webhooks: deliveries are signed with replaced keys for a while, carry the trace of what they tell, and are looked for in
//! the order of their events.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [("webhook", json_binary_null("old_keys")), ("order_event", string_null("traceparent"))]
        {
            manager.alter_table(Table::alter().table(Alias::new(table)).add_column(column).to_owned()).await?;
        }
        let indexes = "DROP INDEX delivery_due; CREATE INDEX delivery_open ON delivery (event_id, shop_id, due_at) \
                       WHERE delivered_at IS NULL AND dead_at IS NULL";
        manager.get_connection().execute_unprepared(indexes).await?;
        Ok(())
    }
}
