//! The one place where steps run: in order, timed, logged, stopped in time, and recorded as they ended.
//!
//! What a step does is the plan's business; what the run looks like is the screen's.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::Result;

use crate::evidence::{Record, SCHEMA, StepRecord, Tests, digest, timestamp};
use crate::exit::{Exit, Failure};
use crate::junit;
use crate::machine::Machine;
use crate::plan::{Action, Missing, Output, Plan, Process, Step, StepId, Verdict, When, slug};
use crate::process::{self, End, LAST_LINES, Running};
use crate::screen::Screen;
use crate::tools;

/// What a task may reach while its plan runs.
pub struct Ctx<'a> {
    pub machine: &'a Machine,
    pub screen: Arc<Screen>,
    /// What the stage found out: it becomes `data` in the record.
    pub data: BTreeMap<String, serde_json::Value>,
    served: Vec<(String, Running)>,
    /// The most useful output of a step that failed: its failed tests, or its last lines.
    last_lines: Vec<String>,
}

impl<'a> Ctx<'a> {
    pub fn new(machine: &'a Machine, screen: Arc<Screen>) -> Self {
        Ctx { machine, screen, data: BTreeMap::new(), served: Vec::new(), last_lines: Vec::new() }
    }

    /// Runs the plan to its end, whatever that is. An error means that no record could be made of it.
    pub fn run(mut self, plan: &Plan) -> Result<Record> {
        process::catch_interrupts()?;
        let mut record = self.blank(plan);
        let start = Instant::now();
        if let Err(failure) = all_tools_are_there(self.machine, plan) {
            self.screen.failed(&[], None, &failure.message, failure.next.as_deref().unwrap_or_default());
            blame(&mut record, &failure);
        } else {
            self.run_steps(plan, &mut record);
        }
        for (_, mut served) in self.served.drain(..).rev() {
            served.stop()?;
        }
        record.seconds = rounded(start);
        // After Ctrl-C nothing more is waited for.
        if record.result != Exit::Interrupted {
            record.tools = self.versions(plan, &record);
        }
        record.data = self.data;
        let file = if plan.leaves_evidence { Some(record.save(self.machine, &plan.slug())?) } else { None };
        let shown = file.map(|file| self.machine.shown(&file));
        self.screen.summary(&record, shown.as_deref());
        Ok(record)
    }

    fn blank(&self, plan: &Plan) -> Record {
        let (commit, dirty) = self.machine.commit().unzip();
        let name = |step: &Step| StepRecord {
            name: step.name.clone(),
            command: step.command(&self.machine.root),
            skipped: step.skipped.clone(),
            ..StepRecord::default()
        };
        Record {
            schema: SCHEMA,
            stage: plan.stage.clone(),
            result: Exit::Ok,
            exit: Exit::Ok as u8,
            commit,
            dirty: dirty.unwrap_or(false),
            started: timestamp(SystemTime::now()),
            seconds: 0.0,
            steps: plan.steps.iter().map(name).collect(),
            tools: BTreeMap::new(),
            data: BTreeMap::new(),
            error: None,
            next: None,
        }
    }

    fn run_steps(&mut self, plan: &Plan, record: &mut Record) {
        let mut is_over = false;
        for (index, step) in plan.steps.iter().enumerate() {
            if is_over && !has_begun(record, step.when.of()) {
                continue;
            }
            let brings_back = matches!(step.when, When::Rollback { .. });
            if brings_back && record.result == Exit::Ok {
                record.steps[index].skipped = Some("nothing failed".into());
            }
            if record.steps[index].skipped.is_some() {
                self.screen.finished(&record.steps[index]);
                continue;
            }
            let number = format!("[{}/{}]", index + 1, plan.steps.len());
            self.screen.started(&number, step);
            let start = Instant::now();
            let log = self.log_file(plan, step);
            let done = self.run_step(step, log.as_deref(), &mut record.steps[index]);
            let entry = &mut record.steps[index];
            entry.seconds = rounded(start);
            entry.log = log.as_deref().filter(|log| log.exists()).map(|log| self.machine.shown(log));
            // What a task had started heard the Ctrl-C, too, and failed by it.
            let told = |error| match process::interrupted() {
                true => Failure::new(Exit::Interrupted, "interrupted"),
                false => Failure::from_any(error),
            };
            let failure = done.err().map(told);
            entry.result = Some(failure.as_ref().map_or(Exit::Ok, |failure| failure.exit));
            self.screen.finished(entry);
            let Some(failure) = failure else {
                if brings_back && record.result != Exit::Interrupted {
                    (record.result, record.exit) = (Exit::RolledBack, Exit::RolledBack as u8);
                }
                continue;
            };
            let failure = self.report(plan, step, failure, entry);
            blame(record, &failure);
            let goes_on = plan.keeps_going && !step.failure.is_final;
            is_over |= !goes_on;
            if failure.exit == Exit::Interrupted {
                is_over = true;
                // What cleans up isn't stopped by the Ctrl-C that it follows.
                process::forget_interrupt();
            }
        }
    }

