//! What a deployment does in a cluster, as steps.

use clap::ValueEnum;
use stages::plan::Step;

use super::Kubernetes;
use crate::build::demo::PASSWORD;
use crate::environment::release::{Release, Strategy};
use crate::image::Image;

pub fn reach(of: &Kubernetes) -> Step {
    let reach = of.clone();
    Step::task("cluster", move |_| reach.reachable())
        .why(format!("the cluster responds, and the namespace {} is Wayfare's", of.settings.namespace))
        .needs(&["kubectl"])
}

pub fn fetch(of: &Kubernetes, image: &Image) -> Step {
    let (of, image) = (of.clone(), image.clone());
    Step::task("image", move |ctx| of.resolved(ctx.machine, &image).map(drop))
        .why("the nodes pull it by digest")
        .needs(&["kubectl"])
        .next("cargo xtask cluster load IMAGE")
}

pub fn prepare(of: &Kubernetes, release: &Release) -> Vec<Step> {
    let dry_run = of.clone();
    let (access, secrets) = (of.clone(), of.clone());
    let access = Step::task("access", move |_| access.access())
        .why("namespace, roles and network policies are applied first, or have to exist if this user may not change them")
        .changes("the namespace, its roles and its network policies");
    let secrets = Step::task("secrets", move |_| secrets.secrets())
        .why("each environment has its own, valid as long as its database")
        .changes("creates a missing Secret wayfare-secrets if env.toml says so");
    let dry_run = Step::task("dry run", move |_| dry_run.dry_run())
        .why("detects rejected objects before anything is changed")
        .next("its message names the object and the field");
    let steps = [access, secrets, dry_run].map(|step| step.needs(&["kubectl"]));
    [render(of, release)].into_iter().chain(steps).collect()
}

fn render(of: &Kubernetes, release: &Release) -> Step {
    let (render, release) = (of.clone(), release.clone());
    Step::task("render", move |ctx| render.prepared(ctx, &release))
        .why("the overlay with its images and its strategy, each image by its digest")
        .needs(&["kubectl"])
        .next("kubectl kustomize k8s/overlays/ENVIRONMENT shows the mistake")
}

pub fn migrate(of: &Kubernetes, release: &Release) -> Vec<Step> {
    let (settings, migrate) = (of.clone(), of.clone());
    let settings = Step::task("settings", move |ctx| settings.apply_settings(ctx))
        .why("settings, services and databases; the running version isn't affected")
        .changes("ConfigMaps, Services and databases");
    let migrate = Step::task("migrate", move |ctx| migrate.run_migration(ctx))
        .why("tables are migrated first: the old version works with the new ones")
        .changes("the database's tables; they aren't rolled back")
        .skip_if(!release.migrates, "the previous version works with the current tables")
        .next("its last log lines name the migration and the error");
    [settings, migrate].map(|step| step.needs(&["kubectl"])).into()
}

pub fn roll(of: &Kubernetes, release: &Release) -> Vec<Step> {
    let (roll, commits) = (of.clone(), of.clone());
    let roll = Step::task("roll out", move |ctx| roll.roll_out(ctx))
        .why(format!("{}: no request is lost", word(release.strategy)))
        .changes("what serves")
        .next("see its last log lines, and kubectl describe pod");
    let commits = Step::task("commit", move |ctx| commits.commits(ctx)).why("checks the commit of each replica");
    [roll, commits].map(|step| step.needs(&["kubectl"])).into()
}

pub fn seed(of: &Kubernetes) -> Step {
    let seed = of.clone();
    Step::task("seed", move |ctx| seed.run_seed(ctx, PASSWORD))
        .why("an empty database has no shops to show")
        .changes("adds the demo city, once")
        .needs(&["kubectl"])
}

pub fn diff(of: &Kubernetes, release: &Release) -> Vec<Step> {
    let diff = of.clone();
    let diff = Step::task("diff", move |ctx| diff.show_diff(ctx))
        .why("compares the current objects with those that the API server would store")
        .needs(&["kubectl"]);
    vec![render(of, release), diff]
}

pub fn remove(of: &Kubernetes, keeps_data: bool) -> Step {
    let remove = of.clone();
    let what = if keeps_data { "deletes workloads and settings" } else { "deletes the namespace, with all data" };
    Step::task("remove", move |ctx| remove.take_away(ctx, keeps_data))
        .why("the environment stops serving")
        .changes(what)
        .needs(&["kubectl"])
}

fn word(strategy: Strategy) -> String {
    strategy.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
