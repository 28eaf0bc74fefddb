//! Metrics and everything that asks for them: rules, dashboards, run books, the cluster's autoscalers and analyses.
//!
//! A program of its own, because the parser of PromQL takes longer to compile than all of xtask, which starts it as
//! `cargo xtask monitor`.

mod alerts;
mod check;
mod dashboards;
mod exposition;
mod known;
mod labels;
mod manifests;
mod mutate;
mod objectives;
mod promql;
mod prove;
mod query;
mod render;
mod rules;
mod runbooks;
mod running;
mod tour;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    /// Root of the clone
    #[arg(long, default_value = ".")]
    root: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Write the rules that come from slo.toml
    Render {
        /// Write nothing; fail when a file differs from what slo.toml makes
        #[arg(long)]
        check: bool,
    },
    /// Start the service, use it, and hold every query against what it exports
    Check {
        /// The service's binary
        #[arg(long)]
        binary: PathBuf,
        /// An empty folder for its data
        #[arg(long)]
        data: PathBuf,
    },
    /// Make faults, and see their alerts fire, arrive at a receiver, and end
    Prove {
        /// The service's binary
        #[arg(long)]
        binary: PathBuf,
        /// An empty folder for everything that is started
        #[arg(long)]
        data: PathBuf,
    },
    /// Halve and double each threshold: some test of the alert has to fail
    Mutate,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(offences) if offences.is_empty() => ExitCode::SUCCESS,
        Ok(offences) => {
            offences.iter().for_each(|offence| eprintln!("{offence}"));
            eprintln!("{} offence(s)", offences.len());
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

/// Gives the offences, each a sentence that begins with where it is.
fn run(cli: &Cli) -> Result<Vec<String>> {
    match &cli.verb {
        Verb::Render { check } => render::run(&cli.root, *check),
        Verb::Check { binary, data } => check::run(&cli.root, binary, data),
        Verb::Prove { binary, data } => prove::run(&cli.root, binary, data),
        Verb::Mutate => mutate::run(&cli.root),
    }
}
