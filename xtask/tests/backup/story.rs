//! From the first backup to a restore, with orders all the while.

use std::fs;

use super::database::Database;
use super::shop::Shop;
use super::{alone, passed, refused};

#[test]
fn orders_before_the_time_are_there_and_orders_after_it_are_not_in_a_drill_and_in_a_restore() {
    let _alone = alone();
    let database = Database::start();
    let (host, state) = (database.host_file(), database.state());
    let shop = Shop::open(&database);
    passed(&state, &["run", "--type", "full", "--host", &host]);
    shop.order();
    passed(&state, &["run", "--host", &host]);
    let listed = passed(&state, &["list", "--host", &host]);
    assert_eq!(listed["data"]["backups"].as_array().unwrap().len(), 6, "three repositories, a full and an incremental");

    let before = shop.order();
    let time = database.now();
    let after = shop.order();
    for repository in ["s3", "azure", "gcs"] {
        let drill = passed(&state, &["drill", "--to", &time, "--repository", repository, "--host", &host]);
        figures(repository, &drill["data"]);
        assert_eq!(drill["data"]["restored"]["orders"], 2, "{repository}: {drill:#}");
    }
    shop.order();
    let drill = passed(&state, &["drill", "--host", &host]);
    figures("the end of the archive", &drill["data"]);
    assert!(fs::read_dir(database.path("scratch")).unwrap().next().is_none(), "nothing of a drill stays");
    let gauge = fs::read_to_string(database.path("text/wayfare_backup_drill.prom")).unwrap();
    assert!(gauge.contains("\nbackup_last_drill_success_timestamp_seconds 1"), "{gauge}");

    let said = refused(&state, 5, &["restore", "--to", &time, "--host", &host]);
    assert!(said.contains("Lost would be 2 orders"), "{said}");
    let shop = shop.close();
    let last_event: u64 = database.ask("SELECT max(id) FROM order_event").parse().unwrap();
    let restored = passed(&state, &["restore", "--to", &time, "--yes", "--host", &host]);
    let there = |id: &str| database.ask(&format!("SELECT count(*) FROM orders WHERE id = '{id}'")) == "1";
    assert!(there(&before) && !there(&after));
    assert_eq!(database.ask("SELECT count(*) FROM audit WHERE action = 'restore_database'"), "1");
    let kept = restored["data"]["kept"].as_str().unwrap();
    assert!(fs::metadata(kept).unwrap().is_dir(), "what was there is kept");

    let reopened = Shop::open(&database);
    let new = reopened.order();
    let event: u64 = database.ask(&format!("SELECT id FROM order_event WHERE order_id = '{new}'")).parse().unwrap();
    assert!(event > last_event, "the number {event} was given before: the last was {last_event}");
    assert!(!reopened.customer_of(&shop).knows_me(), "sessions ended");
}

/// For whoever reads the log: times depend on the machine, so nothing is asserted of them.
fn figures(of: &str, data: &serde_json::Value) {
    println!("drill from {of}: RTO {} s, RPO {} s", data["rto_seconds"], data["rpo_seconds"]);
}
