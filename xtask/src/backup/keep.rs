//! `run`, `list` and `verify` of a PostgreSQL: pgBackRest does it, this asks and judges.

use anyhow::Result;
use serde_json::json;
use stages::ctx::Ctx;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::plan::{Plan, Step};

use super::archive::{Segment, gaps, segments};
use super::gauges::{self, Sample};
use super::marks;
use super::pgbackrest::{self, Backup, Info};
use super::policy::Repository;
use super::{Kept, Kind};

pub fn run(kept: &Kept, kind: Kind) -> Plan {
    let mark = kept.clone();
    let mark = Step::task("mark", move |ctx| marks::write(&mark.host, "run", ctx.machine).map(drop))
        .why("a row whose time a restore is judged by")
        .changes("a row in backup.mark");
    let of_stanza = kept.clone();
    let stanza = Step::task("stanza", move |ctx| stanza(&of_stanza, ctx))
        .why("each repository has to know the database; where it does, nothing changes")
        .changes("makes what isn't there yet in each repository");
    let backups: Vec<_> = kept.chosen().into_iter().map(|(number, it)| backup(kept, number, it, kind)).collect();
    let tell = tell(kept);
    Plan::new("backup run", [mark, stanza].into_iter().chain(backups).chain([tell])).keep_going()
}

/// It wants the lock that archiving holds for moments, so it is tried again, and only where a repository lacks it.
fn stanza(kept: &Kept, ctx: &mut Ctx<'_>) -> Result<()> {
    // Well, and well without a backup so far.
    const KNOWN: [u32; 2] = [0, 2];
    let is_known = |info: Info| info.repo.iter().all(|repo| KNOWN.contains(&repo.status.code));
    if pgbackrest::info(&kept.host, ctx.machine).is_ok_and(is_known) {
        return Ok(());
    }
    let make = || pgbackrest::run(kept.host.pgbackrest(ctx.machine).arg("stanza-create")).map(drop);
    let start = std::time::Instant::now();
    loop {
        let made = make().map_err(Failure::from_any);
        match made {
            Err(failure) if failure.exit == Exit::Refused && start.elapsed().as_secs() < 60 => {
                std::thread::sleep(std::time::Duration::from_millis(300));
            }
            made => return Ok(made?),
        }
    }
}

fn backup(kept: &Kept, number: usize, repository: &Repository, kind: Kind) -> Step {
    let kept = kept.clone();
    let word = kind.word();
    Step::task(&format!("{word} backup to {}", repository.name), move |ctx| {
        let command = kept.host.pgbackrest(ctx.machine).arg(format!("--repo={number}"));
        pgbackrest::run(command.args([format!("--type={word}"), "backup".to_owned()])).map(drop)
    })
    .why(format!("kept for {} days; what is older goes, never the last one", repository.keep_days))
    .changes("adds a backup, deletes those that are too old")
}

/// Gauges and data, from what the repositories say they have.
fn tell(kept: &Kept) -> Step {
    let kept = kept.clone();
    Step::task("tell", move |ctx| {
        let info = pgbackrest::info(&kept.host, ctx.machine)?;
        ctx.data.insert("backups".into(), info.backup.len().into());
        gauges::write(&kept.host, "run", &samples(&kept, &info))
    })
    .why("alerts ask how old the last backup is")
    .changes("a file for the node exporter")
}

fn samples(kept: &Kept, info: &Info) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (number, repository) in kept.numbered() {
        let own = || info.backup.iter().filter(|it| it.database.repo == number && it.error != Some(true));
        for kind in [Kind::Full, Kind::Incr] {
            // A full backup is as good as an incremental one.
            let counts = |it: &&Backup| kind == Kind::Incr || it.kind == "full";
            let labels = format!("{{repo=\"{}\",type=\"{}\"}}", repository.name, kind.word());
            let last = own().filter(counts).map(|it| it.timestamp.stop).max();
            samples.extend(last.map(|at| ("backup_last_success_timestamp_seconds", labels, at as f64)));
        }
        let bytes: u64 = own().filter_map(|it| it.info.repository.delta).sum();
        let limit = kept.host.repositories[&repository.name].limit_gib * f64::from(1 << 30);
        let labels = format!("{{repo=\"{}\"}}", repository.name);
        samples.push(("backup_repository_used_ratio", labels, bytes as f64 / limit));
    }
    samples
}

pub fn list(kept: &Kept) -> Plan {
    let kept = kept.clone();
    let list = Step::task("list", move |ctx| {
        let info = pgbackrest::info(&kept.host, ctx.machine)?;
        show(ctx, &kept, &info)
    });
    Plan::new("backup list", [list.why("what the repositories say they have")]).without_evidence()
}

