//! A plan: the steps of a stage as data. It is printed, tested, run, timed and recorded, and it runs nothing itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use xshell::Cmd;

use crate::ctx::Ctx;
use crate::exit::{Exit, Failure};
pub use crate::invocation::Invocation;
use crate::invocation::{inside, quoted};
use crate::machine::Machine;

pub struct Plan {
    pub stage: String,
    pub steps: Vec<Step>,
    /// Run the later steps although an earlier one failed.
    pub keeps_going: bool,
    /// Leave a record under `target/evidence`.
    pub leaves_evidence: bool,
}

pub struct Step {
    pub name: String,
    pub why: String,
    pub action: Action,
    /// What differs afterwards, where that is more than files under `target/`.
    pub changes: Option<String>,
    pub needs: Needs,
    pub within: Duration,
    /// Why it is left out here.
    pub skipped: Option<String>,
    pub when: When,
    pub verdict: Verdict,
    pub failure: OnFailure,
    /// Files that it makes; evidence holds their digests.
    pub leaves: Vec<PathBuf>,
}

pub enum Action {
    /// Run it to its end.
    Run(Process),
    /// Start it and go on; it is stopped when the plan ends.
    Serve(Process),
    /// Do it in this process.
    Task(Task),
}

pub type Explain = fn(i32, &str) -> Option<Failure>;
pub type Task = Box<dyn Fn(&mut Ctx) -> Result<()>>;

pub struct Process {
    pub what: Invocation,
    pub output: Output,
    /// What its code and what it printed mean, where it ended badly and the program's own words need translation.
    pub explain: Option<Explain>,
    /// Done in the same step once it has ended well.
    pub then: Option<Task>,
    /// The plan of the stage that it starts: its exit code is one of ours.
    pub inside: Option<Plan>,
}

/// A step, as other steps of its plan refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepId(String);

#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// In its turn, until a step fails.
    Normally,
    /// Once that one has begun it runs, whatever failed, and after Ctrl-C: it removes what that one made.
    Cleanup { of: StepId },
    /// The same, but in a run that failed: what it brings back is as it was, and the run ends as rolled back.
    Rollback { of: StepId },
}

/// What the end of a process says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Zero is success.
    Success,
    /// These codes, too, only say that it found something: its report is judged later.
    Codes(&'static [i32]),
    /// It runs tests: they are counted, and none at all is a failure.
    Tests,
}

/// Tools that have to be there before the first step starts, and what it means when one isn't.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    pub tools: Vec<&'static str>,
    pub missing: Missing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// The plan doesn't start.
    #[default]
    Fail,
    /// The step is left out, with the way to get the tool.
    Skip,
    /// The step fails as not evaluated: a scanner that isn't there is never green.
    NotEvaluated,
}

/// What a failure of the step means to the run.
#[derive(Clone, Debug, PartialEq)]
pub struct OnFailure {
    pub exit: Exit,
    /// Nothing behind it makes sense then, even in a plan that keeps going.
    pub is_final: bool,
    /// The next thing to do.
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Into the log file only; its end is shown when the step fails, and all of it with `-v`.
    Log,
    /// Shown as it comes, on stderr, and into the log file.
    Messages,
    /// What the step prints is what was asked for: on stdout, and into the log file.
    Data,
    /// What the step prints is a named file; its messages go into the log.
    File(PathBuf),
}

const AN_HOUR: Duration = Duration::from_secs(3600);

impl Plan {
    pub fn new(stage: &str, steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = steps.into_iter().collect();
        Plan { stage: stage.to_owned(), steps, keeps_going: false, leaves_evidence: true }
    }

    pub fn keep_going(mut self) -> Self {
        self.keeps_going = true;
        self
    }

    pub fn without_evidence(mut self) -> Self {
        self.leaves_evidence = false;
        self
    }

    /// References to steps that aren't in it: what they clean up would never be cleaned up.
    pub fn dangling(&self) -> Vec<&StepId> {
        let referred = self.steps.iter().filter_map(|step| step.when.of());
        referred.filter(|id| !self.steps.iter().any(|step| step.name == id.0)).collect()
    }

