//! `deploy`: an image to an environment. It is verified, set beside what runs, asked for its commit, and only then takes
//! over; or else everything is as it was, and the run ends as rolled back. docs/adr/0013 and 0014 say why it is done so.

use anyhow::{Result, ensure};
use clap::Args;
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::release::{Release, Strategy};
use super::{Environment, Target, gitops, promotion};
use crate::image::{self, Account, Image, Signed};

/// Deploy an image to an environment without downtime; roll back if it fails.
///
/// Environments and their settings: docs/environments.md. Steps and troubleshooting:
/// docs/operations.md.
#[derive(Args)]
pub struct Deploy {
    /// Image reference with digest [default: the last one pushed or found]. Unsigned environments also accept a local
    /// tag [default: WAYFARE_IMAGE, else wayfare:local]
    #[arg(value_name = "IMAGE")]
    image: Option<String>,
    /// A folder of k8s/overlays
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Rollout strategy; docs/environments.md says which targets support which
    #[arg(long, value_enum, default_value = "rolling")]
    strategy: Strategy,
    /// Confirm a deployment to a protected environment
    #[arg(long)]
    yes: bool,
    /// Fill an empty database with the demo city, whose passwords are public
    #[arg(long)]
    seed: bool,
    /// Run docs/tour.md against the new version before the old one is removed; roll back if it fails
    #[arg(long, requires = "seed")]
    tour: bool,
    /// Don't touch the cluster: commit the digest to the branch that Argo CD follows
    #[arg(long, conflicts_with_all = ["strategy", "seed", "tour"])]
    gitops: bool,
    #[command(flatten)]
    signed: Signed,
}

impl Stage for Deploy {
    const NAME: &'static str = "deploy";
    const EXAMPLE: &'static str = "deploy --env dev wayfare:local";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let environment = Environment::named(&self.env, machine)?;
        let image = image(self.image.as_deref(), &environment, machine)?;
        if self.gitops {
            return gitops::deploy(&environment, &image, self.yes, &self.signed, machine);
        }
        gitops::is_not_delivered(&environment, machine)?;
        let release = Release::new(image, self.strategy, &environment)?;
        let rollout = Rollout { environment, release, seed: self.seed, tour: self.tour };
        let steps = rollout.steps(self.yes, &self.signed, machine)?;
        Ok(Plan::new(&format!("deploy --env {}", self.env), steps))
    }
}

/// The image that is meant where none, or this one, is named.
pub fn image(named: Option<&str>, environment: &Environment, machine: &Machine) -> Result<Image> {
    if !environment.signed {
        let usual = || machine.variable("WAYFARE_IMAGE").unwrap_or(image::TAG);
        return Ok(Image::from(named.unwrap_or_else(usual).to_owned()));
    }
    let Some(named) = named else { return Ok(image::current(machine)?.into()) };
    // The argument is right; the environment doesn't take it.
    let refused = |why| {
        Failure::new(Exit::Refused, format!("{named} doesn't get into {}: {why}", environment.name))
            .next("cargo xtask image find prints the digest of this commit's image")
    };
    Ok(Image::Pinned(named.parse().map_err(refused)?))
}

/// A release on its way into its environment: the same for `deploy`, `rollback` and `up`.
pub struct Rollout {
    pub environment: Environment,
    pub release: Release,
    pub seed: bool,
    pub tour: bool,
}

impl Rollout {
    pub fn steps(&self, yes: bool, signed: &Signed, machine: &Machine) -> Result<Vec<Step>> {
        let Rollout { environment, release, .. } = self;
        let refused = || format!("{} gets no accounts whose passwords are public", environment.name);
        let is_public = self.seed && environment.protected;
        ensure!(!is_public, Failure::new(Exit::Refused, refused()).next("leave out --seed"));
        let target = &environment.target;
        let [built, tour] = tour(target.as_ref(), machine).map(|step| self.tour.then_some(step));
        let steps = environment.confirmed(yes, "its users' version is replaced").into_iter();
        let begun = self.begun();
        let rolled_back = self.rolled_back(&begun);
        Ok(steps
            .chain(target.reach(machine))
            .chain([environment.locked(), self.recovered()])
            .chain(self.fetched(signed, machine))
            .chain(built)
            .chain(target.prepare(release, machine))
            .chain([begun])
            .chain(target.migrate(release, machine))
            .chain(target.roll(release, machine))
            .chain(self.seed.then(|| target.seed(release, machine)))
            .chain([self.smoked()])
            .chain(tour)
            .chain([self.finished(), rolled_back])
            .collect())
    }

