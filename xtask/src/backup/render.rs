//! The configuration of pgBackRest, PostgreSQL and systemd, from `backup.toml` and a host's file. No secret is in it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::host::Host;
use super::policy::{FILE, Kind, Policy, Repository};

const FOLDER: &str = "backup";
const HOST: &str = "backup/host.toml";
const NEXT: &str = "cargo xtask backup render";

/// For `lint`.
pub fn check_step() -> Step {
    Step::task("backup.toml", |ctx| {
        for (file, text) in files(PathBuf::from(HOST), ctx.machine)? {
            let found = std::fs::read_to_string(ctx.machine.root.join(FOLDER).join(&file)).unwrap_or_default();
            if found != text {
                return Err(Failure::check(format!("{FOLDER}/{file} isn't what {FILE} says")).next(NEXT).into());
            }
        }
        Ok(())
    })
    .why("what runs each night is what is written down")
    .next(NEXT)
}

/// Into `to`, for the host of that file.
pub fn plan(host: PathBuf, to: Option<PathBuf>, machine: &Machine) -> Plan {
    let to = machine.root.join(to.unwrap_or_else(|| FOLDER.into()));
    let shown = machine.shown(&to);
    let write = Step::task("render", move |ctx| {
        for (file, text) in files(host.clone(), ctx.machine)? {
            let file = to.join(file);
            std::fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
            std::fs::write(file, text)?;
        }
        Ok(())
    });
    Plan::new("backup render", [write.why("one file says how all is kept").changes(format!("files in {shown}"))])
        .without_evidence()
}

pub fn files(host: PathBuf, machine: &Machine) -> Result<Vec<(String, String)>> {
    let policy = Policy::read(machine)?;
    let host = Host::read(&host, &policy, machine)?;
    let units = units(&policy, &host);
    let mut files = vec![
        ("pgbackrest.conf".to_owned(), pgbackrest(&policy, &host)?),
        ("postgresql.conf".to_owned(), postgresql(&policy, &host)),
    ];
    files.extend(units);
    Ok(files)
}

fn head() -> String {
    format!("# Written by `{NEXT}` from {FILE}: change that.\n")
}

pub fn pgbackrest(policy: &Policy, host: &Host) -> Result<String> {
    let mut text = head() + "[global]\n";
    let mut line = |name: &str, value: &str| text += &format!("{name}={value}\n");
    line("archive-async", "y");
    line("archive-push-queue-max", &policy.archive.queue_max);
    line("compress-type", &policy.format.compression);
    line("lock-path", &host.spool.join("lock").display().to_string());
    line("log-path", &host.log.display().to_string());
    line("log-level-file", "detail");
    line("process-max", "2");
    line("spool-path", &host.spool.display().to_string());
    line("start-fast", "y");
    for (index, repository) in policy.repositories.iter().enumerate() {
        for (name, value) in lines(policy, host, repository)? {
            line(&format!("repo{}-{name}", index + 1), &value);
        }
    }
    let [data, socket] = [&host.data, &host.socket].map(|path| path.display().to_string());
    text += &format!("\n[{}]\npg1-path={data}\npg1-socket-path={socket}\n", host.stanza);
    text += &format!("pg1-port={}\npg1-user={}\npg1-database={}\n", host.port, host.role, host.database);
    Ok(text)
}

/// Of one repository, without its number. Keys and cipher passes stand in the file of secrets.
fn lines(policy: &Policy, host: &Host, repository: &Repository) -> Result<Vec<(&'static str, String)>> {
    let place = host.place(repository)?;
    let (at, endpoint) = (place.place.clone(), place.endpoint.clone());
    let (kind, mut lines) = match repository.kind {
        Kind::S3 => ("s3", vec![("s3-bucket", at), ("s3-endpoint", endpoint)]),
        Kind::Azure => ("azure", vec![("azure-container", at), ("azure-endpoint", endpoint)]),
        Kind::Gcs => ("gcs", vec![("gcs-bucket", at), ("gcs-endpoint", endpoint)]),
    };
    if repository.kind == Kind::S3 {
        lines.extend(place.region.clone().map(|region| ("s3-region", region)));
    }
    match repository.kind {
        Kind::S3 if place.by_path => lines.push(("s3-uri-style", "path".to_owned())),
        Kind::Azure if place.by_path => lines.push(("azure-uri-style", "path".to_owned())),
        Kind::S3 | Kind::Azure | Kind::Gcs => {}
    }
    lines.extend(place.port.map(|port| ("storage-port", port.to_string())));
    lines.extend(place.ca_file.as_ref().map(|file| ("storage-ca-file", file.display().to_string())));
    let cipher = match policy.format.cipher {
        super::policy::Cipher::Aes256Cbc => "aes-256-cbc",
    };
    let bundle = if policy.format.bundle { "y" } else { "n" };
    let rest = [("bundle", bundle.to_owned()), ("cipher-type", cipher.to_owned()), ("path", "/wayfare".to_owned())];
    lines.extend(rest);
    lines.push(("retention-full", repository.keep_days.to_string()));
    lines.push(("retention-full-type", "time".to_owned()));
    lines.push(("type", kind.to_owned()));
    Ok(lines)
}

