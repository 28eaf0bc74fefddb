//! `wayfare-bench`: measures service and engine against their rivals on this machine and says whether each bound is reached.
//!
//! Not here: anything that the service needs to run, load on another machine, or figures kept from an earlier run.

mod api;
mod bare;
mod city;
mod contest;
mod cpu;
mod http;
mod lab;
mod load;
mod orders;
mod peers;
mod postgres;
mod process;
mod reads;
mod report;
mod sink;
mod start;
mod versions;
mod wayfare;

use std::process::ExitCode;

use clap::Parser;

/// The service's allocator, for the bare server: what the two differ by is what the service does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Measures Wayfare against its rivals", version)]
enum Command {
    /// Measure the service and print the table of bounds
    Api(api::Args),
    /// Measure the city engine and print the table of bounds
    City(city::Args),
    /// Make a city file and say what that cost (started by `city`)
    ImportCity(city::ImportArgs),
    /// Load a city file and say what that cost (started by `city`)
    LoadCity(city::LoadArgs),
    /// Print the statements that one order runs in PostgreSQL, as the server logged them
    Statements(wayfare::Args),
    /// Send a bounded number of requests to a server on this machine (started by `api`)
    Load(load::Args),
    /// Serve one file's bytes and nothing else: the floor that reads are compared with (started by `api`)
    Bare(bare::Args),
    /// Take traces and drop them (started by `api`)
    Sink(sink::Args),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Api(args) => api::run(&args),
        Command::City(args) => city::run(&args),
        Command::ImportCity(args) => city::import_alone(&args).map(|()| ExitCode::SUCCESS),
        Command::LoadCity(args) => city::load_alone(&args).map(|()| ExitCode::SUCCESS),
        Command::Statements(args) => orders::print_statements(&args).map(|()| ExitCode::SUCCESS),
        Command::Load(args) => load::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Bare(args) => bare::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Sink(args) => sink::run(&args).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("wayfare-bench: {error:#}");
        ExitCode::FAILURE
    })
}
