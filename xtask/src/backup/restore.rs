//! `restore` of a PostgreSQL: what was there is kept until the restored one serves.
//!
//! The new database is made beside the old one, recovered, settled and stopped; only then the old one's folder gets
//! another name. Cut off at any step before, the old one is as it was.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::host::{Host, rows, said};
use super::instant::Instant;
use super::scratch::{Scratch, Target};
use super::{Kept, Kind, drill, judge, keep, marks, render};
use crate::build::{self, Profile};

/// Written by the database that is left, read by the one that comes: what was delivered since, and which numbers were given.
const CARRIED: &str = "carried.sql";

pub fn plan(kept: &Kept, target: Target, yes: bool, machine: &Machine) -> Result<Plan> {
    let command = render::archive_command(&kept.host);
    let scratch = Scratch::for_restore(&kept.host, command);
    let aside = kept.host.data.with_extension(format!("before-{}", std::process::id()));
    let build = kept.host.program.is_none().then(|| build::wayfare(machine, Profile::Debug));
    let repository = kept.repository.as_ref().map(|_| kept.chosen()[0].0);
    let (to_restore, to_start) = (scratch.clone(), scratch.clone());
    let restore = Step::task("restore", move |ctx| to_restore.restore(repository, target, ctx.machine))
        .why("beside what is there")
        .changes(format!("files in {}", scratch.data().display()));
    let away = scratch.clone();
    let away = Step::task("remove what was prepared", move |ctx| away.remove(ctx.machine))
        .why("what isn't in its place by now never will be")
        .cleaning_up(&restore);
    let recover = Step::task("recover", move |ctx| to_start.start(ctx.machine))
        .why("it counts once it is promoted")
        .changes("begins a new timeline in the repositories");
    let full = keep::run(kept, Kind::Full).steps;
    let steps = build
        .into_iter()
        .chain([drill::lock(machine), effect(kept, target, yes)])
        .chain(writers(kept, true))
        .chain([leave(kept, target), restore, recover, settle(kept, &scratch, target, machine)])
        .chain([swap(kept, &scratch, aside), serves(kept)])
        .chain(writers(kept, false))
        .chain(full)
        .chain([away]);
    Ok(Plan::new("backup restore", steps))
}

/// From where to where, and what is lost: without `yes` that is all.
fn effect(kept: &Kept, target: Target, yes: bool) -> Step {
    let kept = kept.clone();
    Step::task("effect", move |ctx| {
        let lost = lost(&kept.host, target, ctx.machine)?;
        let (from, to) = (kept.host.data.display(), shown(target));
        let message =
            format!("this puts the database of {to} in the place of {from}. {lost}; everybody has to sign in again");
        anyhow::ensure!(yes, Failure::new(Exit::Refused, message).next("the same with --yes"));
        ctx.screen.say(&message);
        Ok(())
    })
    .why("nobody loses orders without having read how many")
}

fn shown(target: Target) -> String {
    match target {
        Target::Time(at) => at.to_string(),
        Target::End => "the end of the archive".to_owned(),
    }
}

fn lost(host: &Host, target: Target, machine: &Machine) -> Result<String> {
    let Target::Time(at) = target else { return Ok("Lost is what didn't come to the archive".to_owned()) };
    if !host.answers(machine) {
        return Ok("The database doesn't answer, so what would be lost isn't known".to_owned());
    }
    let question = format!(
        "SELECT count(*), to_char(max(placed_at) AT TIME ZONE 'UTC', {}) FROM orders WHERE placed_at > '{at}'",
        marks::UTC
    );
    let answer = host.ask(&question, machine)?;
    let (orders, last) = answer.split_once('|').unwrap_or((&answer, ""));
    let last = if last.is_empty() { String::new() } else { format!(", the last of {last}") };
    Ok(format!("Lost would be {orders} orders that came since{last}"))
}

/// Stops or starts whoever writes.
fn writers(kept: &Kept, stops: bool) -> Option<Step> {
    let (name, words) =
        if stops { ("stop writers", &kept.host.stop_writers) } else { ("start writers", &kept.host.start_writers) };
    let words = words.clone();
    let step = Step::task(name, move |ctx| said(&words, ctx.machine).map_or(Ok(()), |command| rows(command).map(drop)));
    let words = if stops { &kept.host.stop_writers } else { &kept.host.start_writers };
    let why = if stops { "an order that is acknowledged now would be lost" } else { "the restored database serves" };
    (!words.is_empty()).then(|| step.why(why).changes(words.join(" ")))
}

/// With nobody writing: the last commits go to the archive, what the next database has to know is noted, and it stops.
fn leave(kept: &Kept, target: Target) -> Step {
    let (kept, stop) = (kept.clone(), kept.host.stop.join(" "));
    Step::task("leave", move |ctx| {
        let machine = ctx.machine;
        if kept.host.answers(machine) {
            let at = match target {
                Target::Time(at) => at,
                Target::End => marks::write(&kept.host, "leave", machine)?.at,
            };
            drill::past(&kept, Instant(at.0 - i64::from(matches!(target, Target::End))), machine)?;
            std::fs::create_dir_all(machine.scratch("backup"))?;
            let carried = kept.host.ask(&carried(), machine)?;
            stages::secret::write(&machine.scratch("backup").join(CARRIED), &carried)?;
        } else {
            stages::secret::forget(&machine.scratch("backup").join(CARRIED))?;
        }
        said(&kept.host.stop, machine).map_or(Ok(()), |command| rows(command).map(drop))
    })
    .why("what was committed last is in the archive, and what was delivered isn't delivered again")
    .changes(stop)
}