    /// A signature counts only where it was checked in the same run.
    fn fetched(&self, signed: &Signed, machine: &Machine) -> Vec<Step> {
        let fetch = |account: &Account| self.environment.target.fetch(&self.release.image, account, machine);
        match &self.release.image {
            Image::Pinned(image) if self.environment.signed => {
                let proven = promotion::proven(&self.environment, image, signed, machine);
                signed.steps(machine, image, |account| Some(fetch(account))).into_iter().chain(proven).collect()
            }
            _ => vec![fetch(signed.account())],
        }
    }

    fn task(&self, name: &str, task: fn(&dyn Target, &mut Ctx, &Release) -> Result<()>) -> Step {
        let (target, release) = (self.environment.target.clone(), self.release.clone());
        Step::task(name, move |ctx| task(target.as_ref(), ctx, &release))
    }

    fn recovered(&self) -> Step {
        self.task("recover", |target, ctx, _| target.recover(ctx))
            .why("an interrupted deployment is rolled back first")
            .next("`cargo xtask status --env …` shows which version runs")
    }

    fn begun(&self) -> Step {
        let environment = self.environment.name.clone();
        let begin = self.task("begin", |target, ctx, release| target.begin(ctx, release));
        begin
            .why("records the running version for a rollback")
            .changes(format!("marks a deployment as in progress in {environment}"))
    }

    fn smoked(&self) -> Step {
        let address = self.environment.target.address();
        self.task("smoke test", |target, ctx, release| target.smoke(ctx, release))
            .why(format!("checks the page and the shops at {address}, and each replica's commit"))
            .next("see the logs of the service")
    }

    fn finished(&self) -> Step {
        self.task("finish", |target, ctx, release| target.finish(ctx, release))
            .why("records the new version as running, and removes the old one")
            .changes("removes the old version")
    }

    fn rolled_back(&self, begun: &Step) -> Step {
        self.task("roll back", |target, ctx, _| target.roll_back(ctx))
            .why("after a failure the old version serves again, and the new one is removed")
            .next("`cargo xtask rollback --env …` returns to the previous version")
            .rolling_back(begun)
    }
}

/// Built before anything is touched: compiling takes minutes.
fn tour(target: &dyn Target, machine: &Machine) -> [Step; 2] {
    let words = ["test", "--workspace", "--locked", "--test", "faults"];
    let built = cmd!(machine.sh, "cargo {words...} --no-run");
    let built = Step::run("tour, built", built).why("before anything is changed");
    let tour = cmd!(machine.sh, "cargo {words...} tour").env("WAYFARE_TOUR_AT", target.address());
    let tour = Step::run("tour", tour)
        .why("runs docs/tour.md as written, as a user would")
        .changes("creates accounts and orders there")
        .counting_tests()
        .within(900);
    [built, tour]
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use stages::script;

    use super::*;
    use crate::{plan_for, script_of};

    #[test]
    fn a_strategy_that_the_target_lacks_is_refused_and_rolling_is_the_usual_one() {
        let machine = Machine::pretend(&["docker"]);
        let words = |strategy| ["deploy", "--env", "dev", "--strategy", strategy, "wayfare:local"];
        for strategy in ["blue-green", "canary"] {
            let failure = Failure::from_any(plan_for(&words(strategy), &machine).err().unwrap());
            assert_eq!(failure.exit, Exit::Refused);
            let message = format!("dev runs on docker, which has no {strategy} deployment");
            assert_eq!((failure.message, failure.next.as_deref()), (message, Some("--strategy rolling")));
        }
        plan_for(&words("rolling"), &machine).unwrap();
    }

    #[test]
    fn a_deployment_is_the_same_from_environment_to_environment_but_for_what_its_target_does() {
        let text = script_of(&["deploy", "--env", "dev", "wayfare:local"], &["docker"]);
        expect_file!["../../snapshots/deploy.txt"].assert_eq(&text);
    }

    #[test]
    fn tables_change_before_the_new_version_runs_and_after_what_runs_is_written_down() {
        let machine = Machine::pretend(&["docker"]);
        let plan = plan_for(&["deploy", "--env", "dev"], &machine).unwrap();
        let at = |name: &str| plan.steps.iter().position(|step| step.name == name).unwrap();
        let order = ["lock", "recover", "image", "begin", "migrate", "replicas", "smoke test", "finish", "roll back"];
        assert!(order.is_sorted_by_key(|name| at(name)), "{}", script::text(&plan, &machine));
    }
}
