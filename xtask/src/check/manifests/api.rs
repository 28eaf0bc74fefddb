//! What a real API server says, which has the CustomResourceDefinitions of those whose objects we write: read from their
//! published Go modules while the check runs, kept nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use manifests::{Object, parse};
use serde_json::Value;
use stages::ctx::Ctx;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

use super::{render, schema};

/// Etcd and an API server for one command.
const SERVER: &str = ".ci/cluster/api";
/// Modules, and what in them defines their kinds.
const CRDS: [(&str, &str); 7] = [
    ("github.com/argoproj/argo-cd/v3@v3.5.7", "manifests/crds"),
    ("github.com/argoproj/argo-rollouts@v1.10.1", "manifests/crds"),
    ("github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds"),
    ("github.com/external-secrets/external-secrets@v0.16.2", "config/crds/bases"),
    ("github.com/prometheus-operator/prometheus-operator@v0.85.0", "example/prometheus-operator-crd"),
    ("github.com/sigstore/policy-controller@v0.13.0", "config"),
    ("sigs.k8s.io/gateway-api@v1.6.3", "config/crd/standard"),
];
/// Whose definition is in no module that can be had.
const UNKNOWN: &str = "PostgresCluster";

pub fn step(machine: &Machine) -> Step {
    Step::task("API server", ask)
        .why("the API server validates the manifests, including custom resources")
        .optional("go", machine)
        .optional("kubectl", machine)
        .next("fix the named manifest in k8s/")
}

fn ask(ctx: &mut Ctx) -> Result<()> {
    let machine = ctx.machine;
    let folder = machine.scratch("manifests");
    let definitions = definitions(machine)?;
    ctx.data.insert("definitions".into(), definitions.len().into());
    write(&folder.join("definitions/all.json"), &definitions)?;
    let (namespaces, objects) = what_is_told(machine)?;
    write(&folder.join("namespaces.json"), &namespaces)?;
    write(&folder.join("sent.json"), &objects)?;
    fs::write(folder.join("planted.yaml"), schema::PLANTED)?;
    let ask = "kubectl apply --server-side --dry-run=server --validate=strict --force-conflicts --filename";
    // In one go: the server lives as long as the command.
    let asked = format!("kubectl create --filename namespaces.json && ! {ask} planted.yaml && {ask} sent.json");
    let server = machine.root.join(SERVER);
    let command = cmd!(machine.sh, "{server} sh -c {asked}").env("API_CRDS", folder.join("definitions"));
    let _folder = machine.sh.push_dir(&folder);
    let output = command.quiet().ignore_status().output()?;
    if !output.status.success() {
        ctx.screen.say(&String::from_utf8_lossy(&output.stderr));
    }
    ensure!(output.status.success(), Failure::check("the API server refuses it, or accepts an unknown field"));
    Ok(())
}

/// Namespaces, which have to be there, and everything else.
fn what_is_told(machine: &Machine) -> Result<(Vec<Object>, Vec<Object>)> {
    let mut objects = parse(&fs::read_to_string(render::distinct_file(machine))?)?;
    objects.retain(|it| it.kind() != UNKNOWN);
    let mut names: Vec<_> = objects.iter().map(|it| it.text("/metadata/namespace").to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    let named = names.iter().filter(|name| !name.is_empty());
    let namespace = |name: &String| {
        Object(serde_json::json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }))
    };
    Ok((named.map(namespace).collect(), objects))
}

fn definitions(machine: &Machine) -> Result<Vec<Object>> {
    let mut found = Vec::new();
    for (module, folder) in CRDS {
        let folder = module_folder(machine, module)?.join(folder);
        for file in fs::read_dir(&folder).with_context(|| format!("{module} has no {}", folder.display()))? {
            let file = file?.path();
            if file.extension().is_some_and(|end| end == "yaml") {
                found.extend(parse(&fs::read_to_string(&file)?)?);
            }
        }
    }
    found.retain(|it| it.kind() == "CustomResourceDefinition");
    found.iter_mut().for_each(without_conversion);
    Ok(found)
}

/// The controller that converts between versions isn't there.
fn without_conversion(definition: &mut Object) {
    if let Some(spec) = definition.0.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("conversion");
    }
}

fn module_folder(machine: &Machine, module: &str) -> Result<PathBuf> {
    let command = cmd!(machine.sh, "go mod download -json {module}").env("GO111MODULE", "on");
    let told: Value = serde_json::from_str(&command.quiet().read()?)?;
    let folder = told.get("Dir").and_then(Value::as_str);
    Ok(folder.with_context(|| format!("{module} can't be had: {}", told["Error"]))?.into())
}

fn write(file: &Path, objects: &[Object]) -> Result<()> {
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    let items: Vec<_> = objects.iter().map(|it| &it.0).collect();
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
    Ok(fs::write(file, list.to_string())?)
}
