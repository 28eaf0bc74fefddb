//! What can't be had is said in one paragraph, without a secret, and the exit code tells.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::Output,
};

use crate::{
    disk::SmallDisk,
    parts::{Postgres, is_root},
    process::{Installation, free_port},
    wait::{SOON, skipped, until},
};

const SECRET: &str = "hunter2-hunter2";

/// Refused in words for a person: what, and what to do.
#[track_caller]
fn refused(done: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let all = said.clone() + &String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{all}");
    assert!(said.starts_with("error: "), "{said}");
    assert!(!said.trim_end().contains("\n\n"), "one paragraph: {said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
    for never in ["panicked", "RUST_BACKTRACE", SECRET, "not-a-secret-not"] {
        assert!(!all.contains(never), "`{never}` has no place here: {all}");
    }
}

#[test]
fn a_data_folder_that_cant_be_made_is_named() {
    let installation = Installation::embedded();
    let file = installation.dir.path().join("file");
    fs::write(&file, "in the way").expect("our own folder");
    let below = file.join("data").display().to_string();
    for verb in ["serve", "migrate", "seed", "worker"] {
        refused(&installation.clone().set("WAYFARE_DATA_DIR", &below).run(&[verb]), &[&below, "--data-dir"]);
    }
}

#[test]
fn a_data_folder_that_cant_be_written_is_named() {
    let installation = Installation::embedded();
    let data = installation.data().to_owned();
    fs::create_dir(&data).expect("our own folder");
    fs::set_permissions(&data, PermissionsExt::from_mode(0o555)).expect("our own folder");
    fs::set_permissions(installation.dir.path(), PermissionsExt::from_mode(0o755)).expect("our own folder");
    let mut command = installation.command(&["serve"]);
    if is_root() {
        // Root may write anywhere.
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Ok(done) => refused(&done, &[&data.display().to_string(), "can't be written", "--data-dir"]),
        Err(cause) => skipped(&format!("the binary can't be run as another user: {cause}")),
    }
}

#[test]
fn a_full_disk_is_named_at_the_start() {
    let Some(disk) = SmallDisk::mount("64k") else { return };
    disk.fill();
    refused(
        &Installation::embedded().set("WAYFARE_DATA_DIR", disk.data()).run(&["serve"]),
        &[&disk.data(), "make room"],
    );
}

#[test]
fn a_disk_that_gets_full_while_migrating_is_named_and_no_panic() {
    let Some(disk) = SmallDisk::mount("64k") else { return };
    refused(&Installation::embedded().set("WAYFARE_DATA_DIR", disk.data()).run(&["migrate"]), &["full"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_gets_full_in_mid_run_makes_orders_wait_and_nothing_else() {
    let Some(disk) = SmallDisk::mount("4m") else { return };
    let server = Installation::embedded().set("WAYFARE_DATA_DIR", disk.data()).seeded().serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    disk.fill();
    let mut n = 0;
    // Room that SQLite has already is used up first.
    let refused = until("an order doesn't fit", SOON, async || {
        n += 1;
        let answer = customer.send(customer.order(&format!("filling-up-{n}"))).await.expect("an answer");
        (answer.status != 201).then_some(answer)
    })
    .await;
    assert_eq!(refused.status, 503, "{:#}", refused.body);
    assert!(refused.header("retry-after").is_some());
    customer.get("/api/orders").await.expect(200);
    customer.get("/api/menu-items?q=bread").await.expect(200);
    disk.make_room();
    customer.place(&format!("filling-up-{n}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", free_port())).expect("it was free");
    let address = taken.local_addr().expect("bound").to_string();
    let installation = Installation::embedded().seeded().set("WAYFARE_LISTEN", &address);
    refused(&installation.run(&["serve"]), &[&address, "--listen"]);
}

#[test]
fn a_secrets_file_that_cant_be_read_is_named() {
    let installation = Installation::embedded();
    let missing = installation.dir.path().join("missing").display().to_string();
    let done = installation.set("WAYFARE_DATABASE_URL_FILE", &missing).run(&["serve"]);
    refused(&done, &["WAYFARE_DATABASE_URL_FILE", &missing]);
}

#[test]
fn a_database_address_of_another_kind_is_refused_without_being_repeated() {
    let url = format!("mysql://root:{SECRET}@127.0.0.1/wayfare");
    refused(
        &Installation::embedded().set("WAYFARE_DATABASE_URL", url).run(&["serve"]),
        &["WAYFARE_DATABASE_URL", "postgres://"],
    );
}

#[test]
fn a_database_address_that_cant_be_read_is_refused_without_being_repeated() {
    for url in [format!("postgres://wayfare:{SECRET}@[::/x"), format!("postgres://wayfare:{SECRET}@host:notaport/x")] {
        refused(
            &Installation::embedded().set("WAYFARE_DATABASE_URL", url).run(&["serve"]),
            &["the database can't be opened"],
        );
    }
}

#[test]
fn a_redis_address_that_cant_be_read_is_refused_without_being_repeated() {
    let installation = Installation::embedded().set("WAYFARE_REDIS_URL", format!("redis://:{SECRET}@host:notaport/x"));
    refused(&installation.run(&["serve"]), &["WAYFARE_REDIS_URL"]);
}

#[test]
fn a_database_that_doesnt_answer_is_said() {
    let url = format!("postgres://wayfare:{SECRET}@127.0.0.1:{}/wayfare", free_port());
    refused(
        &Installation::embedded().set("WAYFARE_DATABASE_URL", url).run(&["serve"]),
        &["the database can't be opened"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_isnt_there_is_said() {
    let Some(postgres) = Postgres::start().await else { return };
    let installation = Installation::embedded().set("WAYFARE_DATABASE_URL", postgres.url("nowhere"));
    refused(&installation.run(&["serve"]), &["the database can't be opened", "nowhere"]);
}

#[test]
fn a_database_that_was_never_migrated_is_said() {
    refused(&Installation::embedded().run(&["serve"]), &["wayfare migrate"]);
}

#[test]
fn signing_keys_that_are_too_short_are_refused_without_being_repeated() {
    refused(
        &Installation::embedded().set("WAYFARE_JWT_KEYS", format!("a:{SECRET}")).run(&["serve"]),
        &["WAYFARE_JWT_KEYS"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_needs_no_right_to_make_tables() {
    let Some((postgres, redis)) = crate::parts::both().await else { return };
    let installation = Installation::on(&postgres, &redis).seeded();
    let owned = sea_orm::Database::connect(postgres.url("wayfare")).await.expect("it answers");
    for statement in [
        "CREATE ROLE app LOGIN",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app",
    ] {
        sea_orm::ConnectionTrait::execute_unprepared(&owned, statement).await.expect("a statement of ours");
    }
    let url = postgres.url("wayfare").replace("//wayfare:", "//app:");
    let installation = installation.set("WAYFARE_DATABASE_URL", url);
    let server = installation.serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    customer.place("with-few-rights").await;
    let worked = installation.run(&["worker", "--once"]);
    assert!(worked.status.success(), "{}", String::from_utf8_lossy(&worked.stderr));
}
