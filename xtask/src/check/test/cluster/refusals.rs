//! What doesn't get in: each has its exit code and names the next step, and nothing of it is applied.

use anyhow::Result;
use stages::ctx::Ctx;
use stages::exit::Exit;
use stages::plan::Step;

use super::{ENVIRONMENT, claim, images, kubectl, xtask, xtask_with};

pub fn steps() -> Vec<Step> {
    let context =
        claim("a context that isn't on the list is refused", another_context).why("the wrong cluster is a bad day");
    let image = claim("an image by its tag is refused", by_tag).why("a tag can be moved");
    let namespace =
        claim("another team's namespace is refused", foreign).why("names are short, and clusters are shared");
    let silent = claim("a cluster that doesn't answer is unreachable", no_cluster).why("that is no failed deployment");
    let digest = claim("an image that its registry doesn't have changes nothing", unknown)
        .why("found before anything is touched");
    vec![context, image, digest, namespace, silent]
}

fn another_context(ctx: &mut Ctx) -> Result<()> {
    let image = images::version(ctx.machine, "two")?;
    let deploy = ["deploy", "--env", ENVIRONMENT, &image];
    xtask_with(ctx, &deploy, &[("WAYFARE_KUBE_CONTEXT", "somewhere-else")])?
        .ends_with(Exit::Refused)?
        .says("doesn't list the context somewhere-else")?;
    Ok(())
}

fn by_tag(ctx: &mut Ctx) -> Result<()> {
    let deploy = ["deploy", "--env", ENVIRONMENT, "wayfare-trial:never"];
    xtask(ctx, &deploy)?.ends_with(Exit::Refused)?.says("cargo xtask cluster load")?;
    Ok(())
}

fn unknown(ctx: &mut Ctx) -> Result<()> {
    let image = format!("127.0.0.1:9/wayfare@sha256:{}", "0".repeat(64));
    xtask(ctx, &["deploy", "--env", ENVIRONMENT, &image])?.ends_with(Exit::Unreachable)?.says("can't be read")?;
    Ok(())
}

fn foreign(ctx: &mut Ctx) -> Result<()> {
    let image = images::version(ctx.machine, "two")?;
    let label = ["label", "namespace", super::NAMESPACE, "--overwrite"];
    kubectl(ctx, &[&label[..], &["app.kubernetes.io/part-of=something-else"]].concat())?;
    let ended = xtask(ctx, &["deploy", "--env", ENVIRONMENT, &image]);
    kubectl(ctx, &[&label[..], &["app.kubernetes.io/part-of=wayfare"]].concat())?;
    ended?.ends_with(Exit::Refused)?.says("isn't Wayfare's")?;
    Ok(())
}

fn no_cluster(ctx: &mut Ctx) -> Result<()> {
    let config = ctx.machine.scratch("kubernetes").join("nowhere.kubeconfig");
    let context = kubectl(ctx, &["config", "current-context"])?;
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: {context}, contexts: [{{name: {context}, context: {{cluster: a, user: a}}}}], \
         clusters: [{{name: a, cluster: {{server: \"http://127.0.0.1:9\"}}}}], users: [{{name: a, user: {{}}}}]}}"
    );
    std::fs::write(&config, text)?;
    let ended = xtask_with(ctx, &["status", "--env", ENVIRONMENT], &[("KUBECONFIG", &config.display().to_string())]);
    std::fs::remove_file(config)?;
    ended?.ends_with(Exit::Unreachable).map(drop)
}
