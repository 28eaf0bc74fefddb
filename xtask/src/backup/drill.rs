//! `drill` of a PostgreSQL: a backup restored beside production, judged, served from, timed, and taken away.
//!
//! Nothing of it reaches production: it archives nothing, has no port, sends no webhook, and its folder can't be
//! production's.

use std::cell::RefCell;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::rc::Rc;
use std::time::Instant as Clock;

use anyhow::{Context, Result};
use serde_json::json;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::{Cmd, cmd};

use super::archive::{Segment, segments};
use super::judge::{Before, judge};
use super::scratch::{Scratch, Target};
use super::{Kept, gauges, marks, reading};
use crate::build::sandbox::{port_is_free, ready};
use crate::build::{self, Profile};

/// What the steps tell each other.
#[derive(Default)]
struct Facts {
    decided: Option<Clock>,
    decided_at: f64,
    before: Option<Before>,
    rto: f64,
}

type Shared = Rc<RefCell<Facts>>;

pub fn plan(kept: &Kept, target: Target, port: u16, machine: &Machine) -> Plan {
    let (scratch, facts) = (Scratch::for_drill(&kept.host), Shared::default());
    let repository = kept.repository.as_ref().map(|_| kept.chosen()[0].0);
    let build = kept.host.program.is_none().then(|| build::wayfare(machine, Profile::Debug));
    let lock = lock(machine);
    let decide = decide(kept, target, &facts);
    let (of_restore, of_start) = (scratch.clone(), scratch.clone());
    let restore = Step::task("restore", move |ctx| of_restore.restore(repository, target, ctx.machine))
        .why("from the repository alone, beside production")
        .changes(format!("files in {}", scratch.data().display()));
    let start = Step::task("recover", move |ctx| of_start.start(ctx.machine))
        .why("it counts once it is promoted: before, it may show an old picture");
    let away = scratch.clone();
    let away = Step::task("remove", move |ctx| away.remove(ctx.machine))
        .why("nothing of a drill stays")
        .changes("stops the drill's PostgreSQL and deletes its folder")
        .cleaning_up(&restore);
    let migrate = Step::run("migrate", service(kept, &scratch, "migrate", port, machine))
        .why("a backup may be of an older version than the service that has to serve it")
        .within(900);
    let serve = Step::serve("serve", service(kept, &scratch, "serve", port, machine))
        .why("the real service, with no worker: no webhook is sent");
    let steps = [
        lock,
        Step::task("port", move |_| port_is_free(port)).why("the drill's service listens there").next("--port N"),
        decide,
        restore,
        start,
        migrate,
        serve,
        ready(port),
        served(&facts),
        judged(kept, &scratch, target, &facts),
        read(port),
        silent(&scratch),
        passed(kept),
        away,
    ];
    Plan::new("backup drill", build.into_iter().chain(steps))
}

/// Held until the plan is gone.
pub fn lock(machine: &Machine) -> Step {
    let (file, held) = (machine.state.join("backup-drill.lock"), RefCell::default());
    Step::task("lock", move |_| {
        *held.borrow_mut() = Some(taken(&file)?);
        Ok(())
    })
    .why("two drills at once would be in each other's way, and share one disk")
}

fn taken(path: &Path) -> Result<File> {
    std::fs::create_dir_all(path.parent().context("a lock is in a folder")?)?;
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::new(Exit::Refused, "another drill or restore is under way").next("wait for its end").into())
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// From here on time counts. With the database gone nothing is asked of it.
fn decide(kept: &Kept, target: Target, facts: &Shared) -> Step {
    let (kept, facts) = (kept.clone(), facts.clone());
    Step::task("decide", move |ctx| {
        let is_there = kept.host.answers(ctx.machine);
        if is_there && let Target::Time(at) = target {
            past(&kept, at, ctx.machine)?;
        }
        let before = if is_there { Some(Before::ask(&kept.host, target, ctx.machine)?) } else { None };
        let decided = (Some(Clock::now()), gauges::now());
        *facts.borrow_mut() = Facts { decided: decided.0, decided_at: decided.1, before, rto: 0.0 };
        Ok(())
    })
    .why("the time that it takes is counted from the decision on; what has to be there is asked before")
}