    fn run_step(&mut self, step: &Step, log: Option<&Path>, entry: &mut StepRecord) -> Result<()> {
        self.last_lines.clear();
        self.is_evaluated(step)?;
        match (&step.action, log) {
            (Action::Task(task), _) => task(self)?,
            (Action::Run(process), Some(log)) => {
                self.run_child(step, process, log, entry)?;
                if let Some(then) = &process.then {
                    then(self)?;
                }
            }
            (Action::Serve(process), Some(log)) => {
                let running = Running::start(&process.what, &self.machine.path, &process.output, log, &self.screen)?;
                self.served.push((step.name.clone(), running));
            }
            (Action::Run(_) | Action::Serve(_), None) => unreachable!("every child has a log"),
        }
        for file in &step.leaves {
            entry.outputs.insert(self.machine.shown(file), digest(file)?);
        }
        Ok(())
    }

    fn is_evaluated(&self, step: &Step) -> Result<()> {
        let missing = step.needs.tools.iter().find(|tool| !self.machine.has(tool));
        match missing {
            Some(tool) if step.needs.missing == Missing::NotEvaluated => {
                Err(Failure::new(Exit::NotJudged, "not installed").next(tools::remedy(tool)).into())
            }
            _ => Ok(()),
        }
    }

    fn run_child(&mut self, step: &Step, process: &Process, log: &Path, entry: &mut StepRecord) -> Result<()> {
        let mut child = Running::start(&process.what, &self.machine.path, &self.output(process), log, &self.screen)?;
        let (start, screen) = (Instant::now(), self.screen.clone());
        let end = child.finish(step.within, || screen.tick(&step.name, start.elapsed()))?;
        entry.tests = (step.verdict == Verdict::Tests).then(|| child.tests());
        entry.exit_code = match end {
            End::Exited(code) => Some(code),
            End::TimedOut | End::Interrupted => None,
        };
        self.last_lines = child.unseen_lines();
        if entry.tests.is_some_and(|tests| tests.failed > 0) {
            let failures = junit::failures(&String::from_utf8_lossy(&std::fs::read(log)?));
            if !failures.is_empty() {
                self.last_lines = failures;
            }
        }
        // Written for failed runs, too: that is when it is read. `--nocapture` spoils the file, which must not fail the run.
        if let Err(error) = self.keep_junit(step, log, entry, start) {
            self.screen.say(&format!("  no JUnit file: {error}"));
        }
        let explained = || {
            let text = std::fs::read(log).ok()?;
            process.explain?(entry.exit_code?, &String::from_utf8_lossy(&text))
        };
        Ok(judge(step, end, entry.tests).map_err(|failure| explained().unwrap_or(failure))?)
    }

    /// For Jenkins and others; named like the log.
    fn keep_junit(&self, step: &Step, log: &Path, entry: &mut StepRecord, start: Instant) -> Result<()> {
        let Some(tests) = entry.tests.filter(|tests| tests.ran() > 0) else { return Ok(()) };
        let text = String::from_utf8_lossy(&std::fs::read(log)?).into_owned();
        let name = log.with_extension("xml");
        let file = self.machine.reports().join("junit").join(name.file_name().unwrap_or_default());
        self.machine.sh.remove_path(&file)?;
        self.machine.sh.write_file(&file, junit::document(&step.name, &text, tests, start.elapsed().as_secs_f64())?)?;
        entry.outputs.insert(self.machine.shown(&file), digest(&file)?);
        Ok(())
    }

    /// Waits, in a task, until `question` has an answer; a served step that ends meanwhile ends the wait.
    pub fn wait_for<T>(&mut self, what: &str, seconds: u64, question: impl Fn() -> Option<T>) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Some(answer) = question() {
                return Ok(answer);
            }
            self.all_serve()?;
            if process::interrupted() {
                return Err(Failure::new(Exit::Interrupted, "interrupted").into());
            }
            if start.elapsed().as_secs() >= seconds {
                return Err(Failure::new(Exit::TimedOut, format!("{what}: not within {seconds} s")).into());
            }
            self.screen.tick(what, start.elapsed());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The last lines of what the task had started: they show why it fails.
    pub fn heard(&mut self, text: &str) {
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        self.last_lines = lines[lines.len().saturating_sub(LAST_LINES)..].to_vec();
    }

