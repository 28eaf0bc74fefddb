//! The tour in `docs/tour.md` works as it is written: every block of shell on that page, in order.
//!
//! `WAYFARE_TOUR_AT=http://…` takes it at a freshly seeded installation that runs there, in place of one of its own.

use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

use crate::{
    client::Client,
    process::{Installation, Server},
    wait::skipped,
};

const PAGE: &str = include_str!("../../../docs/tour.md");

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_works_as_it_is_written() {
    for program in ["bash", "curl", "jq"] {
        if Command::new(program).arg("--version").output().is_err() {
            return skipped(&format!("{program} isn't installed"));
        }
    }
    let elsewhere = env::var("WAYFARE_TOUR_AT").ok();
    let server = match elsewhere {
        Some(_) => None,
        None => Some(embedded().await),
    };
    let base = elsewhere.or(server.as_ref().map(|server| server.base.clone())).expect("one of the two");
    let done = run(&blocks(PAGE), &base);
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{}\n{out}\n{err}", done.status);
    let admin = Client::new(&base).sign_in("admin").await;
    let orders = admin.get("/api/orders?view=shop").await.expect(200);
    let orders = orders["items"].as_array().expect("a page");
    assert_eq!(orders.len(), 1, "sent twice, placed once: {orders:?}");
    assert_eq!(orders[0]["state"], "delivered", "{out}\n{err}");
    for told in ["placed", "accepted", "preparing", "on_the_way", "delivered", "sign_in", "move_order"] {
        assert!(out.contains(told), "the tour shows `{told}`:\n{out}");
    }
}

/// With the limits that people meet.
async fn embedded() -> Server {
    Installation::embedded()
        .set("WAYFARE_RATE_LIMIT", "100")
        .set("WAYFARE_LOGIN_RATE_LIMIT", "10")
        .seeded()
        .serve()
        .await
}

/// All blocks of shell, one after the other.
fn blocks(page: &str) -> String {
    page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect::<Vec<_>>().join("\n")
}

fn run(script: &str, base: &str) -> std::process::Output {
    let mut bash = Command::new("bash");
    bash.args(["-eu", "-o", "pipefail", "-s"]).env("WAYFARE", base);
    let mut child =
        bash.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bash starts");
    child.stdin.take().expect("piped").write_all(script.as_bytes()).expect("bash reads");
    child.wait_with_output().expect("bash ends")
}
