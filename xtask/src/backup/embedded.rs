//! The same verbs for a data folder: `wayfare backup` does it, and the drill is the same as a server's.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::{Cmd, cmd};

use super::instant::Instant;
use super::{Verb, drill, gauges, reading};
use crate::build::sandbox::{port_is_free, ready};
use crate::build::{self, Profile};

#[derive(Clone)]
pub struct Folders {
    pub data: PathBuf,
    pub backups: PathBuf,
}

pub fn plan(folders: &Folders, verb: Verb, to: Option<&str>, yes: bool, machine: &Machine) -> Plan {
    let Folders { data, backups } = folders;
    let (word, why, changes) = match verb {
        Verb::Run => (
            "run",
            "SQLite copies it while orders come in, and the copy is read again",
            "adds a backup, deletes those that are too old",
        ),
        Verb::List => ("list", "what is there", ""),
        Verb::Verify => ("verify", "each file is read and compared with its manifest", ""),
        Verb::Restore | Verb::Drill | Verb::Render => {
            ("restore", "what is there is kept beside it", "puts a backup in the place of the database")
        }
    };
    let wayfare = machine.built("wayfare", Profile::Debug);
    let command = cmd!(machine.sh, "{wayfare} backup {word} --folder {backups}").env("WAYFARE_DATA_DIR", data);
    let command = command.args(to.map(|to| format!("--to={to}"))).args(yes.then_some("--yes"));
    // Its exit codes are the same as ours.
    let codes = Step::run(word, command).why(why).showing_data().next("the sentence above says what to do");
    let step = if changes.is_empty() { codes } else { codes.changes(changes) };
    let name = format!("backup {word}");
    Plan::new(&name, [build::wayfare(machine, Profile::Debug), step])
}

/// What the steps tell each other.
type Shared = Rc<RefCell<Option<(Clock, f64, Value)>>>;

pub fn drill(folders: &Folders, to: Option<&str>, port: u16, machine: &Machine) -> Plan {
    let (scratch, shared) = (machine.scratch("backup-drill"), Shared::default());
    let wayfare = machine.built("wayfare", Profile::Debug);
    let service = |words: &[&str]| {
        cmd!(machine.sh, "{wayfare} {words...}")
            .env("WAYFARE_DATA_DIR", scratch.join("data"))
            .env("WAYFARE_LISTEN", format!("127.0.0.1:{port}"))
            .env("WAYFARE_EMBEDDED_WORKER", "false")
            .env_remove("WAYFARE_DATABASE_URL")
            .env_remove("WAYFARE_REDIS_URL")
    };
    let to: Vec<_> = to.map(|to| format!("--to={to}")).into_iter().collect();
    let restore = service(&["backup", "restore", "--yes", "--json"]).arg("--folder").arg(&folders.backups).args(to);
    let again = service(&["backup", "run", "--json"]).arg("--folder").arg(scratch.join("again"));
    let (empty, away) = (scratch.clone(), scratch.clone());
    let empty =
        Step::task("empty folder", move |_| remade(&empty)).why("never the data folder of anything that serves");
    let away = Step::task("remove", move |_| Ok(fs::remove_dir_all(&away)?))
        .why("nothing of a drill stays")
        .changes("deletes the drill's folder")
        .cleaning_up(&empty);
    let steps = [
        drill::lock(machine),
        build::wayfare(machine, Profile::Debug),
        Step::task("port", move |_| port_is_free(port)).why("the drill's service listens there").next("--port N"),
        empty,
        restored(&shared, restore, &scratch),
        Step::run("migrate", service(&["migrate"])).why("a backup may be of an older version").within(300),
        Step::serve("serve", service(&["serve"])).why("the real service, with no worker: no webhook is sent"),
        ready(port),
        first(&shared),
        read(port),
        Step::run("copy of it", again)
            .why("its rows are counted by the same hand that made the backup")
            .into_file(scratch.join("again.json")),
        judged(&shared, scratch.join("again.json")),
        away,
    ];
    Plan::new("backup drill", steps)
}

