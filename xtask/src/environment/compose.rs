//! `up --compose` and `down`: the product with PostgreSQL, Redis and two replicas on this machine, and the end of that or of
//! an environment.
//!
//! Secrets are made once for each installation and live as long as its database; none is on a command line.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use stages::cli::Stage;
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::place::Place;
use crate::build::demo::PASSWORD;

const SECRETS: &str = "target/compose";
const PROJECT: &str = "wayfare";

/// Take away what `up --compose` or `deploy` started, with its data, and prove that nothing is left.
#[derive(Args)]
#[command(group(ArgGroup::new("what").args(["compose", "env"]).required(true)))]
pub struct Down {
    /// What `up --compose` started
    #[arg(long)]
    compose: bool,
    /// What `deploy` started in that environment
    #[arg(long, value_name = "ENVIRONMENT")]
    env: Option<String>,
    /// Leave the volumes and the secrets for the next `up --compose` or `deploy`
    #[arg(long)]
    keep_data: bool,
    /// Go on where the environment asks first
    #[arg(long)]
    yes: bool,
}

/// What belongs together on this machine.
#[derive(Clone)]
pub struct Installation {
    /// What Docker marks its things with.
    project: String,
    secrets: PathBuf,
    /// Built for it alone.
    images: Vec<String>,
    place: Option<Place>,
}

impl Installation {
    pub fn of_clone(machine: &Machine) -> Self {
        Installation { project: PROJECT.into(), secrets: machine.root.join(SECRETS), images: Vec::new(), place: None }
    }

    fn of(place: Place) -> Self {
        let images = ["next", "running"].map(|which| place.web(which)).into();
        Installation { project: place.project.clone(), secrets: place.secrets(), images, place: Some(place) }
    }
}

impl Stage for Down {
    const NAME: &'static str = "down";
    const EXAMPLE: &'static str = "down --compose";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let keep = self.keep_data;
        let place = self.env.as_ref().map(|name| Place::named(name, machine)).transpose()?;
        let stage = place.as_ref().map_or("down --compose".into(), |place| format!("down --env {}", place.name));
        let loss =
            if keep { "it serves nobody any more" } else { "it serves nobody any more, and its data is deleted" };
        let first: Vec<_> =
            place.iter().flat_map(|place| place.agreed(self.yes, loss).into_iter().chain([place.alone()])).collect();
        let of = place.map_or_else(|| Installation::of_clone(machine), Installation::of);
        let (project, volumes) = (&of.project, (!keep).then_some("--volumes"));
        let down = cmd!(
            machine.sh,
            "docker compose --project-name {project} --profile * down --remove-orphans --timeout 25 {volumes...}"
        );
        let down = Step::run("down", down)
            .why("each is asked to end, and ends what it is doing first")
            .changes(if keep { "containers and networks" } else { "containers, networks, and volumes with all data" })
            .within(300);
        let (of_proof, of_forget, shown) = (of.clone(), of.clone(), machine.shown(&of.secrets));
        let proof = Step::task("nothing is left", move |ctx| nothing_is_left(ctx, &of_proof, keep))
            .why("what is forgotten costs memory, disk and the next one's port")
            .needs(&["docker"])
            .next("docker rm, docker volume rm, docker network rm what is named");
        let forget = Step::task("secrets", move |ctx| of_forget.forget(ctx.machine))
            .why("they open nothing any more")
            .changes(format!("deletes {shown}"));
        let forget = (!keep).then_some(forget);
        Ok(Plan::new(&stage, first.into_iter().chain(daemon(machine)).chain([down]).chain(forget).chain([proof])))
    }
}

impl Installation {
    /// With its secrets goes what was known of it.
    fn forget(&self, machine: &Machine) -> Result<()> {
        let there = |image: &&String| {
            cmd!(machine.sh, "docker image inspect {image}").quiet().ignore_stdout().ignore_stderr().run().is_ok()
        };
        for image in self.images.iter().filter(there) {
            cmd!(machine.sh, "docker image rm {image}").quiet().ignore_stdout().run()?;
        }
        forget(&self.secrets)?;
        self.place.as_ref().map_or(Ok(()), |place| forget(&place.state))
    }
}

