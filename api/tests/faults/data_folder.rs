//! The data folder is its owner's alone, and served by one process at a time.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{process::Installation, wait::SOON};

/// The folder, and all that is in it.
fn all(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(all(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[track_caller]
fn closed_to_others(data: &Path) {
    for path in all(data) {
        let mode = fs::metadata(&path).expect("it is there").mode() & 0o777;
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{} has {mode:o}", path.display());
    }
}

fn png() -> Vec<u8> {
    [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a].into()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_reads_the_data_folder_from_the_start_and_what_was_open_is_closed() {
    let installation = Installation::embedded().unset("WAYFARE_JWT_KEYS").seeded();
    let mut server = installation.serve().await;
    server.client.prepare(None).await;
    let images = installation.data().join("images");
    assert!(images.is_dir());
    closed_to_others(installation.data());
    server.process.signal("TERM");
    server.process.end(SOON).await;

    fs::write(images.join("0123456789abcdef0123456789abcdef.png"), png()).expect("our own folder");
    for path in all(installation.data()) {
        let open = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(open)).expect("our own");
    }
    let _server = installation.serve().await;
    closed_to_others(installation.data());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_serve_on_one_sqlite_file_is_refused_and_told_who_has_it() {
    let installation = Installation::embedded().seeded();
    let mut first = installation.serve().await;
    let refused = installation.run(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    let address = first.base.trim_start_matches("http://");
    for word in [&format!("process {}", first.process.id()), address, "--data-dir", "PostgreSQL"] {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
    // By another name it is the same file.
    let url = format!("sqlite://{}", installation.data().join("wayfare.db").display());
    let elsewhere = installation.dir.path().join("elsewhere").display().to_string();
    let other = installation.clone().set("WAYFARE_DATA_DIR", elsewhere).set("WAYFARE_DATABASE_URL", url);
    assert_eq!(other.run(&["serve"]).status.code(), Some(1));
    // What only comes and goes may work beside it.
    for beside in [["migrate"].as_slice(), &["seed", "--if-empty"], &["worker", "--once"]] {
        let done = installation.run(beside);
        assert!(done.status.success(), "{beside:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    first.process.kill();
    installation.serve().await;
}

#[test]
fn an_empty_signing_key_is_refused_and_named() {
    let installation = Installation::embedded().unset("WAYFARE_JWT_KEYS").seeded();
    let key = installation.data().join("jwt.key");
    fs::write(&key, "").expect("our own folder");
    let refused = installation.run(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    for word in [&key.display().to_string(), "damaged", "delete it"] {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
}
