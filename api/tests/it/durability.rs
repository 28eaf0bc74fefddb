//! What is acknowledged is kept: also after a statement that ended its transaction by itself, as SQLite does when the disk is
//! full, a read or write fails, memory is short, or somebody interrupts it.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::json;
use uuid::Uuid;

use crate::{
    client::Answer,
    fixtures::{Person, order_of},
    place::on_postgres,
    start::Wayfare,
};

/// Connections of the service's pool: few, so that each is used again and again.
const CONNECTIONS: u32 = 2;
const NO_LIMIT: u32 = 1_073_741_823;

/// A service on SQLite, a product that is never sold out, and somebody who orders it.
struct Kept {
    wayfare: Wayfare,
    customer: Person,
    product: i64,
    /// A product of which nothing is left.
    scarce: i64,
    /// Somebody else who reads the same file, and sees only what is committed.
    reader: DatabaseConnection,
}

impl Kept {
    async fn start() -> Option<Self> {
        if on_postgres() {
            return None;
        }
        let wayfare = Wayfare::with(|config| config.database_connections = CONNECTIONS).await;
        let product = wayfare.product("Loaf", 100, 100_000).await;
        let scarce = wayfare.product("Concert ticket", 100, 0).await;
        let customer = wayfare.newcomer().await;
        let reader = Database::connect(&wayfare.place.database_url).await.expect("the file is there");
        Some(Self { wayfare, customer, product, scarce, reader })
    }

    async fn order(&self, note: Option<&str>) -> Answer {
        let mut body = order_of(self.product, 1);
        if let Some(note) = note {
            body["note"] = json!(note);
        }
        self.customer.try_order(&Uuid::new_v4().to_string(), body).await
    }

    /// Found to be sold out inside the transaction, which is then rolled back as usual.
    async fn order_scarce(&self) -> Answer {
        self.customer.try_order(&Uuid::new_v4().to_string(), order_of(self.scarce, 1)).await
    }

    /// Orders some; gives the ids of those that were acknowledged.
    async fn acknowledged(&self, tries: usize) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for _ in 0..tries {
            let answer = self.order(None).await;
            if answer.status == 201 {
                ids.insert(answer.json()["id"].as_str().expect("an id").replace('-', ""));
            }
        }
        ids
    }

    /// The ids of the orders that somebody else sees.
    async fn committed(&self) -> BTreeSet<String> {
        let all = Statement::from_string(self.reader.get_database_backend(), "SELECT lower(hex(id)) FROM orders");
        let rows = self.reader.query_all_raw(all).await.expect("the orders can be read");
        rows.iter().map(|row| row.try_get_by_index(0).expect("an id")).collect()
    }

    /// Bounds the size of the file, for each connection of the pool as it is now.
    async fn bound(&self, pages: u32) {
        let pool = self.wayfare.app.db.write.get_sqlite_connection_pool();
        let mut all = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut connection = pool.acquire().await.expect("it is free");
            let pragma = sea_orm::sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sea_orm::sqlx::raw_sql(pragma).execute(&mut *connection).await.expect("a pragma of SQLite's");
            all.push(connection);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_full_database_every_acknowledged_order_is_kept() {
    let Some(kept) = Kept::start().await else { return };
    kept.bound(1).await;
    let mut acknowledged = BTreeSet::new();
    for _ in 0..20 {
        acknowledged.extend(kept.acknowledged(4).await);
        kept.order_scarce().await;
    }
    kept.bound(NO_LIMIT).await;
    let after = kept.acknowledged(10).await;
    assert_eq!(after.len(), 10, "with room again, each order is taken");
    acknowledged.extend(after);
    assert_eq!(acknowledged.difference(&kept.committed().await).count(), 0, "acknowledged and not committed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_transaction_that_sqlite_ended_itself_every_acknowledged_order_is_kept() {
    let Some(kept) = Kept::start().await else { return };
    kept.wayfare
        .sql("CREATE TRIGGER boom BEFORE INSERT ON orders WHEN NEW.note = 'boom' BEGIN SELECT RAISE(ROLLBACK, 'boom'); END")
        .await
        .expect("a trigger");
    for _ in 0..2 * CONNECTIONS {
        let refused = kept.order(Some("boom")).await;
        assert_eq!(refused.status, 500, "{}", refused.text());
        kept.order_scarce().await.refused(409, "out_of_stock");
        let acknowledged = kept.acknowledged(4).await;
        assert_eq!(acknowledged.len(), 4);
        assert_eq!(acknowledged.difference(&kept.committed().await).count(), 0, "acknowledged and not committed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_after_a_full_database_is_kept() {
    let Some(kept) = Kept::start().await else { return };
    kept.bound(1).await;
    kept.acknowledged(40).await;
    for _ in 0..4 {
        kept.order_scarce().await;
    }
    kept.bound(NO_LIMIT).await;
    for _ in 0..6 {
        let person = kept.wayfare.newcomer().await;
        person.post("/api/auth/logout", json!({})).await.expect(204);
        let open = "SELECT count(*) FROM session WHERE ended_at IS NULL AND account_id = x'";
        let open = format!("{open}{}'", person.id.replace('-', ""));
        let open = Statement::from_string(kept.reader.get_database_backend(), open);
        let row = kept.reader.query_one_raw(open).await.expect("it can be read").expect("a row");
        assert_eq!(row.try_get_by_index::<i64>(0).expect("a number"), 0, "the session goes on");
    }
}
