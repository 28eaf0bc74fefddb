//! An environment for this test only, and images for it.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::clone::{Clone, Ran, line_in, start};
use crate::parts::{Registry, changed, copy, digest, found, free_port, json, run, with_image};

pub const PASSWORD: (&str, &str) = ("COSIGN_PASSWORD", "only for this test");

pub struct Place {
    pub clone: Clone,
    pub registry: Registry,
    pub port: u16,
    name: String,
}

impl Place {
    /// With a key, and an environment whose folder is a copy of staging's but for its port.
    pub fn new() -> Self {
        let (registry, port) = (Registry::open(), free_port());
        let name = format!("test-{}-{port}", std::process::id());
        // A `docker stop` that waits to be cut off, where the test asks for one.
        let docker = format!(
            "test \"$1\" = stop && rm pause 2> /dev/null && {{ echo now > stopping; exec sleep 600; }}; exec {} \"$@\"",
            found("docker")
        );
        // `diff` compares by git itself.
        let git = format!(
            "case $1 in rev-parse) echo 0123abc;; log) echo 1700000000;; --no-pager) exec {} \"$@\";; esac",
            found("git")
        );
        let clone = with_image().with("docker", &docker).with("git", &git);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::copy(root.join("compose.yaml"), clone.path("compose.yaml")).unwrap();
        fs::create_dir(clone.path("web")).unwrap();
        fs::copy(root.join("web/Dockerfile"), clone.path("web/Dockerfile")).unwrap();
        copy(&root.join("web/nginx"), &clone.path("web/nginx"));
        copy(&root.join("k8s/overlays/staging"), &clone.path("k8s/overlays").join(&name));
        copy(&clone.path("target"), &clone.path("built"));
        make_key(&clone);
        let place = Place { clone, registry, port, name };
        place.waits_for(60);
        place
    }

    /// Only what has a record of that environment, that old.
    pub fn takes_from(&self, before: &str, minutes: u64) {
        let file = self.clone.path("k8s/overlays").join(&self.name).join("env.toml");
        let text = format!("promotes_from = '{before}'\nsoak_minutes = {minutes}\n[docker]\nport = {}\n", self.port);
        fs::write(file, text).unwrap();
    }

    /// How long a container may take until it is ready.
    fn waits_for(&self, seconds: u64) {
        let file = self.clone.path("k8s/overlays").join(&self.name).join("env.toml");
        fs::write(file, format!("[docker]\nport = {}\nready_within = {seconds}\n", self.port)).unwrap();
    }

