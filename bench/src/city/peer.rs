//! A peer in its own process and environment: asked over a pipe, it times each call by the clock of its own thread.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{contest::Pair, town::Town};
use crate::{lab, peers, process};

pub struct Peer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

#[derive(Serialize)]
struct Told<'a> {
    pairs: &'a [Pair],
    day: &'a str,
}

#[derive(Serialize)]
struct Question {
    mode: &'static str,
    full: bool,
    answers: bool,
}

/// Nanoseconds for each pair, and what was answered when that was asked for.
#[derive(Deserialize)]
pub struct Pass {
    pub spent: Vec<u64>,
    pub answers: Vec<Option<Answer>>,
}

#[derive(Clone, Deserialize)]
pub struct Answer {
    pub metres: f64,
    pub seconds: f64,
    pub rides: usize,
    /// Where the peer met the streets: latitude and longitude.
    #[serde(default)]
    pub ends: Vec<[f64; 2]>,
}

/// Both peers, with what they read already made.
pub fn both(town: &Town, pairs: &[Pair]) -> Result<[Peer; 2]> {
    let python = peers::environment("streets")?.join("bin/python");
    let scripts = lab::root().join("bench/peers/streets");
    let folder = lab::target()?.join("peers/streets-data");
    eprintln!("preparing what the peers read (the first time takes minutes)");
    let mut prepare = Command::new(&python);
    let b = town.city.bounds();
    let sides = format!("{},{},{},{}", b.south, b.west, b.north, b.east);
    prepare.arg(scripts.join("prepare.py")).arg(&folder).arg(sides).arg(&town.map).args(&town.feeds);
    let day = process::output(&mut prepare)?;
    let start = |name| Peer::start(&python, &scripts.join("peer.py"), name, &folder, pairs, day.trim());
    Ok([start("osrm")?, start("valhalla")?])
}

impl Peer {
    fn start(python: &Path, script: &Path, name: &str, folder: &Path, pairs: &[Pair], day: &str) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(script).arg(name).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("can't start {name}"))?;
        let questions = child.stdin.take().context("no way in")?;
        let answers = BufReader::new(child.stdout.take().context("no way out")?);
        let mut peer = Self { child, questions, answers };
        peer.say(&Told { pairs, day })?;
        Ok(peer)
    }

    fn say(&mut self, what: &impl Serialize) -> Result<()> {
        writeln!(self.questions, "{}", serde_json::to_string(what)?)?;
        Ok(self.questions.flush()?)
    }

    /// One pass over all pairs.
    pub fn pass(&mut self, mode: &'static str, full: bool, answers: bool) -> Result<Pass> {
        self.say(&Question { mode, full, answers })?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "a peer ended while it was asked for {mode}");
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
