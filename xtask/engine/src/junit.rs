//! The output of a test run as a JUnit file for CI servers, and as a few lines for the terminal.
//!
//! The Rust test harness writes JUnit only on nightly compilers, so its lines are read. It reports no time for a test: a file
//! that has one would be made up. Every test that was counted has to be in it, or there is no file.

use std::fmt::Write;

use anyhow::{Result, ensure};

use crate::evidence::Tests;
use crate::exit::Failure;

#[derive(Debug, Default, PartialEq)]
struct Case {
    /// The test program that it is in: `city unittests src/lib.rs`, `it tests/it/main.rs`, `Doc-tests city`.
    program: String,
    name: String,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Outcome {
    #[default]
    Passed,
    Failed,
    Ignored,
}

/// The file for the log of a run; `tests` is what was counted in it.
pub fn document(suite: &str, log: &str, tests: Tests, seconds: f64) -> Result<String> {
    let cases = cases(log);
    let count = |outcome| cases.iter().filter(|case| case.outcome == outcome).count() as u64;
    let named =
        Tests { passed: count(Outcome::Passed), failed: count(Outcome::Failed), ignored: count(Outcome::Ignored) };
    ensure!(
        named == tests,
        Failure::check(format!("the log names {named}, but counts {tests}: no JUnit file is written"))
    );
    let (all, failed, ignored) = (cases.len(), named.failed, named.ignored);
    let suite = escaped(suite);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\
         <testsuite name=\"{suite}\" tests=\"{all}\" failures=\"{failed}\" errors=\"0\" skipped=\"{ignored}\" time=\"{seconds:.3}\">\n"
    );
    for case in &cases {
        let (program, name) = (escaped(&case.program), escaped(&case.name));
        let _ = match case.outcome {
            Outcome::Passed => writeln!(text, "<testcase classname=\"{program}\" name=\"{name}\"/>"),
            Outcome::Ignored => {
                writeln!(text, "<testcase classname=\"{program}\" name=\"{name}\"><skipped/></testcase>")
            }
            Outcome::Failed => {
                let printed = escaped(&printed(log, &case.name));
                let failure = format!("<failure message=\"failed\">{printed}</failure>");
                writeln!(text, "<testcase classname=\"{program}\" name=\"{name}\">{failure}</testcase>")
            }
        };
    }
    Ok(text + "</testsuite>\n</testsuites>\n")
}

/// The tests that failed, each with the end of what it printed: where the last lines of the whole run tell of others.
pub fn failures(log: &str) -> Vec<String> {
    let failed: Vec<_> = cases(log).into_iter().filter(|case| case.outcome == Outcome::Failed).collect();
    let told = failed.iter().take(TOLD).flat_map(|case| {
        let printed = printed(log, &case.name);
        let lines: Vec<_> = printed.lines().filter(|line| !line.is_empty() && !is_backtrace(line)).collect();
        let end = lines[lines.len().saturating_sub(TOLD_LINES)..].iter().map(|line| format!("  {line}"));
        std::iter::once(format!("{} ({})", case.name, case.program)).chain(end).collect::<Vec<_>>()
    });
    let more = failed.len().checked_sub(TOLD).filter(|more| *more > 0);
    told.chain(more.map(|more| format!("and {more} more, in the log"))).collect()
}

/// CI asks for it, and it is longer than what it explains: it stays in the log.
fn is_backtrace(line: &str) -> bool {
    let inner = line.trim_start();
    let is_frame =
        inner.starts_with("at ") || inner.split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    (inner.len() < line.len() && is_frame) || line == "stack backtrace:" || line.starts_with("note: ")
}

const TOLD: usize = 5;
const TOLD_LINES: usize = 12;

/// Cargo names the programs on stderr, they print on stdout: which of the two comes first in the log is chance, but the
/// n-th program is the n-th that says how many tests it runs. Those of the documentation come last, in any number.
fn cases(log: &str) -> Vec<Case> {
    let programs: Vec<_> = log.lines().filter_map(program).collect();
    let (mut cases, mut started) = (Vec::new(), 0);
    for line in log.lines() {
        if line.strip_prefix("running ").is_some_and(|rest| rest.ends_with(" tests") || rest.ends_with(" test")) {
            started += 1;
        }
        let program = || programs.get(started.max(1) - 1).or(programs.last()).cloned().unwrap_or_default();
        cases.extend(case(line).map(|(name, outcome)| Case { program: program(), name, outcome }));
    }
    cases
}