/// What PostgreSQL runs for each segment.
pub fn archive_command(host: &Host) -> String {
    let Host { config, secrets, stanza, .. } = host;
    let (config, secrets) = (config.display(), secrets.display());
    format!("pgbackrest --config={config} --config-include-path={secrets} --stanza={stanza} archive-push %p")
}

pub fn postgresql(policy: &Policy, host: &Host) -> String {
    let command = archive_command(host);
    let timeout = policy.archive.timeout_seconds;
    head()
        + &format!(
            "archive_mode = on\narchive_command = '{command}'\narchive_timeout = {timeout}\nwal_level = replica\n"
        )
}

/// A service and a timer for each thing that is due.
fn units(policy: &Policy, host: &Host) -> Vec<(String, String)> {
    let schedule = &policy.schedule;
    let pgbackrest = |kind: &str| -> Vec<String> {
        let config = format!("--config={} --config-include-path={}", host.config.display(), host.secrets.display());
        let of = |index: usize| {
            format!("/usr/bin/pgbackrest {config} --stanza={} --repo={} --type={kind} backup", host.stanza, index + 1)
        };
        (0..policy.repositories.len()).map(of).collect()
    };
    let ours =
        |verb: &str| vec![format!("/usr/bin/env cargo xtask backup {verb} --host /etc/wayfare/backup-host.toml")];
    let hourly = format!("*-*-* *:{:02}:00 UTC", schedule.incremental_minute);
    let all = [
        ("full", format!("*-*-* {}:00 UTC", schedule.full), pgbackrest("full")),
        ("incremental", hourly, pgbackrest("incr")),
        ("verify", format!("*-*-* {}:00 UTC", schedule.verify), ours("verify")),
        ("drill", format!("{}:00 UTC", schedule.drill), ours("drill")),
    ];
    all.into_iter().flat_map(|(name, when, commands)| unit(name, &when, &commands, &host.user)).collect()
}

fn unit(name: &str, when: &str, commands: &[String], user: &str) -> [(String, String); 2] {
    // A repository that can't be reached doesn't keep the next one from its backup; pgBackRest's log and the age of the last
    // backup say so.
    let lines: String = commands.iter().map(|command| format!("ExecStart=-{command}\n")).collect();
    let lines = if commands.len() > 1 { lines } else { lines.replace("ExecStart=-", "ExecStart=") };
    let place = "WorkingDirectory=/opt/wayfare\n";
    let head = head();
    let service = format!(
        "{head}[Unit]\nDescription=Wayfare backup: {name}\nAfter=postgresql.service\n\n[Service]\nType=oneshot\n\
         User={user}\n{place}{lines}"
    );
    let timer = format!(
        "{head}[Unit]\nDescription=Wayfare backup: {name}\n\n[Timer]\nOnCalendar={when}\nPersistent=true\n\n\
         [Install]\nWantedBy=timers.target\n"
    );
    [
        (format!("systemd/wayfare-backup-{name}.service"), service),
        (format!("systemd/wayfare-backup-{name}.timer"), timer),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> (Policy, Host) {
        let policy = Policy::parse(include_str!("../../../backup.toml")).unwrap();
        let host = Host::parse(include_str!("../../../backup/host.toml"), &policy).unwrap();
        (policy, host)
    }

    #[test]
    fn every_repository_is_encrypted_bundled_and_kept_as_long_as_promised() {
        let (policy, host) = both();
        let text = pgbackrest(&policy, &host).unwrap();
        for (number, days) in [(1, 30), (2, 90), (3, 2557)] {
            for line in ["bundle=y", "cipher-type=aes-256-cbc", "retention-full-type=time"] {
                assert!(text.contains(&format!("repo{number}-{line}\n")), "{line}\n{text}");
            }
            assert!(text.contains(&format!("repo{number}-retention-full={days}\n")));
        }
        assert!(text.contains("archive-async=y\n") && text.contains("archive-push-queue-max=8GiB\n"));
    }

    #[test]
    fn no_secret_is_rendered() {
        let (policy, host) = both();
        let text = pgbackrest(&policy, &host).unwrap();
        assert!(["-key", "-pass", "secret="].iter().all(|word| !text.contains(word)), "{text}");
    }

    #[test]
    fn one_repository_that_is_away_keeps_no_other_from_its_backup_and_a_failed_drill_fails() {
        let (policy, host) = both();
        let units: std::collections::BTreeMap<_, _> = units(&policy, &host).into_iter().collect();
        let full = &units["systemd/wayfare-backup-full.service"];
        assert_eq!(full.matches("ExecStart=-/usr/bin/pgbackrest").count(), 3);
        assert!(units["systemd/wayfare-backup-drill.service"].contains("\nExecStart=/usr/bin/env cargo xtask"));
        assert!(units["systemd/wayfare-backup-full.timer"].contains("OnCalendar=*-*-* 01:00:00 UTC\n"));
    }
}
