//! What people see while a plan runs: progress on stderr, a child's data on stdout, a table at the end.
//!
//! Colours only on a terminal and without NO_COLOR; a line that rewrites itself only on a terminal and outside CI.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::Duration;

use crate::evidence::{Record, StepRecord};
use crate::exit::Exit;
use crate::plan::{Action, Step};

#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub colour: bool,
    pub live: bool,
    /// stdout belongs to the one JSON document: everything else goes to stderr.
    pub json: bool,
    pub verbose: bool,
}

impl Look {
    pub fn of_environment(json: bool, verbose: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|t| t != "dumb");
        Look { colour: terminal && !set("NO_COLOR"), live: terminal && !set("CI"), json, verbose }
    }

    #[cfg(test)]
    pub fn quiet() -> Self {
        Look { colour: false, live: false, json: true, verbose: false }
    }
}

pub struct Screen {
    pub look: Look,
    /// Whether the cursor stands in a line that rewrites itself.
    live_line: Mutex<bool>,
}

#[derive(Clone, Copy)]
pub enum Paint {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
}

impl Screen {
    pub fn new(look: Look) -> Self {
        Screen { look, live_line: Mutex::new(false) }
    }

    pub fn paint(&self, paint: Paint, text: &str) -> String {
        let code = match paint {
            Paint::Bold => 1,
            Paint::Dim => 2,
            Paint::Red => 31,
            Paint::Green => 32,
            Paint::Yellow => 33,
        };
        if self.look.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A line for people. A closed stderr is not worth a panic.
    pub fn say(&self, line: &str) {
        let mut live = self.clear();
        *live = false;
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }

    /// A line of what was asked for.
    pub fn data(&self, line: &str) {
        let mut live = self.clear();
        *live = false;
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }

    /// A line of a child whose output is shown.
    pub fn child(&self, line: &str, is_data: bool) {
        if is_data && !self.look.json { self.data(line) } else { self.say(line) }
    }

    /// Only what can take long is worth a line before it is done.
    pub fn started(&self, number: &str, step: &Step) {
        match step.action {
            Action::Task(_) => {}
            Action::Run(_) | Action::Serve(_) if self.look.live => {
                self.tick(&step.name, Duration::ZERO);
            }
            Action::Run(_) | Action::Serve(_) => {
                let line = format!("{number} {}: {}", step.name, step.why);
                self.say(&self.paint(Paint::Dim, &line));
            }
        }
    }

    pub fn tick(&self, name: &str, elapsed: Duration) {
        if !self.look.live {
            return;
        }
        const FRAMES: [char; 4] = ['⠋', '⠙', '⠴', '⠦'];
        let frame = FRAMES[(elapsed.as_millis() / 150) as usize % FRAMES.len()];
        let mut live = self.clear();
        *live = true;
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "{frame} {name}  {}", duration(elapsed.as_secs_f64()));
        let _ = stderr.flush();
    }

    pub fn finished(&self, step: &StepRecord) {
        let (sign, paint) = sign(step.result);
        let (sign, note) = (self.paint(paint, sign), self.paint(Paint::Dim, &note(step)));
        let line = format!("{sign} {:<24} {:>12}  {note}", step.name, time(step));
        self.say(line.trim_end());
    }

    /// The last lines of a step that failed, its log, and what to do.
    pub fn failed(&self, last_lines: &[String], log: Option<&str>, message: &str, next: &str) {
        for line in last_lines {
            self.say(&format!("  {} {line}", self.paint(Paint::Dim, "│")));
        }
        self.say(&format!("  {} {message}", self.paint(Paint::Red, "why  ")));
        if let Some(log) = log {
            self.say(&format!("  {} {log}", self.paint(Paint::Dim, "log  ")));
        }
        self.say(&format!("  {} {next}", self.paint(Paint::Bold, "next ")));
    }

    /// The table at the end, where there is more than one row, and the verdict.
    pub fn summary(&self, record: &Record, evidence: Option<&str>) {
        if record.steps.len() > 1 {
            self.say("");
            let widths = record.steps.iter().map(|step| step.name.chars().count());
            let width = widths.max().unwrap_or(0);
            for step in &record.steps {
                self.row(step, width);
            }
        }
        let passed = record.result == Exit::Ok;
        let paint = if passed { Paint::Green } else { Paint::Red };
        let word = self.paint(paint, record.result.word());
        let place = evidence.map(|path| format!(" · {path}")).unwrap_or_default();
        let time = duration(record.seconds);
        self.say(&format!("{} {word} in {time}{place}", record.stage));
    }

    fn row(&self, step: &StepRecord, width: usize) {
        let (sign, paint) = sign(step.result);
        let word = match step.result {
            Some(result) => result.word(),
            None if step.skipped.is_some() => "skipped",
            None => "not run",
        };
        let (sign, name) = (self.paint(paint, sign), format!("{:<width$}", step.name));
        let (time, note) = (time(step), note(step));
        let line = format!("  {sign} {name}  {word:<12} {time:>12}  {note}");
        self.say(line.trim_end());
    }

    fn clear(&self) -> std::sync::MutexGuard<'_, bool> {
        let live = self.live_line.lock().expect("nothing panics while it prints");
        if *live {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
        live
    }
}

fn sign(result: Option<Exit>) -> (&'static str, Paint) {
    match result {
        Some(Exit::Ok) => ("✔", Paint::Green),
        Some(_) => ("✘", Paint::Red),
        None => ("–", Paint::Yellow),
    }
}

fn time(step: &StepRecord) -> String {
    let ran = step.result.map(|_| duration(step.seconds));
    ran.unwrap_or_default()
}

fn note(step: &StepRecord) -> String {
    match (&step.tests, &step.skipped) {
        (_, Some(reason)) => reason.clone(),
        (Some(tests), None) => tests.to_string(),
        (None, None) => String::new(),
    }
}

pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 60.0 => format!("{s:.1} s"),
        s => format!("{} min {:02} s", s as u64 / 60, s as u64 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(0.0124), "12 ms");
        assert_eq!(duration(12.34), "12.3 s");
        assert_eq!(duration(125.0), "2 min 05 s");
    }
}
