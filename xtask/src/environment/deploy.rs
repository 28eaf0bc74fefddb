//! `deploy`: an image to an environment. It is verified, tried where nobody asks it, set beside what runs, asked for its
//! commit, and only then in its place; or else everything is as it was, and the run ends as rolled back.
//!
//! An environment is a machine with Docker so far, the one that this runs on; docs/adr/0013 says why it is done this way.

use std::cell::RefCell;
use std::fs::File;

use anyhow::Result;
use clap::Args;
use stages::cli::Stage;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, OVERLAYS};
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::compose;
use super::place::Place;
use super::roll::Roll;
use crate::build::demo::PASSWORD;
use crate::image::{self, Signed};

/// Bring an image to an environment, without a request that fails; or leave everything as it was.
///
/// Which environments there are, and what each states: docs/environments.md. What happens, and what to do when it doesn't:
/// docs/operations.md.
#[derive(Args)]
pub struct Deploy {
    /// REPOSITORY@DIGEST, what was pushed or found last when it isn't said; where it needn't be signed any image of this
    /// machine, and wayfare:local when it isn't said
    #[arg(value_name = "IMAGE")]
    image: Option<String>,
    /// A folder of k8s/overlays
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Go on where the environment asks first
    #[arg(long)]
    yes: bool,
    /// Fill an empty database with the demo city, whose passwords everybody knows
    #[arg(long)]
    seed: bool,
    /// Take docs/tour.md through the door before the old ones go; a tour that fails is put back
    #[arg(long, requires = "seed")]
    tour: bool,
    #[command(flatten)]
    signed: Signed,
}

impl Stage for Deploy {
    const NAME: &'static str = "deploy";
    const EXAMPLE: &'static str = "deploy --env dev wayfare:local";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let place = Place::named(&self.env, machine)?;
        let refused = || format!("{} gets no accounts whose passwords everybody knows", place.name);
        let is_for_people = self.seed && place.environment.asks_first;
        anyhow::ensure!(!is_for_people, Failure::new(Exit::Refused, refused()).next("leave out --seed"));
        let roll = Roll { image: self.image(&place, machine)?, place };
        let [built, tour] = tour(&roll, machine).map(|step| self.tour.then_some(step));
        let steps = roll
            .place
            .agreed(self.yes, "what people use is replaced")
            .into_iter()
            .chain(compose::daemon(machine))
            .chain(before(&roll))
            .chain(self.verified(&roll, machine))
            .chain(built)
            .chain(parts(&roll, machine))
            .chain(rolled(&roll))
            .chain(self.seed.then(|| seed(&roll, machine)))
            .chain([smoke(&roll)])
            .chain(tour)
            .chain(served(&roll));
        Ok(Plan::new(&format!("deploy --env {}", self.env), steps))
    }
}

impl Deploy {
    fn image(&self, place: &Place, machine: &Machine) -> Result<String> {
        if !place.environment.signed {
            return Ok(self.image.clone().unwrap_or_else(|| image::TAG.to_owned()));
        }
        let Some(named) = &self.image else { return Ok(image::current(machine)) };
        // The argument is right; the place doesn't take it.
        let refused = |why| {
            Failure::new(Exit::Refused, format!("{named} doesn't get into {}: {why}", place.name))
                .next("cargo xtask image find tells the digest under which this commit's was pushed")
        };
        Ok(image::by_digest(named).map_err(refused)?)
    }

    fn verified(&self, roll: &Roll, machine: &Machine) -> Vec<Step> {
        let image = &roll.image;
        if !roll.place.environment.signed {
            let there = Step::run("image", cmd!(machine.sh, "docker image inspect --format").arg("{{.Id}}").arg(image))
                .why("here it needn't be signed, and comes from nowhere else")
                .within(20)
                .next("cargo xtask image build");
            return vec![there];
        }
        self.signed.steps(machine, self.image.as_deref(), |account| {
            let pull = account.told(cmd!(machine.sh, "docker pull --quiet {image}"), machine);
            let pull = Step::run("pull", pull)
                .why("what was verified, by its digest")
                .changes(format!("the image {image} in Docker"))
                .within(900)
                .failing_as(Exit::Unreachable);
            Some(pull)
        })
    }
}

impl Place {
    /// Where people would notice, somebody has to say so.
    pub fn agreed(&self, yes: bool, what: &str) -> Option<Step> {
        let refused = format!("{} asks first: {what}", self.name);
        let ask = Step::task("agreed", move |_| match yes {
            true => Ok(()),
            false => Err(Failure::new(Exit::Refused, refused.clone()).next("the same with --yes").into()),
        });
        self.environment
            .asks_first
            .then(|| ask.why(format!("{OVERLAYS}/{}/env.toml says that it asks first", self.name)))
    }

    /// Held until the plan is gone.
    pub fn alone(&self) -> Step {
        let (place, held) = (self.clone(), RefCell::<Option<File>>::default());
        let lock = Step::task("alone", move |_| {
            *held.borrow_mut() = Some(place.lock()?);
            Ok(())
        });
        lock.why("one at a time").changes(format!("makes {} where it isn't there", self.state.display()))
    }
}

fn before(roll: &Roll) -> [Step; 2] {
    let half_way = roll.clone();
    let half_way = Step::task("half-way", move |ctx| match half_way.place.under_way()? {
        // Where nothing ran before there is nothing that could serve again.
        Some(left) => half_way.put_back(ctx).or_else(|error| if left.was.is_empty() { Ok(()) } else { Err(error) }),
        None => Ok(()),
    })
    .why("what was cut off the last time is put back first")
    .next("docker compose logs; what runs is what ran before the last deployment, or both");
    [roll.place.alone(), half_way]
}

