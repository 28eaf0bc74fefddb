//! Versions to try: the image that was built, as another commit's, and some that must not stay.

use std::fs;

use anyhow::{Context, Result};
use stages::ctx::Ctx;
use stages::exit::Exit;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

use super::xtask;
use crate::environment::loaded;
use crate::image::{self, stand_in};

const REPOSITORY: &str = "wayfare-trial";
const WEB: &str = "wayfare-trial-web:one";
/// A version, and what is different in it. People who never stop asking are over every limit.
const VERSIONS: [(&str, &str); 5] = [
    ("one", ""),
    ("two", ""),
    // Listens on the wrong port: it never becomes ready.
    ("silent", "WAYFARE_LISTEN=0.0.0.0:4999"),
    // Doesn't begin.
    ("broken", "WAYFARE_ACCESS_SECONDS=never"),
    // Is ready, and answers what it should read with errors.
    ("faulty", "WAYFARE_DATABASE_READ_URL=postgres://wayfare:none@127.0.0.1:9/wayfare"),
];

pub fn build(machine: &Machine) -> Step {
    let image = machine.variable("WAYFARE_IMAGE").unwrap_or(image::TAG).to_owned();
    let debian = stand_in(machine, "debian");
    Step::task("versions", move |ctx| {
        let sh = &ctx.machine.sh;
        for (version, difference) in VERSIONS {
            let file = format!(
                "FROM {image}\nLABEL org.opencontainers.image.revision={version}\n\
                 ENV WAYFARE_REVISION={version} WAYFARE_RATE_LIMIT=1000000 {difference}\n"
            );
            let folder = ctx.machine.scratch("kubernetes").join(version);
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("Dockerfile"), file)?;
            let tag = tag(version);
            cmd!(sh, "docker build --quiet --tag {tag} {folder}")
                .env("DOCKER_BUILDKIT", "1")
                .quiet()
                .ignore_stdout()
                .run()?;
            fs::remove_dir_all(&folder)?;
        }
        let base = debian.iter().map(|debian| format!("DEBIAN={debian}"));
        let args = ["PARTS=image".to_owned(), format!("IMAGE={image}")].into_iter().chain(base);
        let args = args.flat_map(|arg| ["--build-arg".to_owned(), arg]);
        let web = cmd!(sh, "docker build --quiet --file web/Dockerfile --tag {WEB} {args...} .");
        Ok(web.env("DOCKER_BUILDKIT", "1").quiet().ignore_stdout().run()?)
    })
    .why("two that work, three that must not stay, and the web tier")
    .changes("images wayfare-trial in Docker")
    .needs(&["docker"])
}

pub fn load(ctx: &mut Ctx) -> Result<()> {
    let mut names: Vec<_> = VERSIONS.iter().map(|(version, _)| tag(version)).collect();
    names.push(WEB.to_owned());
    names.push(prometheus(ctx.machine).to_owned());
    let data = ["WAYFARE_POSTGRES_IMAGE", "WAYFARE_REDIS_IMAGE"];
    names.extend(data.iter().filter_map(|variable| ctx.machine.variable(variable).map(str::to_owned)));
    let words: Vec<_> = ["cluster", "load"].into_iter().chain(names.iter().map(String::as_str)).collect();
    xtask(ctx, &words)?.ends_with(Exit::Ok).map(drop)
}

fn tag(version: &str) -> String {
    format!("{REPOSITORY}:{version}")
}

/// By its digest, as `deploy` wants it.
pub fn version(machine: &Machine, version: &str) -> Result<String> {
    reference(machine, &tag(version))
}

pub fn web(machine: &Machine) -> Result<String> {
    reference(machine, WEB)
}

fn prometheus(machine: &Machine) -> &str {
    machine.variable("WAYFARE_PROMETHEUS_IMAGE").unwrap_or("docker.io/prom/prometheus:v3.7.3")
}

pub fn prometheus_reference(machine: &Machine) -> Result<String> {
    reference(machine, prometheus(machine))
}

/// Has a shell, for asking from inside the cluster.
pub fn probe(machine: &Machine) -> Result<String> {
    reference(machine, machine.variable("WAYFARE_REDIS_IMAGE").unwrap_or(WEB))
}

fn reference(machine: &Machine, from: &str) -> Result<String> {
    let found = loaded(machine).into_iter().find(|loaded| loaded.from == from);
    Ok(found.with_context(|| format!("{from} was not loaded"))?.reference)
}
