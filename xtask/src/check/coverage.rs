//! `coverage`: the tests once more, with every line that they run counted. It takes a build of its own, so `ci` does without.

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

/// The least share of lines, per cent. It only rises: it is what was reached, less what chance moves.
const FLOOR: f64 = 90.0;

/// Run the tests with coverage, and fail below the minimum.
#[derive(Args)]
pub struct Coverage {
    /// Also write an HTML report
    #[arg(long)]
    html: bool,
}

#[derive(Deserialize)]
struct Summary {
    data: Vec<Sum>,
}

#[derive(Deserialize)]
struct Sum {
    totals: Totals,
}

#[derive(Deserialize)]
struct Totals {
    lines: Lines,
}

#[derive(Deserialize)]
struct Lines {
    count: u64,
    covered: u64,
    percent: f64,
}

impl Stage for Coverage {
    const NAME: &'static str = "coverage";
    const EXAMPLE: &'static str = "coverage --html";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let folder = machine.reports().join("coverage");
        let (lcov, summary) = (folder.join("lcov.info"), folder.join("summary.json"));
        let empty = folder.clone();
        let fresh = Step::task("empty folder", move |ctx| {
            ctx.machine.sh.remove_path(&empty)?;
            Ok(ctx.machine.sh.create_dir(&empty).map(drop)?)
        })
        .why("an old report mustn't be taken for a new one");
        let clean = Step::run("forget", cmd!(machine.sh, "cargo llvm-cov clean --workspace"))
            .why("the counters of an earlier run")
            .needs(&["cargo-llvm-cov"])
            .within(300);
        let tests = cmd!(
            machine.sh,
            "cargo llvm-cov test --no-report --locked --no-fail-fast --package wayfare --package city"
        );
        let tests = Step::run("tests", tests.env("WAYFARE_TEST_BACKEND", "sqlite"))
            .why("the deployed crates, on SQLite; a process that a test kills reports no coverage")
            .needs(&["cargo-llvm-cov"])
            .counting_tests()
            .next("cargo xtask test shows more of a test that fails; rustup component add llvm-tools");
        let report = |name: &str, why: &str, form: &[&str]| {
            Step::run(name, cmd!(machine.sh, "cargo llvm-cov report {form...}"))
                .why(why)
                .needs(&["cargo-llvm-cov"])
                .within(600)
        };
        let path = |path: &std::path::Path| path.display().to_string();
        let (lcov_path, summary_path) = (path(&lcov), path(&summary));
        let lines = report("lines", "for editors and coverage services", &["--lcov", "--output-path", &lcov_path]);
        let sum = report(
            "sum",
            "input of the check against the minimum",
            &["--json", "--summary-only", "--output-path", &summary_path],
        );
        let folder = path(&folder);
        let pages = self.html.then(|| report("pages", "for browsing", &["--html", "--output-dir", &folder]));
        let judge = Step::task("floor", move |ctx| judge(ctx, &std::fs::read_to_string(&summary)?))
            .why(format!("{FLOOR} % of the lines, at the least"))
            .next("add tests for the new code, or delete code that isn't needed");
        let steps = [fresh, clean, tests, lines.leaves(lcov), sum].into_iter().chain(pages).chain([judge]);
        Ok(Plan::new("coverage", steps))
    }
}

fn judge(ctx: &mut Ctx, summary: &str) -> Result<()> {
    let lines = total(summary)?;
    let told = format!("{:.1} % of {} lines", lines.percent, lines.count);
    if !ctx.screen.look.json {
        ctx.screen.data(&format!("  {told}"));
    }
    let data = serde_json::json!({ "lines": lines.count, "covered": lines.covered, "percent": lines.percent });
    ctx.data.insert("coverage".into(), data);
    ensure!(lines.percent >= FLOOR, Failure::check(format!("{told}, of {FLOOR} % at the least")));
    Ok(())
}

fn total(summary: &str) -> Result<Lines> {
    let summary: Summary = serde_json::from_str(summary).context("the summary can't be read")?;
    let sum = summary.data.into_iter().next().context("the summary is empty")?;
    ensure!(sum.totals.lines.count > 0, "no line was counted");
    Ok(sum.totals.lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_all_lines_is_read_and_none_is_a_fault() {
        let summary = |count: u64| {
            format!(
                r#"{{ "type": "llvm.coverage.json.export", "version": "3.0.1", "data": [{{ "files": [], "totals": {{
                   "functions": {{ "count": 1, "covered": 1, "percent": 100 }},
                   "lines": {{ "count": {count}, "covered": 9, "percent": 90.0 }} }} }}] }}"#
            )
        };
        let lines = total(&summary(10)).unwrap();
        assert_eq!((lines.count, lines.covered, lines.percent), (10, 9, 90.0));
        assert!(total(&summary(0)).is_err());
        assert!(total("{}").is_err());
    }
}
