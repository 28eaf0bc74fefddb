//! How large a product's picture is, so that a shop's can be counted: unknown of those from before.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = big_integer_null("image_bytes");
        manager.alter_table(Table::alter().table(Alias::new("product")).add_column(column).to_owned()).await
    }
}