fn program(line: &str) -> Option<String> {
    let line = line.trim_start();
    match line.strip_prefix("Running ") {
        // Two crates may have a `src/lib.rs`: the program's file name shows which one it is.
        Some(rest) => rest.split_once(" (").map(|(name, file)| {
            let file = file.rsplit('/').next().unwrap_or_default();
            format!("{} {name}", file.rsplit_once('-').map_or(file, |(program, _)| program))
        }),
        None => line.starts_with("Doc-tests ").then(|| line.to_owned()),
    }
}

fn case(line: &str) -> Option<(String, Outcome)> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = match outcome {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        _ if outcome.starts_with("ignored") => Outcome::Ignored,
        _ => return None,
    };
    // `- should panic` belongs to the test, not to its name.
    Some((name.trim_end_matches(" - should panic").to_owned(), outcome))
}

/// What a failed test printed.
fn printed(log: &str, name: &str) -> String {
    let head = format!("---- {name} stdout ----");
    let lines = log.lines().skip_while(|line| *line != head).skip(1);
    let ends = |line: &&str| (line.starts_with("---- ") && line.ends_with(" ----")) || *line == "failures:";
    lines.take_while(|line| !ends(line)).map(|line| format!("{line}\n")).collect()
}

/// As text in XML 1.0, which can't hold most control characters in any form.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\n' | '\t' => c.to_string(),
        c if c.is_control() => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
     Running unittests src/lib.rs (target/debug/deps/city-0)
running 2 tests
test route::tests::far ... ok
test route::tests::<near> - should panic ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
     Running tests/it/main.rs (target/debug/deps/it-0)
   Doc-tests city
running 2 tests
test place::lost ... FAILED
test place::slow ... ignored, wants an hour
failures:
---- place::lost stdout ----
left: \"a & b\"
failures:
    place::lost
test result: FAILED. 0 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s
running 1 test
test src/lib.rs - route (line 3) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s
";

    fn counted() -> Tests {
        let mut tests = Tests::default();
        LOG.lines().for_each(|line| tests.count(line));
        tests
    }

    #[test]
    fn every_test_stands_under_its_program_with_its_outcome() {
        let text = document("on SQLite", LOG, counted(), 1.5).unwrap();
        for line in [
            r#"<testsuite name="on SQLite" tests="5" failures="1" errors="0" skipped="1" time="1.500">"#,
            r#"<testcase classname="city unittests src/lib.rs" name="route::tests::&lt;near&gt;"/>"#,
            r#"<testcase classname="it tests/it/main.rs" name="place::slow"><skipped/></testcase>"#,
            r#"<testcase classname="Doc-tests city" name="src/lib.rs - route (line 3)"/>"#,
        ] {
            assert!(text.contains(line), "{line} isn't in\n{text}");
        }
        assert!(text.contains("<failure message=\"failed\">left: &quot;a &amp; b&quot;\n</failure>"), "{text}");
    }

    #[test]
    fn a_log_that_names_fewer_than_it_counts_makes_no_file() {
        let log = LOG.replace("test place::lost ... FAILED\n", "");
        let told = document("on SQLite", &log, counted(), 1.5).unwrap_err().to_string();
        assert!(told.contains("names 3 passed, 1 ignored, but counts 3 passed, 1 failed, 1 ignored"), "{told}");
    }

    #[test]
    fn who_waits_is_told_which_failed_and_why() {
        assert_eq!(failures(LOG), ["place::lost (it tests/it/main.rs)", "  left: \"a & b\""]);
    }

    #[test]
    fn a_backtrace_stays_in_the_log() {
        let trace = "stack backtrace:\n   0: rust_begin_unwind\n             at /rustc/panicking.rs:689:5\nnote: Some details are omitted";
        let log = LOG.replace("left: \"a & b\"", &format!("left: \"a & b\"\n{trace}"));
        assert_eq!(failures(&log), failures(LOG));
    }

    #[test]
    fn a_run_in_which_much_failed_is_told_in_part() {
        let lost: String = (0..9).map(|number| format!("test place::lost{number} ... FAILED\n")).collect();
        assert_eq!(failures(&lost).last().unwrap(), "and 4 more, in the log");
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(escaped("\u{1b}[31m<"), "\u{fffd}[31m&lt;");
    }
}
