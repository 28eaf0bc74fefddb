//! What alerts ask about backups, as text files for the node exporter. Rules: monitoring/rules/platform.yaml.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::host::Host;

/// A gauge's name, its labels with braces or nothing, its value.
pub type Sample = (&'static str, String, f64);

const HELP: [(&str, &str); 5] = [
    ("backup_last_success_timestamp_seconds", "When the newest backup of a repository and type ended"),
    ("backup_last_drill_success_timestamp_seconds", "When a backup was last restored for a trial"),
    ("backup_wal_lag_seconds", "How long a commit took to a repository when it was last looked at"),
    ("backup_verify_success", "Whether a repository was whole when it was last read"),
    ("backup_repository_used_ratio", "Part of the agreed room that a repository's backups take"),
];

/// Replaces the file of that verb: the exporter reads a whole one, before or after.
pub fn write(host: &Host, verb: &str, samples: &[Sample]) -> Result<()> {
    let Some(folder) = &host.textfile else { return Ok(()) };
    let file = folder.join(format!("wayfare_backup_{verb}.prom"));
    let part = folder.join(format!(".wayfare_backup_{verb}.part"));
    let cannot = || format!("{} can't be written: it is what alerts ask", file.display());
    fs::write(&part, text(samples)).and_then(|()| fs::rename(&part, &file)).with_context(cannot)
}

fn text(samples: &[Sample]) -> String {
    let mut text = String::new();
    for (name, help) in HELP {
        let of_it: Vec<_> = samples.iter().filter(|(other, ..)| *other == name).collect();
        if !of_it.is_empty() {
            text += &format!("# HELP {name} {help}\n# TYPE {name} gauge\n");
        }
        for (name, labels, value) in of_it {
            text += &format!("{name}{labels} {value}\n");
        }
    }
    text
}

/// Seconds since 1970.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_told_with_its_help_once_and_with_its_labels() {
        let of = |repo: &str, value| ("backup_verify_success", format!("{{repo=\"{repo}\"}}"), value);
        let expected = "# HELP backup_verify_success Whether a repository was whole when it was last read\n\
            # TYPE backup_verify_success gauge\nbackup_verify_success{repo=\"s3\"} 1\nbackup_verify_success{repo=\"gcs\"} 0\n";
        assert_eq!(text(&[of("s3", 1.0), of("gcs", 0.0)]), expected);
    }
}
