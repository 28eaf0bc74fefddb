//! Rows 2 and 3: an order of three lines with a durable commit, against pgbench with the same statements and the peers.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::{
    contest::{self, Contender, Sample},
    cpu, http,
    lab::Lab,
    load::{self, Plan},
    peers,
    report::{Bound, Report, Row},
    wayfare::{self, Server},
};

const CUSTOMERS: usize = 16;

pub fn measure(lab: &Lab, service: &Server, rounds: usize, scale: u64, report: &mut Report) -> Result<()> {
    fill(lab)?;
    let plan = lab.folder.path().join("orders.json");
    fs::write(&plan, serde_json::to_vec(&Plan::Orders { tokens: wayfare::customers(service, CUSTOMERS)? })?)?;
    let script = script(lab)?;
    let (fastapi, flask) = (peers::fastapi(lab)?, peers::flask(lab)?);
    let contenders = [
        Contender::by_http(lab, service, &plan, 8_000 / scale),
        Contender {
            name: "pgbench",
            requests: 8_000 / scale,
            run: Box::new(|requests, _| pgbench(lab, &script, requests)),
        },
        Contender::by_http(lab, &fastapi, &plan, 1_000 / scale),
        Contender::by_http(lab, &flask, &plan, 800 / scale),
    ];
    let outcomes = contest::alternate(lab, &contenders, rounds)?;
    let both = |n: usize| outcomes[n].spread(|sample| sample.server + sample.database);
    let database = outcomes[1].spread(|sample| sample.database);
    for (what, rival, bound) in [
        ("order: server + database CPU against pgbench's database CPU", database, Bound::AtMostTimes(2.0)),
        ("order: server + database CPU against FastAPI", both(2), Bound::TimesLess(8.0)),
        ("order: server + database CPU against Flask", both(3), Bound::TimesLess(10.0)),
    ] {
        report.rows.push(Row { what: what.into(), unit: "µs", ours: both(0), rival: Some(rival), bound });
    }
    report.notes.push(format!(
        "the statements alone cost the database {:.0} µs: a service that runs them, and itself costs nothing, would be \
         {:.1}× below FastAPI and {:.1}× below Flask",
        database.median,
        both(2).median / database.median,
        both(3).median / database.median,
    ));
    report.orders = outcomes;
    Ok(())
}

/// What one order makes PostgreSQL do, as its own log tells.
pub fn print_statements(args: &wayfare::Args) -> Result<()> {
    let binary = args.binary()?;
    let lab = Lab::new(&["log_statement=all"])?;
    wayfare::migrate_and_seed(&binary, &lab)?;
    let server = wayfare::serve(&binary, &lab)?;
    fill(&lab)?;
    let tokens = wayfare::customers(&server, 1)?;
    // The first order prepares its statements; the second shows what every later one does.
    place(&server, &tokens[0], "statements-first")?;
    let before = lab.postgres.log()?.len();
    place(&server, &tokens[0], "statements-second")?;
    print!("{}", &lab.postgres.log()?[before..]);
    Ok(())
}

fn place(server: &Server, token: &str, key: &str) -> Result<()> {
    let answer = http::once(server.address, &load::one_order(token, key))?;
    ensure!(answer.status == 201, "order: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    Ok(())
}

fn fill(lab: &Lab) -> Result<()> {
    let fill = include_str!("../sql/fill.sql")
        .replace(":shops", &load::SHOPS.to_string())
        .replace(":first_shop", &load::FIRST_SHOP.to_string())
        .replace(":products", &load::PRODUCTS.to_string());
    lab.postgres.sql(&fill).map(drop)
}

fn script(lab: &Lab) -> Result<PathBuf> {
    let script = include_str!("../sql/order.sql")
        .replace("{first_shop}", &load::FIRST_SHOP.to_string())
        .replace("{last_shop}", &(load::FIRST_SHOP + load::SHOPS - 1).to_string())
        .replace("{third}", &(load::PRODUCTS / 3).to_string())
        .replace("{statement}", &statement()?);
    let file = lab.folder.path().join("order.sql");
    fs::write(&file, script)?;
    Ok(file)
}

/// The statement that the service sends, with pgbench's values in place of its parameters. Read from the service's source,
/// so that the two can't drift apart.
fn statement() -> Result<String> {
    let source = include_str!("../../api/src/orders/write.rs");
    let (_, rest) = source.split_once("const AT_ONCE: &str = \"").context("write.rs has no AT_ONCE any more")?;
    let (statement, _) = rest.split_once("\";").context("AT_ONCE has no end")?;
    let order = "(lpad(to_hex(:n::bigint + :client_id::bigint), 32, '0'))::uuid";
    let text = |value: &str| format!("'{value}'");
    let values = [
        "ARRAY[:a, :b, :c]".to_owned(),
        "ARRAY[1, 2, 3]".to_owned(),
        ":shop::bigint".to_owned(),
        order.to_owned(),
        ":customer::uuid".to_owned(),
        text("12 Harbour Street"),
        "46.9".to_owned(),
        "4.35".to_owned(),
        text("bike"),
        "NULL::text".to_owned(),
        format!("{order}::text"),
        text("c79e315e1620db0e5ab9ae259eb9e276187fc78ca6cae3f3007310e1ca1460f0"),
        "now()".to_owned(),
        text("customer"),
        text("place_order"),
        format!("{order}::text"),
        text("127.0.0.1"),
        text("01a1fcc04e7d77398c4db093d19f8465"),
        "NULL::integer".to_owned(),
        "NULL::integer".to_owned(),
        "NULL::double precision".to_owned(),
        "NULL::text".to_owned(),
    ];
    // From the last: `$1` is the beginning of `$19`.
    let filled = values.iter().enumerate().rev();
    let statement =
        filled.fold(statement.trim().to_owned(), |sql, (i, value)| sql.replace(&format!("${}", i + 1), value));
    Ok(statement)
}

/// Here "server" is pgbench itself, which isn't part of the bound: the rival is what the statements alone cost.
fn pgbench(lab: &Lab, script: &Path, requests: u64) -> Result<Sample> {
    // pgbench counts by connection, of which there are 8.
    let requests = requests / 8 * 8;
    let (client, database) = (cpu::ended_children()?, cpu::used(lab.postgres.id())?);
    let started = Instant::now();
    lab.postgres.pgbench(script, requests)?;
    let seconds = started.elapsed().as_secs_f64();
    let each = |from, to: std::time::Duration| (to - from).as_secs_f64() * 1e6 / requests as f64;
    let database = each(database, cpu::used(lab.postgres.id())?);
    let server = each(client, cpu::ended_children()?);
    let per_second = requests as f64 / seconds;
    Ok(Sample { server, database, redis: 0.0, per_second, span_batches: 0, median_ms: None, p99_ms: None })
}
