//! The table at the end and the JSON beside it.

use std::{fmt::Write, fs, path::Path};

use anyhow::Result;
use serde::Serialize;

use crate::contest::{Outcome, Sample, Spread};

/// One bound: what was measured, against what, and whether it holds.
#[derive(Serialize)]
pub struct Row {
    pub what: String,
    pub unit: &'static str,
    pub ours: Spread,
    pub rival: Option<Spread>,
    pub bound: Bound,
}

#[derive(Clone, Copy, Serialize)]
pub enum Bound {
    /// Ours is at most so many times the rival's.
    AtMostTimes(f64),
    /// The rival's is at least so many times ours.
    TimesLess(f64),
    /// Ours is below a fixed value.
    Under(f64),
    /// Ours is a fixed value or more.
    AtLeast(f64),
    /// Ours lies between two fixed values.
    Between(f64, f64),
}

/// Contests, rows and circumstances, as they go into the file.
#[derive(Default, Serialize)]
pub struct Report {
    pub rows: Vec<Row>,
    pub reads: Vec<Outcome>,
    pub orders: Vec<Outcome>,
    pub notes: Vec<String>,
    /// Why figures above don't mean what they say. One such is as bad as a bound that isn't reached.
    pub flaws: Vec<String>,
    pub versions: Vec<(String, String)>,
}

impl Row {
    /// Ours by the rival's, or the other way round where the bound asks how many times less.
    fn ratio(&self) -> Option<f64> {
        let rival = self.rival?.median;
        match self.bound {
            Bound::AtMostTimes(_) => Some(self.ours.median / rival),
            Bound::TimesLess(_) => Some(rival / self.ours.median),
            Bound::Under(_) | Bound::AtLeast(_) | Bound::Between(..) => None,
        }
    }

    pub fn reached(&self) -> bool {
        match (self.bound, self.ratio()) {
            (Bound::AtMostTimes(most), Some(ratio)) => ratio <= most,
            (Bound::TimesLess(least), Some(ratio)) => ratio >= least,
            (Bound::Under(most), _) => self.ours.median < most,
            (Bound::AtLeast(least), _) => self.ours.median >= least,
            (Bound::Between(least, most), _) => (least..=most).contains(&self.ours.median),
            (Bound::AtMostTimes(_) | Bound::TimesLess(_), None) => false,
        }
    }
}

impl Report {
    pub fn print(&self) -> Result<()> {
        print!("{}", self.text()?);
        Ok(())
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(file, serde_json::to_string_pretty(self)? + "\n")?)
    }

    pub fn all_reached(&self) -> bool {
        self.flaws.is_empty() && self.rows.iter().all(Row::reached)
    }

    fn text(&self) -> Result<String> {
        let mut text = String::new();
        for (title, outcomes) in [("reads", &self.reads), ("orders", &self.orders)] {
            if !outcomes.is_empty() {
                writeln!(text, "\n{title}: µs of CPU a request, median (lowest–highest) of the rounds")?;
                contest(&mut text, outcomes)?;
            }
        }
        writeln!(text, "\nbounds")?;
        let mut table = vec![["what", "ours", "rival", "ratio", "bound", "reached"].map(String::from).to_vec()];
        table.extend(self.rows.iter().map(Row::cells));
        align(&mut text, &table)?;
        writeln!(text)?;
        for flaw in &self.flaws {
            writeln!(text, "NOT VALID: {flaw}")?;
        }
        for note in &self.notes {
            writeln!(text, "{note}")?;
        }
        for (name, version) in &self.versions {
            writeln!(text, "{name}: {version}")?;
        }
        Ok(text)
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let bound = match self.bound {
            Bound::AtMostTimes(most) => format!("at most {most}×"),
            Bound::TimesLess(least) => format!("{least}× less"),
            Bound::Under(most) => format!("under {} {}", figure(most), self.unit),
            Bound::AtLeast(least) => format!("at least {least} {}", self.unit),
            Bound::Between(least, most) => format!("{least}–{most}"),
        };
        vec![
            self.what.clone(),
            format!("{} {}", self.ours.text(), self.unit),
            self.rival.map_or(String::new(), |rival| format!("{} {}", rival.text(), self.unit)),
            self.ratio().map_or(String::new(), |ratio| format!("{ratio:.2}×")),
            bound,
            if self.reached() { "yes" } else { "NO" }.into(),
        ]
    }
}

