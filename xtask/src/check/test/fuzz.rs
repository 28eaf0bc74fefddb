//! `test fuzz`: a seeded server, and requests generated from its OpenAPI document, as guest and as each role.
//!
//! Tokens go to schemathesis through a file that only this user reads: a command line is seen by everyone on the machine.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use stages::exit::Failure;
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use stages::{http, secret};
use xshell::cmd;

use crate::build::Profile;
use crate::build::demo::{PASSWORD, ROLES, account};
use crate::build::sandbox::Sandbox;

#[derive(Args)]
#[command(next_help_heading = "Options of fuzz")]
pub struct Fuzz {
    /// Generated requests for each operation and role
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_examples: u32,
    /// Port of the server under test
    #[arg(long, default_value_t = 5099, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

const FOLDER: &str = "fuzz";

/// What can end the session or the account that tries it. It comes last for each role, and alone: from then on
/// the role may be guest.
const ENDS_THE_SESSION: &str = "^/api/(auth/(logout|password)$|me/sessions(/|$)|users/)";

/// Streams don't end by themselves; the service's own tests read them.
const STREAMS: &str = "/(events|stream)$";

/// What a schema can't express, configured for the fuzzer.
const RULES: &str = include_str!("../../../../api/schemathesis.toml");

pub fn plan(fuzz: &Fuzz, machine: &Machine) -> Result<Plan> {
    let (port, folder) = (fuzz.port, machine.scratch(FOLDER));
    let own = Sandbox { folder: folder.clone(), port, profile: Profile::Debug };
    let rules = folder.join("guest.toml");
    let rules =
        Step::task("rules", move |_| Ok(fs::write(&rules, RULES)?)).why("properties that a schema can't express");
    let before = own.steps(machine, "cargo xtask test fuzz --port N").into_iter().chain([rules.essential()]);
    let nobody =
        [attempt(fuzz, machine, "fuzz as guest", &["--config-file=guest.toml", "--exclude-path-regex", STREAMS])];
    let not_now = format!("{ENDS_THE_SESSION}|{STREAMS}");
    let roles = ROLES.into_iter().flat_map(|role| {
        let config = folder.join(format!("{role}.toml"));
        let with = format!("--config-file={role}.toml");
        let (but, only) = ("--exclude-path-regex", "--include-path-regex");
        [
            sign_in(port, role, config.clone()),
            attempt(fuzz, machine, &format!("fuzz as {role}"), &[&with, but, &not_now]),
            still_signed_in(port, role, config),
            attempt(fuzz, machine, &format!("fuzz {role}'s sign-out"), &[&with, only, ENDS_THE_SESSION]),
        ]
    });
    Ok(Plan::new("test fuzz", before.chain(nobody).chain(roles)).keep_going())
}

fn sign_in(port: u16, role: &'static str, config: PathBuf) -> Step {
    Step::task(&format!("sign in as {role}"), move |_| {
        let body = serde_json::json!({ "email": account(role), "password": PASSWORD });
        let answer = http::post_json(port, "/api/auth/login", &body.to_string())?;
        anyhow::ensure!(answer.status == 200, Failure::check(format!("sign-in answered {}", answer.status)));
        let answer: serde_json::Value =
            serde_json::from_str(&answer.body).context("the sign-in response isn't JSON")?;
        let token = answer["access_token"].as_str().context("the sign-in response has no access_token")?;
        secret::write(&config, &format!("[headers]\nAuthorization = \"Bearer {token}\"\n\n{RULES}"))
    })
    .why("each role sees other operations")
}

/// Once its session was ended, a role's requests are a guest's: a pass would be misleading.
fn still_signed_in(port: u16, role: &'static str, config: PathBuf) -> Step {
    Step::task(&format!("still signed in as {role}"), move |_| {
        let config = fs::read_to_string(&config).context("there was no sign-in")?;
        let token = config.split('"').nth(1).context("there is no token")?;
        let status = http::get_as(port, "/api/me", token)?.status;
        anyhow::ensure!(
            status == 200,
            Failure::check(format!("/api/me responded with {status}: a request ended the session"))
        );
        Ok(())
    })
    .why("otherwise the requests were made without a session")
    .next("a request ended the session: name its path in ENDS_THE_SESSION in xtask/src/check/test/fuzz.rs")
}

fn attempt(fuzz: &Fuzz, machine: &Machine, name: &str, options: &[&str]) -> Step {
    let document = format!("http://127.0.0.1:{}/openapi.json", fuzz.port);
    let examples = fuzz.max_examples.to_string();
    // It keeps its findings where it is started: not in the clone.
    let _back_again = machine.sh.push_dir(machine.scratch(FOLDER));
    // Options of the program stand before its verb, those of the verb behind it.
    let (own, rest) = options.split_at(options.len().min(1));
    Step::run(
        name,
        cmd!(
            machine.sh,
            "schemathesis {own...} run {document} --checks all --max-examples {examples} --no-color {rest...}"
        ),
    )
    .why("no request may cause a server error")
    .next("the log has each request as a curl command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_for;
    use stages::script;

    #[test]
    fn every_role_and_nobody_are_tried_and_no_token_is_on_a_command_line() {
        let machine = Machine::pretend(&["cargo", "schemathesis"]);
        let text = script::text(&plan_for(&["test", "fuzz", "--max-examples", "5"], &machine).unwrap(), &machine);
        let runs: Vec<_> = text.lines().filter(|line| line.contains("schemathesis ")).collect();
        assert_eq!(runs.len(), 1 + 2 * ROLES.len());
        assert_eq!(
            runs[1],
            "(cd target/xtask/fuzz && schemathesis --config-file=customer.toml run http://127.0.0.1:5099/openapi.json \
             --checks all --max-examples 5 --no-color --exclude-path-regex '^/api/(auth/(logout|password)$|me/sessions(/|$)|users/)|/(events|stream)$')"
        );
        assert!(!text.contains("Bearer"), "{text}");
    }
}