    /// In the registry and signed: the image that was built, as another commit's and with that change. Its reference.
    pub fn image(&self, revision: &str, more: impl Fn(&mut Value)) -> String {
        let image = self.pushed(revision, more);
        let ran = run(&self.clone, "image sign --key ours.key", &[PASSWORD]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        image
    }

    pub fn pushed(&self, revision: &str, more: impl Fn(&mut Value)) -> String {
        for folder in ["image", "reports"] {
            let target = self.clone.path("target").join(folder);
            fs::remove_dir_all(&target).unwrap();
            copy(&self.clone.path("built").join(folder), &target);
        }
        let was = digest(&self.clone);
        changed(&self.clone, |config| {
            config["config"]["Labels"]["org.opencontainers.image.revision"] = revision.into();
            set(config, "WAYFARE_REVISION", revision);
            more(config);
        });
        let (is, list) = (digest(&self.clone), self.clone.path("target/reports/sbom.cdx.json"));
        let hex = |digest: &str| digest.trim_start_matches("sha256:").to_owned();
        fs::write(&list, fs::read_to_string(&list).unwrap().replace(&hex(&was), &hex(&is))).unwrap();
        let ran = run(&self.clone, &format!("image push --to {} --tag {revision}", self.registry.repository()), &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        format!("{}@{is}", self.registry.repository())
    }

    pub fn deploy(&self, image: &str) -> Ran {
        Ran::of(self.start(&self.words(image)).wait_with_output().unwrap())
    }

    /// One that is never ready needn't be waited for as long as a good one on a busy machine.
    pub fn deploy_impatiently(&self, image: &str) -> Ran {
        self.waits_for(20);
        let ran = self.deploy(image);
        self.waits_for(60);
        ran
    }

    fn words(&self, image: &str) -> String {
        format!("deploy --env {} --key ours.pub --json {image}", self.name)
    }

    /// Up to the moment at which the first old one is asked to end; then that signal, as a terminal sends it.
    pub fn deploy_until_the_old_ones_end(&self, image: &str, signal: Signal) -> Ran {
        fs::write(self.clone.path("pause"), "").unwrap();
        let running = self.start(&self.words(image));
        line_in(&self.clone.path("stopping"));
        fs::remove_file(self.clone.path("stopping")).unwrap();
        kill_process_group(Pid::from_child(&running), signal).unwrap();
        Ran::of(running.wait_with_output().unwrap())
    }

    fn start(&self, words: &str) -> Child {
        let mut command = self.clone.xtask(words);
        // People who never stop asking are over every limit.
        command.env("WAYFARE_STATE_DIR", self.clone.path("state")).env("WAYFARE_RATE_LIMIT", "1000000");
        command.env_remove("WAYFARE_COSIGN_PUBLIC_KEY").env_remove("WAYFARE_REGISTRY_USER").process_group(0);
        start(command)
    }

    pub fn rollback(&self) -> Ran {
        self.run("rollback --key ours.pub")
    }

    pub fn status(&self) -> Ran {
        self.run("status")
    }

    /// What a deployment of that image would change.
    pub fn diff(&self, image: &str) -> Ran {
        Ran::of(self.start(&format!("diff --env {} --json {image}", self.name)).wait_with_output().unwrap())
    }

    pub fn down(&self) -> Ran {
        self.run("down")
    }

    fn run(&self, verb: &str) -> Ran {
        Ran::of(self.start(&format!("{verb} --env {} --json", self.name)).wait_with_output().unwrap())
    }

    /// What the environment remembers.
    pub fn known(&self) -> Value {
        json(&self.clone.path("state").join(&self.name).join("running.json"))
    }

    /// Every container of the service, running or not: its image and whether it runs.
    pub fn containers(&self) -> Vec<String> {
        let project = format!("label=com.docker.compose.project=wayfare-{}", self.name);
        let format = "{{.Label \"com.docker.compose.service\"}} {{.Image}} {{.State}}";
        let listed = docker(&["ps", "--all", "--no-trunc", "--filter", &project, "--format", format]);
        let ours = listed.lines().filter(|line| line.starts_with("api ") || line.starts_with("worker "));
        let mut ours: Vec<_> = ours.map(str::to_owned).collect();
        ours.sort();
        ours
    }

    /// That two replicas and a worker of this image run, and nothing else of the service is there.
    pub fn serves(&self, image: &str) {
        let expected = ["api", "api", "worker"].map(|service| format!("{service} {image} running"));
        assert_eq!(self.containers(), expected);
    }

    /// What Docker has with its name.
    pub fn left(&self) -> String {
        let name = format!("wayfare-{}", self.name);
        let lists = [
            &["ps", "--all", "--format", "{{.Names}}"][..],
            &["volume", "ls", "--format", "{{.Name}}"],
            &["network", "ls", "--format", "{{.Name}}"],
            &["images", "--format", "{{.Repository}}"],
        ];
        let lines = lists.map(|list| docker(list).lines().filter(|line| line.starts_with(&name)).collect::<String>());
        lines.concat()
    }
}

impl Drop for Place {
    /// Whatever failed; what passed has left nothing.
    fn drop(&mut self) {
        if !self.left().is_empty() {
            self.down();
        }
        let listed = docker(&["images", "--digests", "--format", "{{.Repository}}@{{.Digest}}"]);
        for image in listed.lines().filter(|image| image.starts_with(&self.registry.repository())) {
            docker(&["image", "rm", image]);
        }
    }
}

pub fn set(config: &mut Value, variable: &str, value: &str) {
    let env = config["config"]["Env"].as_array_mut().unwrap();
    env.retain(|set| !set.as_str().unwrap().starts_with(&format!("{variable}=")));
    env.push(format!("{variable}={value}").into());
}

fn make_key(clone: &Clone) {
    let mut command = Command::new(found("cosign"));
    command.args(["generate-key-pair", "--output-key-prefix", "ours"]).env(PASSWORD.0, PASSWORD.1);
    command.current_dir(clone.path("."));
    assert!(start(command).wait().unwrap().success());
}

fn docker(words: &[&str]) -> String {
    let mut command = Command::new(found("docker"));
    command.args(words);
    String::from_utf8(start(command).wait_with_output().unwrap().stdout).unwrap()
}
