//! `cargo xtask`: everything that is done to Wayfare. This file is the list of stages.
//!
//! To add one: its file, its `mod`, its line in `STAGES`. Nothing here knows how a stage works.

mod bench;
mod build;
mod ci;
mod cli;
mod compose;
mod coverage;
mod ctx;
mod data_dir;
mod deploy;
mod doctor;
mod evidence;
mod exit;
mod fuzz;
mod gate;
mod here;
mod http;
mod image;
mod junit;
mod lint;
mod load;
mod monitor;
mod notify;
mod openapi;
mod pipelines;
mod plan;
mod process;
mod reference;
mod sandbox;
mod scan;
mod screen;
mod script;
mod secret;
mod test;
mod tidy;
mod tools;
mod up;
mod web;

use cli::{Entry, Group};

pub const STAGES: &[Entry] = &[
    Entry::of::<up::Up>(Group::Run),
    Entry::of::<deploy::Deploy>(Group::Run),
    Entry::of::<compose::Down>(Group::Run),
    Entry::of::<doctor::Doctor>(Group::Run),
    Entry::of::<build::Build>(Group::Check),
    Entry::of::<lint::Lint>(Group::Check),
    Entry::of::<test::Test>(Group::Check),
    Entry::of::<scan::Scan>(Group::Check),
    Entry::of::<coverage::Coverage>(Group::Check),
    Entry::of::<load::Load>(Group::Check),
    Entry::of::<bench::Bench>(Group::Check),
    Entry::of::<image::Image>(Group::Check),
    Entry::of::<ci::Ci>(Group::Check),
    Entry::of::<openapi::Openapi>(Group::Keep),
    Entry::of::<web::Screenshots>(Group::Keep),
    Entry::of::<reference::Reference>(Group::Keep),
    Entry::of::<pipelines::Pipelines>(Group::Keep),
    Entry::of::<tidy::Tidy>(Group::Keep),
    Entry::of::<evidence::Evidence>(Group::Keep),
    Entry::of::<notify::Notify>(Group::Keep),
];

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(cli::main() as u8)
}
