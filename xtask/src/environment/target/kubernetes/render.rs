//! An overlay with its images and its strategy, as objects: kustomize renders it, and the API server says what it means.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use stages::ctx::Ctx;
use stages::evidence::timestamp;
use stages::exit::{Exit, Failure};
use stages::machine::{Machine, OVERLAYS};
use xshell::cmd;

use super::kubectl::{kubectl, printed};
use super::loaded::loaded;
use super::record::{Applied, Record};
use super::{Kubernetes, objects};
use crate::environment::release::{Release, Strategy, Version};
use crate::image::{Image, Reference};

/// What the overlays name the web tier's image on this machine.
const WEB: &str = "wayfare-web:local";
const COMPONENTS: &str = "k8s/components";
/// What the overlays name the images, and the variable that names a stand-in, as for compose.yaml.
const DATA_IMAGES: [(&str, &str); 2] =
    [("docker.io/library/postgres", "WAYFARE_POSTGRES_IMAGE"), ("docker.io/library/redis", "WAYFARE_REDIS_IMAGE")];

impl Kubernetes {
    /// What is applied: the overlay as it is now; for an older version what was applied for it.
    pub fn prepared(&self, ctx: &mut Ctx, release: &Release) -> Result<()> {
        let record = if release.migrates { Record::default() } else { self.record()? };
        let known = [record.before, record.now].into_iter().flatten().find(|it| it.version.image == release.image);
        let applied = match known {
            Some(known) => known,
            None => self.render(ctx.machine, release)?,
        };
        ctx.data.insert("revision".into(), applied.version.revision.clone().into());
        ctx.data.insert("objects".into(), applied.objects.len().into());
        self.rendered.replace(Some(applied));
        Ok(())
    }

    fn render(&self, machine: &Machine, release: &Release) -> Result<Applied> {
        let image = self.resolved(machine, &release.image)?;
        let folder = folder(machine, &self.name);
        let kustomization = self.kustomization(machine, &folder, &image, release.strategy)?;
        let objects = self.objects(&folder, &kustomization)?;
        self.judge(&objects)?;
        let (revision, since) = (revision(machine, &image)?, timestamp(SystemTime::now()));
        let version = Version { image: image.into(), revision, since };
        Ok(Applied { version, strategy: release.strategy, objects })
    }

    /// The reference by which nodes take it.
    pub fn resolved(&self, machine: &Machine, image: &Image) -> Result<Reference> {
        match image {
            Image::Pinned(reference) => Ok(reference.clone()),
            Image::Local(name) => loaded_as(machine, name),
        }
    }

    /// The kustomization on top of the overlay; JSON is YAML.
    fn kustomization(&self, machine: &Machine, folder: &Path, image: &Reference, how: Strategy) -> Result<String> {
        let up = |to: PathBuf| relative(folder, &to).display().to_string();
        let overlay = up(machine.root.join(OVERLAYS).join(&self.name));
        let component = component_of(how).map(|name| up(machine.root.join(COMPONENTS).join(name)));
        let web = match machine.variable("WAYFARE_WEB_IMAGE").unwrap_or(WEB).to_owned().into() {
            Image::Pinned(reference) => reference,
            Image::Local(name) => loaded_as(machine, &name)?,
        };
        let mut images =
            vec![replaced("ghcr.io/wayfare/wayfare", image), replaced("ghcr.io/wayfare/wayfare-web", &web)];
        for (name, variable) in DATA_IMAGES {
            if let Some(stand_in) = machine.variable(variable) {
                images.push(replaced(name, &self.resolved(machine, &stand_in.to_owned().into())?));
            }
        }
        let kustomization = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
            "namespace": self.settings.namespace,
            "resources": [overlay],
            "components": component.as_slice(),
            "patches": patches(machine, &self.name, component.is_some())?,
            "images": images,
            "labels": [{ "pairs": { "app.kubernetes.io/part-of": "wayfare" } }],
        });
        Ok(serde_json::to_string_pretty(&kustomization)?)
    }

    fn objects(&self, folder: &Path, kustomization: &str) -> Result<Vec<Value>> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("kustomization.yaml"), kustomization)?;
        let mut command = kubectl(&self.path);
        command.arg("kustomize").arg(folder);
        let yaml = printed(command, "");
        fs::remove_dir_all(folder)?;
        let words = ["create", "--dry-run=client", "--validate=false", "--output", "json", "--filename", "-"];
        let mut objects = objects::parse(&self.cluster()?.tell(&words, &yaml?)?)?;
        objects::leave_replicas_to_autoscalers(&mut objects);
        Ok(objects)
    }

    pub fn rendered(&self) -> Result<Applied> {
        self.rendered.borrow().clone().context("nothing has been rendered yet")
    }

    fn judge(&self, objects: &[Value]) -> Result<()> {
        let foreign = objects.iter().find(|object| {
            let namespace = object["metadata"]["namespace"].as_str();
            namespace.is_some_and(|namespace| namespace != self.settings.namespace)
        });
        let elsewhere = |object| format!("{} isn't in the namespace {}", objects::id(object), self.settings.namespace);
        ensure!(foreign.is_none(), Failure::new(Exit::Refused, foreign.map(elsewhere).unwrap_or_default()));
        let unfixed = objects::images_without_digest(objects);
        let message = format!("not by their digest: {}", unfixed.join(", "));
        ensure!(unfixed.is_empty(), Failure::new(Exit::Refused, message).next("give each image as NAME@sha256:…"));
        Ok(())
    }
}

