//! Rows 1 and 3: the cached list of 20 products, against the bare handler that sends the same bytes and the two peers.

use std::{fs, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    contest::{self, Contender},
    http,
    lab::{self, Lab},
    load::Plan,
    peers,
    report::{Bound, Report, Row},
    wayfare::Server,
};

const LIST: &str = "/api/menu-items?limit=20";

pub fn measure(lab: &Lab, service: &Server, rounds: usize, scale: u64, report: &mut Report) -> Result<()> {
    let bare = bare(lab, service)?;
    let (fastapi, flask) = (peers::fastapi(lab)?, peers::flask(lab)?);
    for server in [service, &bare, &fastapi, &flask] {
        let answer = http::once(server.address, &http::get(LIST))?;
        let list: Value = serde_json::from_slice(&answer.body).context("the list isn't JSON")?;
        let items = list["items"].as_array().map_or(0, Vec::len);
        ensure!(items == 20, "{} listed {items} products in place of 20", server.name);
        report.notes.push(format!("{} sends {} bytes for the list", server.name, answer.body.len()));
    }

    let plan = lab.folder.path().join("reads.json");
    fs::write(&plan, serde_json::to_vec(&Plan::Get { path: LIST.into() })?)?;
    let contenders = [
        Contender::by_http(lab, service, &plan, 80_000 / scale),
        Contender::by_http(lab, &bare, &plan, 120_000 / scale),
        Contender::by_http(lab, &fastapi, &plan, 8_000 / scale),
        Contender::by_http(lab, &flask, &plan, 4_000 / scale),
    ];
    let outcomes = contest::alternate(lab, &contenders, rounds)?;
    let server = |n: usize| outcomes[n].spread(|sample| sample.server);
    for (rival, what, bound) in [
        (1, "cached list: server CPU against a bare handler", Bound::AtMostTimes(2.0)),
        (2, "cached list: server CPU against FastAPI", Bound::TimesLess(8.0)),
        (3, "cached list: server CPU against Flask", Bound::TimesLess(20.0)),
    ] {
        report.rows.push(Row { what: what.into(), unit: "µs", ours: server(0), rival: Some(server(rival)), bound });
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.name != "bare") {
        if outcome.samples.iter().all(|sample| sample.span_batches == 0) {
            let flaw = "exported no spans, so its figures lack what tracing costs; look at its log";
            report.flaws.push(format!("{} {flaw}", outcome.name));
        }
    }
    report.reads = outcomes;
    Ok(())
}

/// The bare handler, given the very bytes and content type that the service answers with.
fn bare(lab: &Lab, service: &Server) -> Result<Server> {
    let answer = http::once(service.address, &http::get(LIST))?;
    let body = lab.folder.path().join("list.json");
    fs::write(&body, &answer.body)?;
    let address = lab::free()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", "--listen", &address.to_string(), "--content-type", &answer.content_type, "--body"]);
    Server::start("bare", command.arg(body), lab, address, LIST)
}
