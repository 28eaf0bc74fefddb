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
        .why(format!("it answers, and its namespace {} is ours", of.settings.namespace))
        .needs(&["kubectl"])
}

pub fn fetch(of: &Kubernetes, image: &Image) -> Step {
    let (of, image) = (of.clone(), image.clone());
    Step::task("image", move |ctx| of.resolved(ctx.machine, &image).map(drop))
        .why("nodes take it by its digest, by themselves")
        .needs(&["kubectl"])
        .next("cargo xtask cluster load IMAGE")
}

pub fn prepare(of: &Kubernetes, release: &Release) -> Vec<Step> {
    let dry_run = of.clone();
    let (access, secrets) = (of.clone(), of.clone());
    let access = Step::task("access", move |_| access.access())
        .why("the namespace, roles and network policies come first; whoever may not change them finds them there")
        .changes("the namespace, its roles and its network policies");
    let secrets = Step::task("secrets", move |_| secrets.secrets())
        .why("each environment has its own, for as long as its database")
        .changes("makes the Secret wayfare-secrets where env.toml says so and it isn't there");
    let dry_run = Step::task("dry run", move |_| dry_run.dry_run())
        .why("what the API server refuses is found before anything is touched")
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
        .why("settings, addresses and databases: the running version doesn't notice")
        .changes("ConfigMaps, Services and databases");
    let migrate = Step::task("migrate", move |ctx| migrate.run_migration(ctx))
        .why("tables first: the old version works with those of the next one")
        .changes("the database's tables; a rollback leaves them")
        .skip_if(!release.migrates, "an older version works with the tables as they are")
        .next("its last lines say which migration failed, and why");
    [settings, migrate].map(|step| step.needs(&["kubectl"])).into()
}

pub fn roll(of: &Kubernetes, release: &Release) -> Vec<Step> {
    let (roll, commits) = (of.clone(), of.clone());
    let roll = Step::task("roll out", move |ctx| roll.roll_out(ctx))
        .why(format!("{}: no request is lost", word(release.strategy)))
        .changes("what serves")
        .next("its last lines say why; kubectl describe pod tells more");
    let commits = Step::task("commit", move |ctx| commits.commits(ctx)).why("each replica says of which commit it is");
    [roll, commits].map(|step| step.needs(&["kubectl"])).into()
}

pub fn seed(of: &Kubernetes) -> Step {
    let seed = of.clone();
    Step::task("seed", move |ctx| seed.run_seed(ctx, PASSWORD))
        .why("a shop without shops shows nothing")
        .changes("adds the demo city, once")
        .needs(&["kubectl"])
}

pub fn diff(of: &Kubernetes, release: &Release) -> Vec<Step> {
    let diff = of.clone();
    let diff = Step::task("diff", move |ctx| diff.show_diff(ctx))
        .why("what the API server would make of it, beside what is there")
        .needs(&["kubectl"]);
    vec![render(of, release), diff]
}

pub fn remove(of: &Kubernetes, keeps_data: bool) -> Step {
    let remove = of.clone();
    let what = if keeps_data { "deletes workloads and settings" } else { "deletes the namespace, with all data" };
    Step::task("remove", move |ctx| remove.take_away(ctx, keeps_data))
        .why("nothing serves any more")
        .changes(what)
        .needs(&["kubectl"])
}

fn word(strategy: Strategy) -> String {
    strategy.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
