//! `--gitops`: a deployment is a commit of digests to the branch that Argo CD follows, a rollback a commit that takes the
//! last one back. Nothing here talks to a cluster, and its user needs no access to one.

mod file;
mod git;

use std::fs;

use anyhow::{Context, Result, ensure};
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, OVERLAYS};
use stages::plan::{Plan, Step};
use xshell::cmd;

use self::file::Digests;
use self::git::Checkout;
use super::{Environment, promotion};
use crate::image::{Image, Reference, Signed};

/// Below the environment's overlay.
const FILE: &str = "release/kustomization.yaml";
const WEB: &str = "WAYFARE_WEB_IMAGE";

/// What is committed.
#[derive(Clone)]
enum Change {
    To(Box<Reference>),
    /// As it was before that commit.
    Before(String),
}

pub fn deploy(environment: &Environment, image: &Image, yes: bool, signed: &Signed, machine: &Machine) -> Result<Plan> {
    let Image::Pinned(image) = image else {
        let message = format!("{image} can be moved: Git keeps digests");
        return Err(Failure::new(Exit::Refused, message)
            .next("REPOSITORY@sha256:…, as cargo xtask image push says")
            .into());
    };
    plan("deploy", environment, image, Change::To(Box::new(image.clone())), (yes, signed), machine)
}

pub fn rollback(environment: &Environment, yes: bool, signed: &Signed, machine: &Machine) -> Result<Plan> {
    let file = path(environment);
    let (last, before) = git::before(machine, &git::branch(machine)?, &file)?;
    let unknown = || {
        Failure::check(format!("Git has no previous version of {}", environment.name))
            .next("name one: cargo xtask deploy --gitops --env … REPOSITORY@sha256:…")
    };
    let image = before.as_deref().map(Digests::read).transpose()?.and_then(|digests| digests.service);
    plan("rollback", environment, &image.with_context(unknown)?, Change::Before(last), (yes, signed), machine)
}

fn plan(
    verb: &'static str,
    environment: &Environment,
    image: &Reference,
    change: Change,
    (yes, signed): (bool, &Signed),
    machine: &Machine,
) -> Result<Plan> {
    let branch = git::branch(machine)?;
    let checkout = Checkout::new(machine, &branch);
    let (of_open, of_close, of_change) = (checkout.clone(), checkout.clone(), checkout.clone());
    let open = Step::task("checkout", move |ctx| of_open.open(ctx.machine))
        .why(format!("{branch} as it is now, beside whatever is being worked on here"))
        .changes("a temporary folder")
        .needs(&["git"]);
    let close = Step::task("no checkout", move |ctx| of_close.close(ctx.machine))
        .why("removes the temporary folder")
        .cleaning_up(&open);
    let message = message(environment, image, &change);
    let (file, name) = (path(environment), environment.name.clone());
    let digests = Step::task("digests", move |ctx| write(ctx, &of_change, &file, &change))
        .why("a digest always means the same image");
    let rendered = cmd!(machine.sh, "kubectl kustomize").arg(checkout.folder.join(OVERLAYS).join(&name));
    let rendered = Step::run("render", rendered)
        .why("detects rendering errors before Argo CD sees the commit")
        .needs(&["kubectl"])
        .next("kubectl kustomize shows the mistake");
    let commit = Step::task("commit", move |ctx| checkout.commit(ctx, &message))
        .why(format!("Argo CD applies what is on {branch}"))
        .changes(format!("a commit on {branch} at {}", git::REMOTE))
        .next("someone else pushed at the same time: run it again");
    let verified = if environment.signed { signed.steps(machine, image, |_| None) } else { Vec::new() };
    let proven = promotion::proven(environment, image, signed, machine);
    let confirmed = environment.confirmed(yes, "its users' version is replaced");
    let steps = confirmed.into_iter().chain(verified).chain(proven).chain([open, digests, rendered, commit, close]);
    Ok(Plan::new(&format!("{verb} --env {}", environment.name), steps))
}

/// Refused where Git says what runs: Argo CD would undo anything else.
pub fn is_not_delivered(environment: &Environment, machine: &Machine) -> Result<()> {
    let Ok(text) = fs::read_to_string(machine.root.join(path(environment))) else { return Ok(()) };
    let message = || format!("{} is delivered by Git: {} names what runs there", environment.name, path(environment));
    let is_delivered = Digests::read(&text)?.service.is_some();
    ensure!(!is_delivered, Failure::new(Exit::Refused, message()).next("the same with --gitops"));
    Ok(())
}

fn path(environment: &Environment) -> String {
    format!("{OVERLAYS}/{}/{FILE}", environment.name)
}

fn message(environment: &Environment, image: &Reference, change: &Change) -> String {
    let name = &environment.name;
    let digest = &image.digest.hex()[..12];
    match change {
        Change::To(_) => format!("{name}: Deploy {digest}\n\n{image}"),
        Change::Before(commit) => format!("{name}: Back to {digest}\n\n{image}\n\nThis reverts commit {commit}."),
    }
}

fn write(ctx: &mut Ctx, checkout: &Checkout, file: &str, change: &Change) -> Result<()> {
    let there = checkout.read(file)?;
    let was = Digests::read(&there)?;
    let text = match change {
        Change::To(image) => {
            let web = match ctx.machine.variable(WEB) {
                Some(named) => Some(named.parse().map_err(|error: String| Failure::new(Exit::Refused, error))?),
                None => was.web.clone(),
            };
            let missing = || {
                Failure::new(Exit::Refused, "the web tier's image isn't set").next(format!("{WEB}=REPOSITORY@sha256:…"))
            };
            Digests { service: Some((**image).clone()), web: Some(web.with_context(missing)?) }.text()
        }
        Change::Before(commit) => git::at(ctx.machine, &format!("{commit}^"), file)?,
    };
    let is = Digests::read(&text)?;
    ensure!(is.service.is_some(), Failure::check(format!("{file} names no image of the service")));
    ctx.data.insert("from".into(), serde_json::to_value(&was.service)?);
    ctx.data.insert("to".into(), serde_json::to_value(&is.service)?);
    checkout.write(file, &text)
}
