//! `image`: what is deployed. It is built from bases that stand at a digest, and judged before anybody gets it.

mod gate;

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;
use std::time::SystemTime;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Deserialize;
use xshell::cmd;

use crate::cli::Stage;
use crate::evidence::timestamp;
use crate::exit::{Exit, Failure};
use crate::here::Here;
use crate::plan::{Plan, Step};
use crate::{build, web};

const DOCKERFILE: &str = "api/Dockerfile";
/// Of every Dockerfile that is ours to ship or to test with.
pub const DOCKERFILES: [&str; 6] = [
    DOCKERFILE,
    "web/Dockerfile",
    ".ci/images/postgres/Dockerfile",
    ".ci/images/prometheus/Dockerfile",
    ".ci/images/redis/Dockerfile",
    ".ci/images/runtime/Dockerfile",
];
const TAG: &str = "wayfare:local";
const ALLOWED: &str = "xtask/allowed.toml";

/// Build the service's image, and judge what is in it.
#[derive(Args)]
pub struct Image {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Build it from api/Dockerfile
    #[command(disable_help_flag = true)]
    Build(Build),
    /// Refuse it for a known weakness that nobody has accepted, or for a secret in it
    #[command(disable_help_flag = true)]
    Scan {
        #[arg(default_value = TAG, value_name = "IMAGE")]
        image: String,
    },
}

#[derive(Args)]
struct Build {
    #[arg(long, default_value = TAG, value_name = "NAME")]
    tag: String,
    /// Take the binary and the page that were built on this machine, in place of building them in a container
    #[arg(long)]
    from_target: bool,
    /// Another base than xtask/images.toml names: `runtime=IMAGE`
    #[arg(long, value_name = "NAME=IMAGE", value_parser = base)]
    base: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    image: String,
    digest: String,
}

static BASES: LazyLock<BTreeMap<String, Base>> =
    LazyLock::new(|| toml::from_str(include_str!("../images.toml")).expect("a test reads images.toml"));

/// What api/Dockerfile is built on: its build arguments, in lower case.
const BUILT_ON: [&str; 3] = ["node", "runtime", "rust"];

/// An image of the list with its digest.
pub fn reference(name: &str) -> String {
    format!("{}@{}", BASES[name].image, BASES[name].digest)
}

fn base(text: &str) -> Result<(String, String), String> {
    let (name, image) = text.split_once('=').ok_or("it has the form NAME=IMAGE")?;
    if !BUILT_ON.contains(&name) {
        return Err(format!("no image is built on `{name}`; there is {}", BUILT_ON.join(", ")));
    }
    Ok((name.to_owned(), image.to_owned()))
}

impl Stage for Image {
    const NAME: &'static str = "image";
    const EXAMPLE: &'static str = "image build --from-target";

    fn plan(&self, here: &Here) -> Result<Plan> {
        match &self.what {
            What::Build(build) => Ok(Plan::new("image build", build.steps(here))),
            What::Scan { image } => Ok(Plan::new("image scan", scan(here, image))),
        }
    }
}

impl Build {
    fn steps(&self, here: &Here) -> Vec<Step> {
        let daemon = Step::run("docker", cmd!(here.sh, "docker version --format").arg("{{.Server.Version}}"))
            .why("an image is built by its daemon")
            .within(20)
            .failing_as(Exit::Unreachable)
            .next("start Docker's daemon, and be in its group");
        let plugin = Step::run("buildx", cmd!(here.sh, "docker buildx version"))
            .why("caches and parts that are left out are its doing")
            .within(20)
            .failing_as(Exit::ToolMissing)
            .next("install Docker's plug-in: apt install docker-buildx (Debian 13), or docker-buildx-plugin");
        let made = [build::wayfare(here, true), web::packages(here), web::page(here)];
        let made = made.into_iter().filter(|_| self.from_target);
        [daemon, plugin].into_iter().chain(made).chain([self.step(here)]).collect()
    }

    fn step(&self, here: &Here) -> Step {
        let mut args: Vec<_> =
            BUILT_ON.iter().map(|name| format!("{}={}", name.to_uppercase(), self.base(name))).collect();
        let made = here.commit_time().unwrap_or_default();
        let created = timestamp(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(made));
        let (commit, _) = here.commit().unwrap_or(("unknown".into(), true));
        args.push(format!("PARTS={}", if self.from_target { "here" } else { "source" }));
        args.push(format!("VERSION={}", env!("CARGO_PKG_VERSION")));
        args.push(format!("REVISION={commit}"));
        args.push(format!("CREATED={created}"));
        let args = args.iter().flat_map(|arg| ["--build-arg", arg]);
        let tag = &self.tag;
        Step::run(
            "image",
            cmd!(here.sh, "docker buildx build --file {DOCKERFILE} --load --tag {tag} {args...} .")
                .env("SOURCE_DATE_EPOCH", made.to_string()),
        )
        .why("what runs in a cluster is what was built from this commit")
        .changes(format!("the image {tag} in Docker"))
        .within(3600)
        .next("a base that can't be pulled has a stand-in: --base runtime=IMAGE or WAYFARE_BASE_RUNTIME, and --from-target compiles outside")
    }

