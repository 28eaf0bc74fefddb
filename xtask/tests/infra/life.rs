//! From nothing to an environment and back, by `cargo xtask infra … --offline`, and what has to be refused on the way.

use std::fs::{File, read_dir};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, fcntl_lock};
use serde_json::Value;

use crate::Clone;

const OVERLAY: &str = "k8s/overlays/dev/infra.tfvars";
const MEANT: &str = "destroy --env dev --offline --yes --really-destroy dev";

fn ended(told: (i32, String), code: i32, words: &str) -> String {
    assert!(told.0 == code && told.1.contains(words), "{} instead of {code} and `{words}`:\n{}", told.0, told.1);
    told.1
}

/// What stands for a resource of that type.
fn made(clone: &Clone, kind: &str) -> PathBuf {
    let folder = clone.path("target/xtask/infra/dev-offline/cloud");
    let mut files = read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|file| file.file_name().unwrap().to_string_lossy().starts_with(&format!("{kind}."))).unwrap()
}

fn change(file: &PathBuf, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

#[test]
fn an_environment_comes_drifts_and_goes_and_nothing_is_left() {
    let clone = Clone::new();
    ended(clone.infra("apply --env dev --offline", &[]), 2, "there is no plan");
    let told = ended(clone.infra("plan --env dev --offline", &[]), 0, "USD  a month, roughly");
    assert!(told.contains("create   module.machine[0].aws_instance.this"), "{told}");
    ended(clone.infra("doctor --env dev --offline", &[]), 0, "account");
    let none = [("WAYFARE_STAND_IN_QUOTA", "0")];
    ended(clone.infra("doctor --env dev --offline", &none), 1, "the account may have 0 networks, and the plan needs 1");
    ended(clone.infra("apply --env dev --offline", &[]), 0, "\"environment\": \"dev\"");
    ended(clone.infra("apply --env dev --offline", &[]), 2, "applied already");
    ended(clone.infra("plan --env dev --offline", &[]), 0, "nothing to change");

    ended(clone.infra("drift --env dev --offline", &[]), 0, "passed");
    change(&made(&clone, "aws_vpc"), "\"enable_dns_support\": true", "\"enable_dns_support\": false");
    let words = "changed outside Terraform: module.network.aws_vpc.this (changed)";
    ended(clone.infra("drift --env dev --offline", &[]), 9, words);

    ended(clone.infra("destroy --env dev --offline --yes", &[]), 5, "--really-destroy dev");
    ended(clone.infra("destroy --env dev --offline --yes --really-destroy prod", &[]), 5, "--really-destroy dev");
    let keeps = [("WAYFARE_STAND_IN_KEEPS", "aws_key_pair")];
    ended(clone.infra(MEANT, &keeps), 1, "still there: arn:aws:stand-in:::aws_key_pair-");
    std::fs::remove_file(made(&clone, "aws_key_pair")).unwrap();
    let told = ended(clone.infra(&format!("{MEANT} --json"), &[]), 0, "\"left\": []");
    let document: Value =
        serde_json::from_str(told.split_once("\n}\n").map_or(&*told, |(json, _)| json)).unwrap_or_default();
    assert!(document.is_null() || document["data"]["left"] == serde_json::json!([]), "{told}");
}

#[test]
fn a_plan_is_applied_as_it_was_read_or_not_at_all() {
    let clone = Clone::new();
    clone.infra("plan --env dev --offline", &[]);
    clone.edit("infra/terraform/modules/dns/main.tf", "ttl     = 3600", "ttl     = 60");
    let words = "modules/dns/main.tf has changed since the plan was made";
    ended(clone.infra("apply --env dev --offline", &[]), 5, words);
    clone.infra("plan --env dev --offline", &[]);
    clone.edit(OVERLAY, "\"platform\"", "\"other\"");
    ended(clone.infra("apply --env dev --offline", &[]), 5, "infra.tfvars has changed since the plan was made");
}

#[test]
fn a_plan_that_destroys_data_is_refused_without_both_confirmations() {
    let clone = Clone::new();
    clone.infra("plan --env dev --offline", &[]);
    ended(clone.infra("apply --env dev --offline", &[]), 0, "passed");
    let text = std::fs::read_to_string(clone.path(OVERLAY)).unwrap();
    let (kept, _) = text.split_once("machine = {").unwrap();
    std::fs::write(clone.path(OVERLAY), kept).unwrap();
    ended(clone.infra("plan --env dev --offline", &[]), 0, "DESTROYS DATA: module.machine[0].aws_instance.this");
    let words = "this destroys data: module.machine[0].aws_instance.this";
    ended(clone.infra("apply --env dev --offline", &[]), 5, words);
    ended(clone.infra("apply --env dev --offline --yes --really-destroy prod", &[]), 5, words);
    ended(clone.infra("apply --env dev --offline --yes --really-destroy dev", &[]), 0, "passed");
}

#[test]
fn what_cannot_work_says_why_and_what_next() {
    let clone = Clone::new();
    let without = [("WAYFARE_STAND_IN_REFUSES", "credentials")];
    ended(clone.infra("plan --env dev --offline", &without), 4, "no credentials for AWS were found");
    let other = [("WAYFARE_STAND_IN_ACCOUNT", "999999999999")];
    ended(clone.infra("plan --env dev --offline", &other), 5, "of another account than infra.tfvars states");
    ended(clone.infra("doctor --env dev --offline", &other), 5, "999999999999");
    ended(clone.infra("plan --env local --offline", &[]), 2, "has no infra.tfvars");
    ended(clone.infra("plan --env attic --offline", &[]), 2, "there is no environment `attic`");
    clone.edit(OVERLAY, "\"2027-01-31\"", "\"soon\"");
    ended(clone.infra("plan --env dev --offline", &[]), 2, "`expires` is a day such as 2027-01-31");
}

#[test]
fn a_state_that_another_run_holds_is_left_alone() {
    let clone = Clone::new();
    clone.infra("plan --env dev --offline", &[]);
    ended(clone.infra("apply --env dev --offline", &[]), 0, "passed");
    let state =
        File::options().read(true).write(true).open(clone.path("target/xtask/infra/dev-offline/terraform.tfstate"));
    let state = state.unwrap();
    fcntl_lock(&state, FlockOperation::NonBlockingLockExclusive).unwrap();
    ended(clone.infra("plan --env dev --offline", &[]), 5, "another run holds the lock of the state");
    drop(state);
    ended(clone.infra("plan --env dev --offline", &[]), 0, "nothing to change");
}
