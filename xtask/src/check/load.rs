//! `load`: people at a service, bounded, and a verdict by slo.toml. The crate `wayfare-load` moves them; without an address
//! they come to a service of its own.

#[path = "../../../load/src/figures.rs"]
mod figures;

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use self::figures::{Figure, Figures, Latency};
use crate::build::Profile;
use crate::build::sandbox::Sandbox;

/// Run a load test and check the results against slo.toml.
#[derive(Args)]
pub struct Load {
    /// URL of a running service, on a host listed in slo.toml [default: build and start one]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(10..=3600))]
    seconds: u32,
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    users: u32,
    /// Port of the service that it starts
    #[arg(long, default_value_t = 5098, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

#[derive(Deserialize)]
struct Slo {
    availability: f64,
    throttled: f64,
    latency: BTreeMap<String, BTreeMap<String, u64>>,
    load: Places,
}

#[derive(Deserialize)]
struct Places {
    hosts: Vec<String>,
}

static SLO: LazyLock<Slo> =
    LazyLock::new(|| toml::from_str(include_str!("../../../slo.toml")).expect("a test reads slo.toml"));

/// One objective, and what was measured.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    what: String,
    measured: String,
    objective: String,
    holds: bool,
}

impl Stage for Load {
    const NAME: &'static str = "load";
    const EXAMPLE: &'static str = "load --seconds 30";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let own = Sandbox { folder: machine.scratch("load"), port: self.port, profile: Profile::Release };
        let own_address = format!("http://127.0.0.1:{}", self.port);
        let to = self.to.as_ref().unwrap_or(&own_address);
        let place = place(to)?;
        let reach = Step::task("the service responds", move |_| reach(&place))
            .why("without a service there is nothing to measure")
            .next("check the address, and whether the service is running");
        let before = match self.to {
            Some(_) => vec![reach.essential()],
            None => own.steps(machine, "cargo xtask load --port N").into(),
        };
        let figures = machine.reports().join("load.json");
        let (of_judge, folder) = (figures.clone(), machine.reports());
        let make = Step::task("reports", move |ctx| {
            ctx.machine.sh.remove_path(folder.join("load.json"))?;
            Ok(ctx.machine.sh.create_dir(&folder).map(drop)?)
        })
        .why("results of an earlier run mustn't be used");
        let (users, seconds) = (self.users.to_string(), self.seconds.to_string());
        let drive = cmd!(
            machine.sh,
            "cargo run --profile quick --locked --package wayfare-load -- --to {to} --users {users} --seconds {seconds} --json {figures}"
        );
        let drive = Step::run("people", drive)
            .why("simulated users: 70 % browse, 15 % search, 10 % order, 5 % track an order; they pause between requests and retry after a 429")
            .changes("creates accounts and orders there")
            .within(u64::from(self.seconds) + 1800)
            .leaves(&figures);
        let went = to.clone();
        let judge = Step::task("objectives", move |ctx| {
            ctx.data.insert("to".into(), went.clone().into());
            judge(ctx, &std::fs::read_to_string(&of_judge)?)
        });
        let judge = judge
            .why("slo.toml has the service level objectives")
            .next("/metrics of the service shows which operation is slow; an objective may be changed in slo.toml, with a reason");
        Ok(Plan::new("load", before.into_iter().chain([make, drive, judge])))
    }
}

/// Host and port of an address that load may go to.
fn place(address: &str) -> Result<(String, u16)> {
    let usage = || Failure::new(Exit::Usage, format!("`{address}` isn't a URL such as http://127.0.0.1:5000"));
    let (scheme, rest) = address.split_once("://").ok_or_else(usage)?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return Err(usage().into()),
    };
    let authority = rest.trim_end_matches('/');
    ensure!(!authority.is_empty() && !authority.contains(['/', '?', '#', '@']), usage());
    let bare = |host: &str| (host.to_owned(), default);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host.to_owned(), port.parse().map_err(|_| usage())?),
        _ => bare(authority),
    };
    let refused = || {
        Failure::new(Exit::Refused, format!("load tests of {host} are refused: it isn't listed in slo.toml"))
            .next("add hosts for load tests to [load] hosts in slo.toml, in a reviewed change")
    };
    ensure!(SLO.load.hosts.contains(&host), refused());
    Ok((host, port))
}

