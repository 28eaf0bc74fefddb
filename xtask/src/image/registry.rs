//! Where images lie: what skopeo is asked, and with whose name. Nothing here decides what may be pushed.

use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine;
use clap::Args;
use serde_json::json;
use stages::exit::{Exit, Failure};
use stages::machine::Machine;
use stages::plan::Step;
use stages::secret;
use xshell::{Cmd, cmd};

use super::Digest;

const PASSWORD: &str = "WAYFARE_REGISTRY_PASSWORD";
/// How the registry's refusals end.
pub const WHO: &str = "set WAYFARE_REGISTRY_USER and WAYFARE_REGISTRY_PASSWORD, or `skopeo login`; the registry's response is above and in the log";

#[derive(Args, Clone)]
pub struct Place {
    /// Registry and repository [default: GHCR, this GitHub repository]
    #[arg(long, value_name = "REPOSITORY", env = "WAYFARE_REPOSITORY", hide_env_values = true)]
    to: Option<String>,
}

#[derive(Args, Clone)]
pub struct Account {
    /// Registry user, with the password in WAYFARE_REGISTRY_PASSWORD [default: the existing sign-in
    /// of skopeo or docker]
    #[arg(long, env = "WAYFARE_REGISTRY_USER", hide_env_values = true)]
    user: Option<String>,
}

impl Place {
    pub fn repository(&self, machine: &Machine) -> String {
        let on_github = || machine.variable("GITHUB_REPOSITORY").unwrap_or("wayfare/wayfare");
        self.to.clone().unwrap_or_else(|| format!("ghcr.io/{}", on_github().to_lowercase()))
    }
}

impl Account {
    /// Around what needs it: a sign-in for this run alone, and its end.
    pub fn around(&self, machine: &Machine, reference: &str, steps: Vec<Step>) -> Vec<Step> {
        let Some(user) = self.user.clone() else { return steps };
        let (host, file) = (host(reference).to_owned(), self.file(machine));
        let forgotten = file.clone();
        let sign_in = Step::task("sign in", move |ctx| {
            let missing = || Failure::new(Exit::Usage, format!("{PASSWORD} isn't set")).next(WHO);
            let password = ctx.machine.variable(PASSWORD).ok_or_else(missing)?;
            let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            std::fs::create_dir_all(file.parent().context("a file has a folder")?)?;
            secret::write(&file, &json!({ "auths": { &host: { "auth": auth } } }).to_string())
        })
        .why("the password goes into a file that only this user can read, not onto a command line");
        let sign_out =
            Step::task("sign out", move |_| secret::forget(&forgotten)).why("it isn't kept").cleaning_up(&sign_in);
        [sign_in].into_iter().chain(steps).chain([sign_out]).collect()
    }

    /// Both skopeo and cosign read it.
    pub fn told<'a>(&self, command: Cmd<'a>, machine: &Machine) -> Cmd<'a> {
        let Some(folder) = self.user.as_ref().and_then(|_| self.file(machine).parent().map(PathBuf::from)) else {
            return command;
        };
        command.env("REGISTRY_AUTH_FILE", self.file(machine)).env("DOCKER_CONFIG", folder)
    }

    fn file(&self, machine: &Machine) -> PathBuf {
        machine.scratch("registry/config.json")
    }

    /// The digest that the registry has for it; none when it has no such image.
    pub fn look_up(&self, machine: &Machine, reference: &str) -> Result<Option<Digest>> {
        let tls = tls("--tls-verify", reference);
        let ask = cmd!(machine.sh, "skopeo --command-timeout=60s inspect --raw {tls...} docker://{reference}");
        let answer = self.told(ask, machine).env("PATH", &machine.path).quiet().ignore_status().output()?;
        if answer.status.success() {
            return Ok(Some(Digest::of(&answer.stdout)));
        }
        let said = String::from_utf8_lossy(&answer.stderr);
        let said = said.lines().last().unwrap_or_default();
        if ["manifest unknown", "name unknown", "NAME_UNKNOWN", "not known to registry"]
            .iter()
            .any(|no| said.contains(no))
        {
            return Ok(None);
        }
        let tampered = said.contains("does not match");
        let exit = if tampered { Exit::Failed } else { Exit::Unreachable };
        Err(Failure::new(exit, format!("{}: {}", host(reference), meaning(said))).next(WHO).into())
    }
}

/// What skopeo's log line means, without its time and level.
fn meaning(line: &str) -> &str {
    line.split_once("msg=").map_or(line, |(_, rest)| rest.trim_matches('"'))
}

/// A registry on this machine may go without a certificate, any other may not.
pub fn is_here(reference: &str) -> bool {
    let host = host(reference);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// The word that lets skopeo speak to a registry on this machine.
pub fn tls(flag: &str, reference: &str) -> Option<String> {
    is_here(reference).then(|| format!("{flag}=false"))
}

pub fn host(reference: &str) -> &str {
    reference.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_says_otherwise_it_is_the_registry_of_this_github_repository() {
        let place = Place { to: None };
        assert_eq!(place.repository(&Machine::pretend(&[])), "ghcr.io/wayfare/wayfare");
        let variables = [("GITHUB_REPOSITORY".to_owned(), "Owner/Wayfare".to_owned())].into();
        let on_github = Machine { variables, ..Machine::pretend(&[]) };
        assert_eq!(place.repository(&on_github), "ghcr.io/owner/wayfare");
        assert_eq!(Place { to: Some("127.0.0.1:5000/w".into()) }.repository(&on_github), "127.0.0.1:5000/w");
    }

    #[test]
    fn only_a_registry_on_this_machine_goes_without_a_certificate() {
        for host in ["127.0.0.1:5001/wayfare", "localhost/wayfare", "localhost:5000/a/b", "[::1]:5000/wayfare"] {
            assert!(is_here(host), "{host}");
        }
        for there in ["ghcr.io/o/wayfare", "localhost.example.org/w", "127.0.0.1.example.org:5000/w", "10.0.0.1/w"] {
            assert!(!is_here(there), "{there}");
        }
    }
}