fn remade(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder.join("data"))?)
}

fn restored(shared: &Shared, command: Cmd<'_>, scratch: &Path) -> Step {
    let (shared, file) = (shared.clone(), scratch.join("restored.json"));
    let read = file.clone();
    Step::run("restore", command)
        .why("beside the data folder, by the command that would be typed")
        .into_file(file)
        .then(move |_| {
            let told: Value = serde_json::from_slice(&fs::read(&read)?)?;
            let seconds = gauges::now() - started(&read);
            let decided = Clock::now().checked_sub(Duration::from_secs_f64(seconds.max(0.0)));
            let made = told["restored"]["made_at"].as_str().and_then(|text| text.parse::<Instant>().ok());
            let made = made.context("a backup says when it was made")?;
            let lost = gauges::now() - seconds - made.seconds();
            *shared.borrow_mut() = Some((decided.unwrap_or_else(Clock::now), lost, told["restored"]["rows"].clone()));
            Ok(())
        })
        .next("cargo xtask backup list; cargo xtask backup verify")
}

/// When the step began: its file was made then.
fn started(file: &Path) -> f64 {
    let made = fs::metadata(file).and_then(|found| found.created()).ok();
    let since = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or_else(gauges::now, |since| since.as_secs_f64())
}

fn first(shared: &Shared) -> Step {
    let shared = shared.clone();
    Step::task("first answer", move |ctx| {
        let shared = shared.borrow();
        let (decided, lost, _) = shared.as_ref().context("it was restored")?;
        ctx.data.insert("rto_seconds".into(), ((decided.elapsed().as_secs_f64() * 100.0).round() / 100.0).into());
        ctx.data.insert("rpo_seconds".into(), lost.round().into());
        Ok(())
    })
    .why("the service answered 200: this is the time that users wait")
}

fn read(port: u16) -> Step {
    Step::task("read", move |ctx| {
        ctx.data.insert("questions".into(), reading::read(port)?.into());
        Ok(())
    })
    .why("the reading part of docs/tour.md, by the real service")
}

/// The restore writes its line into the audit and changes no other table's number of rows.
fn judged(shared: &Shared, file: PathBuf) -> Step {
    let shared = shared.clone();
    Step::task("judge", move |ctx| {
        let again: Value = serde_json::from_slice(&fs::read(&file)?)?;
        let shared = shared.borrow();
        let (_, _, rows) = shared.as_ref().context("it was restored")?;
        differ(rows, &again["made"]["rows"])?;
        ctx.data.insert("rows".into(), rows.clone());
        Ok(())
    })
    .why("rows by table, as the manifest has them")
}

fn differ(backed_up: &Value, found: &Value) -> Result<()> {
    let count = |rows: &Value, table: &str| rows[table].as_i64().unwrap_or(-1);
    for table in backed_up.as_object().context("a manifest counts rows")?.keys() {
        let (had, has) = (count(backed_up, table), count(found, table));
        let expected = if table == "audit" { had + 1 } else { had };
        // The service migrates what is older, and may have a table of its own for that.
        let is_ours = table != "seaql_migrations";
        ensure!(
            !is_ours || has == expected,
            Failure::new(Exit::Failed, format!("{table} had {had} rows and has {has}"))
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lost_row_is_found_and_the_audits_own_line_is_none() {
        let backed_up = json!({ "orders": 5, "audit": 7, "seaql_migrations": 6 });
        assert!(differ(&backed_up, &json!({ "orders": 5, "audit": 8, "seaql_migrations": 7 })).is_ok());
        assert!(differ(&backed_up, &json!({ "orders": 4, "audit": 8, "seaql_migrations": 6 })).is_err());
        assert!(differ(&backed_up, &json!({ "orders": 5, "audit": 7, "seaql_migrations": 6 })).is_err());
    }
}