pub fn up(machine: &Machine, monitoring: bool) -> Plan {
    let secrets = Step::task("secrets", |ctx| make_secrets(&ctx.machine.root.join(SECRETS)))
        .why("each installation has its own; they are files, so that no command line or environment shows them")
        .changes(format!("makes what isn't there in {SECRETS}"));
    let images = Step::task("images", images_are_there).why("what runs is what was built").needs(&["docker"]);
    // What ends by itself and what has no health is a failure to `--wait`: those that answer are named.
    let start = cmd!(machine.sh, "docker compose up --detach --wait --wait-timeout 180 postgres redis api web");
    let start = Step::run("start", start)
        .why("each waits for what it needs: databases, then tables, then two APIs, then the page in front of them")
        .changes("containers, volumes and networks named wayfare")
        .within(900)
        .next("docker compose logs; cargo xtask down --compose takes all of it away");
    let worker = Step::run("worker", cmd!(machine.sh, "docker compose up --detach --no-recreate worker"))
        .why("it listens nowhere, so it is not asked how it is")
        .within(120);
    let prometheus = cmd!(machine.sh, "docker compose --profile monitoring up --detach --no-recreate prometheus");
    let prometheus = Step::run("monitoring", prometheus).why("it asks both replicas every five seconds").within(300);
    let seed = cmd!(
        machine.sh,
        "docker compose run --rm --no-deps --env WAYFARE_SEED_PASSWORD={PASSWORD} migrate seed --if-empty"
    );
    let seed = Step::run("seed", seed)
        .why("a shop without shops shows nothing")
        .changes("adds the demo city, once")
        .within(300);
    let tell = Step::run(
        "addresses",
        cmd!(machine.sh, "docker compose ps --format").arg("table {{.Name}}\t{{.Status}}\t{{.Ports}}"),
    )
    .why("people want to know where it is")
    .showing_data()
    .within(30);
    let steps = daemon(machine).into_iter().chain([images, secrets, start, worker]);
    Plan::new("up --compose", steps.chain(monitoring.then_some(prometheus)).chain([seed, tell]))
}

/// By the names that compose.yaml takes them by, and how to get each.
const IMAGES: [(&str, &str, &str); 2] = [
    ("WAYFARE_IMAGE", "wayfare:local", "cargo xtask image build"),
    ("WAYFARE_WEB_IMAGE", "wayfare-web:local", "docker build --file web/Dockerfile --tag wayfare-web:local ."),
];

fn images_are_there(ctx: &mut Ctx) -> Result<()> {
    for (variable, usual, remedy) in IMAGES {
        let image = ctx.machine.variable(variable).unwrap_or(usual);
        let asked = cmd!(ctx.machine.sh, "docker image inspect {image}").quiet().ignore_stdout().ignore_stderr().run();
        asked.map_err(|_| Failure::check(format!("there is no image {image}")).next(remedy))?;
    }
    Ok(())
}

pub fn daemon(machine: &Machine) -> [Step; 2] {
    let daemon = Step::run("docker", cmd!(machine.sh, "docker version --format").arg("{{.Server.Version}}"))
        .why("its daemon has to answer")
        .within(20)
        .failing_as(Exit::Unreachable)
        .next("start Docker's daemon, and be in its group");
    let plugin = Step::run("compose", cmd!(machine.sh, "docker compose version"))
        .why("it is a plug-in of its own")
        .within(20)
        .failing_as(Exit::ToolMissing)
        .next("install Docker's plug-in: apt install docker-compose (Debian 13), or docker-compose-plugin");
    [daemon, plugin]
}

pub fn make_secrets(folder: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let password = kept(folder, "postgres_password", || random(24))?;
    kept(folder, "database_url", || Ok(format!("postgres://wayfare:{password}@postgres/wayfare")))?;
    kept(folder, "jwt_keys", || Ok(format!("first:{}", random(48)?)))?;
    Ok(())
}