fn reach((host, port): &(String, u16)) -> Result<()> {
    let name = host.trim_matches(['[', ']']);
    let found = (name, *port).to_socket_addrs().into_iter().flatten();
    let answers = |address| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok();
    let away = Failure::new(Exit::Unreachable, format!("{host}:{port} doesn't respond"));
    ensure!(found.into_iter().any(answers), away);
    Ok(())
}

fn judge(ctx: &mut Ctx, figures: &str) -> Result<()> {
    let figures: Figures = serde_json::from_str(figures).context("the results can't be read")?;
    for line in told(&figures) {
        ctx.screen.data(&line);
    }
    let rows = rows(&figures, &SLO);
    for Row { what, measured, objective, holds } in &rows {
        ctx.screen.data(&format!("  {} {what:<22} {measured:>10}   {objective}", if *holds { "✔" } else { "✘" }));
    }
    let missed = rows.iter().filter(|row| !row.holds).count();
    let of = rows.len();
    ctx.data.insert("objectives".into(), serde_json::to_value(rows)?);
    ensure!(missed == 0, Failure::new(Exit::OverBudget, format!("{missed} of {of} objectives are missed")));
    Ok(())
}

/// What people did, and what they were answered.
fn told(figures: &Figures) -> Vec<String> {
    let visits: u64 = figures.scenarios.values().map(|it| it.visits).sum();
    let line = |(name, it): (&String, &Figure)| {
        let share = 100.0 * it.visits as f64 / visits.max(1) as f64;
        let wrong: Vec<_> = it.wrong.iter().map(|(what, count)| format!("{count} × {what}")).collect();
        let wrong = if wrong.is_empty() { "none".to_owned() } else { wrong.join(", ") };
        format!("  {name:<8} {share:>4.0} % of visits, {} right, wrong: {wrong}, refused: {}", it.right, it.refused)
    };
    figures.scenarios.iter().map(line).collect()
}

/// An objective that nothing was measured for isn't kept: silence is no proof.
fn rows(figures: &Figures, slo: &Slo) -> Vec<Row> {
    let sum = |of: fn(&Figure) -> u64| figures.scenarios.values().map(of).sum::<u64>();
    let (right, wrong) = (sum(|it| it.right), sum(|it| it.wrong.values().sum()));
    let (refused, later) = (sum(|it| it.refused), sum(|it| it.answered_later));
    let share = |part: u64, all: u64| if all == 0 { None } else { Some(part as f64 / all as f64) };
    let at_least = |what: &str, measured: Option<f64>, least: f64, nothing: (&str, bool)| Row {
        what: what.to_owned(),
        measured: measured.map_or(nothing.0.to_owned(), |share| format!("{:.3} %", share * 100.0)),
        objective: format!("at least {} %", least * 100.0),
        holds: measured.map_or(nothing.1, |share| share >= least),
    };
    let mut rows = vec![
        at_least("available", share(right, right + wrong), slo.availability, ("nothing", false)),
        at_least("throttled, then answered", share(later, refused), slo.throttled, ("none", true)),
    ];
    for (scenario, objectives) in &slo.latency {
        for (percentile, most) in objectives {
            let latency = figures.scenarios.get(scenario).and_then(|it| it.latency.as_ref());
            let measured = latency.and_then(|latency| at(latency, percentile));
            rows.push(Row {
                what: format!("{scenario} {percentile}"),
                measured: measured.map_or("nothing".to_owned(), |time| format!("{time} ms")),
                objective: format!("at most {most} ms"),
                holds: measured.is_some_and(|time| time <= *most),
            });
        }
    }
    rows
}