    /// The name of its record and the start of its logs' names: `test fuzz` is `test-fuzz`.
    pub fn slug(&self) -> String {
        slug(&self.stage)
    }
}

pub fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

impl When {
    pub fn of(&self) -> Option<&StepId> {
        match self {
            When::Normally => None,
            When::Cleanup { of } | When::Rollback { of } => Some(of),
        }
    }
}

impl StepId {
    pub fn is_of(&self, name: &str) -> bool {
        self.0 == name
    }
}

impl Step {
    pub fn run(name: &str, command: Cmd<'_>) -> Self {
        Self::new(name, Action::Run(Process::of(command)))
    }

    pub fn serve(name: &str, command: Cmd<'_>) -> Self {
        Self::new(name, Action::Serve(Process::of(command)))
    }

    pub fn task(name: &str, task: impl Fn(&mut Ctx) -> Result<()> + 'static) -> Self {
        Self::new(name, Action::Task(Box::new(task)))
    }

    fn new(name: &str, action: Action) -> Self {
        Step {
            name: name.to_owned(),
            why: String::new(),
            action,
            changes: None,
            needs: Needs::default(),
            within: AN_HOUR,
            skipped: None,
            when: When::Normally,
            verdict: Verdict::Success,
            failure: OnFailure { exit: Exit::Failed, is_final: false, next: None },
            leaves: Vec::new(),
        }
    }

    pub fn id(&self) -> StepId {
        StepId(self.name.clone())
    }

    /// What it runs, if that is a process.
    pub fn process(&self) -> Option<&Process> {
        match &self.action {
            Action::Run(process) | Action::Serve(process) => Some(process),
            Action::Task(_) => None,
        }
    }

    fn in_process(mut self, change: impl FnOnce(&mut Process)) -> Self {
        match &mut self.action {
            Action::Run(process) | Action::Serve(process) => change(process),
            Action::Task(_) => {}
        }
        self
    }

    /// The plan of the stage that it starts.
    pub fn inside(&self) -> Option<&Plan> {
        self.process()?.inside.as_ref()
    }

    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    pub fn changes(mut self, what: impl Into<String>) -> Self {
        self.changes = Some(what.into());
        self
    }