/// Every user of the container may read the file, nobody else enters its folder.
fn kept(folder: &Path, name: &str, make: impl Fn() -> Result<String>) -> Result<String> {
    let file = folder.join(name);
    if let Ok(text) = fs::read_to_string(&file) {
        return Ok(text);
    }
    let text = make()?;
    let mut open = fs::OpenOptions::new().write(true).create_new(true).mode(0o444).open(&file)?;
    open.write_all(text.as_bytes()).with_context(|| format!("can't write {}", file.display()))?;
    Ok(text)
}

fn random(bytes: usize) -> Result<String> {
    let mut noise = vec![0; bytes];
    fs::File::open("/dev/urandom")?.read_exact(&mut noise)?;
    Ok(noise.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn forget(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn nothing_is_left(ctx: &mut Ctx, of: &Installation, keeps_data: bool) -> Result<()> {
    let left = left(ctx.machine, of, keeps_data)?;
    ctx.data.insert("left".into(), left.clone().into());
    anyhow::ensure!(left.is_empty(), Failure::check(format!("still there: {}", left.join(", "))));
    Ok(())
}

/// What there is of an installation.
pub fn left(machine: &Machine, of: &Installation, keeps_data: bool) -> Result<Vec<String>> {
    let mut left = Vec::new();
    let ours = format!("label=com.docker.compose.project={}", of.project);
    let kinds = [
        ("container", vec!["ps", "--all", "--format", "{{.Names}}"]),
        ("network", vec!["network", "ls", "--format", "{{.Name}}"]),
        ("volume", vec!["volume", "ls", "--format", "{{.Name}}"]),
    ];
    for (kind, words) in kinds.into_iter().filter(|(kind, _)| !(keeps_data && *kind == "volume")) {
        let listed = cmd!(machine.sh, "docker {words...} --filter {ours}").quiet().read()?;
        left.extend(listed.lines().map(|name| format!("{kind} {name}")));
    }
    if !keeps_data && of.secrets.exists() {
        left.push(format!("secrets in {}", machine.shown(&of.secrets)));
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::plan_for;
    use stages::script;

    #[test]
    fn secrets_are_made_once_and_nobody_else_enters_their_folder() {
        let clone = tempfile::tempdir().unwrap();
        let folder = clone.path().join("secrets");
        make_secrets(&folder).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let (password, url) = (read("postgres_password"), read("database_url"));
        assert_eq!((password.len(), url.contains(&password)), (48, true));
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        make_secrets(&folder).unwrap();
        assert_eq!((read("postgres_password"), read("database_url")), (password, url));
        forget(&folder).unwrap();
        forget(&folder).unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn only_a_down_that_keeps_no_data_deletes_it() {
        let machine = Machine::pretend(&["docker"]);
        let text = |words: &[&str]| script::text(&plan_for(words, &machine).unwrap(), &machine);
        assert!(text(&["down", "--compose"]).contains("--volumes"));
        assert!(text(&["down", "--env", "staging"]).contains("--project-name wayfare-staging --profile '*' down"));
        let kept = text(&["down", "--compose", "--keep-data"]);
        assert!(!kept.contains("--volumes") && !kept.contains("deletes"), "{kept}");
    }

    #[test]
    fn no_secret_is_on_a_command_line_and_every_image_is_that_of_the_list() {
        let machine = Machine::pretend(&["docker"]);
        let text = script::text(&plan_for(&["up", "--compose"], &machine).unwrap(), &machine);
        assert!(!text.contains("PASSWORD_FILE") && !text.contains("postgres://"), "{text}");
        let compose = include_str!("../../../compose.yaml");
        for name in ["postgres", "prometheus", "redis"] {
            assert!(compose.contains(&format!(":-{}}}", crate::image::reference(name))), "{name}");
        }
        for (variable, usual, _) in IMAGES {
            assert!(compose.contains(&format!("image: ${{{variable}:-{usual}}}\n")), "{variable}");
        }
    }
}