/// Two deployments of one clone don't write into each other's.
fn folder(machine: &Machine, name: &str) -> PathBuf {
    machine.scratch("kubernetes").join(format!("{name}-{}", std::process::id()))
}

/// The component that replaces the Deployment; a rolling update needs none.
fn component_of(strategy: Strategy) -> Option<&'static str> {
    match strategy {
        Strategy::Rolling => None,
        Strategy::BlueGreen => Some("blue-green"),
        Strategy::Canary => Some("canary"),
    }
}

/// What an environment states of how its rollouts are judged.
fn patches(machine: &Machine, name: &str, is_judged: bool) -> Result<Vec<Value>> {
    let file = machine.root.join(OVERLAYS).join(name).join("objectives.yaml");
    if !is_judged || !file.exists() {
        return Ok(Vec::new());
    }
    // Its text: kustomize reads no file outside of its own folder.
    Ok(vec![json!({ "patch": fs::read_to_string(file)? })])
}

fn replaced(name: &str, image: &Reference) -> Value {
    json!({ "name": name, "newName": image.repository, "digest": image.digest.as_str() })
}

fn loaded_as(machine: &Machine, name: &str) -> Result<Reference> {
    let loaded = loaded(machine).into_iter().find(|loaded| loaded.from == name);
    let missing = || {
        Failure::new(Exit::Refused, format!("{name} can be moved, and was not loaded into the cluster"))
            .next(format!("cargo xtask cluster load {name}, or REPOSITORY@sha256:…"))
    };
    let reference = loaded.ok_or_else(missing)?.reference;
    reference.parse().map_err(|error: String| Failure::check(error).into())
}

/// Kustomize takes no absolute path.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let parts = |path: &Path| {
        path.components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_owned())
            .collect::<Vec<_>>()
    };
    let (from, to) = (parts(from), parts(to));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".into(), from.len() - same);
    up.chain(to[same..].iter().cloned()).collect()
}

/// The commit that an image says it was built from: as `cluster load` wrote it down, as Docker or the registry has it.
fn revision(machine: &Machine, image: &Reference) -> Result<String> {
    let image = image.to_string();
    if let Some(loaded) = loaded(machine).into_iter().find(|loaded| loaded.reference == image) {
        return Ok(loaded.revision);
    }
    let config = cmd!(machine.sh, "skopeo inspect --config docker://{image}").env("PATH", &machine.path);
    let output = config.quiet().ignore_status().output()?;
    let away = || {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Failure::new(Exit::Unreachable, format!("{image} can't be read: {said}"))
            .next("check that the registry is up and the digest was pushed: cargo xtask image find")
    };
    ensure!(output.status.success(), away());
    let config: Value = serde_json::from_slice(&output.stdout)?;
    let label = &config["config"]["Labels"]["org.opencontainers.image.revision"];
    let none = || Failure::check(format!("{image} doesn't say of which commit it is"));
    Ok(label.as_str().with_context(none)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_one_folder_to_another_is_relative() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).display().to_string();
        assert_eq!(way("/clone/target/xtask/dev", "/clone/k8s/base"), "../../../k8s/base");
        assert_eq!(way("/tmp/target", "/clone/k8s"), "../../clone/k8s");
    }
}
