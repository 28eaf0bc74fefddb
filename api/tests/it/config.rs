//! The configuration, as the binary reads, checks and shows it.

use std::process::{Command, Output};

use clap::Args;
use wayfare::{config::Config, layers};

use crate::place::Place;

async fn place() -> Place {
    Place::seeded().await
}

/// What the binary printed, both streams, and whether it succeeded.
fn run(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    (status.success(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

/// The value and the source of a setting in the table of `wayfare config`.
fn row(table: &str, name: &str) -> (String, String) {
    let line = table.lines().find(|l| l.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name}:\n{table}"));
    let mut words = line.split_whitespace().skip(1);
    let value = words.next().expect("a value").to_owned();
    (value, words.collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let place = place().await;
    let file = place.dir.path().join("wayfare.toml");
    std::fs::write(&file, "rate_limit = 7\nlogin_rate_limit = 8\nbody_limit = 9\ncors_origins = [\"https://a.example\", \"https://b.example\"]\n")
        .expect("a file can be written");
    let mut command = place.binary(&["config", "--rate-limit", "5"]);
    command.env("WAYFARE_CONFIG", &file).env("WAYFARE_RATE_LIMIT", "6").env("WAYFARE_LOGIN_RATE_LIMIT", "6");
    let (fine, table) = run(&mut command);
    assert!(fine, "{table}");
    let from_file = file.display().to_string();
    assert_eq!(row(&table, "WAYFARE_RATE_LIMIT"), ("5".into(), "flag".into()));
    assert_eq!(row(&table, "WAYFARE_LOGIN_RATE_LIMIT"), ("6".into(), "environment".into()));
    assert_eq!(row(&table, "WAYFARE_BODY_LIMIT"), ("9".into(), from_file.clone()));
    assert_eq!(row(&table, "WAYFARE_CORS_ORIGINS"), ("https://a.example,https://b.example".into(), from_file));
    assert_eq!(row(&table, "WAYFARE_IMAGE_LIMIT"), ("5242880".into(), "default".into()));
}

#[tokio::test]
async fn a_secret_may_come_from_a_file_and_is_never_printed() {
    let place = place().await;
    let secret = "a-secret-of-32-bytes-that-nobody-may-see";
    let file = place.dir.path().join("keys");
    std::fs::write(&file, format!("one:{secret}\n")).expect("a file can be written");
    for arguments in [&["config"][..], &["--help"], &["serve", "--help"], &["config", "--rate-limit", "none"]] {
        let (_, text) = run(place.binary(arguments).env("WAYFARE_JWT_KEYS_FILE", &file));
        assert!(!text.contains(secret), "{arguments:?}:\n{text}");
        let (_, text) = run(place.binary(arguments).env("WAYFARE_JWT_KEYS", format!("one:{secret}")));
        assert!(!text.contains(secret), "{arguments:?}:\n{text}");
    }
    let (_, table) = run(place.binary(&["config"]).env("WAYFARE_JWT_KEYS_FILE", &file));
    assert_eq!(row(&table, "WAYFARE_JWT_KEYS"), ("***".into(), "WAYFARE_JWT_KEYS_FILE".into()));
}

#[tokio::test]
async fn no_error_repeats_a_secret() {
    let place = place().await;
    let wrong = [
        ("WAYFARE_DATABASE_URL", "postgres://user:hunter2secret@127.0.0.1:notaport/db"),
        ("WAYFARE_DATABASE_URL", "postgres://user:hunter2secret@127.0.0.1:1/db"),
        ("WAYFARE_DATABASE_URL", "postgres://user:hunter2secret@127.0.0.1/db?sslmode=nonsense"),
        ("WAYFARE_DATABASE_URL", "mysql://user:hunter2secret@127.0.0.1/db"),
        ("WAYFARE_REDIS_URL", "redis://user:hunter2secret@127.0.0.1:notaport"),
        ("WAYFARE_REDIS_URL", "http://user:hunter2secret@127.0.0.1"),
        ("WAYFARE_JWT_KEYS", "hunter2secret"),
        ("WAYFARE_JWT_KEYS", "one:hunter2secret"),
    ];
    for (name, value) in wrong {
        let (fine, text) = run(place.binary(&["worker", "--once"]).env(name, value));
        assert!(!fine && text.contains("error"), "{name}={value}:\n{text}");
        assert!(!text.contains("hunter2secret"), "{text}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_before_anything_is_opened() {
    let place = place().await;
    let mut command = place.binary(&["serve"]);
    command
        .env("WAYFARE_DATABASE_URL", "mysql://127.0.0.1/db")
        .env("WAYFARE_REDIS_URL", "http://127.0.0.1")
        .env("WAYFARE_JWT_KEYS", "no-name")
        .env("WAYFARE_IMAGES", "ftp://pictures")
        .env("WAYFARE_S3_ACCESS_KEY", "only-one-of-two")
        .env("WAYFARE_LOG", "=/=")
        .env("WAYFARE_SEED_PASSWORD", "short");
    let (fine, text) = run(&mut command);
    assert!(!fine);
    for name in ["DATABASE_URL", "REDIS_URL", "JWT_KEYS", "IMAGES", "S3_SECRET_KEY", "LOG", "SEED_PASSWORD"] {
        assert!(text.contains(&format!("WAYFARE_{name}")), "{name}:\n{text}");
    }
    assert!(!text.contains("listening"), "{text}");
}

#[tokio::test]
async fn a_file_with_a_setting_that_there_is_not_is_refused() {
    let place = place().await;
    let file = place.dir.path().join("wayfare.toml");
    std::fs::write(&file, "rate_limits = 7\ncolour = \"red\"\n").expect("a file can be written");
    let (fine, text) = run(place.binary(&["config"]).env("WAYFARE_CONFIG", &file));
    assert!(!fine && text.contains("rate_limits") && text.contains("colour"), "{text}");
    let (fine, text) = run(place.binary(&["config"]).env("WAYFARE_REDIS_URL_FILE", "/nowhere/redis"));
    assert!(!fine && text.contains("WAYFARE_REDIS_URL_FILE") && text.contains("/nowhere/redis"), "{text}");
}

#[tokio::test]
async fn a_data_folder_that_can_not_be_written_is_a_clear_error() {
    let place = place().await;
    let file = place.dir.path().join("a file, not a folder");
    std::fs::write(&file, "").expect("a file can be written");
    let mut command = place.binary(&["migrate"]);
    command.env_remove("WAYFARE_DATABASE_URL").env_remove("WAYFARE_REDIS_URL").env("WAYFARE_DATA_DIR", &file);
    let (fine, text) = run(&mut command);
    assert!(!fine && text.contains("can't be written") && text.contains("--data-dir"), "{text}");
}

#[tokio::test]
async fn every_knob_of_the_configuration_is_in_the_table() {
    let place = place().await;
    let (_, table) = run(&mut place.binary(&["config"]));
    let source = include_str!("../../src/config.rs");
    let names: Vec<&str> = source.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(names.len() > 25);
    for name in names {
        row(&table, name);
    }
}

#[tokio::test]
async fn every_secret_is_hidden_and_may_come_from_a_file() {
    let place = place().await;
    let command = Config::augment_args(clap::Command::new("wayfare"));
    let secrets: Vec<_> = command.get_arguments().filter(|arg| layers::is_secret(arg)).collect();
    assert!(secrets.len() >= 9, "{}", secrets.len());
    for arg in secrets {
        let name = arg.get_env().and_then(|name| name.to_str()).expect("a variable");
        let (_, table) = run(place.binary(&["config"]).env(name, "hunter2secret"));
        assert_eq!(row(&table, name), ("***".into(), "environment".into()));
        let file = place.dir.path().join(name);
        std::fs::write(&file, "hunter2secret\n").expect("a file can be written");
        let by_file = format!("{name}_FILE");
        let (_, from_file) = run(place.binary(&["config"]).env_remove(name).env(&by_file, &file));
        assert_eq!(row(&from_file, name), ("***".into(), by_file));
        assert!(!(table + &from_file).contains("hunter2"), "{name}");
    }
}

#[tokio::test]
async fn neither_the_table_nor_the_help_shows_a_password_inside_an_address() {
    let place = place().await;
    for name in ["WAYFARE_S3_ENDPOINT", "WAYFARE_ORS_URL", "WAYFARE_PHOTON_URL", "WAYFARE_TILES_URL"] {
        for arguments in [&["config"][..], &["--help"], &["serve", "--help"]] {
            let (_, text) =
                run(place.binary(arguments).env(name, "https://user:hunter2@a.example/{z}/{x}/{y}?key=hunter2"));
            assert!(!text.contains("hunter2"), "{name} {arguments:?}:\n{text}");
        }
    }
}
