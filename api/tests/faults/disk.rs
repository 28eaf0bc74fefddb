//! A disk that is full for a while, and one that fails: what was acknowledged is kept, what wasn't can be sent again, and
//! all goes on by itself once there is room.

use std::{collections::BTreeSet, fs, process::Command};

use tempfile::TempDir;

use crate::{
    client::Client,
    process::{Installation, Process, Server, free_port},
    wait::{SOON, note, until},
};

/// A disk of its own, very small; gone with the value.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    pub fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().expect("the temporary folder can be written");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(dir.path());
        if mount.output().is_ok_and(|done| done.status.success()) {
            return Some(Self(dir));
        }
        // Not even the CI's root may always mount: this is no part that can be required.
        note("skipped: a small disk can't be mounted here");
        None
    }

    pub fn data(&self) -> String {
        self.0.path().join("data").display().to_string()
    }

    /// Writes until nothing fits any more.
    pub fn fill(&self) {
        let mut file = fs::File::create(self.0.path().join("filler")).expect("an entry fits");
        while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    }

    pub fn make_room(&self) {
        fs::remove_file(self.0.path().join("filler")).expect("it was made by `fill`");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// What a customer was told.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<String>,
    /// The keys of the orders that may have been placed or not.
    unknown: BTreeSet<String>,
    orders: usize,
}

impl Told {
    /// Orders once; gives the status.
    async fn order(&mut self, customer: &Client) -> u16 {
        self.orders += 1;
        let key = format!("order-number-{}", self.orders);
        let answer = customer.send(customer.order(&key)).await.expect("an answer");
        if answer.status == 201 {
            self.acknowledged.insert(answer.body["id"].as_str().expect("an id").to_owned());
        } else {
            assert_eq!(answer.status, 503, "{:#}", answer.body);
            assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
            if answer.body["code"] == "outcome_unknown" {
                self.unknown.insert(key);
            }
        }
        answer.status
    }

    /// Orders more than a scarce shop has, which is found out inside the transaction.
    async fn order_too_much(&self, customer: &Client) {
        let mut body = crate::client::an_order();
        body["lines"][0]["product_id"] = 2.into();
        body["lines"][0]["quantity"] = 99.into();
        let request = customer.request(reqwest::Method::POST, "/api/orders");
        let key = format!("too-much-{}", self.orders);
        customer.send(request.header("Idempotency-Key", key).json(&body)).await.expect("an answer");
    }

    async fn is_all_there(&self, customer: &Client) {
        let mut missing = 0;
        for id in &self.acknowledged {
            missing += usize::from(customer.get(&format!("/api/orders/{id}")).await.status != 200);
        }
        assert_eq!(missing, 0, "of {} acknowledged orders", self.acknowledged.len());
    }
}

async fn ordering_again(told: &mut Told, customer: &Client) {
    let told = tokio::sync::Mutex::new(told);
    until("orders are taken again", SOON, async || (told.lock().await.order(customer).await == 201).then_some(()))
        .await;
}

async fn ended(mut server: Server) {
    server.process.signal("TERM");
    let status = server.process.end(SOON).await;
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_around_a_full_disk_is_there_after_a_restart() {
    let Some(disk) = SmallDisk::mount("8m") else { return };
    let installation = Installation::embedded().set("WAYFARE_DATA_DIR", disk.data()).seeded();
    let server = installation.serve().await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    server
        .client
        .sign_in("manager")
        .await
        .patch("/api/menu-items/2", serde_json::json!({ "stock": 1 }))
        .await
        .expect(200);
    let mut told = Told::default();
    for _ in 0..10 {
        assert_eq!(told.order(&customer).await, 201);
    }
    disk.fill();
    for _ in 0..60 {
        told.order(&customer).await;
        told.order_too_much(&customer).await;
    }
    customer.get("/api/orders").await.expect(200);
    until("readiness says no", SOON, async || (!server.is_ready().await).then_some(())).await;
    disk.make_room();
    until("readiness says yes", SOON, async || server.is_ready().await.then_some(())).await;
    ordering_again(&mut told, &customer).await;
    for _ in 0..20 {
        assert_eq!(told.order(&customer).await, 201);
        told.order_too_much(&customer).await;
    }
    let leaving = server.client.sign_in("customer").await;
    leaving.post("/api/auth/logout", serde_json::json!({})).await.expect(204);
    told.is_all_there(&customer).await;
    ended(server).await;

    let again = installation.serve().await;
    told.is_all_there(&customer.at(&again.base)).await;
    let signed_out = leaving.at(&again.base).get("/api/me").await;
    assert_eq!(signed_out.status, 401, "a sign-out that was acknowledged is kept");
}

/// Writes beyond this many bytes of a file fail, as on a disk with a fault; none without a number.
fn fail_writes(process: &Process, beyond: Option<u64>) {
    let limit = beyond.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let mut command = Command::new("prlimit");
    command.args(["--pid", &process.id().to_string(), &format!("--fsize={limit}:unlimited")]);
    assert!(command.status().expect("prlimit was there a moment ago").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_around_a_disk_that_fails_is_there_after_a_restart() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        return note("skipped: prlimit isn't installed");
    }
    let installation = Installation::embedded().seeded();
    // A write that fails is to be an error, and not a signal that ends the process.
    let server = installation.started_through(free_port(), &["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]).await;
    let customer = server.client.prepare(None).await.sign_in("customer").await;
    let mut told = Told::default();
    assert_eq!(told.order(&customer).await, 201);
    let log = fs::metadata(installation.data().join("wayfare.db-wal")).expect("it is in use").len();
    fail_writes(&server.process, Some(log + 20_000));
    for _ in 0..30 {
        told.order(&customer).await;
        told.order_too_much(&customer).await;
    }
    assert!(told.acknowledged.len() < 31, "nothing failed");
    fail_writes(&server.process, None);
    ordering_again(&mut told, &customer).await;
    for key in told.unknown.clone() {
        customer.place(&key).await;
    }
    for _ in 0..10 {
        assert_eq!(told.order(&customer).await, 201);
    }
    ended(server).await;
    let again = installation.serve().await;
    told.is_all_there(&customer.at(&again.base)).await;
}
