//! Each object by the schema of its kind, strictly: an unknown field is an error. And what checkov thinks of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::Step;
use xshell::cmd;

use super::render;

/// An unknown field, as a wrong indentation produces it.
pub const PLANTED: &str = "apiVersion: v1
kind: Service
metadata: { name: planted }
spec: { ports: [{ port: 80 }], seletor: { app: planted } }
";

/// What isn't asked of these: an image by digest can't change (15, 43: the zeros are put in place by `deploy`), UID 1000 is
/// the house's (40), and a worker or a job takes no requests to be probed by (8, 9).
const LEFT_OUT: &str = "CKV_K8S_8,CKV_K8S_9,CKV_K8S_15,CKV_K8S_40";

pub fn steps(machine: &Machine) -> [Step; 2] {
    let schemas = Step::task("schemas", validate)
        .why("the cluster silently ignores an unknown field")
        .optional("kubectl", machine)
        .optional("kubernetes-validate", machine)
        .next("fix the named manifest in k8s/");
    let checkov = Step::task("checkov", checkov)
        .why("checkov's rules, on top of our own")
        .optional("kubectl", machine)
        .optional("checkov", machine)
        .next("fix the named manifest, or exclude the rule in xtask/src/check/manifests/schema.rs with a reason");
    [schemas, checkov]
}

fn validate(ctx: &mut Ctx) -> Result<()> {
    let machine = ctx.machine;
    let planted = machine.scratch("manifests").join("planted.yaml");
    fs::create_dir_all(machine.scratch("manifests"))?;
    fs::write(&planted, PLANTED)?;
    let finds = strict(machine, &planted).is_err();
    ensure!(finds, Failure::new(Exit::NotJudged, "kubernetes-validate is ineffective: it accepts an unknown field"));
    let told = strict(machine, &render::distinct_file(machine)).map_err(|told| {
        ctx.screen.say(&told);
        Failure::check("an object violates its schema")
    })?;
    // Kinds of a CustomResourceDefinition: an API server that has them judges those, in `test cluster`.
    let unknown =
        told.lines().filter_map(|line| Some(line.split_once("schema for kind ")?.1.split(' ').next()?.to_owned()));
    let unknown: BTreeSet<_> = unknown.collect();
    ctx.data.insert("kinds_without_a_schema".into(), unknown.into_iter().collect());
    Ok(())
}

/// What it says, of what it knows or of what is wrong.
fn strict(machine: &Machine, file: &Path) -> Result<String, String> {
    let command = cmd!(machine.sh, "kubernetes-validate --strict {file}").env("PATH", &machine.path);
    let output = command.quiet().ignore_status().output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(text) } else { Err(text) }
}

fn checkov(ctx: &mut Ctx) -> Result<()> {
    let machine = ctx.machine;
    let file = render::distinct_file(machine);
    let words = ["--quiet", "--compact", "--skip-download", "--framework", "kubernetes", "--skip-check", LEFT_OUT];
    let command = cmd!(machine.sh, "checkov {words...} --file {file}").env("PATH", &machine.path);
    let output = command.quiet().ignore_status().output()?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if !output.status.success() {
        ctx.screen.say(&text);
    }
    ensure!(output.status.success(), Failure::check("checkov reports findings"));
    Ok(())
}
