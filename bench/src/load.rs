//! The load: a fixed number of requests over keep-alive connections, in a process of its own so that its CPU time
//! isn't the server's. It refuses other machines, and one wrong answer ends it: a fast error is no result.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::http::{self, Connection};

#[derive(clap::Args)]
pub struct Args {
    /// Where the server listens; loopback only
    #[arg(long)]
    to: SocketAddr,
    #[arg(long)]
    plan: PathBuf,
    #[arg(long)]
    requests: u64,
    #[arg(long, default_value_t = 8)]
    connections: u64,
    /// Makes the run's idempotency keys its own
    #[arg(long, default_value = "run")]
    name: String,
}

/// What each request is.
#[derive(Serialize, Deserialize)]
pub enum Plan {
    Get {
        path: String,
    },
    /// Orders of three products of one shop, by customers in turn. Products are picked at random, so that
    /// customers seldom wait for each other's rows.
    Orders {
        tokens: Vec<String>,
    },
}

/// Shops and products of the bench's own, with stock that never runs out; `sql/fill.sql` makes them.
pub const FIRST_SHOP: i64 = 1001;
pub const SHOPS: i64 = 20;
pub const PRODUCTS: i64 = 60;

#[derive(Serialize, Deserialize)]
pub struct Summary {
    pub requests: u64,
    pub seconds: f64,
    pub median_ms: f64,
    pub p99_ms: f64,
}

pub fn run(args: &Args) -> Result<()> {
    let plan: Plan = serde_json::from_slice(&std::fs::read(&args.plan)?)?;
    let left = AtomicU64::new(args.requests);
    let started = Instant::now();
    let times: Vec<Vec<Duration>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..args.connections)
            .map(|connection| {
                let (plan, left) = (&plan, &left);
                scope.spawn(move || work(args, plan, left, connection))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a load thread panicked")).collect::<Result<_>>()
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let mut times: Vec<f64> = times.into_iter().flatten().map(|time| time.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let summary = Summary { requests: args.requests, seconds, median_ms: at(0.5), p99_ms: at(0.99) };
    println!("{}", serde_json::to_string(&summary)?);
    Ok(())
}

fn work(args: &Args, plan: &Plan, left: &AtomicU64, connection: u64) -> Result<Vec<Duration>> {
    let mut to = Connection::new(args.to)?;
    let mut random = Random(connection + 1);
    let mut times = Vec::new();
    while let Ok(n) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
        let (request, expected) = plan.request(&args.name, n, &mut random);
        let sent = Instant::now();
        let answer = to.send(&request).with_context(|| format!("request {n} on connection {connection}"))?;
        times.push(sent.elapsed());
        let text = || String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status == expected, "got {} in place of {expected}: {}", answer.status, text());
    }
    Ok(times)
}

impl Plan {
    fn request(&self, name: &str, n: u64, random: &mut Random) -> (Vec<u8>, u16) {
        match self {
            Self::Get { path } => (http::get(path), 200),
            Self::Orders { tokens } => {
                let token = &tokens[n as usize % tokens.len()];
                (order(token, &format!("{name}-{n}"), random), 201)
            }
        }
    }
}

/// An order as the load sends it.
pub fn one_order(token: &str, key: &str) -> Vec<u8> {
    order(token, key, &mut Random(0))
}

fn order(token: &str, key: &str, random: &mut Random) -> Vec<u8> {
    let headers = format!("Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n");
    http::post("/api/orders", &headers, &order_body(random))
}

/// A shop's products are `shop * 100 + 1` and on. Each line takes its product from a third of its own, so that the
/// three differ.
fn order_body(random: &mut Random) -> String {
    let third = PRODUCTS / 3;
    let shop = FIRST_SHOP + random.below(SHOPS);
    let mut line = |n: i64| {
        let product = shop * 100 + n * third + random.below(third) + 1;
        format!(r#"{{"product_id":{product},"quantity":{}}}"#, random.below(3) + 1)
    };
    let lines = [line(0), line(1), line(2)].join(",");
    let address = r#"{"text":"12 Harbour Street","lat":46.9,"lon":4.35}"#;
    format!(r#"{{"shop_id":{shop},"lines":[{lines}],"address":{address},"mode":"bike","note":null}}"#)
}

/// Splitmix64: the same picks in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % end as u64) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orders_three_products_differ_and_belong_to_its_shop() {
        let mut random = Random(7);
        for _ in 0..1000 {
            let order: serde_json::Value = serde_json::from_str(&order_body(&mut random)).unwrap();
            let shop = order["shop_id"].as_i64().unwrap();
            let ids: std::collections::BTreeSet<i64> =
                order["lines"].as_array().unwrap().iter().map(|line| line["product_id"].as_i64().unwrap()).collect();
            assert_eq!(ids.len(), 3);
            assert!(ids.iter().all(|id| (1..=PRODUCTS).contains(&(id - shop * 100))), "{ids:?}");
        }
    }
}
