//! A pipeline as a GitHub workflow.
//!
//! The stages of a job share `target/`: what one built, the next one tests. A job's token may read the repository, and beyond
//! that what its lines name; no credential stays on the disk. Evidence goes from job to job as an artifact.

use anyhow::Result;

use super::list::{Given, Handover, Host, IMAGE, Job, Line, Pipeline, Runner, Starts, Tool};
use super::pins::Pins;

const MACHINE: &str = "ubuntu-24.04";

/// What a job's token may do because one of its lines is given that.
const RIGHTS: [(Given, &str); 3] = [
    (Given::Reader, "      packages: read\n"),
    (Given::Registry, "      packages: write\n"),
    (Given::SigningKey, "      id-token: write\n"),
];

pub fn path(pipeline: &str) -> String {
    format!(".github/workflows/{pipeline}.yml")
}

pub fn workflow(pipeline: &Pipeline, pins: &Pins) -> Result<String> {
    let name = pipeline.name;
    let jobs: Vec<_> = pipeline.jobs.iter().map(|one| job(one, pipeline, pins)).collect::<Result<_>>()?;
    let tells = pipeline.tells.as_ref().map(|line| tells(line, pipeline, pins)).transpose()?;
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
{}{}",
        super::HEADER,
        pipeline.why,
        starts(pipeline.starts),
        jobs.concat(),
        tells.unwrap_or_default(),
    ))
}

fn job(job: &Job, pipeline: &Pipeline, pins: &Pins) -> Result<String> {
    let (name, minutes, host) = (&job.name, job.minutes(), host(&job.host));
    let needs = job.needs.as_ref().map(|needs| format!("    needs: [{needs}]\n")).unwrap_or_default();
    let given: Vec<_> = job.lines.iter().flat_map(|line| &line.given).collect();
    let may: String = RIGHTS.iter().filter(|(what, _)| given.contains(&what)).map(|(_, right)| *right).collect();
    let steps: String = job.lines.iter().map(|line| step(line, job.keeps_going)).collect();
    Ok(format!(
        "  {name}:
    name: {name}
{needs}{host}    timeout-minutes: {minutes}
    permissions:
      contents: read
{may}    steps:
{}{}{}{}{steps}{}{}",
        checkout(job.whole_history, pins)?,
        cache(pipeline, pins)?,
        tools(job, pins)?,
        if job.image == Some(Handover::Takes) { taken(pins)? } else { String::new() },
        if job.image == Some(Handover::Leaves) { left(pins)? } else { String::new() },
        keep(&format!("{}-{name}", pipeline.name), pins)?,
    ))
}

/// Where the machine is an environment's, one job at a time.
fn host(host: &Host) -> String {
    let Host::Runner(Runner { environment, variable, protected }) = host else {
        return format!("    runs-on: {MACHINE}\n");
    };
    // The environment of this name in the repository's settings says who has to approve.
    let machine = if *protected {
        format!(
            "    if: ${{{{ vars.{variable} != '' }}}}
    runs-on: ${{{{ vars.{variable} }}}}
    environment: {environment}
"
        )
    } else {
        format!("    runs-on: ${{{{ vars.{variable} || '{MACHINE}' }}}}\n")
    };
    format!("{machine}    concurrency:\n      group: {environment}\n      cancel-in-progress: false\n")
}

/// Whatever the jobs did: from what they left of it.
fn tells(line: &Line, pipeline: &Pipeline, pins: &Pins) -> Result<String> {
    let name = pipeline.name;
    let jobs: Vec<_> = pipeline.jobs.iter().map(|job| &*job.name).collect();
    Ok(format!(
        "  notify:
    name: notify
    needs: [{}]
    if: ${{{{ !cancelled() }}}}
    runs-on: {MACHINE}
    timeout-minutes: {}
    permissions:
      contents: read
    steps:
{}      - name: what the jobs left
{}        with:
          pattern: evidence-{name}-*
          merge-multiple: true
          path: target
{}",
        jobs.join(", "),
        line.minutes + 15,
        checkout(false, pins)?,
        pins.step("actions/download-artifact")?,
        step(line, false),
    ))
}

fn starts(starts: Starts) -> &'static str {
    match starts {
        Starts::OnChange => "  pull_request:\n  push:\n    branches: [main]\n",
        Starts::OnTag => "  push:\n    tags: [\"v*\"]\n",
        Starts::AtNight => "  schedule:\n    - cron: \"17 2 * * *\"\n  workflow_dispatch:\n",
    }
}

fn checkout(whole_history: bool, pins: &Pins) -> Result<String> {
    let depth = if whole_history { "          fetch-depth: 0\n" } else { "" };
    Ok(format!("      - name: checkout\n{}{depth}", pins.step("actions/checkout")?))
}

/// The image goes on as it was judged: what isn't there is no image, and the job fails.
fn left(pins: &Pins) -> Result<String> {
    let paths: String = IMAGE.iter().map(|path| format!("            target/{path}\n")).collect();
    Ok(format!(
        "      - name: hand over the image
{}        with:
          name: image
          path: |
{paths}          if-no-files-found: error
          retention-days: 1
",
        pins.step("actions/upload-artifact")?
    ))
}

fn taken(pins: &Pins) -> Result<String> {
    let action = pins.step("actions/download-artifact")?;
    Ok(format!(
        "      - name: the image that was built\n{action}        with:\n          name: image\n          path: target\n"
    ))
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
          key: {key}-${{{{ hashFiles('Cargo.lock', '.ci/tools/*', 'xtask/tools.toml') }}}}
          restore-keys: {key}-
",
        pins.step("actions/cache")?
    ))
}

fn step(line: &Line, keeps_going: bool) -> String {
    let goes_on = if keeps_going || line.tells { "        if: ${{ !cancelled() }}\n" } else { "" };
    let given: String = line.given.iter().map(variables).collect();
    let env = if given.is_empty() { String::new() } else { format!("        env:\n{given}") };
    let (name, command, minutes) = (&line.name, line.command(), line.minutes);
    format!("      - name: {name}\n{goes_on}        timeout-minutes: {minutes}\n{env}        run: {command}\n")
}

fn variables(given: &Given) -> String {
    match given {
        Given::Registry | Given::Reader => "          WAYFARE_REGISTRY_USER: ${{ github.actor }}
          WAYFARE_REGISTRY_PASSWORD: ${{ secrets.GITHUB_TOKEN }}
"
        .to_owned(),
        // The job's own name signs and is checked: GitHub vouches for it.
        Given::SigningKey | Given::VerifyingKey => String::new(),
        Given::Webhook => "          WAYFARE_NOTIFY_URL: ${{ secrets.WAYFARE_NOTIFY_URL }}
          WAYFARE_NOTIFY_SECRET: ${{ secrets.WAYFARE_NOTIFY_SECRET }}
"
        .to_owned(),
        Given::Runner(variable) => format!("          {variable}: ${{{{ vars.{variable} }}}}\n"),
    }
}

/// Each once, whichever lines want it.
fn tools(job: &Job, pins: &Pins) -> Result<String> {
    let wanted = |tool: Tool| job.lines.iter().any(|line| line.tool == Some(tool));
    let mut text = String::new();
    let all =
        [(Tool::Cosign, "cosign", "sigstore/cosign-installer"), (Tool::Trivy, "trivy", "aquasecurity/setup-trivy")];
    for (_, name, action) in all.into_iter().filter(|(tool, ..)| wanted(*tool)) {
        text += &format!("      - name: {name}\n{}", pins.step(action)?);
    }
    Ok(text)
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
