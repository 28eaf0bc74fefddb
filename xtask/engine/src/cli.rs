//! The command line: what a stage is to it, the help pages, and the way from arguments to an exit code.

use std::ffi::OsString;
use std::sync::Arc;

use anyhow::Result;
use clap::builder::styling::{AnsiColor, Style, Styles};
use clap::{Arg, ArgAction, ArgMatches, Args, Command};
use serde_json::json;

use crate::ctx::Ctx;
use crate::evidence::SCHEMA;
use crate::exit::{Exit, Failure};
use crate::machine::Machine;
use crate::plan::Plan;
use crate::screen::{Look, Screen};
use crate::script;

/// One thing done to the clone or to a place. Its doc comment is its help.
pub trait Stage: Args {
    const NAME: &'static str;
    /// What comes behind `cargo xtask` in the example of its help page.
    const EXAMPLE: &'static str;

    /// Pure: the same arguments and the same machine give the same plan.
    fn plan(&self, machine: &Machine) -> Result<Plan>;
}

#[derive(Clone, Copy, PartialEq)]
pub enum Group {
    Run,
    Check,
    Keep,
}

impl Group {
    const ALL: [Group; 3] = [Group::Run, Group::Check, Group::Keep];

    fn title(self) -> &'static str {
        match self {
            Group::Run => "Run",
            Group::Check => "Check",
            Group::Keep => "Generate and record",
        }
    }
}

/// A stage without its type, so that they can stand in a list.
pub struct Entry {
    pub name: &'static str,
    group: Group,
    /// What comes behind `cargo xtask` on its help page.
    pub example: &'static str,
    arguments: fn(Command) -> Command,
    plan: fn(&ArgMatches, &Machine) -> Result<Plan>,
}

impl Entry {
    pub const fn of<S: Stage>(group: Group) -> Self {
        Entry { name: S::NAME, group, example: S::EXAMPLE, arguments: S::augment_args, plan: plan_of::<S> }
    }

    fn command(&self) -> Command {
        let bold = Style::new().bold();
        let example = format!("{bold}Example:{bold:#}\n  cargo xtask {}", self.example);
        (self.arguments)(Command::new(self.name)).after_help(example)
    }
}

fn plan_of<S: Stage>(matches: &ArgMatches, machine: &Machine) -> Result<Plan> {
    S::from_arg_matches(matches)?.plan(machine)
}

/// The plan that a command line leads to; stages use it for those that they contain.
pub fn plan_for(stages: &[Entry], words: &[&str], machine: &Machine) -> Result<Plan> {
    let matches = command(stages).try_get_matches_from(["xtask"].iter().chain(words))?;
    let (entry, rest) = chosen(stages, &matches);
    (entry.plan)(rest, machine)
}

fn chosen<'a>(stages: &'a [Entry], matches: &'a ArgMatches) -> (&'a Entry, &'a ArgMatches) {
    let stage = |(name, rest)| Some((stages.iter().find(|entry| entry.name == name)?, rest));
    matches.subcommand().and_then(stage).expect("clap requires one of the stages")
}

pub fn command(stages: &[Entry]) -> Command {
    let bold = Style::new().bold();
    let codes = format!("{bold}Exit codes:{bold:#}\n{}", Exit::table());
    let first = "New here? `cargo xtask doctor`, then `cargo xtask up`.";
    Command::new("xtask")
        .bin_name("cargo xtask")
        .about("Build, check, deploy and operate Wayfare.")
        .help_template(format!(
            "{{about}}\n\n{{usage-heading}} {{usage}}\n{}\n{bold}Options:{bold:#}\n{{options}}{{after-help}}",
            groups(stages)
        ))
        .after_help(format!("{codes}\n{first}"))
        .styles(styles())
        .term_width(100)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .infer_subcommands(true)
        .args([
            flag("dry-run", "Print the steps as commands without running them"),
            flag("json", "Print one JSON document on stdout (described in docs/reference/xtask.md)"),
            flag("verbose", "Show all output of the steps").short('v'),
            flag("help", "Print help").short('h').action(ArgAction::HelpShort),
        ])
        .subcommands(stages.iter().map(Entry::command))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    let heading = "Every command";
    Arg::new(name)
        .long(name)
        .help(help)
        .action(ArgAction::SetTrue)
        .global(true)
        .help_heading(heading)
        .display_order(900)
}

fn groups(stages: &[Entry]) -> String {
    let (bold, cyan) = (Style::new().bold(), AnsiColor::Cyan.on_default());
    let mut text = String::new();
    for group in Group::ALL {
        text += &format!("\n{bold}{}:{bold:#}\n", group.title());
        for entry in stages.iter().filter(|entry| entry.group == group) {
            let about = entry.command().get_about().map(ToString::to_string).unwrap_or_default();
            text += &format!("  {cyan}{:<10}{cyan:#} {about}\n", entry.name);
        }
    }
    text
}

fn styles() -> Styles {
    let bold = Style::new().bold();
    Styles::styled().header(bold).usage(bold).literal(AnsiColor::Cyan.on_default()).placeholder(Style::new().dimmed())
}

pub fn main(stages: &[Entry]) -> Exit {
    run(stages, std::env::args_os()).unwrap_or_else(|usage| {
        let _ = usage.print();
        Exit::of_code(usage.exit_code())
    })
}

fn run(stages: &[Entry], words: impl Iterator<Item = OsString>) -> Result<Exit, clap::Error> {
    let matches = command(stages).try_get_matches_from(words)?;
    let (entry, rest) = chosen(stages, &matches);
    let look = Look::of_environment(rest.get_flag("json"), rest.get_flag("verbose"));
    carry_out(entry, rest, look).or_else(|error| match error.downcast::<clap::Error>() {
        Ok(usage) => Err(usage),
        Err(error) => Ok(complain(entry.name, Failure::from_any(error), look)),
    })
}

fn carry_out(entry: &Entry, rest: &ArgMatches, look: Look) -> Result<Exit> {
    let machine = Machine::look()?;
    let plan = (entry.plan)(rest, &machine)?;
    let screen = Arc::new(Screen::new(look));
    if rest.get_flag("dry-run") {
        let script = match look.json {
            true => script::json(&plan, &machine)?,
            false => script::text(&plan, &machine),
        };
        screen.data(script.trim_end());
        return Ok(Exit::Ok);
    }
    let record = Ctx::new(&machine, screen.clone()).run(&plan)?;
    if look.json {
        screen.data(&serde_json::to_string_pretty(&record)?);
    }
    Ok(record.result)
}

/// What went wrong before there was a run to record.
fn complain(stage: &str, failure: Failure, look: Look) -> Exit {
    let (screen, exit, error) = (Screen::new(look), failure.exit, &failure.message);
    let next = failure.next.as_deref().unwrap_or("cargo xtask --help");
    screen.failed(&[], None, error, next);
    if look.json {
        let document = json!({
            "schema": SCHEMA,
            "stage": stage,
            "result": exit,
            "exit": exit as u8,
            "error": error,
            "next": next,
        });
        screen.data(&format!("{document:#}"));
    }
    exit
}
