//! From one environment to the next: an image carries the proof that it passed in the one before, signed, beside itself. Any
//! machine can check it, and so can a cluster's admission.

mod attest;
mod promote;
mod proof;

use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use stages::ctx::Ctx;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::Step;

pub use self::attest::Attest;
pub use self::promote::Promote;
use self::proof::Proof;
use super::Environment;
use crate::image::{Reference, Signed};

/// The type of the statement.
const KIND: &str = "https://wayfare.example/attestations/environment/v1";

/// Where an environment asks for a record: its signature, then what it says.
pub fn proven(environment: &Environment, image: &Reference, signed: &Signed, machine: &Machine) -> Vec<Step> {
    let (Some(from), Some(minutes)) = (environment.promotes_from.clone(), environment.soak_minutes) else {
        return Vec::new();
    };
    let file = machine.scratch("promotion.json");
    let next = format!("cargo xtask attest --env {from}, once it was deployed there with --tour, and load was judged");
    let why = format!("{from} says that it passed there");
    let statements = signed.attested("record", KIND, &file, image, machine).into_iter();
    let statements = statements.map(|step| step.why(why.clone()).failing_as(Exit::Refused).next(next.clone()));
    let image = image.clone();
    let judge = Step::task("proven", move |ctx| {
        let text = fs::read_to_string(&file)?;
        is_proven(ctx, &Proof::of_statements(&text)?, &from, &image, minutes)
    });
    let judge = judge.why(format!("for {minutes} minutes at the least"));
    statements.chain([judge]).collect()
}

fn is_proven(ctx: &mut Ctx, proofs: &[Proof], from: &str, image: &Reference, minutes: u64) -> Result<()> {
    let latest = SystemTime::now() - Duration::from_secs(minutes * 60);
    let of_place: Vec<_> = proofs.iter().filter(|proof| proof.environment == from && proof.image == *image).collect();
    let none = || Failure::new(Exit::Refused, format!("no record says that {image} passed in {from}"));
    ensure!(!of_place.is_empty(), none());
    let first = of_place.iter().map(|proof| &proof.deployed).min();
    // Times of one format, of which the later one is the greater text.
    let is_old_enough = first.is_some_and(|first| *first <= timestamp(latest));
    let early = || {
        let message = format!("{image} runs in {from} for less than {minutes} minutes: since {}", of_place[0].deployed);
        Failure::new(Exit::Refused, message).next("wait; env.toml says how long")
    };
    ensure!(is_old_enough, early());
    ctx.data.insert("proven".into(), serde_json::to_value(of_place)?);
    Ok(())
}
