//! `wayfare-load`: people at a service, as many and for as long as is said, and what they met as one JSON file.
//!
//! Goose moves them; `slo.toml` says what they do and where they may go. Not here: whether it was good enough. That is
//! `cargo xtask load`.

mod figures;
mod people;
mod tally;

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use goose::{GooseAttack, config::GooseConfiguration, prelude::*};
use serde::Deserialize;

#[derive(Parser)]
#[command(about = "People at a service", version)]
struct Args {
    /// The service: `http://127.0.0.1:5000`
    #[arg(long)]
    to: String,
    #[arg(long)]
    users: usize,
    #[arg(long)]
    seconds: usize,
    /// Where the figures go
    #[arg(long)]
    json: PathBuf,
}

#[derive(Deserialize)]
struct Slo {
    load: Load,
}

#[derive(Deserialize)]
struct Load {
    hosts: Vec<String>,
    #[serde(flatten)]
    mix: people::Mix,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let load = toml::from_str::<Slo>(include_str!("../../slo.toml")).context("slo.toml")?.load;
    let host = host(&args.to);
    ensure!(load.hosts.iter().any(|it| it == host), "{host} isn't among slo.toml's hosts");
    people::MIX.get_or_init(|| load.mix);
    let started = Instant::now();
    attack(&args)?.execute().await?;
    let figures = tally::figures(&args.to, args.users, started.elapsed().as_secs_f64());
    Ok(fs::write(&args.json, serde_json::to_vec_pretty(&figures)?)?)
}

/// Everybody comes within a tenth of the time, and is signed in before anything else.
fn attack(args: &Args) -> Result<GooseAttack, GooseError> {
    use people::{sign_in, visit};
    let mut configuration = GooseConfiguration::default();
    configuration.host = args.to.clone();
    configuration.users = Some(args.users);
    configuration.startup_time = (args.seconds / 10).max(1).to_string();
    configuration.run_time = args.seconds.to_string();
    configuration.no_reset_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.quiet = 1;
    let people = scenario!("people")
        .register_transaction(transaction!(sign_in).set_on_start())
        // Goose's own weights make a list that everybody works off in its order: nobody would order in the first minutes.
        .register_transaction(transaction!(visit))
        .set_wait_time(people::PAUSE.start, people::PAUSE.end)?;
    Ok(GooseAttack::initialize_with_config(configuration)?.register_scenario(people))
}

/// `http://host:port/path` without what isn't the host.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or_default(),
    }
}
