//! `image build`: from api/Dockerfile by Docker or Podman, then taken out of it into a form that stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use stages::evidence::timestamp;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::base::{self, BUILT_ON};
use super::layout::{self, Layout};
use super::{DOCKERFILE, TAG, engine, engine_answers, own};
use crate::build::page;
use crate::build::{self, Profile};

#[derive(Args)]
pub struct Build {
    /// The image's name in Docker
    #[arg(long, default_value = TAG, value_name = "NAME")]
    tag: String,
    /// Release build: takes longer, is faster, and reproducible from the commit
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    from: Parts,
}

/// Sources of the image.
#[derive(Args, Clone)]
pub struct Parts {
    /// Use the binary and the page built on this machine, instead of building them in a container
    #[arg(long)]
    pub from_target: bool,
    /// Target platform; a foreign one needs base images for it, and QEMU
    #[arg(long, value_parser = ["linux/amd64", "linux/arm64"])]
    platform: Option<String>,
    /// Another base image than in xtask/images.toml: `runtime=IMAGE`
    #[arg(long, value_name = "NAME=IMAGE", value_parser = base::named)]
    base: Vec<(String, String)>,
}

/// One build, from the context to the layout.
pub struct Once {
    /// Of its scratch files; a name in Docker while it lasts.
    pub name: &'static str,
    pub from: Parts,
    pub profile: Profile,
    pub context: PathBuf,
    pub layout: PathBuf,
    /// Arguments beside those of every build.
    pub more: Vec<String>,
}

impl Build {
    pub fn plan(&self, machine: &Machine) -> Plan {
        let context = if self.from.from_target { machine.scratch("image") } else { machine.root.clone() };
        let layout = Layout::of(machine).folder().to_owned();
        let profile = Profile::Quick.release_or(self.release);
        let once = Once { name: "image", from: self.from.clone(), profile, context, layout, more: Vec::new() };
        let steps =
            [engine_answers(machine)].into_iter().chain(self.from.made(machine, profile)).chain(once.steps(machine));
        Plan::new("image build", steps.chain(self.load(machine)))
    }

    fn load(&self, machine: &Machine) -> [Step; 2] {
        let (tag, file) = (self.tag.clone(), machine.scratch("image.tar"));
        let packed = file.clone();
        let pack = Step::task("record the digest", move |ctx| {
            let layout = Layout::of(ctx.machine);
            let digest = layout.digest()?;
            fs::write(ctx.machine.target.join("image/digest"), format!("{digest}\n"))?;
            ctx.data.insert("digest".into(), digest.as_str().into());
            ctx.data.insert("packed_bytes".into(), layout.packed_bytes()?.into());
            layout.archive(&tag, &packed)
        })
        .why("later stages use the digest: target/image/digest");
        let tag = &self.tag;
        let engine = engine(machine);
        let load = Step::run("load", cmd!(machine.sh, "{engine} load --input {file}"))
            .why("the local image is the same as the pushed one")
            .changes(format!("the image {tag} in {engine}"))
            .within(300);
        [pack, load]
    }
}

impl Parts {
    /// The binary and the page, where they are taken from this machine.
    pub fn made(&self, machine: &Machine, profile: Profile) -> impl Iterator<Item = Step> {
        let made = [build::wayfare(machine, profile), page::packages(machine), page::page(machine)];
        let is_wanted = self.from_target;
        made.into_iter().filter(move |_| is_wanted)
    }

    fn base(&self, machine: &Machine, name: &str) -> String {
        let own = self.base.iter().rev().find(|(own, _)| own == name).map(|(_, image)| image.clone());
        own.or_else(|| base::stand_in(machine, name)).unwrap_or_else(|| base::reference(name))
    }
}

impl Once {
    pub fn steps(&self, machine: &Machine) -> Vec<Step> {
        let gather = self.from.from_target.then(|| self.gather(machine));
        let build = self.build(machine);
        let forget = self.forget(machine, &build);
        gather.into_iter().chain([build, self.save(machine), self.settle(machine), forget]).collect()
    }

    fn gather(&self, machine: &Machine) -> Step {
        let (folder, profile, binary) = (self.context.clone(), self.profile, machine.built("wayfare", self.profile));
        Step::task(&format!("{}: context", self.name), move |ctx| {
            layout::clear(&folder)?;
            copy(&ctx.machine.root.join(DOCKERFILE), &folder.join(DOCKERFILE))?;
            copy(&binary, &folder.join("target").join(profile.name()).join("wayfare"))?;
            copy(&page::dist(ctx.machine), &folder.join("web/dist"))
        })
        .why("a minimal build context for Docker")
        .next("cargo xtask build; the page wants Node")
    }

