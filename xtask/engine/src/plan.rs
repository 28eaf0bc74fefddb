//! A plan: the steps of a stage as data. It is printed, tested, run, timed and recorded, and it runs nothing itself.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use xshell::Cmd;

use crate::ctx::Ctx;
use crate::exit::{Exit, Failure};
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
    pub output: Output,
    /// What differs afterwards, where that is more than files under `target/`.
    pub changes: Option<String>,
    /// Tools that have to be there before the first step starts.
    pub needs: Vec<&'static str>,
    pub within: Duration,
    /// Why it is left out here.
    pub skipped: Option<String>,
    /// When it fails, nothing behind it makes sense, even in a plan that keeps going.
    pub is_essential: bool,
    /// It takes away what the step of this name made: once that has begun it runs, whatever failed, and after Ctrl-C.
    pub undoes: Option<&'static str>,
    /// It runs after a failure only, and what it put back is as it was: the run ends as rolled back.
    pub puts_back: bool,
    /// How the run ends when what it starts ends with an error.
    pub means: Exit,
    /// Codes by which what it starts only tells that it found something: its report is judged later.
    pub answers: Vec<i32>,
    /// Done in the same step once what it runs has ended well.
    pub then: Option<Task>,
    /// The next thing to do when it fails.
    pub next: Option<String>,
    /// It runs tests: they are counted, and none at all is a failure.
    pub counts_tests: bool,
    /// Files that it makes; evidence holds their digests.
    pub leaves: Vec<PathBuf>,
    /// The plan of the stage that it starts.
    pub inside: Option<Plan>,
}

pub enum Action {
    /// Run it to its end.
    Run(Invocation),
    /// Start it and go on; it is stopped when the plan ends.
    Serve(Invocation),
    /// Do it in this process.
    Task(Task),
}

pub type Task = Box<dyn Fn(&mut Ctx) -> Result<()>>;

#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    pub program: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub dir: PathBuf,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Into the log file only; people see its end when the step fails, and all of it with `-v`.
    Log,
    /// To people as it comes, on stderr, and into the log file.
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

    /// The name of its record and the start of its logs' names: `test fuzz` is `test-fuzz`.
    pub fn slug(&self) -> String {
        slug(&self.stage)
    }
}

pub fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

impl Step {
    pub fn run(name: &str, command: Cmd<'_>) -> Self {
        Self::new(name, Action::Run(Invocation::from(command)))
    }

    pub fn serve(name: &str, command: Cmd<'_>) -> Self {
        Self::new(name, Action::Serve(Invocation::from(command)))
    }

    pub fn task(name: &str, task: impl Fn(&mut Ctx) -> Result<()> + 'static) -> Self {
        Self::new(name, Action::Task(Box::new(task)))
    }

    fn new(name: &str, action: Action) -> Self {
        Step {
            name: name.to_owned(),
            why: String::new(),
            action,
            output: Output::Log,
            changes: None,
            needs: Vec::new(),
            within: AN_HOUR,
            skipped: None,
            is_essential: false,
            undoes: None,
            puts_back: false,
            means: Exit::Failed,
            answers: Vec::new(),
            then: None,
            next: None,
            counts_tests: false,
            leaves: Vec::new(),
            inside: None,
        }
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
        self.needs.extend(tools);
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

    /// Left out, and said so, where the tool isn't there.
    pub fn optional(self, tool: &'static str, machine: &Machine) -> Self {
        let reason = format!("not installed: {}", crate::tools::remedy(tool));
        self.needs(&[tool]).skip_if(!machine.has(tool), reason)
    }

    /// Left out where one isn't there, or failing there where all are required.
    pub fn wanting(self, tools: &[&'static str], are_required: bool, machine: &Machine) -> Self {
        match are_required {
            true => self.needs(tools),
            false => tools.iter().fold(self, |step, tool| step.optional(tool, machine)),
        }
    }

    /// Without the tool it fails as not judged: a scanner that isn't there is never green.
    pub fn scanner(mut self, tool: &'static str, machine: &Machine) -> Self {
        if !machine.has(tool) {
            let absent = move || Failure::new(Exit::NotJudged, "not installed").next(crate::tools::remedy(tool));
            self.action = Action::Task(Box::new(move |_| Err(absent().into())));
        }
        self
    }

    pub fn essential(mut self) -> Self {
        self.is_essential = true;
        self
    }

    pub fn undoing(mut self, step: &'static str) -> Self {
        self.undoes = Some(step);
        self
    }

    /// As `undoing`, but for a run that failed.
    pub fn putting_back(self, step: &'static str) -> Self {
        Step { puts_back: true, ..self.undoing(step) }
    }

    pub fn failing_as(mut self, exit: Exit) -> Self {
        self.means = exit;
        self
    }

    pub fn then(mut self, task: impl Fn(&mut Ctx) -> Result<()> + 'static) -> Self {
        self.then = Some(Box::new(task));
        self
    }

    pub fn answering(mut self, codes: &[i32]) -> Self {
        self.answers.extend(codes);
        self
    }

    pub fn next(mut self, remedy: impl Into<String>) -> Self {
        self.next = Some(remedy.into());
        self
    }

    pub fn showing_messages(mut self) -> Self {
        self.output = Output::Messages;
        self
    }

    pub fn showing_data(mut self) -> Self {
        self.output = Output::Data;
        self
    }

    pub fn into_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.output = Output::File(file.into());
        self
    }

    pub fn counting_tests(mut self) -> Self {
        self.counts_tests = true;
        self
    }

    pub fn leaves(mut self, file: impl Into<PathBuf>) -> Self {
        self.leaves.push(file.into());
        self
    }

    pub fn around(mut self, plan: Plan) -> Self {
        self.inside = Some(plan);
        self
    }

    /// The line that a person would type; none for what only this program does.
    pub fn command(&self, root: &Path) -> Option<String> {
        let (invocation, tail) = match &self.action {
            Action::Run(invocation) => (invocation, ""),
            Action::Serve(invocation) => (invocation, " &"),
            Action::Task(_) => return None,
        };
        let redirect = match &self.output {
            Output::File(file) => format!(" > {}", quoted(&inside(root, file))),
            Output::Log | Output::Messages | Output::Data => String::new(),
        };
        Some(format!("{}{redirect}{tail}", invocation.line(root)))
    }
}

impl Invocation {
    fn line(&self, root: &Path) -> String {
        let mut words: Vec<String> =
            self.env.iter().map(|(k, v)| format!("{k}={}", quoted(&inside(root, Path::new(v))))).collect();
        words.push(quoted(&inside(root, Path::new(&self.program))));
        words.extend(self.args.iter().map(|arg| quoted(&inside(root, Path::new(arg)))));
        let line = words.join(" ");
        if self.dir == root {
            return line;
        }
        format!("(cd {} && {line})", quoted(&inside(root, &self.dir)))
    }
}

impl From<Cmd<'_>> for Invocation {
    fn from(command: Cmd<'_>) -> Self {
        let command = Command::from(command);
        let text = |text: &OsStr| text.to_string_lossy().into_owned();
        let set = |(key, value): (&OsStr, Option<&OsStr>)| Some((text(key), text(value?)));
        Invocation {
            program: text(command.get_program()),
            args: command.get_args().map(text).collect(),
            env: command.get_envs().filter_map(set).collect(),
            dir: command.get_current_dir().map(Path::to_owned).unwrap_or_default(),
        }
    }
}

fn inside(root: &Path, path: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.display().to_string(),
        _ => path.display().to_string(),
    }
}

/// The word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
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
}
