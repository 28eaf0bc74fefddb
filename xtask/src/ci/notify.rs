//! `notify`: sends the stages' results to a webhook, as the records have them. It decides nothing.
//!
//! Signed as the service signs its own webhooks, after the Standard Webhooks specification. curl sends it; the address,
//! which may be a credential, is passed to curl in a file that only this user can read.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use serde_json::{Value, json};
use stages::cli::Stage;
use stages::evidence::{self, Found, Record, SCHEMA};
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::{Plan, Step, slug};
use stages::secret;
use xshell::cmd;

const ADDRESS: &str = "WAYFARE_NOTIFY_URL";
const KEY: &str = "WAYFARE_NOTIFY_SECRET";

/// Send a signed summary of the stages' results to a webhook.
///
/// WAYFARE_NOTIFY_URL is the webhook's URL: https, or loopback. WAYFARE_NOTIFY_SECRET is the key
/// for the signature, as in the Standard Webhooks specification (whsec_ and base64).
#[derive(Args)]
pub struct Notify {
    /// Stages whose records are meant [default: those that `ci` runs on this machine]
    stages: Vec<String>,
    /// Name of the pipeline in the message
    #[arg(long, default_value = "ci", value_name = "NAME")]
    pipeline: String,
    /// Include the stage's record if the variable is set, else report the stage as left out
    #[arg(long, value_name = "VARIABLE=STAGE", value_parser = variable_and_stage)]
    if_set: Vec<(String, String)>,
}

fn variable_and_stage(text: &str) -> Result<(String, String), String> {
    let (variable, stage) = text.split_once('=').ok_or("it has the form VARIABLE=STAGE")?;
    Ok((variable.to_owned(), slug(stage)))
}

impl Stage for Notify {
    const NAME: &'static str = "notify";
    const EXAMPLE: &'static str = "notify --pipeline release";

    fn plan(&self, machine: &Machine) -> Result<Plan> {
        let address = machine.variable(ADDRESS).map(str::to_owned);
        let (nobody, why_not) = (address.is_none(), format!("{ADDRESS} isn't set: no notification is sent"));
        let stages: Vec<_> = match self.stages.is_empty() {
            true => super::expected(machine),
            false => self.stages.iter().map(|name| slug(name)).collect(),
        };
        let (wanted, left_out): (Vec<_>, Vec<_>) =
            self.if_set.iter().cloned().partition(|(variable, _)| machine.variable(variable).is_some());
        let names = |them: Vec<(String, String)>| them.into_iter().map(|(_, stage)| stage).collect::<Vec<_>>();
        let (stages, left_out) = ([stages, names(wanted)].concat(), names(left_out));
        let (pipeline, folder) = (self.pipeline.clone(), machine.scratch("notify"));
        let (request, gone) = (folder.join("request"), folder.join("request"));
        let message = Step::task("message", move |ctx| {
            let found = evidence::examine(ctx.machine, &stages)?;
            let body = summary(&pipeline, &found, &left_out, run(ctx.machine)).to_string();
            let key = ctx.machine.variable(KEY).ok_or_else(no_key)?;
            put(&folder, address.as_deref().unwrap_or_default(), key, &body)
        })
        .why("the message is built from the records")
        .needs(&["git"])
        .skip_if(nobody, &why_not);
        let send = Step::run("send", cmd!(machine.sh, "curl --config {request}"))
            .why("reports the result; up to three attempts within half a minute")
            .within(60)
            .failing_as(Exit::Unreachable)
            .next(format!("the log has curl's message; {ADDRESS} is the destination"))
            .skip_if(nobody, &why_not);
        let forget = Step::task("forget", move |_| secret::forget(&gone))
            .why("the URL may contain a secret")
            .cleaning_up(&message)
            .skip_if(nobody, why_not);
        Ok(Plan::new("notify", [message, send, forget]))
    }
}

fn put(folder: &Path, address: &str, key: &str, body: &str) -> Result<()> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (lines, file) = (envelope(address, key, body, seconds)?, folder.join("body.json"));
    fs::create_dir_all(folder)?;
    fs::write(&file, body)?;
    secret::write(
        &folder.join("request"),
        &format!("{lines}data-binary = {}\n", quoted(&format!("@{}", file.display()))),
    )
}

fn no_key() -> Failure {
    let message = format!("{KEY} isn't set: the receiver couldn't verify the message");
    Failure::new(Exit::Usage, message)
        .next(format!("{KEY}=whsec_$(openssl rand -base64 24), and the same at the receiver"))
}

