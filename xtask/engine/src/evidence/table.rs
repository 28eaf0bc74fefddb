//! What happened, as a Markdown table: the summary of a job on GitHub.

use std::io::Write;

use anyhow::{Context, Result};

use super::Record;
use crate::exit::Exit;
use crate::screen::duration;

/// The file that GitHub shows as the job's summary.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Does nothing outside GitHub.
pub fn publish(text: &str) -> Result<()> {
    let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) else { return Ok(()) };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("can't write to {SUMMARY}"))
}

/// A row for each stage that was asked for, then what is wrong with them.
pub fn markdown(stages: &[(String, Option<Record>)], faults: &[String]) -> String {
    let mut text = "| stage | result | time | tests | skipped |\n|---|---|---:|---|---|\n".to_owned();
    for (stage, record) in stages {
        text += &record.as_ref().map_or_else(|| format!("| {stage} | ❌ no record | | | |\n"), row);
    }
    if !faults.is_empty() {
        text += "\n**Problems of the records**\n\n";
        text.extend(faults.iter().map(|fault| format!("- {}\n", escaped(fault))));
    }
    text + "\n"
}

fn row(record: &Record) -> String {
    let sign = if record.result == Exit::Ok { "✅" } else { "❌" };
    let skipped: Vec<_> = record.steps.iter().filter(|step| step.skipped.is_some()).map(|step| &*step.name).collect();
    let tests = record.tests().map(|tests| tests.to_string()).unwrap_or_default();
    let (stage, result, time) = (&record.stage, record.result.word(), duration(record.seconds));
    format!("| {stage} | {sign} {result} | {time} | {tests} | {} |\n", escaped(&skipped.join(", ")))
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_tells_what_passed_what_was_left_out_and_what_does_not_hold() {
        let stages = [("test".to_owned(), Some(Record::sample())), ("build".to_owned(), None)];
        assert_eq!(
            markdown(&stages, &["build: there is no record".into()]),
            "| stage | result | time | tests | skipped |\n\
             |---|---|---:|---|---|\n\
             | test | ✅ passed | 1 min 24 s | 312 passed, 2 ignored | on PostgreSQL and Redis |\n\
             | build | ❌ no record | | | |\n\n\
             **Problems of the records**\n\n- build: there is no record\n\n"
        );
    }
}