fn at(latency: &Latency, percentile: &str) -> Option<u64> {
    match percentile {
        "p50" => Some(latency.p50),
        "p95" => Some(latency.p95),
        "p99" => Some(latency.p99),
        "max" => Some(latency.max),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;

    const SMALL: &str = r#"
        availability = 0.99
        throttled = 0.5
        latency = { order = { p50 = 10, p99 = 100 } }
        load = { hosts = [] }
    "#;

    fn missed(figure: &str) -> Vec<String> {
        let figures = format!(r#"{{ "to": "x", "users": 1, "seconds": 60.1, "scenarios": {figure} }}"#);
        let rows = rows(&serde_json::from_str(&figures).unwrap(), &toml::from_str(SMALL).unwrap());
        rows.into_iter().filter(|row| !row.holds).map(|row| format!("{} {}", row.what, row.measured)).collect()
    }

    fn order(right: u64, wrong: u64, refused: u64, p99: u64) -> String {
        format!(
            r#"{{ "order": {{ "visits": 9, "right": {right}, "wrong": {{ "500": {wrong} }}, "refused": {refused}, "answered_later": 1,
                 "latency": {{ "p50": 10, "p95": 50, "p99": {p99}, "max": 200 }} }} }}"#
        )
    }

    #[test]
    fn each_objective_is_kept_up_to_its_bound_and_missed_behind_it() {
        assert_eq!(missed(&order(99, 1, 2, 100)), Vec::<String>::new());
        assert_eq!(missed(&order(98, 2, 2, 100)), ["available 98.000 %"]);
        assert_eq!(missed(&order(99, 1, 3, 100)), ["throttled, then answered 33.333 %"]);
        assert_eq!(missed(&order(99, 1, 0, 101)), ["order p99 101 ms"]);
    }

    #[test]
    fn nobody_at_all_keeps_no_objective() {
        assert_eq!(missed("{}"), ["available nothing", "order p50 nothing", "order p99 nothing"]);
    }

    #[test]
    fn load_goes_to_no_place_that_is_not_on_the_list() {
        let machine = Machine::pretend(&["cargo"]);
        let exit =
            |to: &str| plan_for(&["load", "--to", to], &machine).err().map(|error| Failure::from_any(error).exit);
        for to in ["http://127.0.0.1:5000", "http://localhost", "http://[::1]:5000/"] {
            assert_eq!(exit(to), None, "{to}");
        }
        for to in ["https://wayfare.example", "http://10.0.0.1:5000", "http://127.0.0.1.wayfare.example"] {
            assert_eq!(exit(to), Some(Exit::Refused), "{to}");
        }
        for to in
            ["127.0.0.1:5000", "ftp://127.0.0.1", "http://127.0.0.1@wayfare.example", "http://127.0.0.1:x", "http://"]
        {
            assert_eq!(exit(to), Some(Exit::Usage), "{to}");
        }
    }

    #[test]
    fn a_place_that_does_not_answer_is_unreachable() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let place = ("127.0.0.1".to_owned(), listener.local_addr().unwrap().port());
        reach(&place).unwrap();
        drop(listener);
        assert_eq!(Failure::from_any(reach(&place).unwrap_err()).exit, Exit::Unreachable);
    }

    #[test]
    fn every_scenario_of_the_mix_has_objectives_and_the_mix_is_a_hundred() {
        let text: toml::Table = toml::from_str(include_str!("../../../slo.toml")).unwrap();
        let parts = text["load"].as_table().unwrap().iter().filter_map(|(name, part)| Some((name, part.as_integer()?)));
        let parts: BTreeMap<_, _> = parts.collect();
        assert_eq!(parts.values().sum::<i64>(), 100);
        assert!(parts.keys().all(|name| SLO.latency[*name].len() == 3) && parts.len() == SLO.latency.len());
    }
}