fn show(ctx: &mut Ctx<'_>, kept: &Kept, info: &Info) -> Result<()> {
    let mut rows = Vec::new();
    for (number, repository) in kept.numbered() {
        for it in info.backup.iter().filter(|it| it.database.repo == number) {
            let at = timestamp(std::time::UNIX_EPOCH + std::time::Duration::from_secs(it.timestamp.stop));
            rows.push(json!({
                "repository": repository.name, "label": it.label, "type": it.kind, "ended": at,
                "bytes": it.info.size, "stored": it.info.repository.delta, "error": it.error.unwrap_or(false),
            }));
        }
    }
    if !ctx.screen.look.json {
        for row in &rows {
            let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let line = [word("repository"), word("type"), word("ended"), word("label")];
            ctx.screen.data(&format!("{:<8} {:<5} {}  {}", line[0], line[1], line[2], line[3]));
        }
    }
    ctx.data.insert("backups".into(), rows.into());
    let bad = info.repo.iter().find(|repo| repo.status.code != 0);
    match bad {
        Some(repo) => {
            let name = &kept.policy.repositories[repo.key - 1].name;
            Err(Failure::new(Exit::Unreachable, format!("{name}: {}", repo.status.message)).into())
        }
        None => Ok(()),
    }
}

/// `within` is how many seconds a commit may take to a repository.
pub fn verify(kept: &Kept, within: u64) -> Plan {
    let mark = kept.clone();
    let arrives = Step::task("the newest WAL arrives", move |ctx| arrives(ctx, &mark, within))
        .why("a row is written now, so that an idle database is no alarm; its segment has to come to each repository")
        .changes("a row in backup.mark")
        .next("PostgreSQL's log says why archive_command fails; pg_stat_archiver has the last failure");
    let gaps: Vec<_> = kept.chosen().into_iter().map(|(number, it)| whole_wal(kept, number, it)).collect();
    let read: Vec<_> = kept.chosen().into_iter().map(|(number, it)| read(kept, number, it)).collect();
    Plan::new("backup verify", [arrives].into_iter().chain(gaps).chain(read).chain([tell(kept)])).keep_going()
}

fn arrives(ctx: &mut Ctx<'_>, kept: &Kept, within: u64) -> Result<()> {
    let mark = marks::write(&kept.host, "verify", ctx.machine)?;
    let wanted = Segment::parse(&mark.segment);
    let mut samples = Vec::new();
    let mut behind = Vec::new();
    for (number, repository) in kept.chosen() {
        let newest = || segments(&kept.host, number, ctx.machine).ok()?.into_iter().next_back();
        let start = std::time::Instant::now();
        let has_it = || newest().is_some_and(|(segment, _)| Some(segment) >= wanted);
        while !has_it() && start.elapsed().as_secs() < within {
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        let arrived = newest().filter(|(segment, _)| Some(*segment) >= wanted);
        let lag = gauges::now() - mark.at.seconds();
        let labels = format!("{{repo=\"{}\"}}", repository.name);
        samples.push(("backup_wal_lag_seconds", labels, lag));
        if arrived.is_none() {
            let has = newest().map_or("no segment".to_owned(), |(segment, _)| segment.name());
            behind.push(format!("{} has {has}, and the database is at {}", repository.name, mark.segment));
        }
    }
    gauges::write(&kept.host, "wal", &samples)?;
    if behind.is_empty() {
        return Ok(());
    }
    Err(Failure::check(format!("the WAL is behind after {within} s: {}", behind.join("; "))).into())
}

fn whole_wal(kept: &Kept, number: usize, repository: &Repository) -> Step {
    let (kept, name) = (kept.clone(), repository.name.clone());
    Step::task(&format!("no WAL is missing in {name}"), move |ctx| {
        let all = segments(&kept.host, number, ctx.machine)?;
        let missing = gaps(all.keys());
        if let Some(first) = missing.first() {
            let message = format!("{name} lacks {} of {} segments, the first is {first}", missing.len(), all.len());
            let next = "no time behind it can be reached from an older backup: cargo xtask backup run --type full";
            return Err(Failure::check(message).next(next).into());
        }
        Ok(())
    })
    .why("pgBackRest's verify passes over a segment that is missing in the middle")
}

fn read(kept: &Kept, number: usize, repository: &Repository) -> Step {
    let (kept, name) = (kept.clone(), repository.name.clone());
    Step::task(&format!("{name} is whole"), move |ctx| {
        let command = kept.host.pgbackrest(ctx.machine).arg(format!("--repo={number}"));
        let judged = pgbackrest::run(command.args(["verify", "--output=text", "--verbose"])).and_then(|text| {
            let found = pgbackrest::findings(&text);
            anyhow::ensure!(found.is_empty(), Failure::check(format!("{name}: {}", found.join("; "))));
            Ok(())
        });
        let is_well = if judged.is_ok() { 1.0 } else { 0.0 };
        let sample = ("backup_verify_success", format!("{{repo=\"{name}\"}}"), is_well);
        gauges::write(&kept.host, &format!("verify_{name}"), &[sample])?;
        judged
    })
    .why("each file is read and compared with its digest; the exit code of pgBackRest's verify says nothing")
    .next("another repository has the same: make a new full backup into this one")
}
