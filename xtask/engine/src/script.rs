//! A plan on paper: `--dry-run` as a script that a person can copy from, or as JSON.

use anyhow::Result;
use serde_json::{Value, json};

use crate::machine::Machine;
use crate::plan::{Plan, Step};

pub fn text(plan: &Plan, machine: &Machine) -> String {
    let mut script =
        format!("# cargo xtask {}: {} steps, run in {}\n", plan.stage, plan.steps.len(), "the root of the clone");
    for (index, step) in plan.steps.iter().enumerate() {
        script += &format!("\n# {}. {}: {}\n", index + 1, step.name, step.why);
        script += &comments(step, machine);
        script += &match (step.command(&machine.root), &step.skipped) {
            (Some(command), None) => format!("{command}\n"),
            (Some(command), Some(reason)) => format!("# skipped: {reason}\n# {command}\n"),
            (None, None) => "# (done by xtask itself)\n".to_owned(),
            (None, Some(reason)) => format!("# skipped: {reason}\n"),
        };
        if let Some(inside) = step.inside() {
            script += &outline(inside);
        }
    }
    script
}

fn comments(step: &Step, machine: &Machine) -> String {
    let mut lines = String::new();
    if let Some(changes) = &step.changes {
        lines += &format!("#    changes: {changes}\n");
    }
    let missing: Vec<_> = crate::ctx::needs(step).into_iter().filter(|tool| !machine.has(tool)).collect();
    if !missing.is_empty() && step.skipped.is_none() {
        lines += &format!("#    missing here: {}\n", missing.join(", "));
    }
    lines
}

/// The steps of a stage inside a stage: one line each.
fn outline(plan: &Plan) -> String {
    let line = |step: &Step| {
        let skipped = step.skipped.as_ref().map(|reason| format!(" (skipped: {reason})"));
        format!("#      {}{}\n", step.name, skipped.unwrap_or_default())
    };
    plan.steps.iter().map(line).collect()
}

pub fn json(plan: &Plan, machine: &Machine) -> Result<String> {
    Ok(serde_json::to_string_pretty(&value(plan, machine))? + "\n")
}

fn value(plan: &Plan, machine: &Machine) -> Value {
    let steps: Vec<_> = plan.steps.iter().map(|step| step_value(step, machine)).collect();
    json!({ "schema": crate::evidence::SCHEMA, "stage": plan.stage, "steps": steps })
}

fn step_value(step: &Step, machine: &Machine) -> Value {
    json!({
        "name": step.name,
        "why": step.why,
        "command": step.command(&machine.root),
        "changes": step.changes,
        "needs": crate::ctx::needs(step),
        "within_seconds": step.within.as_secs(),
        "skipped": step.skipped,
        "leaves": step.leaves.iter().map(|file| machine.shown(file)).collect::<Vec<_>>(),
        "inside": step.inside().map(|plan| value(plan, machine)),
    })
}
