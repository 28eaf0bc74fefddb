//! `image`: what is deployed. It is built from bases that stand at a digest, judged, pushed by its own digest and signed.
//!
//! Each stage leaves what the next one takes in a named file under `target/image`; docs/adr/0012 says why it is so.

mod base;
mod build;
mod crates;
mod layer;
mod layout;
mod measure;
mod push;
mod reference;
mod registry;
mod reproduce;
mod sbom;
mod sign;

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use stages::cli::Stage;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use crate::gate::{self, TRIVY, sarif};

#[cfg(test)]
pub use base::reference;
pub use base::stand_in;
pub use reference::{Digest, Image, Reference};
pub use registry::Account;
pub use sign::{Signed, Signer, current};

const DOCKERFILE: &str = "api/Dockerfile";
/// Of every Dockerfile that is ours to ship or to test with.
pub const DOCKERFILES: [&str; 8] = [
    DOCKERFILE,
    "web/Dockerfile",
    ".ci/images/node/Dockerfile",
    ".ci/images/postgres/Dockerfile",
    ".ci/images/prometheus/Dockerfile",
    ".ci/images/redis/Dockerfile",
    ".ci/images/runtime/Dockerfile",
    ".ci/images/rust/Dockerfile",
];
pub const TAG: &str = "wayfare:local";

/// Build, scan, push, sign and verify the service's container image.
#[derive(Args)]
pub struct Images {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Build the image from api/Dockerfile into target/image
    #[command(disable_help_flag = true)]
    Build(build::Build),
    /// Build the image twice, at two paths, and compare; name the first file that differs
    #[command(disable_help_flag = true)]
    Reproduce(reproduce::Reproduce),
    /// Fail on known vulnerabilities that aren't accepted, and on secrets in the image
    #[command(disable_help_flag = true)]
    Scan {
        /// An image in Docker or in a registry [default: the last one built, in target/image]
        #[arg(value_name = "IMAGE")]
        image: Option<String>,
    },
    /// Write the SBOM in CycloneDX format: target/reports/sbom.cdx.json
    #[command(disable_help_flag = true)]
    Sbom,
    /// Run the image as a cluster does, and report its size, memory and start-up time
    #[command(disable_help_flag = true)]
    Measure(measure::Measure),
    /// Push the image by digest, then tag it with the commit
    #[command(disable_help_flag = true)]
    Push(push::Push),
    /// Find the image of a commit in the registry
    #[command(disable_help_flag = true)]
    Find(push::Find),
    /// Sign the pushed image and its SBOM
    #[command(disable_help_flag = true)]
    Sign(sign::Sign),
    /// Verify the signatures of image and SBOM, and every layer; run before each deployment
    #[command(disable_help_flag = true)]
    Verify(sign::Verify),
}

impl Stage for Images {
    const NAME: &'static str = "image";
    const EXAMPLE: &'static str = "image build --release";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        Ok(match &self.what {
            What::Build(build) => build.plan(machine),
            What::Reproduce(reproduce) => reproduce.plan(machine),
            What::Scan { image } => Plan::new("image scan", scan(machine, image.as_deref())),
            What::Sbom => sbom::plan(machine),
            What::Measure(measure) => measure.plan(machine),
            What::Push(push) => push.plan(machine)?,
            What::Find(find) => find.plan(machine),
            What::Sign(sign) => sign.plan(machine)?,
            What::Verify(verify) => verify.plan(machine)?,
        })
    }
}

/// What builds images here: Docker, or Podman where that alone is.
fn engine(machine: &Machine) -> &'static str {
    if !machine.has("docker") && machine.has("podman") { "podman" } else { "docker" }
}

fn engine_answers(machine: &Machine) -> Step {
    match engine(machine) {
        "docker" => daemon(machine),
        podman => Step::run(podman, cmd!(machine.sh, "{podman} version")).why("works without a daemon").within(10),
    }
}

pub fn daemon(machine: &Machine) -> Step {
    Step::run("docker", cmd!(machine.sh, "docker version --format").arg("{{.Server.Version}}"))
        .why("its daemon has to be running")
        .within(20)
        .failing_as(Exit::Unreachable)
        .next("start Docker's daemon, and add your user to the group `docker`")
}

/// A name in Docker that no other clone on this machine has.
fn own(machine: &Machine, what: &str) -> String {
    let clone = Digest::of(machine.target.as_os_str().as_encoded_bytes());
    format!("wayfare-{what}-{}", &clone.hex()[..8])
}

