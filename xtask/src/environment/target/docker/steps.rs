//! The steps that Docker takes for a deployment and for the end of an environment, as people would type them.

use std::fs;

use anyhow::Result;
use stages::exit::Exit;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

use super::{Docker, secrets};
use crate::build::demo::PASSWORD;
use crate::environment::release::Release;
use crate::image::{self, Account, Image};

pub fn daemon(machine: &Machine) -> [Step; 2] {
    let plugin = Step::run("compose", cmd!(machine.sh, "docker compose version"))
        .why("it is a separate plug-in")
        .within(20)
        .failing_as(Exit::ToolMissing)
        .next("install Docker's plug-in: apt install docker-compose (Debian 13), or docker-compose-plugin");
    [image::daemon(machine), plugin]
}

pub fn fetch(image: &Image, account: &Account, machine: &Machine) -> Step {
    match image {
        Image::Local(name) => {
            Step::run("image", cmd!(machine.sh, "docker image inspect --format").arg("{{.Id}}").arg(name))
                .why("this environment accepts unsigned images of this machine")
                .within(20)
                .next("cargo xtask image build")
        }
        Image::Pinned(reference) => {
            let name = reference.to_string();
            Step::run("pull", account.told(cmd!(machine.sh, "docker pull --quiet {name}"), machine))
                .why("pulls the verified digest")
                .changes(format!("the image {name} in Docker"))
                .within(900)
                .failing_as(Exit::Unreachable)
        }
    }
}

impl Docker {
    /// Everything that the new version needs; the old one doesn't notice.
    pub fn prepared(&self, release: &Release, machine: &Machine) -> [Step; 2] {
        let (tag, image) = (self.web("next"), &release.image);
        let debian = image::stand_in(machine, "debian").map(|image| format!("DEBIAN={image}"));
        let args = ["PARTS=image".to_owned(), format!("IMAGE={image}")].into_iter().chain(debian);
        let args = args.flat_map(|arg| ["--build-arg".to_owned(), arg]);
        let web = cmd!(machine.sh, "docker build --quiet --file web/Dockerfile --tag {tag} {args...} .");
        let web = Step::run("web image", web.env("DOCKER_BUILDKIT", "1"))
            .why("serves the image's page behind the firewall")
            .changes(format!("the image {tag} in Docker"))
            .within(1200)
            .next("if the base image can't be pulled, set another: WAYFARE_BASE_DEBIAN=IMAGE");
        let folder = self.secrets();
        let secrets = Step::task("secrets", move |_| secrets::make(&folder))
            .why("each environment has its own, as files, so that no command line or environment variable shows them")
            .changes(format!("creates missing ones in {}", self.secrets().display()));
        [web, secrets]
    }

    pub fn migrated(&self, release: &Release, machine: &Machine) -> Vec<Step> {
        let words = ["up", "--detach", "--wait", "--no-recreate", "postgres", "redis"];
        let databases = Step::run("databases", self.compose_of(release, machine, &words))
            .why("starts them if necessary; running ones aren't changed")
            .changes(format!("containers, volumes and networks of {}", self.project))
            .within(300)
            .next("docker compose logs postgres redis");
        let migrate = self.compose_of(release, machine, &["run", "--rm", "--no-deps", "migrate"]);
        let migrate = Step::run("migrate", migrate)
            .why("tables are migrated first: the old version works with the new ones")
            .changes("the database's tables; they aren't rolled back")
            .within(600)
            .next("its last log lines name the migration and the error; fix it, build, deploy again");
        [databases].into_iter().chain(release.migrates.then_some(migrate)).collect()
    }

    pub fn rolled(&self, release: &Release) -> [Step; 4] {
        let task = |name: &str, task: fn(&Docker, &mut stages::ctx::Ctx, &Release) -> Result<()>| {
            let (target, release) = (self.clone(), release.clone());
            Step::task(name, move |ctx| task(&target, ctx, &release)).needs(&["docker"])
        };
        let replicas = self.settings.replicas;
        [
            task("pre-flight", Docker::pre_flight)
                .why("runs on the real database but receives no traffic, so a failure affects no user")
                .changes("one container, for a moment")
                .next("see its last log lines; cargo xtask image measure runs the image separately"),
            task("replicas", Docker::replicas)
                .why("each new replica has to be ready, with the image's commit, before an old one stops")
                .changes(format!("{replicas} replicas of the new version, in place of the old ones")),
            task("worker", Docker::worker)
                .why("starts the new worker next to the old one, which then finishes its work")
                .changes("the worker"),
            task("web", Docker::replace_web)
                .why("only if the page or nginx changed: then the port is closed for a moment")
                .changes("the web tier, if it changed"),
        ]
    }

