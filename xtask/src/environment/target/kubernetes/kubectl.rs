//! How `kubectl` is run: always with its context and namespace on the command line, and its errors with their exit code.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use stages::exit::{Exit, Failure};

use super::objects;

/// The field manager that owns what a deployment applies.
pub const MANAGER: &str = "--field-manager=wayfare";

/// One namespace of one cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    pub context: String,
    pub namespace: String,
    /// Where programs are found.
    pub path: OsString,
}

impl Cluster {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = kubectl(&self.path);
        command.args(["--context", &self.context, "--namespace", &self.namespace]).args(words);
        command
    }

    pub fn ask(&self, words: &[&str]) -> Result<String> {
        printed(self.command(words), "")
    }

    pub fn tell(&self, words: &[&str], stdin: &str) -> Result<String> {
        printed(self.command(words), stdin)
    }

    /// However it ends.
    pub fn output(&self, words: &[&str], stdin: &str) -> Result<Output> {
        output(self.command(words), stdin)
    }

    /// None where there is no such object.
    pub fn find(&self, kind: &str, name: &str) -> Result<Option<Value>> {
        let text = self.ask(&["get", kind, name, "--ignore-not-found", "--output", "json"])?;
        if text.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_str(&text)?)) }
    }

    /// Whether the cluster has such a kind: every user may ask that, but not read its definition.
    pub fn knows(&self, kind: &str, group: &str) -> Result<bool> {
        let known = self.ask(&["api-resources", "--api-group", group, "--output", "name"])?;
        Ok(known.lines().any(|name| name == format!("{kind}.{group}")))
    }

    /// Everything of these kinds that a deployment applied.
    pub fn list(&self, kinds: &str) -> Result<Vec<Value>> {
        let words = ["get", kinds, "--selector", objects::OURS, "--output", "json"];
        let mut found: Value = serde_json::from_str(&self.ask(&words)?)?;
        Ok(serde_json::from_value(found["items"].take())?)
    }

    /// Server-side: what other managers own in an object, such as the number of replicas, stays theirs.
    pub fn apply(&self, objects: &[Value], more: &[&str]) -> Result<String> {
        if objects.is_empty() {
            return Ok(String::new());
        }
        let words = ["apply", "--server-side", "--force-conflicts", "--validate=strict", MANAGER, "--filename", "-"];
        self.tell(&[&words, more].concat(), &list(objects))
    }

    pub fn delete(&self, ids: &[String]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        self.ask(&[&["delete", "--ignore-not-found", "--wait=false"], &ids[..]].concat()).map(drop)
    }

    /// An answer by way of the API server, which reaches pods that no policy lets us reach.
    pub fn proxied(&self, target: &str, path: &str) -> Result<String> {
        let path = format!("/api/v1/namespaces/{}/{target}/proxy{path}", self.namespace);
        self.ask(&["get", "--raw", &path])
    }

    pub fn logs(&self, pod: &str) -> String {
        let read = |more: &[&str]| {
            let words = [&["logs", pod, "--all-containers", "--tail", "20"], more].concat();
            self.ask(&words).unwrap_or_default()
        };
        let now = read(&[]);
        if now.is_empty() { read(&["--previous"]) } else { now }
    }
}

pub fn list(objects: &[Value]) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string()
}

pub fn kubectl(path: &OsStr) -> Command {
    let mut command = Command::new("kubectl");
    command.env("PATH", path);
    command
}

/// What it printed; or an error with its last words.
pub fn printed(command: Command, stdin: &str) -> Result<String> {
    let output = output(command, stdin)?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?.trim_end().to_owned());
    }
    Err(failure(&output).into())
}

fn output(mut command: Command, stdin: &str) -> Result<Output> {
    let absent = || Failure::new(Exit::ToolMissing, "kubectl can't be started").next("cargo xtask doctor");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|_| absent())?;
    let (mut pipe, text) = (child.stdin.take().context("it has a stdin")?, stdin.to_owned());
    // Beside reading its output: neither waits for the other. One that ends without reading says why by itself.
    let writing = thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
    let output = child.wait_with_output()?;
    let _ = writing.join();
    Ok(output)
}

pub fn failure(output: &Output) -> Failure {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(5)..].join("; ");
    match exit_of(&said) {
        Exit::Unreachable => Failure::new(Exit::Unreachable, last)
            .next("check that the cluster is up and reachable: `cargo xtask cluster status`"),
        Exit::Refused => Failure::new(Exit::Refused, last)
            .next("the cluster's administrator has to bind the role `deployer` of k8s/base/access to this user"),
        exit => Failure::new(exit, if last.is_empty() { "kubectl failed without a word".into() } else { last }),
    }
}

fn exit_of(stderr: &str) -> Exit {
    let away = [
        "Unable to connect to the server",
        "connection refused",
        "no such host",
        "i/o timeout",
        "was refused - did you specify",
        "context deadline exceeded",
        "the server is currently unable",
    ];
    let has_no_right = stderr.contains("is forbidden: User") || stderr.contains("You must be logged in");
    if away.iter().any(|word| stderr.contains(word)) {
        Exit::Unreachable
    } else if has_no_right {
        Exit::Refused
    } else {
        Exit::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_kubectl_has_the_code_of_its_cause() {
        let cases = [
            (
                "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
                Exit::Unreachable,
            ),
            (
                "Error from server (Forbidden): deployments.apps \"api\" is forbidden: User \"x\" cannot patch",
                Exit::Refused,
            ),
            ("Error from server (Forbidden): pods \"a\" is forbidden: exceeded quota: small", Exit::Failed),
            ("Error from server (BadRequest): strict decoding error: unknown field \"spec.replcas\"", Exit::Failed),
        ];
        for (stderr, exit) in cases {
            assert_eq!(exit_of(stderr), exit, "{stderr}");
        }
    }

    #[test]
    fn context_and_namespace_are_on_each_command_line() {
        let cluster = Cluster { context: "kind".into(), namespace: "wayfare-dev".into(), path: OsString::new() };
        let command = cluster.command(&["get", "pods"]);
        let args: Vec<_> = command.get_args().collect();
        assert_eq!(args, ["--context", "kind", "--namespace", "wayfare-dev", "get", "pods"]);
    }
}