/// A time can be reached once a commit behind it is in the archive: PostgreSQL refuses to end before its target.
pub fn past(kept: &Kept, at: super::instant::Instant, machine: &Machine) -> Result<()> {
    let mark = marks::write(&kept.host, "target", machine)?;
    if mark.at <= at {
        let message = format!("{at} hasn't been yet: by the database's clock it is {}", mark.at);
        return Err(Failure::new(Exit::Usage, message).next("a time that is over").into());
    }
    kept.host.ask("SELECT pg_switch_wal()", machine)?;
    let (wanted, start) = (Segment::parse(&mark.segment), Clock::now());
    let number = kept.chosen()[0].0;
    while segments(&kept.host, number, machine)?.into_keys().next_back() < wanted {
        if start.elapsed().as_secs() > 60 {
            let message = format!("the commit of {} doesn't come to the repository", mark.at);
            return Err(Failure::check(message).next("cargo xtask backup verify --host … says what is behind").into());
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    Ok(())
}

fn service<'a>(kept: &Kept, scratch: &Scratch, verb: &str, port: u16, machine: &'a Machine) -> Cmd<'a> {
    let wayfare = kept.host.wayfare(machine);
    cmd!(machine.sh, "{wayfare} {verb}")
        .env("WAYFARE_DATABASE_URL", scratch.url())
        .env("WAYFARE_DATA_DIR", machine.scratch("backup-drill"))
        .env("WAYFARE_LISTEN", format!("127.0.0.1:{port}"))
        .env("WAYFARE_EMBEDDED_WORKER", "false")
        .env("WAYFARE_REDIS_URL", "")
        .env("WAYFARE_RATE_LIMIT", "1000000")
        .env_remove("WAYFARE_REDIS_URL")
}

fn served(facts: &Shared) -> Step {
    let facts = facts.clone();
    Step::task("first answer", move |ctx| {
        let mut facts = facts.borrow_mut();
        facts.rto = facts.decided.context("it was decided")?.elapsed().as_secs_f64();
        ctx.data.insert("rto_seconds".into(), rounded(facts.rto));
        Ok(())
    })
    .why("the service answered 200: this is the time that users wait")
}

fn judged(kept: &Kept, scratch: &Scratch, target: Target, facts: &Shared) -> Step {
    let (kept, scratch, facts) = (kept.clone(), scratch.clone(), facts.clone());
    Step::task("judge", move |ctx| {
        let facts = facts.borrow();
        let found = judge(&scratch, facts.before.as_ref(), target, ctx.machine)?;
        let newest = facts.before.as_ref().map(|before| before.last_order.max(before.last_mark));
        // Of a database that is gone, the last commit isn't known: what is lost is at the most what came until now.
        let newest = newest.flatten().map_or(facts.decided_at, |at| at.seconds());
        let restored = found.last().context("nothing in the restored database has a time")?;
        let rpo = (newest - restored.seconds()).max(0.0);
        ctx.data.insert("rpo_seconds".into(), rounded(rpo));
        ctx.data.insert("restored".into(), found.shown());
        ctx.data.insert("repository".into(), kept.repository.clone().into());
        Ok(())
    })
    .why("marks on both sides of the time, rows by table, every reference, an event for each order")
}

fn rounded(seconds: f64) -> serde_json::Value {
    json!((seconds * 100.0).round() / 100.0)
}

fn read(port: u16) -> Step {
    Step::task("read", move |ctx| {
        let asked = reading::read(port)?;
        ctx.data.insert("questions".into(), asked.into());
        Ok(())
    })
    .why("the reading part of docs/tour.md, by the real service")
}

fn silent(scratch: &Scratch) -> Step {
    let scratch = scratch.clone();
    Step::task("no webhook", move |ctx| {
        let sent = "SELECT count(*) FROM delivery WHERE delivered_at > pg_postmaster_start_time()";
        let sent = scratch.ask(sent, ctx.machine)?;
        anyhow::ensure!(sent == "0", Failure::check(format!("{sent} webhooks were sent from the drill")));
        Ok(())
    })
    .why("shops hear of an order from production alone")
}

fn passed(kept: &Kept) -> Step {
    let kept = kept.clone();
    Step::task("passed", move |_| {
        let now = ("backup_last_drill_success_timestamp_seconds", String::new(), gauges::now());
        gauges::write(&kept.host, "drill", &[now])
    })
    .why("an alert asks when the last drill was")
    .changes("a file for the node exporter")
}