/// Everything that the new version needs; the old one doesn't notice.
fn parts(roll: &Roll, machine: &Machine) -> Vec<Step> {
    let (place, image) = (&roll.place, &roll.image);
    let debian = image::stand_in(machine, "debian").map(|image| format!("DEBIAN={image}"));
    let args = ["PARTS=image".to_owned(), format!("IMAGE={image}")].into_iter().chain(debian);
    let args = args.flat_map(|arg| ["--build-arg".to_owned(), arg]);
    let tag = place.web("next");
    let web = cmd!(machine.sh, "docker build --quiet --file web/Dockerfile --tag {tag} {args...} .")
        .env("DOCKER_BUILDKIT", "1");
    let web = Step::run("web image", web)
        .why("the page of the image, behind the firewall")
        .changes(format!("the image {tag} in Docker"))
        .within(1200)
        .next("a base that can't be pulled has a stand-in: WAYFARE_BASE_DEBIAN=IMAGE");
    let (begin, folder) = (roll.clone(), place.secrets());
    let secrets = Step::task("secrets", move |_| compose::make_secrets(&folder))
        .why("each environment has its own, for as long as its database")
        .changes(format!("makes what isn't there in {}", place.secrets().display()));
    let begin = Step::task(BEGUN, move |ctx| begin.begin(ctx)).why("what there is, so that it can be put back");
    let databases = place.compose(machine, image, &["up", "--detach", "--wait", "--no-recreate", "postgres", "redis"]);
    let databases = Step::run("databases", databases)
        .why("they are started where they aren't, and left alone where they are")
        .changes(format!("containers, volumes and networks of {}", place.project))
        .within(300)
        .next("docker compose logs postgres redis");
    let migrate = place.compose(machine, image, &["run", "--rm", "--no-deps", "migrate"]);
    let migrate = Step::run("migrate", migrate)
        .why("tables first: the old version works with those of the next one")
        .changes("the database's tables; they aren't put back")
        .within(600)
        .next("its last lines say which migration, and why; mend it, build, deploy again");
    vec![web, secrets, begin, databases, migrate]
}

const BEGUN: &str = "from and to";

fn rolled(roll: &Roll) -> [Step; 4] {
    let (trial, replicas, worker, web) = (roll.clone(), roll.clone(), roll.clone(), roll.clone());
    let count = roll.place.environment.docker.replicas;
    let trial = Step::task("trial", move |ctx| trial.trial(ctx))
        .why("on the real database, by no name that people come to: what fails, fails unnoticed")
        .changes("one container, for a moment")
        .next("its last lines say why; cargo xtask image measure runs the image by itself");
    let replicas = Step::task("replicas", move |ctx| replicas.replicas(ctx))
        .why("each new one answers as the image's commit before an old one ends")
        .changes(format!("{count} replicas of the new version, in place of the old ones"));
    let worker = Step::task("worker", move |ctx| worker.worker(ctx))
        .why("a new one beside the old one, which then ends what it is doing")
        .changes("the worker");
    let web = Step::task("web", move |ctx| web.web(ctx))
        .why("only where the page or nginx is another: then the door is shut for a moment")
        .changes("the web tier, where it is another");
    [trial, replicas, worker, web].map(|step| step.needs(&["docker"]))
}

fn seed(roll: &Roll, machine: &Machine) -> Step {
    let password = format!("WAYFARE_SEED_PASSWORD={PASSWORD}");
    let words = ["run", "--rm", "--no-deps", "--env", &password, "migrate", "seed", "--if-empty"];
    Step::run("seed", roll.place.compose(machine, &roll.image, &words))
        .why("a shop without shops shows nothing")
        .changes("adds the demo city, once")
        .within(300)
}

/// Built before anything is touched: compiling takes minutes.
fn tour(roll: &Roll, machine: &Machine) -> [Step; 2] {
    let words = ["test", "--workspace", "--locked", "--test", "faults"];
    let built =
        Step::run("tour, built", cmd!(machine.sh, "cargo {words...} --no-run")).why("before anything is touched");
    let door = format!("http://127.0.0.1:{}", roll.place.environment.docker.door);
    let tour = cmd!(machine.sh, "cargo {words...} tour").env("WAYFARE_TOUR_AT", door);
    let tour = Step::run("tour", tour)
        .why("docs/tour.md as it is written: what people do, they can do")
        .changes("makes accounts and orders there")
        .counting_tests()
        .within(900);
    [built, tour]
}

fn smoke(roll: &Roll) -> Step {
    let (smoke, door) = (roll.clone(), roll.place.environment.docker.door);
    Step::task("smoke", move |ctx| smoke.smoke(ctx))
        .why(format!("the page and the shops at http://127.0.0.1:{door}, and each replica's commit"))
        .next("docker compose logs web api")
}

fn served(roll: &Roll) -> [Step; 2] {
    let (keep, put_back) = (roll.clone(), roll.clone());
    let keep = Step::task("keep", move |ctx| keep.keep(ctx))
        .why("the old ones, which have ended, go, and what runs is written down")
        .changes("removes the old containers");
    let put_back = Step::task("put back", move |ctx| put_back.put_back(ctx))
        .why("after a failure the old ones serve again, and what is new goes")
        .next("cargo xtask deploy --env … with the image of before puts it right")
        .putting_back(BEGUN);
    [keep, put_back]
}
