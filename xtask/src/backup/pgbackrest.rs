//! What pgBackRest says: its errors as sentences with an exit code, its `info`, and its `verify`, whose own exit code
//! says nothing.

use anyhow::{Context, Result};
use serde::Deserialize;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use xshell::Cmd;

use super::host::Host;

/// Runs it; an error of its own becomes a failure with a next thing to do.
pub fn run(command: Cmd<'_>) -> Result<String> {
    let command = command.args(["--log-level-console=warn", "--log-level-stderr=off"]);
    let output = command.quiet().ignore_status().output().context("can't start pgbackrest")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let words = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    Err(failure(&words).into())
}

/// Whose fault an error is. `words` is all that pgBackRest printed.
pub fn failure(words: &str) -> Failure {
    let line = words.lines().find(|line| line.contains("ERROR: [")).unwrap_or(words.trim());
    let said = line.split_once("ERROR: ").map_or(line, |(_, said)| said).trim().to_owned();
    let number: u32 = said.get(1..4).and_then(|number| number.parse().ok()).unwrap_or(0);
    let has = |some: &[&str]| some.iter().any(|one| words.contains(one));
    // With another pass its index is noise, which pgBackRest tries to parse.
    let is_noise = has(&["unable to load info file"]) && has(&["FormatError", "CryptoError", "ChecksumError"]);
    let gone = ["NoSuchBucket", "ContainerNotFound", "bucket does not exist", "container does not exist", "notFound"];
    let away = ["unable to connect", "timeout connecting", "Connection refused", "unexpected eof", "unable to find"];
    let (exit, sentence, next) = if has(&gone) {
        (
            Exit::Unreachable,
            "the repository's bucket or container isn't there",
            "make it again (Terraform), or mend the host's file",
        )
    } else if has(&["No space left"]) {
        (Exit::Failed, "a disk is full", "make room; nothing that was there is touched")
    } else if is_noise || has(&["cipher header invalid", "unable to flush", "CryptoError"]) || number == 95 {
        (
            Exit::Failed,
            "the repository can't be decrypted: the cipher pass is another one",
            "the pass that it was made with; without it, another repository",
        )
    } else if number == 50 {
        (Exit::Refused, "another pgBackRest command is at work", "wait for its end")
    } else if number == 75 {
        (
            Exit::Failed,
            "no backup is from before that time",
            "cargo xtask backup list --host … says how far back it goes",
        )
    } else if number == 82 {
        (
            Exit::Failed,
            "the WAL doesn't arrive in the repository",
            "PostgreSQL's log and pgBackRest's say why archive-push fails",
        )
    } else if has(&["403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthenticationFailed"]) {
        (Exit::Unreachable, "the repository refuses the key", "the key in the file of secrets")
    } else if has(&away) || matches!(number, 49 | 102 | 124) {
        (
            Exit::Unreachable,
            "the repository can't be reached",
            "its endpoint; PostgreSQL keeps the WAL meanwhile, up to queue_max",
        )
    } else if matches!(number, 26 | 28 | 29 | 55) {
        (Exit::Failed, "the backup is damaged", "another repository: --repository NAME; or an older time")
    } else {
        (Exit::Failed, "pgBackRest failed", "its log")
    };
    Failure::new(exit, format!("{sentence}: {said}")).next(next)
}

