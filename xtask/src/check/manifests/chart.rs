//! The Helm chart: it says the same as Kustomize for the same choices.

use anyhow::{Context, Result};
use manifests::{Facts, Object, compare, parse};
use stages::ctx::Ctx;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

use super::render::Rendering;
use super::tell;

const CHART: &str = "k8s/chart";
/// What a chart's value turns on, and the component that does the same.
const CHOICES: [(&str, &str); 5] = [
    ("gateway", "gateway"),
    ("ingress", "ingress"),
    ("loadBalancer", "load-balancer"),
    ("monitoring", "monitoring"),
    ("nodePort", "node-port"),
];

pub fn step(machine: &Machine) -> Step {
    Step::task("chart", judge)
        .why("Helm and Kustomize have to render the same objects")
        .optional("kubectl", machine)
        .optional("helm", machine)
        .next("make k8s/chart/templates and k8s/base equivalent")
}

fn judge(ctx: &mut Ctx) -> Result<()> {
    let machine = ctx.machine;
    let lint = cmd!(machine.sh, "helm lint --strict --quiet {CHART}").env("PATH", &machine.path);
    lint.quiet().ignore_stdout().run().context("helm lint rejects the chart")?;
    let mut found = Vec::new();
    for choices in [&[][..], &CHOICES[..]] {
        let chart = rendered(machine, choices)?;
        let mut kustomize = by_kustomize(machine, choices)?;
        // The chart's namespace is its user's, with their own labels.
        kustomize.retain(|it| it.kind() != "Namespace");
        found.extend(compare::differences(&chart, &kustomize).into_iter().map(|it| format!("chart and base: {it}")));
        found.extend(offences(machine, chart)?);
    }
    tell(ctx, &found)
}

fn by_kustomize(machine: &Machine, choices: &[(&str, &str)]) -> Result<Vec<Object>> {
    let components: Vec<_> = choices.iter().map(|(_, component)| *component).collect();
    let name = if choices.is_empty() { "base" } else { "base with all" };
    let base = Rendering::with(name, "k8s/base", "wayfare", &components);
    base.render(machine)?;
    base.objects(machine)
}

fn rendered(machine: &Machine, choices: &[(&str, &str)]) -> Result<Vec<Object>> {
    let values = choices.iter().flat_map(|(value, _)| ["--set".to_owned(), format!("{value}.enabled=true")]);
    let command = cmd!(machine.sh, "helm template wayfare {CHART} {values...}").env("PATH", &machine.path);
    parse(&command.quiet().read().context("the chart can't be rendered")?)
}

/// Its database and its Redis are there before it: those of dev.
fn offences(machine: &Machine, mut chart: Vec<Object>) -> Result<Vec<String>> {
    let facts = Facts::of(&machine.root)?;
    let dev = Rendering::with("dev", "k8s/overlays/dev", "wayfare-dev", &[]).objects(machine)?;
    let name = |it: &Object| it.text("/metadata/labels/app.kubernetes.io~1name").to_owned();
    chart.extend(dev.into_iter().filter(|it| ["postgres", "redis"].contains(&&*name(it))));
    Ok(manifests::offences(&chart, &facts).into_iter().map(|it| format!("chart: {it}")).collect())
}
