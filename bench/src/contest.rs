//! Contenders take turns, round after round, so that a machine that gets slower gets slower for all of them.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{cpu, lab, lab::Lab, load::Summary, wayfare::Server};

/// One run of one contender. CPU times are microseconds a request.
#[derive(Clone, Serialize)]
pub struct Sample {
    pub server: f64,
    pub database: f64,
    pub redis: f64,
    pub per_second: f64,
    /// Batches of spans that arrived: shows that tracing was on.
    pub span_batches: u64,
    /// None where the load generator doesn't tell.
    pub median_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// Sends a number of requests under the name of the run.
pub type Run<'a> = dyn Fn(u64, &str) -> Result<Sample> + 'a;

pub struct Contender<'a> {
    pub name: &'static str,
    pub requests: u64,
    pub run: Box<Run<'a>>,
}

impl<'a> Contender<'a> {
    /// One that is loaded over HTTP by a second process.
    pub fn by_http(lab: &'a Lab, server: &'a Server, plan: &'a Path, requests: u64) -> Self {
        let run = move |requests, name: &str| load(lab, server, plan, requests, name);
        Self { name: server.name, requests, run: Box::new(run) }
    }
}

#[derive(Serialize)]
pub struct Outcome {
    pub name: &'static str,
    pub requests: u64,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Copy, Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

/// A warm-up of a quarter of the requests each, then `rounds` rounds in which everybody has one run.
pub fn alternate(lab: &Lab, contenders: &[Contender], rounds: usize) -> Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = contenders
        .iter()
        .map(|contender| Outcome { name: contender.name, requests: contender.requests, samples: Vec::new() })
        .collect();
    for contender in contenders {
        (contender.run)(contender.requests / 4, "warm-up").with_context(|| contender.name)?;
    }
    for round in 1..=rounds {
        for (contender, outcome) in contenders.iter().zip(&mut outcomes) {
            lab.tidy()?;
            let sample = (contender.run)(contender.requests, &format!("round-{round}")).context(contender.name)?;
            let Sample { server, database, redis, per_second, .. } = sample;
            eprintln!(
                "round {round}/{rounds} {:8} server {server:8.1} µs, database {database:7.1} µs, redis {redis:5.1} µs a request, {per_second:7.0}/s",
                contender.name
            );
            outcome.samples.push(sample);
        }
    }
    Ok(outcomes)
}

/// Loads a server by a second process and reads what it, the database and Redis spent on it.
fn load(lab: &Lab, server: &Server, plan: &Path, requests: u64, name: &str) -> Result<Sample> {
    let (before, batches) = (spent(lab, server)?, lab.deliveries()?);
    let (to, count) = (server.address.to_string(), requests.to_string());
    let plan = plan.to_str().context("a path that isn't text")?;
    let run = format!("{}-{name}", server.name);
    let told = lab::this_program(&["load", "--to", &to, "--plan", plan, "--requests", &count, "--name", &run])?;
    let summary: Summary = serde_json::from_str(&told)?;
    // What was put off until after the answer (spans wait half a second) is part of the price.
    thread::sleep(Duration::from_millis(700));
    // An idle process can seem to have un-used a little: a child's nanoseconds become whole ticks when it ends.
    let after = spent(lab, server)?;
    let [server, database, redis] =
        [0, 1, 2].map(|n| after[n].saturating_sub(before[n]).as_secs_f64() * 1e6 / summary.requests as f64);
    let per_second = summary.requests as f64 / summary.seconds;
    Ok(Sample {
        server,
        database,
        redis,
        per_second,
        span_batches: lab.deliveries()? - batches,
        median_ms: Some(summary.median_ms),
        p99_ms: Some(summary.p99_ms),
    })
}

fn spent(lab: &Lab, server: &Server) -> Result<[Duration; 3]> {
    Ok([cpu::used(server.id())?, cpu::used(lab.postgres.id())?, cpu::used(lab.redis_id())?])
}

impl Outcome {
    pub fn spread(&self, of: impl Fn(&Sample) -> f64) -> Spread {
        Spread::of(self.samples.iter().map(of).collect())
    }
}

impl Spread {
    /// Panics on no values: every contest has at least one round.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Self { median, min: values[0], max: values[values.len() - 1] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!((spread.median, spread.min, spread.max), (2.5, 1.0, 4.0));
    }
}