    fn build(&self, machine: &Machine) -> Step {
        let mut args: Vec<_> =
            BUILT_ON.iter().map(|name| format!("{}={}", name.to_uppercase(), self.from.base(machine, name))).collect();
        args.push(format!("PARTS={}", if self.from.from_target { "here" } else { "source" }));
        args.push(format!("PROFILE={}", self.profile.name()));
        args.push(format!("VERSION={}", env!("CARGO_PKG_VERSION")));
        args.extend(machine.commit().map(|(commit, _)| format!("REVISION={commit}")));
        args.push(format!("CREATED={}", created(machine)));
        let args = args.iter().flat_map(|arg| ["--build-arg", arg]);
        let platform = self.from.platform.iter().flat_map(|platform| ["--platform", platform]);
        let (tag, context, more) = (own(machine, self.name), &self.context, &self.more);
        let file = context.join(DOCKERFILE);
        let engine = engine(machine);
        // Its own form of an image knows no health check.
        let form: &[_] = if engine == "podman" { &["--format", "docker"] } else { &[] };
        let build = cmd!(
            machine.sh,
            "{engine} build {form...} --file {file} --tag {tag} {platform...} {args...} {more...} {context}"
        )
        .env("DOCKER_BUILDKIT", "1")
        // Another builder than the daemon's own would keep the image to itself.
        .env("BUILDX_BUILDER", "default")
        .env("SOURCE_DATE_EPOCH", seconds(machine).to_string());
        Step::run(self.name, build)
            .why("the image has to be built from this commit")
            .changes(format!("the image {tag} in {engine}, for the time of the build"))
            .within(2 * 3600)
            .next(
                "if the base image can't be pulled, set another: --base runtime=IMAGE or WAYFARE_BASE_RUNTIME; --from-target compiles outside",
            )
    }

    fn save(&self, machine: &Machine) -> Step {
        let (engine, file, tag) = (engine(machine), self.saved(machine), own(machine, self.name));
        Step::run(&format!("{}: save", self.name), cmd!(machine.sh, "{engine} save {tag}"))
            .into_file(file)
            .why("exports the image, because Docker compresses it again at each push")
            .within(300)
            .next("check the free disk space of target/")
    }

    fn settle(&self, machine: &Machine) -> Step {
        let (file, folder) = (self.saved(machine), self.saved(machine).with_extension("saved"));
        let (layout, context) = (self.layout.clone(), self.from.from_target.then(|| self.context.clone()));
        let (seconds, created) = (seconds(machine), created(machine));
        Step::task(&format!("{}: settle", self.name), move |_| {
            let taken = layout::unpack(&file, &folder)
                .and_then(|()| Layout::at(layout.clone()).take(&folder, seconds, &created));
            layout::clear(&folder)?;
            fs::remove_file(&file)?;
            context.iter().try_for_each(|context| layout::clear(context))?;
            taken
        })
        .why("our files get the commit's time, so that a commit always has the same digest")
        .next("check the free disk space of target/; the previous image is still there")
    }

    fn forget(&self, machine: &Machine, build: &Step) -> Step {
        let (engine, tag) = (engine(machine), own(machine, self.name));
        Step::run(&format!("{}: forget", self.name), cmd!(machine.sh, "{engine} image rm --force {tag}"))
            .why("Docker's copy has other times, and so a different digest")
            .within(120)
            .cleaning_up(build)
    }

    fn saved(&self, machine: &Machine) -> PathBuf {
        machine.scratch(&format!("{}.tar", self.name))
    }
}

fn seconds(machine: &Machine) -> u64 {
    machine.commit_time().unwrap_or_default()
}

fn created(machine: &Machine) -> String {
    timestamp(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds(machine)))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let told = || format!("can't copy {} to {}", from.display(), to.display());
    if from.is_dir() {
        let inside = fs::read_dir(from).with_context(told)?;
        return inside.flatten().try_for_each(|entry| copy(&entry.path(), &to.join(entry.file_name())));
    }
    fs::create_dir_all(to.parent().context("a file has a folder")?).with_context(told)?;
    fs::copy(from, to).map(drop).with_context(told)
}
