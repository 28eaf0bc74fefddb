//! Switches that change without a restart.

use std::{path::Path, time::Duration};

use serde_json::json;
use wayfare::flags;

use crate::{fixtures::order_of, place::PASSWORD, start::Wayfare};

async fn with_flags(text: &str) -> (Wayfare, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("flags.toml");
    std::fs::write(&path, text).expect("a file can be written");
    (Wayfare::with(|config| config.flags = Some(path)).await, dir)
}

fn value(list: &serde_json::Value, name: &str) -> bool {
    let flags = list.as_array().expect("a list");
    flags.iter().find(|f| f["name"] == name).and_then(|f| f["on"].as_bool()).expect("the flag is listed")
}

#[tokio::test]
async fn each_flag_switches_what_it_says() {
    let (wayfare, _dir) =
        with_flags("registration = false\nordering = false\nguest_carts = false\nuploads = false\n").await;
    let body = json!({ "email": "nora@people.example", "name": "Nora", "password": PASSWORD });
    wayfare.post("/api/auth/register", body).await.refused(403, "registration_off");
    let quantity = json!({ "quantity": 1 });
    wayfare.put("/api/cart/items/1", quantity.clone()).await.refused(401, "guest_carts_off");
    let customer = wayfare.person("customer").await;
    customer.put("/api/cart/items/1", quantity).await.expect(200);
    customer.try_order("a-key-of-mine", order_of(1, 1)).await.refused(403, "ordering_off");
    let manager = wayfare.person("manager").await;
    let picture = manager.request(reqwest::Method::PUT, "/api/menu-items/1/image").header("content-type", "image/png");
    crate::client::Answer::to(picture.body("GIF89a")).await.refused(403, "uploads_off");
}

#[tokio::test]
async fn a_flag_that_is_not_named_is_as_it_is_by_default() {
    let (wayfare, _dir) = with_flags("ordering = false\n").await;
    let flags = wayfare.get("/api/flags").await.expect(200);
    assert_eq!((value(&flags, "ordering"), value(&flags, "registration")), (false, true));
    assert!(flags.as_array().expect("a list").iter().all(|f| f["meaning"].as_str().is_some_and(|m| m.len() > 5)));
}

#[tokio::test]
async fn a_changed_file_counts_without_a_restart() {
    let (wayfare, dir) = with_flags("ordering = true\n").await;
    let path = dir.path().join("flags.toml");
    let watch = tokio::spawn(flags::watch(wayfare.app.flags.clone(), path.clone(), |_| Ok(())));
    std::fs::write(&path, "ordering = false\n").expect("a file can be written");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while value(&wayfare.get("/api/flags").await.expect(200), "ordering") {
        assert!(tokio::time::Instant::now() < deadline, "the change is not seen");
    }
    watch.abort();
}

#[tokio::test]
async fn a_file_that_can_not_be_read_changes_nothing() {
    let (wayfare, dir) = with_flags("ordering = false\n").await;
    let path = dir.path().join("flags.toml");
    let read = |text: &str| {
        std::fs::write(&path, text).expect("a file can be written");
        wayfare.app.flags.read(&path).expect_err(text).to_string()
    };
    assert!(read("registration = false\nsurprise = true\n").contains("`surprise`"));
    assert!(read("registration = false\nordering = 7\n").contains("`ordering`"));
    assert!(read("registration = ").contains("flags.toml"));
    assert!(wayfare.app.flags.read(Path::new("/nowhere/flags.toml")).is_err());
    assert_eq!((wayfare.app.flags.ordering(), wayfare.app.flags.registration()), (false, true));
}

#[tokio::test]
async fn a_mounted_folder_with_a_file_for_each_flag_is_as_good() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    // As Kubernetes mounts a ConfigMap: links into a folder whose name begins with dots.
    let data = dir.path().join("..data");
    std::fs::create_dir(&data).expect("a folder can be made");
    for (name, text) in [("uploads", "false\n"), ("log", "debug")] {
        std::fs::write(data.join(name), text).expect("a file can be written");
        std::os::unix::fs::symlink(data.join(name), dir.path().join(name)).expect("a link can be made");
    }
    let flags = flags::Flags::default();
    assert_eq!(flags.read(dir.path()).expect("it can be read").as_deref(), Some("debug"));
    assert!(!flags.uploads() && flags.ordering());
}
