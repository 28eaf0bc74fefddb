//! What is left behind: lines of the audit for what was refused, and warnings for who runs the service.

use serde_json::json;

use crate::{
    fixtures::{PASSWORD, World},
    process::Installation,
    wait::{SOON, until},
};

#[tokio::test]
async fn what_somebody_tried_who_may_not_is_in_the_audit_and_does_not_fill_it() {
    let world = World::start().await;
    let (nora, manager, admin) = (world.newcomer().await, world.person("manager").await, world.person("admin").await);
    let order = world.order(&nora, 1).await;
    for _ in 0..100 {
        nora.advance(&order, "accepted").await.expect(403);
        nora.get("/api/audit").await.expect(403);
        manager.put("/api/shops/2/webhook", json!({ "url": "https://a.example/" })).await.expect(403);
    }
    nora.post("/api/auth/password", json!({ "current": "not it", "new": "another password" })).await.expect(403);
    admin.get("/api/users").await.expect(200);
    let count = async |action: &str, who: &str| {
        let page = admin.get(&format!("/api/audit?limit=200&action={action}&account={who}")).await.expect(200);
        page["items"].as_array().expect("items").len()
    };
    for (action, who) in [("move_order_refused", &nora), ("forbidden", &nora), ("forbidden", &manager)] {
        let lines = count(action, &who.id).await;
        assert!((1..20).contains(&lines), "{action}: {lines}");
    }
    assert_eq!(count("change_password_refused", &nora.id).await, 1);
    assert_eq!(count("list_users", &admin.id).await, 1);
    assert!(count("list_audit", &admin.id).await > 0);
}

/// On all addresses of the machine, for the moment of the test.
#[tokio::test]
async fn a_service_that_others_reach_warns_of_the_demos_password() {
    let installation = Installation::embedded().set("WAYFARE_SEED_PASSWORD", PASSWORD).seeded();
    let log = installation.dir.path().join("open.log");
    let mut command = installation.command(&["serve"]);
    command.env("WAYFARE_LISTEN", format!("0.0.0.0:{}", crate::process::free_port()));
    let open = crate::process::Process::start(&mut command, log);
    until("it warns of each account", SOON, async || {
        ["customer", "courier", "manager", "admin"]
            .iter()
            .all(|role| open.log().contains(&format!("{role}@wayfare.example")))
            .then_some(())
    })
    .await;
    let world = World::start().await;
    assert!(!world.log().contains("demo's password"));
}

#[tokio::test]
async fn seeding_where_others_come_wants_a_password_of_its_own() {
    let installation = Installation::embedded();
    assert!(installation.run(&["migrate"]).status.success());
    let mut seed = installation.command(&["seed"]);
    let refused = seed.env_remove("WAYFARE_SEED_PASSWORD").env("WAYFARE_LISTEN", "0.0.0.0:5000").output();
    let refused = refused.expect("the binary starts");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("WAYFARE_SEED_PASSWORD"));
}
