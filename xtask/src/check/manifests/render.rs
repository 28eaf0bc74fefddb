//! Everything that may be applied: each environment as it is, and with each strategy on top. Rendered once, then read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use manifests::{Object, parse};
use stages::machine::{Machine, OVERLAYS};
use xshell::cmd;

/// Components that change how a new version comes in.
const STRATEGIES: [&str; 2] = ["blue-green", "canary"];

pub struct Rendering {
    pub name: String,
    /// From the root of the clone.
    resources: String,
    components: Vec<String>,
    instance: String,
    namespace: Option<String>,
}

pub fn all(machine: &Machine) -> Vec<Rendering> {
    // An environment may be a machine with Docker.
    let has_objects = |it: &&String| machine.root.join(OVERLAYS).join(it).join("kustomization.yaml").exists();
    let each = machine.environments.keys().filter(has_objects).flat_map(|environment| {
        let plain = Rendering::of(environment, environment, &[]);
        let of = |strategy: &str| Rendering::of(&format!("{environment} by {strategy}"), environment, &[strategy]);
        [plain].into_iter().chain(STRATEGIES.map(of))
    });
    let argocd = Rendering {
        name: "argocd".to_owned(),
        resources: "k8s/argocd".to_owned(),
        components: Vec::new(),
        instance: "wayfare".to_owned(),
        namespace: None,
    };
    each.chain([argocd]).collect()
}

/// Renders everything, and writes each distinct object once for those who judge objects one by one.
pub fn render_all(machine: &Machine) -> Result<()> {
    // What fails today isn't judged by what was rendered yesterday.
    machine.sh.remove_path(machine.scratch("manifests"))?;
    let mut distinct = BTreeSet::new();
    for rendering in all(machine) {
        rendering.render(machine)?;
        distinct.extend(rendering.objects(machine)?.iter().map(|it| it.0.to_string()));
    }
    let documents: Vec<_> = distinct.into_iter().collect();
    Ok(fs::write(distinct_file(machine), documents.join("\n---\n"))?)
}

pub fn distinct_file(machine: &Machine) -> PathBuf {
    machine.scratch("manifests").join("objects.yaml")
}

impl Rendering {
    fn of(name: &str, environment: &str, components: &[&str]) -> Self {
        let resources = format!("{OVERLAYS}/{environment}");
        Self::with(name, &resources, &format!("wayfare-{environment}"), components)
    }

    pub fn with(name: &str, resources: &str, instance: &str, components: &[&str]) -> Self {
        // Labels are given last.
        let components = components.iter().chain(&["labels"]);
        Rendering {
            name: name.to_owned(),
            resources: resources.to_owned(),
            components: components.map(|it| format!("k8s/components/{it}")).collect(),
            instance: instance.to_owned(),
            namespace: Some(instance.to_owned()),
        }
    }

    /// As it was rendered.
    pub fn objects(&self, machine: &Machine) -> Result<Vec<Object>> {
        let text = fs::read_to_string(self.folder(machine).join("rendered.yaml"));
        let text = text.with_context(|| format!("{} wasn't rendered", self.name))?;
        parse(&text).with_context(|| format!("{} can't be read", self.name))
    }

    fn folder(&self, machine: &Machine) -> PathBuf {
        machine.scratch("manifests").join(stages::plan::slug(&self.name))
    }

    pub fn render(&self, machine: &Machine) -> Result<()> {
        let folder = self.folder(machine);
        fs::create_dir_all(&folder)?;
        let kustomization = self.kustomization(&machine.root, &folder);
        fs::write(folder.join("kustomization.yaml"), kustomization)?;
        let command = cmd!(machine.sh, "kubectl kustomize {folder}").env("PATH", &machine.path);
        let text = command.quiet().read();
        let text = text.with_context(|| format!("{} can't be rendered", self.name))?;
        Ok(fs::write(folder.join("rendered.yaml"), text)?)
    }

    fn kustomization(&self, root: &Path, folder: &Path) -> String {
        let path = |path: &str| from(folder, &root.join(path));
        let components: Vec<_> = self.components.iter().map(|it| path(it)).collect();
        let mut lines = vec![
            format!("resources: [{}]", path(&self.resources)),
            format!("components: [{}]", components.join(", ")),
            "labels:".to_owned(),
            "  - includeTemplates: true".to_owned(),
            format!("    pairs: {{ app.kubernetes.io/instance: {} }}", self.instance),
        ];
        lines.extend(self.namespace.iter().map(|namespace| format!("namespace: {namespace}")));
        lines.join("\n") + "\n"
    }
}

/// Kustomize takes no absolute path.
fn from(folder: &Path, to: &Path) -> String {
    let shared = folder.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| "..".to_owned());
    let down = to.components().skip(shared).map(|it| it.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_environment_with_manifests_is_rendered_with_every_strategy() {
        let clone = tempfile::tempdir().unwrap();
        fs::create_dir_all(clone.path().join("k8s/overlays/prod")).unwrap();
        fs::write(clone.path().join("k8s/overlays/prod/kustomization.yaml"), "").unwrap();
        let environments = ["local", "prod"].map(|name| (name.to_owned(), String::new())).into();
        let machine = Machine { root: clone.path().to_owned(), environments, ..Machine::pretend(&[]) };
        let names: Vec<_> = all(&machine).into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["prod", "prod by blue-green", "prod by canary", "argocd"]);
    }

    #[test]
    fn a_path_leads_from_the_folder() {
        assert_eq!(from(Path::new("/a/target/x/y"), Path::new("/a/k8s/base")), "../../../k8s/base");
        assert_eq!(from(Path::new("/elsewhere/x"), Path::new("/a/k8s")), "../../a/k8s");
    }
}
