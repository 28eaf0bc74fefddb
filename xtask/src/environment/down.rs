//! `down`: the end of an environment, with the proof that nothing of it is left.

use anyhow::{Result, ensure};
use clap::{ArgGroup, Args};
use stages::cli::Stage;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};

use super::Environment;

/// Remove what `up --compose` or `deploy` started, including data, and check that nothing is left.
#[derive(Args)]
#[command(group(ArgGroup::new("what").args(["compose", "env"]).required(true)))]
pub struct Down {
    /// Remove what `up --compose` started
    #[arg(long)]
    compose: bool,
    /// Remove what `deploy` started in that environment
    #[arg(long, value_name = "ENVIRONMENT")]
    env: Option<String>,
    /// Keep volumes and secrets for the next deployment
    #[arg(long)]
    keep_data: bool,
    /// Confirm the removal of a protected environment
    #[arg(long)]
    yes: bool,
}

impl Stage for Down {
    const NAME: &'static str = "down";
    const EXAMPLE: &'static str = "down --compose";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let (stage, environment) = match &self.env {
            Some(name) => (format!("down --env {name}"), Environment::named(name, machine)?),
            None => ("down --compose".to_owned(), Environment::local("docker", machine)?),
        };
        let effect = if self.keep_data {
            "the environment stops serving"
        } else {
            "the environment stops serving, and its data is deleted"
        };
        let target = &environment.target;
        let steps = environment.confirmed(self.yes, effect).into_iter();
        let steps = steps
            .chain([environment.locked()])
            .chain(target.reach(machine))
            .chain(target.remove(self.keep_data, machine))
            .chain([nothing_is_left(&environment, self.keep_data)]);
        Ok(Plan::new(&stage, steps))
    }
}

fn nothing_is_left(environment: &Environment, keeps_data: bool) -> Step {
    let target = environment.target.clone();
    let proof = Step::task("nothing is left", move |ctx| {
        let left = target.left(keeps_data, ctx.machine)?;
        ctx.data.insert("left".into(), left.clone().into());
        ensure!(left.is_empty(), Failure::check(format!("still there: {}", left.join(", "))));
        Ok(())
    });
    proof.why("leftovers use memory, disk and a port").next("remove the named objects by hand, then run it again")
}

#[cfg(test)]
mod tests {
    use stages::script;

    use super::*;
    use crate::plan_for;

    #[test]
    fn only_a_down_that_keeps_no_data_deletes_it() {
        let machine = Machine::pretend(&["docker"]);
        let text = |words: &[&str]| script::text(&plan_for(words, &machine).unwrap(), &machine);
        assert!(text(&["down", "--compose"]).contains("--volumes"));
        assert!(text(&["down", "--env", "staging"]).contains("--project-name wayfare-staging --profile '*' down"));
        let kept = text(&["down", "--compose", "--keep-data"]);
        assert!(!kept.contains("--volumes") && !kept.contains("deletes"), "{kept}");
    }
}