fn scan(machine: &Machine, image: Option<&str>) -> [Step; 2] {
    let report = machine.scratch("trivy.json");
    let of_gate = report.clone();
    let layout = layout::Layout::of(machine).folder().as_os_str().to_owned();
    let what = image.map_or_else(|| vec!["--input".into(), layout], |image| vec![image.into()]);
    let look = cmd!(machine.sh, "trivy image {TRIVY...} --scanners vuln,secret --output {report} {what...}");
    let look = Step::run("scan", look)
        .why("known vulnerabilities of the image's content")
        .within(900)
        .failing_as(Exit::NotJudged)
        .scanner("trivy", machine)
        .next("the log says whether the image or the vulnerability database is missing; nothing was evaluated");
    let judge = Step::task("gate", move |ctx| {
        let read =
            |file: &std::path::Path| fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()));
        let (report, allowed) = (read(&of_gate)?, read(&ctx.machine.root.join(gate::ALLOWED))?);
        let verdict = gate::judge(gate::reports::image(&report)?, &allowed, &timestamp(SystemTime::now())[..10])?;
        for line in &verdict.lines {
            ctx.screen.say(&format!("  {line}"));
        }
        let document = sarif::document("trivy", &verdict.findings);
        ctx.machine.sh.write_file(
            ctx.machine.reports().join("scan/image.sarif"),
            serde_json::to_string_pretty(&document)? + "\n",
        )?;
        ctx.data.insert("findings".into(), verdict.lines.into());
        anyhow::ensure!(verdict.blocking == 0, Failure::check(format!("{} of them stop it", verdict.blocking)));
        Ok(())
    })
    .why("high and critical findings fail, unless accepted with an owner and an expiry date")
    .next(format!(
        "upgrade to the fixed version; or accept it in {} with owner, reason and expiry date",
        gate::ALLOWED
    ));
    [look, judge]
}

/// For `lint`.
pub fn check_step(machine: &Machine) -> Step {
    Step::run("Dockerfiles", cmd!(machine.sh, "hadolint {DOCKERFILES...}"))
        .why("mistakes that would only show in another cluster")
        .optional("hadolint", machine)
        .next("https://github.com/hadolint/hadolint/wiki explains each rule")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::script;

    fn command(words: &[&str]) -> String {
        let machine = Machine::pretend(&["cargo", "git", "docker", "node", "trivy"]);
        script::text(&plan_for(words, &machine).unwrap(), &machine)
    }

    #[test]
    fn an_image_is_built_from_bases_by_digest_or_from_those_that_are_named() {
        let text = command(&["image", "build"]);
        let runtime = reference("runtime");
        assert!(text.contains(&format!("--build-arg RUNTIME={runtime}")), "{text}");
        assert!(text.contains("--build-arg PARTS=source") && !text.contains("cargo build"), "{text}");
        assert!(text.contains("--build-arg PROFILE=quick"), "{text}");
        assert!(command(&["image", "build", "--release"]).contains("--build-arg PROFILE=release"));
        let text = command(&["image", "build", "--from-target", "--base", "runtime=local"]);
        assert!(text.contains("--build-arg RUNTIME=local ") && text.contains("--build-arg PARTS=here"), "{text}");
        assert!(text.contains("cargo build --locked --package wayfare --profile quick"), "{text}");
        let text = command(&["image", "build", "--platform", "linux/arm64"]);
        assert!(text.contains("--platform linux/arm64 --build-arg"), "{text}");
        let podman = Machine::pretend(&["cargo", "git", "podman"]);
        let text = script::text(&plan_for(&["image", "build"], &podman).unwrap(), &podman);
        assert!(text.contains("podman build --format docker --file") && !text.contains("\ndocker "), "{text}");
        let error = plan_for(&["image", "build", "--base", "alpine=x"], &Machine::pretend(&["docker"])).err().unwrap();
        assert!(error.to_string().contains("available: node, runtime, rust"), "{error}");
    }

    #[test]
    fn a_scan_without_its_scanner_is_never_green() {
        let plan = plan_for(&["image", "scan"], &Machine::pretend(&["docker"])).unwrap();
        assert!(plan.steps.iter().all(|step| step.skipped.is_none()));
        assert_eq!(plan.steps[0].failure.exit, Exit::NotJudged);
    }
}
