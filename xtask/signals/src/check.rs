//! Everything that asks for a metric, held against a service that was just used.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::known::{Exporters, Known};
use crate::promql::{Judge, Scrapes};
use crate::query::{Query, read};
use crate::runbooks::Runbook;
use crate::running::Service;
use crate::{alerts, dashboards, exposition, known, manifests, promql, rules, runbooks, tour};

/// # Errors
/// A file that can't be read, or a service that doesn't start.
pub fn run(root: &Path, binary: &Path, data: &Path) -> Result<Vec<String>> {
    let service = Service::start(binary, data, &tour::settings(data))?;
    tour::take(&service)?;
    service.drain()?;
    let scrape = exposition::parse(&service.scrape()?)?;
    drop(service);
    let exporters = Exporters::read(&read(root, known::FILE)?)?;
    let rules = rules::read(root)?;
    let mut known = Known::of_service(&scrape);
    known.add_exporters(&exporters);
    known.add_recorded(&rules)?;
    let (dashboards, books) = (dashboards::read(root)?, runbooks::read(root)?);
    let tests = rules::tests(root)?;
    let asking = rules.iter().map(rules::Rule::query).chain(dashboards.iter().flat_map(|it| it.queries()));
    let asking = asking.chain(manifests::queries(root)?).chain(books.iter().flat_map(Runbook::queries));
    let asking: Vec<Query> = asking.collect();
    ensure!(asking.len() > 20, "only {} queries were found", asking.len());

    let scrapes = Scrapes { jobs: jobs(root)? };
    let judge = Judge { known: &known, scrapes: &scrapes };
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for query in &asking {
        let (offences, asked) = judge.judge(query);
        found.extend(offences);
        names.extend(asked);
    }
    // What a test makes up is nothing that asks.
    found.extend(tests.series.iter().flat_map(|series| judge.judge(series).0));
    found.extend(promql::unasked(&scrape.families, &names, &exporters.unasked));
    let ids = dashboards.iter().map(|it| it.uid.clone()).collect();
    let titles: Vec<_> = books.iter().map(|book| book.name.clone()).collect();
    found.extend(alerts::offences(&rules, &tests, &titles, &ids));
    found.extend(dashboards.iter().flat_map(|it| it.offences()));
    let (tools, settings, verbs) = (tools(root)?, settings(root, binary)?, verbs(binary)?);
    found.extend(books.iter().flat_map(|book| book.offences(&tools, &settings, &verbs)));
    found.dedup();
    eprintln!("{} queries, {} series of the service, {} alerts", asking.len(), scrape.series.len(), tests.cases.len());
    Ok(found)
}

fn jobs(root: &Path) -> Result<BTreeSet<String>> {
    let config: Value = serde_saphyr::from_str(&read(root, "monitoring/prometheus.yml")?)?;
    let jobs = config["scrape_configs"].as_array().into_iter().flatten();
    let jobs: BTreeSet<_> = jobs.filter_map(|job| job["job_name"].as_str().map(str::to_owned)).collect();
    ensure!(!jobs.is_empty(), "monitoring/prometheus.yml scrapes nothing");
    Ok(jobs)
}

fn tools(root: &Path) -> Result<BTreeSet<String>> {
    let table: toml::Table = toml::from_str(&read(root, "xtask/tools.toml")?)?;
    Ok(table.into_iter().map(|(name, _)| name).collect())
}

fn help(binary: &Path, words: &[&str]) -> Result<String> {
    let output = Command::new(binary).args(words).output().context("the service can't be started")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What names the settings of the service and of compose.yaml.
fn settings(root: &Path, binary: &Path) -> Result<String> {
    Ok(help(binary, &["serve", "--help"])? + &read(root, "compose.yaml")?)
}

/// The commands of `wayfare --help`.
fn verbs(binary: &Path) -> Result<BTreeSet<String>> {
    let text = help(binary, &["--help"])?;
    let list = text.split("Commands:").nth(1).context("`wayfare --help` lists its commands")?;
    let words = list.lines().skip(1).take_while(|line| !line.trim().is_empty());
    Ok(words.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}