    pub fn needs(mut self, tools: &[&'static str]) -> Self {
        self.needs.tools.extend(tools);
        self
    }

    pub fn within(mut self, seconds: u64) -> Self {
        self.within = Duration::from_secs(seconds);
        self
    }

    pub fn skip_if(mut self, condition: bool, reason: impl Into<String>) -> Self {
        if condition && self.skipped.is_none() {
            self.skipped = Some(reason.into());
        }
        self
    }

    /// Needs them, and says what it means that one of them is missing.
    pub fn needs_or(mut self, missing: Missing, tools: &[&'static str], machine: &Machine) -> Self {
        self.needs.missing = missing;
        let absent = tools.iter().find(|tool| missing == Missing::Skip && !machine.has(tool));
        let reason = absent.map(|tool| format!("not installed: {}", crate::tools::remedy(tool)));
        self.needs(tools).skip_if(reason.is_some(), reason.unwrap_or_default())
    }

    /// Left out, with the reason, where the tool isn't there.
    pub fn optional(self, tool: &'static str, machine: &Machine) -> Self {
        self.needs_or(Missing::Skip, &[tool], machine)
    }

    /// Left out where one isn't there, or failing there where all are required.
    pub fn wanting(self, tools: &[&'static str], are_required: bool, machine: &Machine) -> Self {
        let missing = if are_required { Missing::Fail } else { Missing::Skip };
        self.needs_or(missing, tools, machine)
    }

    pub fn scanner(self, tool: &'static str, machine: &Machine) -> Self {
        self.needs_or(Missing::NotEvaluated, &[tool], machine)
    }

    pub fn essential(mut self) -> Self {
        self.failure.is_final = true;
        self
    }

    /// It removes what that step makes.
    pub fn cleaning_up(mut self, step: &Step) -> Self {
        self.when = When::Cleanup { of: step.id() };
        self
    }

    /// After a failure it brings back what was there when that step began.
    pub fn rolling_back(mut self, step: &Step) -> Self {
        self.when = When::Rollback { of: step.id() };
        self
    }

    /// How the run ends when this step ends with an error.
    pub fn failing_as(mut self, exit: Exit) -> Self {
        self.failure.exit = exit;
        self
    }

    pub fn then(self, task: impl Fn(&mut Ctx) -> Result<()> + 'static) -> Self {
        self.in_process(|process| process.then = Some(Box::new(task)))
    }

    pub fn explaining(self, explain: Explain) -> Self {
        self.in_process(|process| process.explain = Some(explain))
    }

    pub fn answering(mut self, codes: &'static [i32]) -> Self {
        self.verdict = Verdict::Codes(codes);
        self
    }

    pub fn next(mut self, remedy: impl Into<String>) -> Self {
        self.failure.next = Some(remedy.into());
        self
    }

    pub fn showing_messages(self) -> Self {
        self.in_process(|process| process.output = Output::Messages)
    }

    pub fn showing_data(self) -> Self {
        self.in_process(|process| process.output = Output::Data)
    }

    pub fn into_file(self, file: impl Into<PathBuf>) -> Self {
        self.in_process(|process| process.output = Output::File(file.into()))
    }

    pub fn counting_tests(mut self) -> Self {
        self.verdict = Verdict::Tests;
        self
    }

    pub fn leaves(mut self, file: impl Into<PathBuf>) -> Self {
        self.leaves.push(file.into());
        self
    }

    pub fn around(self, plan: Plan) -> Self {
        self.in_process(|process| process.inside = Some(plan))
    }

    /// The line that a person would type; none for what only this program does.
    pub fn command(&self, root: &Path) -> Option<String> {
        let tail = if matches!(self.action, Action::Serve(_)) { " &" } else { "" };
        let process = self.process()?;
        let redirect = match &process.output {
            Output::File(file) => format!(" > {}", quoted(&inside(root, file))),
            Output::Log | Output::Messages | Output::Data => String::new(),
        };
        Some(format!("{}{redirect}{tail}", process.what.line(root)))
    }
}

impl Process {
    fn of(command: Cmd<'_>) -> Self {
        Process { what: Invocation::from(command), output: Output::Log, explain: None, then: None, inside: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use xshell::cmd;

    #[test]
    fn a_step_prints_as_a_line_that_a_shell_understands() {
        let machine = Machine::pretend(&[]);
        let program = machine.built("wayfare", Profile::Debug);
        let (data, note) = (machine.root.join("my data"), "it's");
        let command = cmd!(machine.sh, "{program} serve --data-dir {data} --note {note}").env("A", "b c");
        let line = Step::run("serve", command).into_file(machine.scratch("out")).command(&machine.root);
        let expected = r"A='b c' target/debug/wayfare serve --data-dir 'my data' --note 'it'\''s' > target/xtask/out";
        assert_eq!(line.as_deref(), Some(expected));
    }

    #[test]
    fn a_step_elsewhere_says_where() {
        let machine = Machine::pretend(&[]);
        machine.sh.change_dir("bench");
        let step = Step::serve("serve", cmd!(machine.sh, "make all"));
        assert_eq!(step.command(&machine.root).as_deref(), Some("(cd bench && make all) &"));
    }

    #[test]
    fn a_reference_to_a_step_that_is_not_in_the_plan_is_found() {
        let make = Step::task("make", |_| Ok(()));
        let away = || Step::task("away", |_| Ok(())).cleaning_up(&make);
        assert_eq!(Plan::new("a", [away()]).dangling(), [&make.id()]);
        let away = away();
        assert!(Plan::new("a", [make, away]).dangling().is_empty());
    }
}
