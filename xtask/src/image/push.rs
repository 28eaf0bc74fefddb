//! `image push` and `image find`: by digest first, then by name. A name that stands for another image is left to it.
//!
//! Tags are set after the last blob, so an interrupted push leaves nothing that can be pulled by tag.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use stages::secret;
use xshell::cmd;

use super::Reference;
use super::layout::Layout;
use super::registry::{Account, Place, WHO, tls};

#[derive(Args)]
pub struct Push {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    account: Account,
    /// Tags in the registry [default: the commit, and the version of the commit's Git tag]
    #[arg(long, value_name = "NAME")]
    tag: Vec<String>,
}

#[derive(Args)]
pub struct Find {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    account: Account,
    /// Tag in the registry [default: the commit]
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,
}

/// The label that says by which of Cargo.toml's profiles it was compiled.
const PROFILE: &str = "wayfare.profile";

/// The named file in which `push` and `find` say which image it is: `ghcr.io/owner/wayfare@sha256:…`.
pub fn pushed(machine: &Machine) -> PathBuf {
    machine.target.join("image/pushed")
}

/// The one that `image verify` accepted last.
pub fn verified(machine: &Machine) -> PathBuf {
    machine.target.join("image/verified")
}

fn commit(machine: &Machine) -> Result<String> {
    let none = || Failure::check("this isn't a clone with a commit to tag the image with").next("a name: --tag NAME");
    Ok(machine.commit().with_context(none)?.0)
}

impl Push {
    pub fn plan(&self, machine: &Machine) -> Result<Plan> {
        let (to, is_of_commit) = (self.place.repository(machine), self.tag.is_empty());
        let own = || Ok::<_, anyhow::Error>([commit(machine)?].into_iter().chain(machine.releases()).collect());
        let names: Vec<_> = if is_of_commit { own()? } else { self.tag.clone() };
        let tagged: Vec<_> = names.iter().map(|name| format!("{to}:{name}")).collect();
        let built = Step::task("check the built image", move |ctx| what_was_built(ctx.machine, is_of_commit))
            .why("a commit's tag must only be on that commit's image")
            .needs(&["skopeo"]);
        let (account, free) = (self.account.clone(), tagged.clone());
        let free = Step::task("tags are free", move |ctx| {
            free.iter().try_for_each(|name| is_free(ctx.machine, &account, name))
        })
        .why("a tag never moves: deploying it again gives the same image");
        let reference = Reference::new(&to, Layout::of(machine).digest()?);
        let said = reference.to_string();
        let upload = self.copy(machine, "upload", &said);
        let upload = [upload.why("by digest first: an interrupted push leaves no tag on an incomplete image")];
        let give = tagged.iter().map(|name| {
            self.copy(machine, &format!("name {}", tail(name)), name).why("tags the image once it is complete")
        });
        let give: Vec<_> = give.collect();
        let account = self.account.clone();
        let proof = Step::task("in the registry", move |ctx| {
            for name in tagged.iter().chain([&said]) {
                let there = account.look_up(ctx.machine, name)?;
                ensure!(
                    there.as_ref() == Some(&reference.digest),
                    Failure::check(format!("{name} is another image there"))
                );
            }
            keep(ctx, &reference)
        })
        .why("the registry has to have what was sent")
        .changes("target/image/pushed");
        let steps = [free].into_iter().chain(upload).chain(give).chain([proof]).collect();
        Ok(Plan::new("image push", [built].into_iter().chain(self.account.around(machine, &to, steps))))
    }

    fn copy(&self, machine: &Machine, name: &str, reference: &str) -> Step {
        let (layout, tls) = (Layout::of(machine), tls("--dest-tls-verify", reference));
        let folder = layout.folder();
        let copy = cmd!(machine.sh, "skopeo copy --preserve-digests {tls...} oci:{folder} docker://{reference}");
        Step::run(name, self.account.told(copy, machine))
            .changes(reference)
            .within(1800)
            .failing_as(Exit::Unreachable)
            .next(format!("push again, uploaded layers are kept; access denied? {WHO}"))
    }
}

impl Find {
    pub fn plan(&self, machine: &Machine) -> Plan {
        let named = self.tag.clone();
        let (account, repository) = (self.account.clone(), self.place.repository(machine));
        let to = repository.clone();
        let find = Step::task("in the registry", move |ctx| {
            let name = named.clone().map_or_else(|| commit(ctx.machine), Ok)?;
            let digest = account.look_up(ctx.machine, &format!("{to}:{name}"))?;
            let missing = || Failure::check(format!("no image {name} in {to}")).next("cargo xtask image push");
            keep(ctx, &Reference::new(&to, digest.ok_or_else(missing)?))
        })
        .why("finds the image that was built from the commit")
        .changes("target/image/pushed")
        .needs(&["skopeo"]);
        Plan::new("image find", self.account.around(machine, &repository, vec![find]))
    }
}

fn keep(ctx: &mut stages::ctx::Ctx, reference: &Reference) -> Result<()> {
    let file = pushed(ctx.machine);
    secret::forget(&verified(ctx.machine))?;
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    fs::write(&file, format!("{reference}\n"))?;
    ctx.data.insert("image".into(), reference.to_string().into());
    ctx.screen.say(&format!("  {reference}"));
    Ok(())
}

/// Without a name of its own it gets the commit's: then it has to be a release of this commit, and of nothing else.
fn what_was_built(machine: &Machine, is_of_commit: bool) -> Result<()> {
    secret::forget(&pushed(machine))?;
    let config = Layout::of(machine).config()?;
    let label = |name: &str| config["config"]["Labels"][name].as_str().unwrap_or("nothing");
    let of = label("org.opencontainers.image.revision");
    let (now, dirty) = machine.commit().unwrap_or(("no commit".into(), true));
    let why = match label(PROFILE) {
        _ if !is_of_commit => return Ok(()),
        _ if dirty => "files differ from the commit".into(),
        _ if of != now => format!("it was built from {of}, but the current commit is {now}"),
        "release" => return machine.releases().iter().try_for_each(|release| is_ours(release)),
        other => format!("it was built for testing (profile {other}), not for deployment"),
    };
    let next = "commit and `cargo xtask image build --release`; or use another tag: --tag";
    Err(Failure::new(Exit::Refused, why).next(next).into())
}

/// The program itself says the version of Cargo.toml, whatever a tag says.
fn is_ours(release: &str) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let why =
        || Failure::new(Exit::Refused, format!("the tag is v{release}, but the version in Cargo.toml is {version}"));
    ensure!(
        release == version,
        why().next(format!(
            "set version = \"{release}\" in Cargo.toml, commit, and tag that instead; or use another tag: --tag"
        ))
    );
    Ok(())
}

fn is_free(machine: &Machine, account: &Account, name: &str) -> Result<()> {
    let (there, ours) = (account.look_up(machine, name)?, Layout::of(machine).digest()?);
    let Some(other) = there.filter(|there| *there != ours) else { return Ok(()) };
    let why = format!("{name} is another image: {other}, and this is {ours}");
    Err(Failure::new(Exit::Refused, why).next("use another tag: --tag; the pushed image isn't changed").into())
}

fn tail(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}
