//! A pipeline as a GitHub workflow.
//!
//! One job, because the stages share `target/`: what one built, the next one tests. Its token may read the repository, and
//! beyond that what its pipeline names; no credential stays on the disk.

use anyhow::Result;

use super::list::{Given, Line, Pipeline, Starts, Tool};
use super::pins::Pins;

const MACHINE: &str = "ubuntu-24.04";

/// What the job's token may do because one of its lines is given that.
const RIGHTS: [(Given, &str); 2] =
    [(Given::Registry, "      packages: write\n"), (Given::SigningKey, "      id-token: write\n")];

pub fn path(pipeline: &Pipeline) -> String {
    format!(".github/workflows/{}.yml", pipeline.name)
}

pub fn workflow(pipeline: &Pipeline, pins: &Pins) -> Result<String> {
    let name = pipeline.name;
    let steps: String = pipeline.lines.iter().map(|line| step(line, pipeline)).collect();
    let given: Vec<_> = pipeline.lines.iter().flat_map(|line| line.given).collect();
    let may: String = RIGHTS.iter().filter(|(what, _)| given.contains(&what)).map(|(_, right)| *right).collect();
    let tools: Vec<_> =
        pipeline.lines.iter().filter_map(|line| line.tool).map(|one| tool(one, pins)).collect::<Result<_>>()?;
    let tools = tools.concat();
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
{may}    steps:
{}{}{tools}{steps}{}",
        super::HEADER,
        pipeline.why,
        starts(pipeline.starts),
        pipeline.minutes(),
        checkout(pipeline, pins)?,
        cache(pipeline, pins)?,
        keep(name, pins)?,
    ))
}

fn starts(starts: Starts) -> &'static str {
    match starts {
        Starts::OnChange => "  pull_request:\n  push:\n    branches: [main]\n",
        Starts::OnTag => "  push:\n    tags: [\"v*\"]\n",
        Starts::AtNight => "  schedule:\n    - cron: \"17 2 * * *\"\n  workflow_dispatch:\n",
    }
}

fn checkout(pipeline: &Pipeline, pins: &Pins) -> Result<String> {
    let depth = if pipeline.whole_history { "          fetch-depth: 0\n" } else { "" };
    Ok(format!("      - name: checkout\n{}{depth}", pins.step("actions/checkout")?))
}

/// What can be had again; never evidence, which is of one run. What others may have laid in it is not for a release.
fn cache(pipeline: &Pipeline, pins: &Pins) -> Result<String> {
    if pipeline.starts == Starts::OnTag {
        return Ok(String::new());
    }
    let key = "${{ runner.os }}-${{ hashFiles('rust-toolchain.toml') }}";
    Ok(format!(
        "      - name: cache
{}        with:
          path: |
            ~/.cargo/registry
            target/debug
            target/release
            target/tools
          key: {key}-${{{{ hashFiles('Cargo.lock', '.ci/tools/requirements.lock', 'xtask/tools.toml') }}}}
          restore-keys: {key}-
",
        pins.step("actions/cache")?
    ))
}

fn step(line: &Line, pipeline: &Pipeline) -> String {
    let goes_on = if pipeline.keeps_going || line.tells { "        if: ${{ !cancelled() }}\n" } else { "" };
    let given: String = line.given.iter().map(|given| variables(*given)).collect();
    let env = if given.is_empty() { String::new() } else { format!("        env:\n{given}") };
    let (name, command, minutes) = (&line.name, line.command(), line.minutes);
    format!("      - name: {name}\n{goes_on}        timeout-minutes: {minutes}\n{env}        run: {command}\n")
}

fn variables(given: Given) -> &'static str {
    match given {
        Given::Registry => {
            "          WAYFARE_REGISTRY_USER: ${{ github.actor }}
          WAYFARE_REGISTRY_PASSWORD: ${{ secrets.GITHUB_TOKEN }}
"
        }
        // The job's own name signs and is checked: GitHub vouches for it.
        Given::SigningKey | Given::VerifyingKey => "",
        Given::Webhook => {
            "          WAYFARE_NOTIFY_URL: ${{ secrets.WAYFARE_NOTIFY_URL }}
          WAYFARE_NOTIFY_SECRET: ${{ secrets.WAYFARE_NOTIFY_SECRET }}
"
        }
    }
}

fn tool(tool: Tool, pins: &Pins) -> Result<String> {
    let (name, action) = match tool {
        Tool::Cosign => ("cosign", "sigstore/cosign-installer"),
        Tool::Trivy => ("trivy", "aquasecurity/setup-trivy"),
    };
    Ok(format!("      - name: {name}\n{}", pins.step(action)?))
}

fn keep(name: &str, pins: &Pins) -> Result<String> {
    Ok(format!(
        "      - name: keep the evidence
        if: ${{{{ !cancelled() }}}}
{}        with:
          name: evidence-{name}
          path: |
            target/evidence
            target/reports
            target/xtask/logs
          if-no-files-found: error
          retention-days: 30
",
        pins.step("actions/upload-artifact")?
    ))
}