    pub fn seeded(&self, release: &Release, machine: &Machine) -> Step {
        let password = format!("WAYFARE_SEED_PASSWORD={PASSWORD}");
        let words = ["run", "--rm", "--no-deps", "--env", &password, "migrate", "seed", "--if-empty"];
        Step::run("seed", self.compose_of(release, machine, &words))
            .why("an empty database has no shops to show")
            .changes("adds the demo city, once")
            .within(300)
    }

    pub fn monitored(&self, release: &Release, machine: &Machine) -> Step {
        let words = ["--profile", "monitoring", "up", "--detach", "--no-recreate", "prometheus"];
        Step::run("monitoring", self.compose_of(release, machine, &words))
            .why("Prometheus scrapes each replica every five seconds")
            .changes("Prometheus on port 9090")
            .within(300)
    }

    pub fn removed(&self, keeps_data: bool, machine: &Machine) -> Vec<Step> {
        let volumes = (!keeps_data).then_some("--volumes");
        let words = ["--profile", "*", "down", "--remove-orphans", "--timeout", "25"];
        let words: Vec<_> = words.into_iter().chain(volumes).collect();
        let down = Step::run("down", self.compose(machine, &words))
            .why("each service finishes its in-flight work before it stops")
            .changes(match volumes {
                Some(_) => "containers, networks, and volumes with all data",
                None => "containers and networks",
            })
            .within(300);
        let target = self.clone();
        let forget = Step::task("secrets", move |ctx| target.forget(ctx.machine))
            .why("they are useless without the data; the environment's state is removed, too")
            .changes(format!("deletes {}, and the web tier's images", self.state.display()));
        [down].into_iter().chain((!keeps_data).then_some(forget)).collect()
    }

    fn forget(&self, machine: &Machine) -> Result<()> {
        for image in ["next", "running"].map(|which| self.web(which)) {
            let inspect = cmd!(machine.sh, "docker image inspect {image}").quiet().ignore_stdout().ignore_stderr();
            if inspect.run().is_ok() {
                cmd!(machine.sh, "docker image rm {image}").quiet().ignore_stdout().run()?;
            }
        }
        Ok(machine.sh.remove_path(&self.state)?)
    }

    pub fn leftovers(&self, keeps_data: bool, machine: &Machine) -> Result<Vec<String>> {
        let ours = format!("label=com.docker.compose.project={}", self.project);
        let kinds: [(&str, &[&str]); 3] = [
            ("container", &["ps", "--all", "--format", "{{.Names}}"]),
            ("network", &["network", "ls", "--format", "{{.Name}}"]),
            ("volume", &["volume", "ls", "--format", "{{.Name}}"]),
        ];
        let mut left = Vec::new();
        for (kind, words) in kinds.into_iter().filter(|(kind, _)| !(keeps_data && *kind == "volume")) {
            let listed = cmd!(machine.sh, "docker {words...} --filter {ours}").quiet().read()?;
            left.extend(listed.lines().map(|name| format!("{kind} {name}")));
        }
        if !keeps_data && fs::exists(&self.state)? {
            left.push(format!("secrets in {}", self.state.display()));
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use stages::script;

    use super::*;
    use crate::environment::Environment;
    use crate::plan_for;

    #[test]
    fn no_secret_is_on_a_command_line_and_every_image_is_that_of_the_list() {
        let machine = Machine::pretend(&["docker"]);
        let text = script::text(&plan_for(&["up", "--compose"], &machine).unwrap(), &machine);
        assert!(!text.contains("PASSWORD_FILE") && !text.contains("postgres://"), "{text}");
        let compose = include_str!("../../../../../compose.yaml");
        for name in ["postgres", "prometheus", "redis"] {
            assert!(compose.contains(&format!(":-{}}}", image::reference(name))), "{name}");
        }
        assert!(compose.contains(&format!("image: ${{WAYFARE_IMAGE:-{}}}\n", image::TAG)));
    }

    #[test]
    fn docker_compose_by_itself_is_about_what_up_starts() {
        let machine = Machine::pretend(&["docker"]);
        let local = Environment::local("docker", &machine).unwrap().name;
        assert!(include_str!("../../../../../compose.yaml").contains(&format!("\nname: wayfare-{local}\n")));
    }
}