/// Where people read on, in the words of GitHub and of Jenkins.
fn run(machine: &Machine) -> Option<String> {
    let on_github = || {
        let (server, repository) = (machine.variable("GITHUB_SERVER_URL")?, machine.variable("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", machine.variable("GITHUB_RUN_ID")?))
    };
    on_github().or_else(|| machine.variable("BUILD_URL").map(str::to_owned))
}

fn summary(pipeline: &str, found: &Found, left_out: &[String], run: Option<String>) -> Value {
    let Found { stages, faults } = found;
    let commit = stages.iter().find_map(|(_, record)| record.as_ref()?.commit.clone());
    json!({
        "schema": SCHEMA,
        "pipeline": pipeline,
        "result": if faults.is_empty() { Exit::Ok } else { Exit::Failed },
        "commit": commit,
        "run": run,
        "stages": stages.iter().map(|(name, record)| stage(name, record.as_ref())).collect::<Vec<_>>(),
        "faults": faults,
        "left_out": left_out,
    })
}

fn stage(name: &str, record: Option<&Record>) -> Value {
    json!({
        "stage": name,
        "result": record.map(|record| record.result),
        "seconds": record.map(|record| record.seconds),
        "tests": record.and_then(Record::tests),
    })
}

/// What curl is to do, as its configuration file has it; the body comes by a file.
fn envelope(address: &str, key: &str, body: &str, seconds: u64) -> Result<String> {
    // With an `@` in it the host is what comes behind that.
    let is_here = !address.contains('@')
        && ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|start| {
            address.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
    anyhow::ensure!(
        is_here || address.starts_with("https://"),
        Failure::new(Exit::Usage, format!("{ADDRESS} is no https address"))
            .next("plain HTTP is allowed for loopback only")
    );
    let digest: String = hmac_sha256::Hash::hash(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let id = format!("msg_{}", &digest[..32]);
    let lines = [
        ("url", address.to_owned()),
        ("proto", if is_here { "=http" } else { "=https" }.to_owned()),
        ("header", "content-type: application/json".to_owned()),
        ("header", format!("webhook-id: {id}")),
        ("header", format!("webhook-timestamp: {seconds}")),
        ("header", format!("webhook-signature: {}", sign(key, &format!("{id}.{seconds}.{body}")))),
        ("max-time", "10".to_owned()),
        ("retry", "2".to_owned()),
        ("retry-max-time", "30".to_owned()),
        ("output", "/dev/null".to_owned()),
    ];
    let lines: String = lines.iter().map(|(name, value)| format!("{name} = {}\n", quoted(value))).collect();
    Ok(lines + "fail\nsilent\nshow-error\nretry-connrefused\n")
}

fn sign(key: &str, text: &str) -> String {
    let key = STANDARD.decode(key.trim_start_matches("whsec_")).unwrap_or_else(|_| key.as_bytes().to_vec());
    format!("v1,{}", STANDARD.encode(hmac_sha256::HMAC::mac(text, key)))
}

/// As curl reads it back.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_the_records_say() {
        let stages = vec![("test".to_owned(), Some(Record::sample())), ("build".to_owned(), None)];
        let mut found = Found { stages, faults: vec!["build: there is no record".into()] };
        let message = summary("release", &found, &["deploy-env-prod".into()], Some("https://ci/7".into()));
        assert_eq!((message["result"].as_str(), message["run"].as_str()), (Some("failed"), Some("https://ci/7")));
        assert_eq!(message["commit"].as_str(), Record::sample().commit.as_deref());
        assert_eq!(message["stages"][0]["tests"]["passed"], 312);
        assert_eq!(message["stages"][1]["result"], Value::Null);
        assert_eq!(message["left_out"][0], "deploy-env-prod");
        found.faults.clear();
        assert_eq!(summary("ci", &found, &[], None)["result"], "passed");
    }

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks specification's own libraries.
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn only_this_machine_is_told_without_tls() {
        let sent_to = |address: &str| envelope(address, "key", "{}", 0);
        for address in ["https://example.org/hook", "http://127.0.0.1:8080/hook", "http://localhost"] {
            assert!(sent_to(address).is_ok(), "{address}");
        }
        for address in [
            "http://example.org",
            "http://127.0.0.1.example.org",
            "http://127.0.0.1:80@example.org",
            "file:///etc/passwd",
        ] {
            assert_eq!(Failure::from_any(sent_to(address).unwrap_err()).exit, Exit::Usage, "{address}");
        }
    }

    #[test]
    fn an_address_cannot_add_a_line_to_what_curl_is_told() {
        let lines = envelope("https://example.org/\"\noutput = \"/etc/passwd", "key", "{}", 0).unwrap();
        assert!(lines.starts_with("url = \"https://example.org/\\\"\\noutput = \\\"/etc/passwd\"\nproto"), "{lines}");
    }
}
