//! Accounts, catalog, carts, orders with their events, deliveries of webhooks, audit.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A table's columns as short calls: names are plain words, as in the entities.
fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(Alias::new(name)).to_owned()
}

fn refers(from: &'static str, column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(Alias::new(from), Alias::new(column))
        .to(Alias::new(to), Alias::new("id"))
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn key(name: &'static str, on: &'static str, columns: &[&'static str], unique: bool) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(Alias::new(on)).to_owned();
    for column in columns {
        index.col(Alias::new(*column));
    }
    if unique {
        index.unique();
    }
    index
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        accounts(),
        sessions(),
        refresh_tokens(),
        shops(),
        products(),
        carts(),
        cart_lines(),
        orders(),
        order_lines(),
        order_events(),
        webhooks(),
        deliveries(),
        audit(),
    ]
}

fn accounts() -> TableCreateStatement {
    table("account")
        .col(uuid("id").primary_key())
        .col(string("email").unique_key())
        .col(string("name"))
        .col(string("password_hash"))
        .col(string("role"))
        .col(big_integer_null("shop_id"))
        .col(timestamp_with_time_zone_null("disabled_at"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn sessions() -> TableCreateStatement {
    table("session")
        .col(uuid("id").primary_key())
        .col(uuid("account_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("used_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(string_null("ended_why"))
        .col(string("ip"))
        .col(string("device"))
        .foreign_key(&mut refers("session", "account_id", "account"))
        .to_owned()
}

fn refresh_tokens() -> TableCreateStatement {
    table("refresh_token")
        .col(string("hash").primary_key())
        .col(uuid("session_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("used_at"))
        .foreign_key(&mut refers("refresh_token", "session_id", "session"))
        .to_owned()
}

fn shops() -> TableCreateStatement {
    table("shop")
        .col(big_integer("id").primary_key().auto_increment())
        .col(string("name").unique_key())
        .col(string("kind"))
        .col(text("description"))
        .col(string("address"))
        .col(double("lat"))
        .col(double("lon"))
        .col(json_binary("hours"))
        .col(string("currency"))
        .to_owned()
}

fn products() -> TableCreateStatement {
    table("product")
        .col(big_integer("id").primary_key().auto_increment())
        .col(big_integer("shop_id"))
        .col(string("name"))
        .col(text("description"))
        .col(string("category"))
        .col(big_integer("price").check(Expr::col("price").gte(0)))
        .col(string("currency"))
        .col(integer("stock").check(Expr::col("stock").gte(0)))
        .col(string_null("image"))
        .col(text("search"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("changed_at"))
        .col(timestamp_with_time_zone_null("retired_at"))
        .foreign_key(&mut refers("product", "shop_id", "shop"))
        .to_owned()
}

fn carts() -> TableCreateStatement {
    table("cart")
        .col(uuid("id").primary_key())
        .col(uuid_null("account_id").unique_key())
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(&mut refers("cart", "account_id", "account"))
        .to_owned()
}

fn cart_lines() -> TableCreateStatement {
    table("cart_line")
        .col(uuid("cart_id"))
        .col(big_integer("product_id"))
        .col(integer("quantity").check(Expr::col("quantity").gt(0)))
        .col(big_integer("price_when_added"))
        .primary_key(Index::create().col("cart_id").col("product_id"))
        .foreign_key(&mut refers("cart_line", "cart_id", "cart"))
        .foreign_key(&mut refers("cart_line", "product_id", "product"))
        .to_owned()
}

fn orders() -> TableCreateStatement {
    table("orders")
        .col(uuid("id").primary_key())
        .col(uuid("account_id"))
        .col(big_integer("shop_id"))
        .col(uuid_null("courier_id"))
        .col(string("state"))
        .col(big_integer("total"))
        .col(string("currency"))
        .col(string("address"))
        .col(double("lat"))
        .col(double("lon"))
        .col(string("mode"))
        .col(text_null("note"))
        .col(string("idempotency_key"))
        .col(string("request_hash"))
        .col(timestamp_with_time_zone("placed_at"))
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(&mut refers("orders", "account_id", "account"))
        .foreign_key(&mut refers("orders", "shop_id", "shop"))
        .to_owned()
}

fn order_lines() -> TableCreateStatement {
    table("order_line")
        .col(uuid("order_id"))
        .col(big_integer("product_id"))
        .col(string("name"))
        .col(big_integer("price"))
        .col(integer("quantity"))
        .primary_key(Index::create().col("order_id").col("product_id"))
        .foreign_key(&mut refers("order_line", "order_id", "orders"))
        .to_owned()
}

/// What happened to an order: read by the customer as a live stream, and the outbox of the webhooks. `taken_at` is when a
/// worker took it over for good, `published_at` when it was last put on the queue.
fn order_events() -> TableCreateStatement {
    table("order_event")
        .col(big_integer("id").primary_key().auto_increment())
        .col(uuid("order_id"))
        .col(big_integer("shop_id"))
        .col(string("state"))
        .col(uuid("account_id"))
        .col(timestamp_with_time_zone("at"))
        .col(timestamp_with_time_zone_null("published_at"))
        .col(timestamp_with_time_zone_null("taken_at"))
        .foreign_key(&mut refers("order_event", "order_id", "orders"))
        .to_owned()
}

fn webhooks() -> TableCreateStatement {
    table("webhook")
        .col(big_integer("shop_id").primary_key())
        .col(string("url"))
        .col(string("secret"))
        .foreign_key(&mut refers("webhook", "shop_id", "shop"))
        .to_owned()
}

fn deliveries() -> TableCreateStatement {
    table("delivery")
        .col(big_integer("event_id").primary_key())
        .col(big_integer("shop_id"))
        .col(integer("attempts").default(0))
        .col(timestamp_with_time_zone("due_at"))
        .col(timestamp_with_time_zone_null("delivered_at"))
        .col(timestamp_with_time_zone_null("dead_at"))
        .col(text_null("problem"))
        .foreign_key(&mut refers("delivery", "event_id", "order_event"))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    table("audit")
        .col(big_integer("id").primary_key().auto_increment())
        .col(timestamp_with_time_zone("at"))
        .col(uuid_null("account_id"))
        .col(string_null("role"))
        .col(string("action"))
        .col(string("subject"))
        .col(json_binary("detail"))
        .col(string("ip"))
        .col(string("request_id"))
        .to_owned()
}

fn keys() -> Vec<IndexCreateStatement> {
    vec![
        key("session_of_account", "session", &["account_id", "created_at"], false),
        key("session_ended", "session", &["ended_at"], false),
        key("refresh_token_of_session", "refresh_token", &["session_id"], false),
        key("product_by_shop", "product", &["shop_id", "name", "id"], false),
        key("product_by_category", "product", &["category", "name", "id"], false),
        key("product_by_name", "product", &["name", "id"], false),
        key("product_by_price", "product", &["price", "id"], false),
        key("cart_changed", "cart", &["changed_at"], false),
        key("order_once", "orders", &["account_id", "idempotency_key"], true),
        key("order_of_account", "orders", &["account_id", "placed_at"], false),
        key("order_of_shop", "orders", &["shop_id", "placed_at"], false),
        key("order_by_state", "orders", &["state", "placed_at"], false),
        key("event_of_order", "order_event", &["order_id", "id"], false),
        key("audit_by_time", "audit", &["at"], false),
        key("audit_of_account", "audit", &["account_id", "id"], false),
        key("audit_of_subject", "audit", &["subject", "id"], false),
    ]
}

/// Indexes over the few rows that work is left for: they stay small however long the tables grow.
const PARTIAL: [&str; 2] = [
    "CREATE INDEX event_waiting ON order_event (id) WHERE taken_at IS NULL",
    "CREATE INDEX delivery_due ON delivery (due_at) WHERE delivered_at IS NULL AND dead_at IS NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for key in keys() {
            manager.create_index(key).await?;
        }
        for statement in PARTIAL {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
