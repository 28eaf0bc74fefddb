//! The database's versions: up from nothing, and up from one that is full.

use sea_orm::ConnectionTrait;
use wayfare::{db::Db, migrations};

use crate::place::Place;

const FIRST: &str = "m20261121_090000_first";
const ID: &str = "01890000000070008000000000000001";

/// A row in each table of the first version. `$u` is an id; `$t` a time; `$j` a JSON value.
const ROWS: [&str; 13] = [
    "INSERT INTO account (id, email, name, password_hash, role, created_at) VALUES ($u, 'a@b.example', 'A', 'x', 'customer', $t)",
    "INSERT INTO session (id, account_id, created_at, used_at, expires_at, ip, device) VALUES ($u, $u, $t, $t, $t, '::1', '')",
    "INSERT INTO refresh_token (hash, session_id, created_at) VALUES ('x', $u, $t)",
    "INSERT INTO shop (name, kind, description, address, lat, lon, hours, currency) VALUES ('S', 'k', '', '', 1.5, 2.5, $j, 'EUR')",
    "INSERT INTO product (shop_id, name, description, category, price, currency, stock, search, created_at, changed_at) VALUES (1, 'P', '', 'c', 100, 'EUR', 7, 'p', $t, $t)",
    "INSERT INTO cart (id, account_id, changed_at) VALUES ($u, $u, $t)",
    "INSERT INTO cart_line (cart_id, product_id, quantity, price_when_added) VALUES ($u, 1, 2, 100)",
    "INSERT INTO orders (id, account_id, shop_id, state, total, currency, address, lat, lon, mode, idempotency_key, request_hash, placed_at, changed_at) VALUES ($u, $u, 1, 'placed', 100, 'EUR', '', 0, 0, 'bike', 'key-of-old', 'h', $t, $t)",
    "INSERT INTO order_line (order_id, product_id, name, price, quantity) VALUES ($u, 1, 'P', 100, 1)",
    "INSERT INTO order_event (order_id, shop_id, state, account_id, at) VALUES ($u, 1, 'placed', $u, $t)",
    "INSERT INTO webhook (shop_id, url, secret) VALUES (1, 'https://a.example', 'whsec_eA==')",
    "INSERT INTO delivery (event_id, shop_id, due_at) VALUES (1, 1, $t)",
    "INSERT INTO audit (at, account_id, action, subject, detail, ip, request_id) VALUES ($t, $u, 'register', 's', $j, '::1', 'r')",
];

async fn connected(place: &Place) -> Db {
    Db::connect(&place.config()).await.expect("the database opens")
}

fn for_database(db: &Db, statement: &str) -> String {
    let id = if db.is_sqlite() { format!("x'{ID}'") } else { format!("'{ID}'") };
    statement.replace("$u", &id).replace("$t", "'2026-11-20 10:00:00+00:00'").replace("$j", "'[]'")
}

/// How many rows each table has.
async fn counts(db: &Db) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for row in ROWS {
        let table = row.split(' ').nth(2).expect("a table");
        let count =
            sea_orm::Statement::from_string(db.write.get_database_backend(), format!("SELECT COUNT(*) FROM {table}"));
        let row = db.write.query_one_raw(count).await.expect("a count").expect("a row");
        counts.push((table.to_owned(), row.try_get_by_index(0).expect("a number")));
    }
    counts
}

#[tokio::test]
async fn a_full_database_of_the_first_version_keeps_every_row_on_the_way_up() {
    let place = Place::empty().await;
    let db = connected(&place).await;
    assert_eq!(migrations::up(&db, Some(FIRST)).await.expect("it runs"), [FIRST]);
    migrations::up_to_date(&db).await.expect_err("there is a newer version");
    for row in ROWS {
        let row = for_database(&db, row);
        db.write.execute_unprepared(&row).await.unwrap_or_else(|e| panic!("{row}: {e}"));
    }
    let before = counts(&db).await;
    assert!(before.iter().all(|(_, count)| *count == 1), "{before:?}");
    let applied = migrations::up(&db, None).await.expect("they run");
    assert!(!applied.is_empty() && !applied.contains(&FIRST.to_owned()));
    migrations::up_to_date(&db).await.expect("it is the newest");
    assert_eq!(counts(&db).await, before);
    db.close().await;

    // And the service finds what was there before.
    let wayfare = crate::start::Wayfare::at(place.into(), Default::default(), |_| {}).await;
    assert_eq!(wayfare.get("/api/menu-items/1").await.expect(200)["stock"], 7);
    let order = wayfare::orders::order::Entity::by_id(&wayfare.app.db.write, ID.parse().expect("an id")).await;
    assert_eq!(order.expect("the order is there").idempotency_key, "key-of-old");
}

#[tokio::test]
async fn the_first_versions_tables_are_all_in_this_test() {
    let place = Place::empty().await;
    let db = connected(&place).await;
    migrations::up(&db, Some(FIRST)).await.expect("it runs");
    let tables = if db.is_sqlite() {
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'seaql_migrations'"
    } else {
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'"
    };
    let count = sea_orm::Statement::from_string(db.write.get_database_backend(), tables);
    let row = db.write.query_one_raw(count).await.expect("a count").expect("a row");
    assert_eq!(row.try_get_by_index::<i64>(0).expect("a number"), i64::try_from(ROWS.len()).expect("few"));
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let place = Place::empty().await;
    let db = connected(&place).await;
    assert!(!migrations::up(&db, None).await.expect("they run").is_empty());
    assert!(migrations::up(&db, None).await.expect("they run").is_empty());
}

#[tokio::test]
async fn a_migration_that_there_is_not_is_told_with_those_that_there_are() {
    let place = Place::empty().await;
    let db = connected(&place).await;
    let problem = migrations::up(&db, Some("m2020_nothing")).await.expect_err("there is no such").to_string();
    assert!(problem.contains("m2020_nothing") && problem.contains(FIRST), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_jobs_that_migrate_at_once_both_succeed() {
    if !crate::place::on_postgres() {
        // An embedded database has one process, which migrates before it serves.
        return;
    }
    let place = Place::empty().await;
    let mut commands = [place.binary(&["migrate"]), place.binary(&["migrate"])];
    let children =
        commands.each_mut().map(|c| c.stderr(std::process::Stdio::piped()).spawn().expect("the binary runs"));
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    migrations::up_to_date(&connected(&place).await).await.expect("it is the newest");
}

#[tokio::test]
async fn a_service_does_not_start_on_a_database_that_lacks_a_migration() {
    let place = Place::empty().await;
    for command in [&["serve"][..], &["worker", "--once"]] {
        let output = place.binary(command).env("WAYFARE_LISTEN", "127.0.0.1:0").output().expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains("wayfare migrate"), "{text}");
    }
}

#[tokio::test]
async fn seeding_twice_is_refused_or_does_nothing() {
    let place = Place::seeded().await;
    let seed = |arguments: &[&str]| {
        let output = place.binary(arguments).output().expect("the binary runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(!seed(&["seed"]).0);
    let (fine, text) = seed(&["seed", "--if-empty"]);
    assert!(fine && text.contains("nothing to do"), "{text}");
}