impl Spread {
    pub fn text(self) -> String {
        let Self { median, min, max } = self;
        if min == max { figure(median) } else { format!("{median:.1} ({min:.1}–{max:.1})") }
    }
}

/// Three digits that tell, and no more than that of what is large.
fn figure(value: f64) -> String {
    let digits = if value.abs() < 10.0 { 2 } else { usize::from(value.abs() < 100.0) };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

fn contest(text: &mut String, outcomes: &[Outcome]) -> Result<()> {
    let head = ["who", "server", "database", "redis", "requests/s", "span batches", "median ms", "p99 ms"];
    let mut table = vec![head.map(String::from).to_vec()];
    for outcome in outcomes {
        table.push(vec![
            outcome.name.into(),
            outcome.spread(|sample| sample.server).text(),
            outcome.spread(|sample| sample.database).text(),
            outcome.spread(|sample| sample.redis).text(),
            format!("{:.0}", outcome.spread(|sample| sample.per_second).median),
            format!("{:.0}", outcome.spread(|sample| sample.span_batches as f64).median),
            milliseconds(outcome, |sample| sample.median_ms),
            milliseconds(outcome, |sample| sample.p99_ms),
        ]);
    }
    align(text, &table)
}

fn milliseconds(outcome: &Outcome, of: impl Fn(&Sample) -> Option<f64>) -> String {
    let told: Option<Vec<f64>> = outcome.samples.iter().map(of).collect();
    told.map_or("–".into(), |times| format!("{:.2}", Spread::of(times).median))
}

fn align(text: &mut String, table: &[Vec<String>]) -> Result<()> {
    let widths: Vec<usize> = (0..table[0].len())
        .map(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for row in table {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "  {}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, rival: f64, bound: Bound) -> Row {
        let spread = |value| Spread::of(vec![value]);
        Row { what: String::new(), unit: "µs", ours: spread(ours), rival: Some(spread(rival)), bound }
    }

    #[test]
    fn a_bound_is_judged_by_the_medians_on_the_right_side() {
        assert!(row(28.0, 14.0, Bound::AtMostTimes(2.0)).reached());
        assert!(!row(28.1, 14.0, Bound::AtMostTimes(2.0)).reached());
        assert!(row(10.0, 80.0, Bound::TimesLess(8.0)).reached());
        assert!(!row(10.0, 79.9, Bound::TimesLess(8.0)).reached());
        assert!(!row(150.0, 0.0, Bound::Under(150.0)).reached());
        assert!(row(85.0, 0.0, Bound::AtLeast(85.0)).reached() && !row(84.9, 0.0, Bound::AtLeast(85.0)).reached());
        assert!(!row(1.06, 0.0, Bound::Between(0.98, 1.05)).reached());
    }

    #[test]
    fn a_flaw_spoils_bounds_that_are_reached() {
        let rows = || vec![row(1.0, 14.0, Bound::AtMostTimes(2.0))];
        assert!(Report { rows: rows(), ..Report::default() }.all_reached());
        assert!(!Report { rows: rows(), flaws: vec!["tracing was off".into()], ..Report::default() }.all_reached());
    }

    #[test]
    fn a_missed_bound_stands_out_in_the_table() {
        let report = Report { rows: vec![row(28.1, 14.0, Bound::AtMostTimes(2.0))], ..Report::default() };
        assert!(report.text().unwrap().contains("2.01×  at most 2×  NO"));
    }
}
