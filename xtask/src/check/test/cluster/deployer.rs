//! Whoever deploys is no administrator: the role of k8s/base/access is enough for a deployment, and for little else.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::plan::Step;

use super::{ENVIRONMENT, claim, images, kubectl, xtask_with};

/// What would let a deployer become more than that, or see what is secret.
const FORBIDDEN: [[&str; 2]; 9] = [
    ["get", "secrets"],
    ["list", "secrets"],
    ["create", "roles"],
    ["create", "rolebindings"],
    ["patch", "networkpolicies"],
    ["delete", "networkpolicies"],
    ["create", "pods/exec"],
    ["create", "serviceaccounts/token"],
    ["patch", "namespaces"],
];

pub fn step() -> Step {
    claim("the group `wayfare:deployers` deploys and rolls back, and may do no more", deploys)
        .why("a pipeline has no administrator's rights")
        .changes("deploys another version, and takes it back")
}

fn deploys(ctx: &mut Ctx) -> Result<()> {
    let config = ctx.machine.scratch("kubernetes").join("deployer.kubeconfig");
    fs::write(&config, kubeconfig(ctx)?.to_string())?;
    let tried = tried(ctx, &config.display().to_string());
    fs::remove_file(config)?;
    tried
}

/// The administrator's, who acts as one of that group and nobody else.
fn kubeconfig(ctx: &Ctx) -> Result<Value> {
    let view = ["config", "view", "--raw", "--minify", "--output", "json"];
    let mut config: Value = serde_json::from_str(&kubectl(ctx, &view)?)?;
    config["users"][0]["user"]["as"] = json!("somebody");
    config["users"][0]["user"]["as-groups"] = json!(["wayfare:deployers", "system:authenticated"]);
    Ok(config)
}

fn tried(ctx: &mut Ctx, config: &str) -> Result<()> {
    for [verb, what] in FORBIDDEN {
        // It ends with 1 where the answer is no.
        let answer = kubectl(ctx, &["--kubeconfig", config, "auth", "can-i", verb, what]);
        ensure!(answer.is_err(), Failure::check(format!("a deployer may {verb} {what}")));
    }
    let two = images::version(ctx.machine, "two")?;
    let as_deployer = [("KUBECONFIG", config)];
    for words in [&["deploy", "--env", ENVIRONMENT, &two][..], &["rollback", "--env", ENVIRONMENT]] {
        xtask_with(ctx, words, &as_deployer)?.ends_with(Exit::Ok)?;
    }
    xtask_with(ctx, &["status", "--env", ENVIRONMENT], &as_deployer)?.ends_with(Exit::Ok).map(drop)
}