    /// Stays until Ctrl-C, then stops what is served; each has to end without an error.
    pub fn serve_until_interrupted(&mut self) -> Result<()> {
        while !process::interrupted() {
            self.all_serve()?;
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        self.screen.say("stopping …");
        for (name, mut served) in self.served.drain(..).rev() {
            let code = served.stop()?;
            anyhow::ensure!(code == 0, Failure::check(format!("{name} ended with {code} when it was asked to stop")));
        }
        Ok(())
    }

    fn all_serve(&mut self) -> Result<()> {
        for (name, served) in &mut self.served {
            if let Some(code) = served.ended() {
                self.last_lines = served.unseen_lines();
                return Err(Failure::check(format!("{name} ended by itself with {code}")).into());
            }
        }
        Ok(())
    }

    /// With `-v` everything is shown, except what belongs in a file.
    fn output(&self, process: &Process) -> Output {
        match (&process.output, self.screen.look.verbose) {
            (Output::Log, true) => Output::Messages,
            (output, _) => output.clone(),
        }
    }

    fn log_file(&self, plan: &Plan, step: &Step) -> Option<std::path::PathBuf> {
        let folder = self.machine.scratch("logs");
        match step.action {
            Action::Task(_) => None,
            Action::Run(_) | Action::Serve(_) => {
                // A folder that can't be made shows when the log is opened, with its name.
                let _ = std::fs::create_dir_all(&folder);
                Some(folder.join(format!("{}-{}.log", plan.slug(), slug(&step.name))))
            }
        }
    }

    fn report(&self, plan: &Plan, step: &Step, failure: Failure, entry: &StepRecord) -> Failure {
        let message = format!("{}: {}", step.name, failure.message);
        let again = format!("cargo xtask {}", plan.stage);
        let own = failure.next.or_else(|| step.failure.next.clone());
        // A user's own Ctrl-C needs no explanation.
        let (lines, next) = match failure.exit {
            Exit::Interrupted => (&[][..], again),
            _ => (&self.last_lines[..], own.unwrap_or(format!("see above, then: {again}"))),
        };
        self.screen.failed(lines, entry.log.as_deref(), &message, &next);
        Failure::new(failure.exit, message).next(next)
    }

    /// Asked after the run, so that a run that fails at once says so at once.
    fn versions(&self, plan: &Plan, record: &Record) -> BTreeMap<String, String> {
        let ran = plan.steps.iter().zip(&record.steps).filter(|(_, entry)| entry.result.is_some());
        let needed: std::collections::BTreeSet<_> = ran.flat_map(|(step, _)| needs(step)).collect();
        let version = |name: &str| {
            let path = self.machine.tools.get(name)?;
            tools::table().get(name)?.found_version(path, &self.machine.path)
        };
        needed.into_iter().filter_map(|name| Some((name.to_owned(), version(name)?))).collect()
    }
}

/// The tools of a step: those that it names, and its program if that is one.
pub fn needs(step: &Step) -> Vec<&str> {
    let program = step.process().map(|process| process.what.program.as_str());
    let named = step.needs.tools.iter().copied();
    named.chain(program.filter(|program| !program.contains('/'))).collect()
}

fn all_tools_are_there(machine: &Machine, plan: &Plan) -> Result<(), Failure> {
    let starts = |step: &&Step| step.skipped.is_none() && step.needs.missing != Missing::NotEvaluated;
    let wanted = plan.steps.iter().filter(starts).flat_map(needs);
    let missing: std::collections::BTreeSet<_> = wanted.filter(|tool| !machine.has(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().copied().collect();
    let remedies: Vec<_> = names.iter().map(|name| tools::remedy(name)).collect();
    let message = format!("`{}` needs tools that aren't on the PATH: {}", plan.stage, names.join(", "));
    Err(Failure::new(Exit::ToolMissing, message)
        .next(format!("{}; `cargo xtask doctor` shows all", remedies.join("; "))))
}

fn judge(step: &Step, end: End, tests: Option<Tests>) -> Result<(), Failure> {
    match end {
        End::Interrupted => Err(Failure::new(Exit::Interrupted, "interrupted")),
        End::TimedOut => {
            let message = format!("not finished within {} s", step.within.as_secs());
            // A place that keeps silent is as far away as one that refuses.
            let exit = if step.failure.exit == Exit::Unreachable { Exit::Unreachable } else { Exit::TimedOut };
            Err(Failure::new(exit, message))
        }
        End::Exited(0) if tests.is_some_and(|tests| tests.ran() == 0) => {
            Err(Failure::check("no test ran").next("is the filter right? `cargo xtask test` runs all"))
        }
        End::Exited(0) => Ok(()),
        End::Exited(code) if matches!(step.verdict, Verdict::Codes(codes) if codes.contains(&code)) => Ok(()),
        // A step around a plan is this program again: its code has our meaning.
        End::Exited(code) if step.inside().is_some() => {
            let exit = Exit::of_code(code);
            Err(Failure::new(exit, exit.meaning()))
        }
        End::Exited(code) => Err(Failure::new(step.failure.exit, format!("ended with {code}"))),
    }
}

fn has_begun(record: &Record, step: Option<&StepId>) -> bool {
    record.steps.iter().any(|entry| entry.result.is_some() && step.is_some_and(|id| id.is_of(&entry.name)))
}

/// The first failure names the run's result; an interruption outranks it.
fn blame(record: &mut Record, failure: &Failure) {
    if record.result == Exit::Ok || failure.exit == Exit::Interrupted {
        record.result = failure.exit;
        record.exit = failure.exit as u8;
        record.error = Some(failure.message.clone());
        record.next = failure.next.clone();
    }
}

fn rounded(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
}