/// A stanza, as `info` tells it.
#[derive(Debug, Deserialize)]
pub struct Info {
    pub backup: Vec<Backup>,
    pub repo: Vec<Repo>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Backup {
    pub label: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub database: Database,
    pub timestamp: Timestamp,
    pub info: Sizes,
    pub error: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Database {
    #[serde(rename = "repo-key")]
    pub repo: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Timestamp {
    pub stop: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Sizes {
    pub size: u64,
    pub repository: RepositorySizes,
}

#[derive(Clone, Debug, Deserialize)]
pub struct RepositorySizes {
    pub delta: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub struct Repo {
    pub key: usize,
    pub status: Status,
}

#[derive(Debug, Deserialize)]
pub struct Status {
    pub code: u32,
    pub message: String,
}

pub fn info(host: &Host, machine: &Machine) -> Result<Info> {
    let text = run(host.pgbackrest(machine).args(["info", "--output=json"]))?;
    let mut stanzas: Vec<Info> = serde_json::from_str(text.trim()).context("pgBackRest's info isn't what it was")?;
    let none = || Failure::new(Exit::Unreachable, format!("no stanza {} in any repository", host.stanza));
    Ok(stanzas.pop().ok_or_else(none)?)
}

/// What keeps repositories from being read, where that is why a restore finds nothing in them: `restore` itself only says
/// that it found nothing.
pub fn cause(host: &Host, repository: Option<usize>, machine: &Machine) -> Option<anyhow::Error> {
    let info = info(host, machine).ok()?;
    let asked = |repo: &&Repo| repository.is_none_or(|number| number == repo.key);
    let bad = info.repo.iter().filter(asked).find(|repo| repo.status.code != 0)?;
    let status = &bad.status;
    Some(match status.code {
        1 | 2 => {
            let message = format!("repository {} has no backup of this database: {}", bad.key, status.message);
            Failure::new(Exit::Unreachable, message).next("another repository: --repository NAME").into()
        }
        _ => failure(&status.message).into(),
    })
}

/// What `verify --output=text --verbose` found, where that isn't "all is well". An empty text is a finding, too: nothing
/// was read.
pub fn findings(text: &str) -> Vec<String> {
    let lines = || text.lines().map(str::trim);
    let status = lines().find_map(|line| line.strip_prefix("status: "));
    let mut found: Vec<_> = match status {
        Some("ok") => Vec::new(),
        Some(other) => vec![format!("its status is `{other}`")],
        None => vec!["it said nothing: there is no such stanza, or nothing in it".to_owned()],
    };
    let has_backup = lines().any(|line| line.starts_with("backup: "));
    if status.is_some() && !has_backup {
        found.push("there is no backup in it".to_owned());
    }
    let invalid = |line: &&str| line.starts_with("backup: ") && !line.contains("status: valid");
    found.extend(lines().filter(invalid).map(str::to_owned));
    let is_count = |line: &&str| line.starts_with("missing: ") && line.split(", ").any(|part| !part.ends_with(": 0"));
    found.extend(lines().filter(is_count).map(str::to_owned));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: &str = "stanza: wayfare\nstatus: ok\n  archiveId: 15-1, total WAL checked: 13, total valid WAL: 13\n    \
        missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n  backup: 20261128-182138F, status: valid, total files \
        checked: 964, total valid files: 964\n    missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n";

    const NOISE: &str = "P00   WARN: repo1: [FormatError] unable to load info file '/r/backup.info' or '/r/backup.info.copy':\n\
        FormatError: key/value found outside of section\nP00  ERROR: [075]: no backup set found to restore";

    #[test]
    fn verify_is_judged_by_its_text_and_silence_is_no_success() {
        assert!(findings(WELL).is_empty());
        assert_eq!(findings("").len(), 1);
        assert_eq!(findings(&WELL.replace("status: ok", "status: error")), ["its status is `error`"]);
        let invalid =
            WELL.replace("status: valid", "status: invalid").replacen("checksum invalid: 0", "checksum invalid: 2", 1);
        assert_eq!(findings(&invalid).len(), 2, "{:?}", findings(&invalid));
        let empty = WELL.split("  backup: ").next().unwrap();
        assert_eq!(findings(empty), ["there is no backup in it"]);
    }

    #[test]
    fn each_kind_of_error_has_its_exit_code_and_a_next_thing_to_do() {
        let cases = [
            (
                "P00  ERROR: [039]: HTTP request failed with 404 (Not Found):\n<Code>NoSuchBucket</Code>",
                Exit::Unreachable,
                "bucket",
            ),
            (
                "P00  ERROR: [049]: unable to connect to 'localhost:1': [111] Connection refused",
                Exit::Unreachable,
                "can't be reached",
            ),
            ("P00  ERROR: [095]: unable to flush", Exit::Failed, "cipher pass"),
            (NOISE, Exit::Failed, "cipher pass"),
            (
                "P00  ERROR: [050]: unable to acquire lock on file '/x': Resource temporarily unavailable",
                Exit::Refused,
                "at work",
            ),
            (
                "P00  ERROR: [075]: unable to find backup set with stop time less than '2020'",
                Exit::Failed,
                "before that time",
            ),
            ("P00  ERROR: [029]: expected format 5 but found 9", Exit::Failed, "damaged"),
            ("P01  ERROR: [042]: unable to write '/x': [28] No space left on device", Exit::Failed, "disk is full"),
        ];
        for (words, exit, part) in cases {
            let failure = failure(words);
            assert!(failure.exit == exit && failure.message.contains(part), "{failure:?}");
            assert!(failure.next.is_some());
        }
    }
}
