//! Backups of the embedded form: made while orders come in, damaged, restored, refused.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::PathBuf,
    process::Output,
};

use serde_json::Value;

use crate::{
    client::Client,
    disk::SmallDisk,
    process::Installation,
    receiver::Receiver,
    wait::{SOON, until},
};

impl Installation {
    fn backups(&self) -> PathBuf {
        self.dir.path().join("backups")
    }

    fn backup(&self, arguments: &[&str]) -> Output {
        self.run(&[&["backup"], arguments].concat())
    }

    /// The JSON of a verb that goes well.
    #[track_caller]
    fn backed(&self, arguments: &[&str]) -> Value {
        let done = self.backup(&[arguments, &["--json"]].concat());
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("JSON")
    }

    /// What a verb says that ends with this code.
    #[track_caller]
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let done = self.backup(arguments);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }
}

async fn orders(customer: &Client) -> BTreeSet<String> {
    let listed = customer.get("/api/orders?limit=100").await.expect(200);
    let id = |order: &Value| order["id"].as_str().expect("an id").to_owned();
    listed["items"].as_array().expect("a page").iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_orders_come_in_has_each_that_was_answered_before_and_none_of_those_that_are_lost() {
    let installation = Installation::embedded().seeded();
    let mut server = installation.serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    let mut before = BTreeSet::new();
    for n in 0..5 {
        before.insert(customer.place(&format!("before-the-backup-{n}")).await);
    }
    let more = tokio::spawn({
        let customer = customer.clone();
        async move {
            let mut placed = BTreeSet::new();
            for n in 0..20 {
                placed.insert(customer.place(&format!("while-it-is-made-{n}")).await);
            }
            placed
        }
    });
    let made = tokio::task::spawn_blocking({
        let installation = installation.clone();
        move || installation.backed(&["run"])
    });
    let made = made.await.expect("no panic")["made"].clone();
    let during = more.await.expect("no panic");
    let after = customer.place("after-the-backup").await;

    let said = installation.refused(5, &["restore", "--yes"]);
    assert!(said.contains("stop the service first"), "{said}");
    server.process.signal("TERM");
    server.process.end(SOON).await;
    let said = installation.refused(5, &["restore"]);
    assert!(said.contains("Lost would be") && said.contains("--yes"), "{said}");
    let restored = installation.backed(&["restore", "--yes"]);
    assert_eq!(restored["restored"]["name"], made["name"]);

    let server = installation.serve().await;
    assert_eq!(customer.at(&server.base).get("/api/orders").await.status, 401, "the session ended");
    let customer = server.client.sign_in("customer").await;
    let found = orders(&customer).await;
    assert!(found.is_superset(&before), "{before:?} in {found:?}");
    assert!(!found.contains(&after));
    let all = before.union(&during).cloned().collect::<BTreeSet<_>>();
    assert!(found.is_subset(&all));
    assert_eq!(made["orders"].as_u64().expect("a number") as usize, found.len());
    assert_eq!(restored["lost"]["orders"].as_u64().expect("a number") as usize, all.len() + 1 - found.len());
    let audit = server.client.sign_in("admin").await.get("/api/audit?action=restore_database").await.expect(200);
    assert_eq!(audit["items"][0]["subject"], made["name"], "{audit:#}");
    // What was there is kept whole: put in its place again, nothing is lost.
    let kept = PathBuf::from(restored["kept"].as_str().expect("a folder"));
    assert!(installation.dir.path().join(kept).join("wayfare.db").is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_since_the_backup_is_not_delivered_again_and_no_number_is_given_twice() {
    let installation = Installation::embedded().set("WAYFARE_EMBEDDED_WORKER", "false").seeded();
    let receiver = Receiver::start().await;
    let mut server = installation.serve().await;
    let customer = server.client.prepare(Some(&receiver.url)).await.sign_in("customer").await;
    customer.place("in-the-backup").await;
    installation.backed(&["run"]);
    server.process.signal("TERM");
    server.process.end(SOON).await;

    let delivering = installation.clone().set("WAYFARE_EMBEDDED_WORKER", "true");
    let mut server = delivering.serve().await;
    let customer = server.client.sign_in("customer").await;
    customer.place("after-the-backup").await;
    let came = until("both events came", SOON, async || Some(receiver.posts()).filter(|posts| posts.len() == 2)).await;
    server.process.signal("TERM");
    server.process.end(SOON).await;
    installation.backed(&["restore", "--yes"]);

    let server = delivering.serve().await;
    let customer = server.client.sign_in("customer").await;
    customer.place("after-the-restore").await;
    let posts = until("the new event comes", SOON, async || Some(receiver.posts()).filter(|all| all.len() > 2)).await;
    assert_eq!(posts.len(), 3, "the first event didn't come again: {posts:#?}");
    let numbers: BTreeSet<_> = posts.iter().map(|(id, _)| id).collect();
    assert_eq!(numbers.len(), 3, "each event has a number of its own: {posts:#?}");
    assert!(came.iter().all(|one| posts.contains(one)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_a_missing_picture_and_a_manifest_cut_off_are_found_and_the_one_before_is_named() {
    let installation = Installation::embedded().seeded();
    let first = installation.backed(&["run"])["made"].clone();
    let second = installation.backed(&["run"])["made"].clone();
    let name = second["name"].as_str().expect("a name");
    let file = OpenOptions::new().read(true).write(true).open(installation.backups().join(name).join("wayfare.db"));
    let (file, mut byte) = (file.expect("the copy"), [0]);
    file.read_exact_at(&mut byte, 9000).expect("it is longer");
    file.write_all_at(&[byte[0] ^ 1], 9000).expect("it can be written");

    let said = installation.refused(1, &["verify"]);
    assert!(said.contains("is damaged: wayfare.db isn't what was written"), "{said}");
    installation.backed(&["verify", first["name"].as_str().expect("a name")]);
    let before = fs::read(installation.data().join("wayfare.db")).expect("the database");
    let said = installation.refused(1, &["restore", "--yes"]);
    assert!(said.contains("nothing was changed") && said.contains("the one before: --to "), "{said}");
    assert_eq!(fs::read(installation.data().join("wayfare.db")).expect("the database"), before);
    installation.backed(&["restore", "--yes", "--to", first["made_at"].as_str().expect("a time")]);

    fs::write(installation.backups().join(name).join("manifest.json"), "{").expect("it can be written");
    assert_eq!(installation.backed(&["list"])["unreadable"][0], name);
    installation.refused(1, &["verify", name]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_has_an_exit_code_and_a_sentence_and_changes_nothing() {
    let installation = Installation::embedded();
    assert!(installation.refused(4, &["run"]).contains("no database at"));
    let installation = installation.seeded();
    assert!(installation.refused(4, &["list"]).contains("`wayfare backup run` makes the first"));
    installation.backed(&["run"]);
    let said = installation.refused(4, &["restore", "--yes", "--to", "2020-01-01T00:00:00+00:00"]);
    assert!(said.contains("no backup is from before 2020") && said.contains("the oldest is of 20"), "{said}");
    installation.refused(2, &["restore", "--to", "2020-01-01T00:00:00"]);
    assert!(installation.refused(4, &["verify", "attic"]).contains("no backup `attic`"));
    let elsewhere = installation.clone().set("WAYFARE_DATABASE_URL", "postgres://somewhere.example/wayfare");
    assert!(elsewhere.refused(2, &["run"]).contains("cargo xtask backup"));

    let lock = fs::File::options().write(true).open(installation.backups().join(".lock")).expect("it is there");
    lock.lock().expect("nobody has it");
    assert!(installation.refused(5, &["run"]).contains("another backup or restore is at work"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_names_secrets_and_has_no_value_of_one() {
    let installation = Installation::embedded().seeded();
    let made = installation.backed(&["run"])["made"].clone();
    let folder = installation.backups().join(made["name"].as_str().expect("a name"));
    let text = fs::read_to_string(folder.join("manifest.json")).expect("the manifest");
    assert!(!text.contains("not-a-secret-not-a-secret") && !text.contains("wayfare-demo-1"));
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    let secrets = manifest["secrets"].as_array().expect("a list");
    assert!(secrets.contains(&"WAYFARE_JWT_KEYS".into()), "{secrets:?}");
    assert!(
        manifest["settings"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|row| row[0] == "WAYFARE_BCRYPT_COST" && row[1] == "4")
    );
    assert!(fs::read_dir(&folder).expect("a folder").flatten().all(|entry| entry.file_name() != "jwt.key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_for_a_backup_is_said_and_leaves_the_ones_before() {
    let Some(disk) = SmallDisk::mount("6m") else { return };
    let installation = Installation::embedded().seeded().set("WAYFARE_BACKUPS", disk.data());
    let first = installation.backed(&["run"])["made"].clone();
    disk.fill();
    let said = installation.refused(1, &["run"]);
    assert!(said.contains("no backup was made") && said.contains("are untouched"), "{said}");
    disk.make_room();
    assert_eq!(installation.backed(&["verify"])["name"], first["name"]);
}
