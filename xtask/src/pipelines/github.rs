//! A pipeline as a GitHub workflow.
//!
//! One job, because the stages share `target/`: what one built, the next one tests. It may read the repository and
//! nothing else; no credential stays on the disk.

use anyhow::Result;

use super::list::{Line, Pipeline, Starts};
use super::pins::Pins;

const MACHINE: &str = "ubuntu-24.04";

pub fn path(pipeline: &Pipeline) -> String {
    format!(".github/workflows/{}.yml", pipeline.name)
}

pub fn workflow(pipeline: &Pipeline, pins: &Pins) -> Result<String> {
    let name = pipeline.name;
    let steps: String = pipeline.lines.iter().map(|line| step(line, pipeline)).collect();
    Ok(format!(
        "# {}
# {name}: {}.
name: {name}

on:
{}
# Each job asks for what it needs.
permissions: {{}}

concurrency:
  group: {name}-${{{{ github.ref }}}}
  cancel-in-progress: ${{{{ github.event_name == 'pull_request' }}}}

jobs:
  {name}:
    name: {name}
    runs-on: {MACHINE}
    timeout-minutes: {}
    permissions:
      contents: read
    steps:
{}{}{steps}{}",
        super::HEADER,
        pipeline.why,
        starts(pipeline.starts),
        pipeline.minutes(),
        checkout(pins)?,
        cache(pins)?,
        keep(name, pins)?,
    ))
}

fn starts(starts: Starts) -> &'static str {
    match starts {
        Starts::OnChange => "  pull_request:\n  push:\n    branches: [main]\n",
        Starts::AtNight => "  schedule:\n    - cron: \"17 2 * * *\"\n  workflow_dispatch:\n",
    }
}

fn checkout(pins: &Pins) -> Result<String> {
    Ok(format!(
        "      - name: checkout
        uses: {}
        with:
          persist-credentials: false
",
        pins.uses("actions/checkout")?
    ))
}

/// What can be had again; never evidence, which is of one run.
fn cache(pins: &Pins) -> Result<String> {
    let key = "${{ runner.os }}-${{ hashFiles('rust-toolchain.toml') }}";
    Ok(format!(
        "      - name: cache
        uses: {}
        with:
          path: |
            ~/.cargo/registry
            target/debug
            target/release
            target/tools
          key: {key}-${{{{ hashFiles('Cargo.lock', '.ci/tools/requirements.lock') }}}}
          restore-keys: {key}-
",
        pins.uses("actions/cache")?
    ))
}

fn step(line: &Line, pipeline: &Pipeline) -> String {
    // The proof tells what is missing, too, so it is asked after a failure.
    let is_proof = pipeline.lines.last() == Some(line);
    let goes_on = if pipeline.keeps_going || is_proof { "        if: ${{ !cancelled() }}\n" } else { "" };
    let (name, command, minutes) = (&line.name, line.command(), line.minutes);
    format!("      - name: {name}\n{goes_on}        timeout-minutes: {minutes}\n        run: {command}\n")
}

fn keep(name: &str, pins: &Pins) -> Result<String> {
    Ok(format!(
        "      - name: keep the evidence
        if: ${{{{ !cancelled() }}}}
        uses: {}
        with:
          name: evidence-{name}
          path: |
            target/evidence
            target/xtask/logs
          if-no-files-found: error
          retention-days: 30
",
        pins.uses("actions/upload-artifact")?
    ))
}