/// Statements for the next database, made by this one.
fn carried() -> String {
    let numbers = "SELECT format('SELECT setval(%L, greatest(%s, (SELECT last_value FROM %s)));', \
        c.oid::regclass, coalesce(pg_sequence_last_value(c.oid), 1), c.oid::regclass) \
        FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace";
    // Of the last week: what is older was delivered long before any time that is restored to by mistake of yesterday.
    let taken = "SELECT format('UPDATE order_event SET taken_at = %L, published_at = %L WHERE id = %s AND order_id = %L \
        AND taken_at IS NULL;', e.taken_at, e.published_at, e.id, e.order_id) FROM order_event e \
        WHERE e.taken_at IS NOT NULL AND e.at > now() - interval '40 days'";
    let delivered = "SELECT format('INSERT INTO delivery (event_id, shop_id, attempts, due_at, delivered_at, dead_at, problem) \
        SELECT %s, %s, %s, %L, %L, %L, %L FROM order_event e WHERE e.id = %s AND e.order_id = %L ON CONFLICT (event_id) DO \
        UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at, delivered_at = excluded.delivered_at, \
        dead_at = excluded.dead_at, problem = excluded.problem;', d.event_id, d.shop_id, d.attempts, d.due_at, d.delivered_at, \
        d.dead_at, d.problem, e.id, e.order_id) FROM delivery d JOIN order_event e ON e.id = d.event_id \
        WHERE e.at > now() - interval '40 days'";
    format!("{numbers} UNION ALL {taken} UNION ALL {delivered}")
}

/// Sequences, the outbox, sessions and the audit's line, before anybody gets in.
fn settle(kept: &Kept, scratch: &Scratch, target: Target, machine: &Machine) -> Step {
    let (kept, scratch) = (kept.clone(), scratch.clone());
    let wayfare = kept.host.wayfare(machine);
    Step::task("settle", move |ctx| {
        let machine = ctx.machine;
        let found = judge::judge(&scratch, None, target, machine)?;
        if let Ok(carried) = std::fs::read_to_string(machine.scratch("backup").join(CARRIED)) {
            for part in carried.lines().collect::<Vec<_>>().chunks(500) {
                scratch.ask(&part.join("\n"), machine)?;
            }
        }
        let of = found.last().context("nothing in the restored database has a time")?;
        let of_text = of.to_string().replacen(' ', "T", 1).replace("+00", "+00:00");
        let lost = json!({ "restored": found.shown() }).to_string();
        let from = kept.repository.clone().unwrap_or_else(|| kept.policy.repositories[0].name.clone());
        let run = |words: &[&str]| rows(cmd!(machine.sh, "{wayfare} {words...}").env("WAYFARE_DATABASE_URL", scratch.url()));
        run(&["migrate"])?;
        run(&["backup", "settle", "--from", &from, "--of", &of_text, "--lost", &lost])?;
        ctx.data.insert("restored".into(), found.shown());
        scratch.stop(machine)
    })
    .why("numbers aren't given twice, events aren't sent twice, nobody is signed in who had signed out, the audit says so")
}

fn swap(kept: &Kept, scratch: &Scratch, aside: PathBuf) -> Step {
    let (host, scratch, kept_at) = (kept.host.clone(), scratch.clone(), aside.clone());
    let shown = (host.data.display().to_string(), aside.display().to_string());
    Step::task("swap", move |ctx| {
        if host.data.exists() {
            std::fs::rename(&host.data, &kept_at).context("the old folder can't be renamed; nothing was changed")?;
        }
        let auto = scratch.data().join("postgresql.auto.conf");
        forget_recovery(&auto)?;
        keep_own_settings(&kept_at, &scratch.data())?;
        std::fs::rename(scratch.data(), &host.data).or_else(|error| {
            std::fs::rename(&kept_at, &host.data)?;
            Err(error).context("the restored folder can't be put in its place; the old one is there again")
        })?;
        ctx.data.insert("kept".into(), kept_at.display().to_string().into());
        ctx.data.insert("swapped_at".into(), timestamp(std::time::SystemTime::now()).into());
        rows(said(&host.start, ctx.machine).context("the host's file says how to start it")?).map(drop)
    })
    .why("the one moment at which something is replaced")
    .changes(format!("{} becomes {}; starts the restored one", shown.0, shown.1))
    .next("the old folder is kept under its other name")
}

/// What led the recovery would lead the next one, too.
fn forget_recovery(auto: &std::path::Path) -> Result<()> {
    let text = std::fs::read_to_string(auto).unwrap_or_default();
    let is_recovery = |line: &&str| !line.starts_with("restore_command") && !line.starts_with("recovery_target");
    let kept: String = text.lines().filter(is_recovery).map(|line| format!("{line}\n")).collect();
    if kept != text {
        std::fs::write(auto, kept)?;
    }
    Ok(())
}

/// Settings that stand in the data folder are those of this machine, not of the time that is restored.
fn keep_own_settings(old: &std::path::Path, new: &std::path::Path) -> Result<()> {
    for name in ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"] {
        let from = old.join(name);
        if from.exists() && new.join(name).exists() {
            // Written over, not made anew: the file's owner stays.
            std::fs::write(new.join(name), std::fs::read(&from)?)?;
        }
    }
    Ok(())
}

fn serves(kept: &Kept) -> Step {
    let kept = kept.clone();
    Step::task("serves", move |ctx| {
        let machine = ctx.machine;
        let answers = || kept.host.ask("SELECT pg_is_in_recovery()", machine).ok().filter(|text| text == "f");
        ctx.wait_for("waiting for PostgreSQL", 120, answers).map(drop)
    })
    .why("the restored database takes writes")
    .next("PostgreSQL's log; the old folder is kept beside it")
}