    fn base(&self, name: &str) -> String {
        let own = self.base.iter().rev().find(|(own, _)| own == name).map(|(_, image)| image.clone());
        own.or_else(|| stand_in(name)).unwrap_or_else(|| reference(name))
    }
}

/// What this machine takes in place of a base that it can't pull: WAYFARE_BASE_RUNTIME=IMAGE, and so on.
pub fn stand_in(name: &str) -> Option<String> {
    std::env::var(format!("WAYFARE_BASE_{}", name.to_uppercase())).ok().filter(|image| !image.is_empty())
}

fn scan(here: &Here, image: &str) -> [Step; 2] {
    let report = here.scratch("trivy.json");
    let of_gate = report.clone();
    let look = cmd!(here.sh, "trivy image --quiet --scanners vuln,secret --format json --output {report} {image}");
    let look = Step::run("scan", look)
        .why("what others know about what is inside")
        .within(900)
        .failing_as(Exit::NotJudged)
        .next("its log says which of image and database it couldn't have; nothing was judged, so nothing is green");
    let judge = Step::task("gate", move |ctx| {
        let read =
            |file: &std::path::Path| fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()));
        let (report, allowed) = (read(&of_gate)?, read(&ctx.here.root.join(ALLOWED))?);
        let verdict = gate::judge(&report, &allowed, &timestamp(SystemTime::now())[..10])?;
        for line in &verdict.lines {
            ctx.screen.say(&format!("  {line}"));
        }
        ctx.data.insert("findings".into(), verdict.lines.into());
        anyhow::ensure!(verdict.blocking == 0, Failure::check(format!("{} of them stop it", verdict.blocking)));
        Ok(())
    })
    .why("high and critical ones stop it, unless somebody answers for them until a day")
    .next(format!("take the version that mends it; or accept it in {ALLOWED} with owner, reason and last day"));
    [look, judge]
}

/// For `lint`.
pub fn check_step(here: &Here) -> Step {
    Step::run("Dockerfiles", cmd!(here.sh, "hadolint {DOCKERFILES...}"))
        .why("mistakes that only show in somebody else's cluster")
        .optional("hadolint", here)
        .next("https://github.com/hadolint/hadolint/wiki explains each rule")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan_for;
    use crate::script;

    fn command(words: &[&str]) -> String {
        let here = Here::pretend(&["cargo", "git", "docker", "node", "trivy"]);
        script::text(&plan_for(words, &here).unwrap(), &here)
    }

    #[test]
    fn every_base_stands_at_a_digest_and_every_build_argument_of_a_base_is_known() {
        for (name, base) in BASES.iter() {
            let hex = base.digest.strip_prefix("sha256:").unwrap();
            assert!(hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
        }
        let file = include_str!("../../api/Dockerfile");
        for (name, base) in BASES.iter().filter(|(name, _)| BUILT_ON.contains(&name.as_str())) {
            let (_, short) =
                base.image.split_once(if name == "runtime" { "://" } else { "library/" }).unwrap_or(("", &base.image));
            assert!(file.contains(&format!("ARG {}={short}\n", name.to_uppercase())), "{name}");
        }
    }

    #[test]
    fn an_image_is_built_from_bases_by_digest_or_from_those_that_are_named() {
        let text = command(&["image", "build"]);
        assert!(text.contains("--build-arg RUNTIME=gcr.io/distroless/cc-debian12:nonroot@sha256:"), "{text}");
        assert!(text.contains("--build-arg PARTS=source") && !text.contains("cargo build"), "{text}");
        let text = command(&["image", "build", "--from-target", "--base", "runtime=local"]);
        assert!(text.contains("--build-arg RUNTIME=local ") && text.contains("--build-arg PARTS=here"), "{text}");
        assert!(text.contains("cargo build --locked --package wayfare --release"), "{text}");
        let error = plan_for(&["image", "build", "--base", "alpine=x"], &Here::pretend(&["docker"])).err().unwrap();
        assert!(error.to_string().contains("there is node, runtime, rust"), "{error}");
    }

    #[test]
    fn a_scan_without_its_scanner_is_never_green() {
        let plan = plan_for(&["image", "scan"], &Here::pretend(&["docker"])).unwrap();
        assert!(plan.steps.iter().all(|step| step.skipped.is_none()));
        assert_eq!(plan.steps[0].means, Exit::NotJudged);
    }

    #[test]
    fn the_kept_list_of_what_is_accepted_can_be_read() {
        let kept = include_str!("../allowed.toml");
        assert!(gate::judge(r#"{"Results": [{}]}"#, kept, "2026-11-21").is_ok());
    }
}
