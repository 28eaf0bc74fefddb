#!/bin/sh
# sqlx 0.9.0 on SQLite: `fetch_one` and `fetch_optional` of an INSERT … RETURNING say Ok when its commit was refused.
#
# Outside of a transaction SQLite commits a statement at its end. RETURNING hands the row out before that end; the driver
# takes one row and resets the statement, which is where the commit happens, and doesn't look at what the reset says. A
# foreign key that is checked at commit is violated here; a disk that is full at that moment is lost in the same way.
# `fetch_all` and `execute` of the same statement give the error.
#
# What follows: a change that returns its row belongs in a transaction, whose own COMMIT is looked at.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cat > "$dir/Cargo.toml" <<'TOML'
[package]
name = "returning"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "1", features = ["rt", "macros"] }
TOML
cat > "$dir/src/main.rs" <<'RUST'
use sqlx::{Connection, Executor, SqliteConnection};

#[tokio::main(flavor = "current_thread")]
async fn main() -> sqlx::Result<()> {
    let mut db = SqliteConnection::connect("sqlite::memory:").await?;
    db.execute("CREATE TABLE shop (id INTEGER PRIMARY KEY)").await?;
    db.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, shop INTEGER NOT NULL REFERENCES shop (id) DEFERRABLE INITIALLY DEFERRED)").await?;
    for how in ["fetch_one", "fetch_optional", "fetch_all", "execute"] {
        let insert = sqlx::query("INSERT INTO item (shop) VALUES (7) RETURNING id");
        let done = match how {
            "fetch_one" => insert.fetch_one(&mut db).await.map(drop),
            "fetch_optional" => insert.fetch_optional(&mut db).await.map(drop),
            "fetch_all" => insert.fetch_all(&mut db).await.map(drop),
            _ => insert.execute(&mut db).await.map(drop),
        };
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM item").fetch_one(&mut db).await?;
        println!("{how}: {} rows kept: {kept}", if done.is_ok() { "Ok" } else { "Err" });
    }
    Ok(())
}
RUST
CARGO_TARGET_DIR="$dir/target" cargo run --quiet --manifest-path "$dir/Cargo.toml" > "$dir/seen"
cat > "$dir/known" <<'TEXT'
fetch_one: Ok rows kept: 0
fetch_optional: Ok rows kept: 0
fetch_all: Err rows kept: 0
execute: Err rows kept: 0
TEXT
diff -u "$dir/known" "$dir/seen" && echo "sqlx 0.9.0: as known"
