//! What goes wrong: each with an exit code, a sentence, and nothing lost.

use std::fs::OpenOptions;

use super::database::Database;
use super::shop::Shop;
use super::{alone, passed, refused, write};

#[test]
fn each_fault_has_an_exit_code_and_a_sentence() {
    let _alone = alone();
    let database = Database::start();
    let (host, state) = (database.host_file(), database.state());
    let shop = Shop::open(&database);
    let s3 = ["--repository", "s3", "--host", &host];
    let with =
        |words: &[&'static str]| -> Vec<String> { words.iter().chain(&s3).map(|word| word.to_string()).collect() };
    let refused = |code: i32, words: &[&'static str]| {
        let words = with(words);
        refused(&state, code, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    passed(&state, &["run", "--type", "full", "--host", &host]);
    shop.order();

    says(&refused(2, &["drill", "--to", "2126-01-01T00:00:00Z"]), "hasn't been yet");
    says(&refused(2, &["drill", "--to", "2026-01-01T00:00:00"]), "always with the offset");
    says(&refused(1, &["drill", "--to", "2020-01-01T00:00:00Z"]), "no backup is from before that time");

    std::fs::create_dir_all(&state).unwrap();
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).open(state.join("backup-drill.lock")).unwrap();
    lock.lock().unwrap();
    says(&refused(5, &["drill"]), "another drill or restore is under way");
    drop(lock);

    database.secrets("wrong");
    says(&refused(1, &["drill"]), "the cipher pass is another one");
    database.secrets("right");

    let segments = database.emulators.objects("wayfare/archive/wayfare/");
    let segment = segments.iter().rev().filter(|name| name.ends_with(".zst")).nth(1).unwrap();
    let bytes = database.emulators.read(segment);
    database.emulators.delete(segment);
    let said = refused(1, &["drill", "--to", &*Box::leak(database.now().into_boxed_str())]);
    assert!(said.contains("can't be reached: the archive ends with") || said.contains("is missing"), "{said}");
    database.emulators.put(segment, &bytes, &database.path(""));

    let bundles = database.emulators.objects("wayfare/backup/wayfare/");
    let bundle = bundles.iter().find(|name| name.contains("/bundle/")).unwrap();
    let mut bytes = database.emulators.read(bundle);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    database.emulators.put(bundle, &bytes, &database.path(""));
    let said = refused(1, &["drill"]);
    assert!(said.contains("damaged") || said.contains("decrypted"), "{said}");
    passed(&state, &["drill", "--repository", "azure", "--host", &host]);

    let text = std::fs::read_to_string(database.path("pgbackrest.conf")).unwrap();
    write(
        &database.path("pgbackrest.conf"),
        &text.replace("repo1-s3-bucket=wayfare-backups", "repo1-s3-bucket=another-bucket"),
    );
    says(&refused(4, &["drill"]), "bucket or container isn't there");
    shop.order();
}

#[track_caller]
fn says(said: &str, what: &str) {
    assert!(said.contains(what), "{said}");
}
