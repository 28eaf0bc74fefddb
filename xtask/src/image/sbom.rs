//! `image sbom`: the list of parts in CycloneDX: the crates in the binary as Cargo resolved them, the page's packages as npm
//! has them. It is of one image, by digest.
//!
//! What the base brings isn't in it: the base stands there by its digest, and its packages are what `image scan` reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use xshell::cmd;

use super::base;
use super::layout::Layout;
use crate::here::Here;
use crate::plan::{Plan, Step};

/// The package whose binary is deployed.
const SHIPPED: &str = "wayfare";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// None for what is in this repository.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

/// None is an ordinary dependency; the others are for building and testing, and in no binary.
#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

pub fn file(here: &Here) -> PathBuf {
    here.target.join("reports/sbom.cdx.json")
}

/// Whether the list that is there is that image's.
pub fn is_of(here: &Here, digest: &str) -> Result<bool> {
    let Ok(text) = fs::read_to_string(file(here)) else { return Ok(false) };
    let list: Value = serde_json::from_str(&text).context("the list of parts is no JSON")?;
    Ok(digest.strip_prefix("sha256:") == list["metadata"]["component"]["hashes"][0]["content"].as_str())
}

pub fn plan(here: &Here) -> Plan {
    let (crates, packages) = (here.scratch("crates.json"), here.scratch("packages.json"));
    let platform = platform(here);
    let of_binary = cmd!(here.sh, "cargo metadata --format-version 1 --locked --filter-platform {platform}");
    let of_binary = Step::run("crates", of_binary).why("Cargo knows what it links").into_file(&crates).within(300);
    let of_page = cmd!(here.sh, "npm --prefix web sbom --package-lock-only --omit dev --sbom-format cyclonedx");
    let of_page = Step::run("packages", of_page)
        .why("npm knows what the page is made of")
        .into_file(&packages)
        .within(300)
        .next("npm 10 or newer");
    let made = file(here);
    let join = Step::task("list of parts", move |ctx| {
        let digest = Layout::of(ctx.here).digest()?;
        let list = list(&read(&crates)?, &read(&packages)?, &digest)?;
        let count = list["components"].as_array().map_or(0, Vec::len);
        ctx.data.insert("components".into(), count.into());
        ctx.screen.say(&format!("  {count} parts of {digest}"));
        fs::create_dir_all(made.parent().context("a file has a folder")?)?;
        Ok(fs::write(&made, serde_json::to_string_pretty(&list)? + "\n")?)
    })
    .why("when a part turns out to be weak, somebody asks which images have it")
    .leaves(file(here));
    Plan::new("image sbom", [of_binary, of_page, join])
}

/// Rust's name for what the image runs on.
fn platform(here: &Here) -> &'static str {
    let config = Layout::of(here).config().unwrap_or_default();
    if config["architecture"] == "arm64" { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))
}

fn list(crates: &str, packages: &str, digest: &str) -> Result<Value> {
    let crates: Metadata = serde_json::from_str(crates).context("what Cargo says isn't understood")?;
    let page: Value = serde_json::from_str(packages).context("what npm says isn't understood")?;
    let (own, parts, mut edges) = linked(&crates)?;
    let page_name = page["metadata"]["component"]["bom-ref"].clone();
    let base = json!({ "type": "container", "bom-ref": "base", "name": base::reference("runtime") });
    edges.push(json!({ "ref": "image", "dependsOn": [own, page_name, "base"] }));
    let of_page = |key: &str| page[key].as_array().cloned().unwrap_or_default();
    let components: Vec<_> =
        parts.into_iter().chain([base, page["metadata"]["component"].clone()]).chain(of_page("components")).collect();
    edges.extend(of_page("dependencies"));
    let hash = json!({ "alg": "SHA-256", "content": digest.trim_start_matches("sha256:") });
    let image =
        json!({ "type": "container", "bom-ref": "image", "name": SHIPPED, "version": digest, "hashes": [hash] });
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": image },
        "components": components,
        "dependencies": edges,
    }))
}

/// The name of the shipped package, everything that its binary is linked from, and what needs what.
fn linked(crates: &Metadata) -> Result<(String, Vec<Value>, Vec<Value>)> {
    let packages: BTreeMap<_, _> = crates.packages.iter().map(|package| (&package.id, package)).collect();
    let needs: BTreeMap<_, _> = crates.resolve.nodes.iter().map(|node| (&node.id, linked_by(node))).collect();
    let shipped = crates.packages.iter().find(|package| package.name == SHIPPED && package.source.is_none());
    let mut open = vec![&shipped.context("Cargo knows no package `wayfare`")?.id];
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(needs.get(id).into_iter().flatten());
        }
    }
    let name = |id: &String| packages.get(id).map(|package| package.url());
    let own = shipped.map(Package::url).unwrap_or_default();
    let parts = found.iter().filter_map(|id| packages.get(*id)).map(|package| package.component()).collect();
    let edge = |id: &&String| json!({ "ref": name(id), "dependsOn": needs[*id].iter().filter_map(|id| name(id)).collect::<BTreeSet<_>>() });
    Ok((own, parts, found.iter().map(edge).collect()))
}

fn linked_by(node: &Node) -> Vec<&String> {
    let is_linked = |dependency: &&Dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
    node.deps.iter().filter(is_linked).map(|dependency| &dependency.pkg).collect()
}

impl Package {
    fn url(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    fn component(&self) -> Value {
        let kind = if self.name == SHIPPED { "application" } else { "library" };
        let mut component = json!({
            "type": kind,
            "bom-ref": self.url(),
            "name": self.name,
            "version": self.version,
            "purl": self.url(),
        });
        if let Some(license) = &self.license {
            // The form of before SPDX's expressions, which some crates still have.
            let license = license.replace(" / ", " OR ").replace('/', " OR ");
            component["licenses"] = json!([{ "expression": license }]);
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES: &str = r#"{
        "packages": [
            { "id": "w", "name": "wayfare", "version": "0.1.0", "license": "Apache-2.0", "source": null },
            { "id": "a", "name": "serde", "version": "1.0.1", "license": "MIT/Apache-2.0", "source": "registry" },
            { "id": "b", "name": "tempfile", "version": "3.0.0", "license": null, "source": "registry" },
            { "id": "c", "name": "itoa", "version": "1.0.0", "license": "MIT", "source": "registry" }
        ],
        "resolve": { "nodes": [
            { "id": "w", "deps": [
                { "pkg": "a", "dep_kinds": [{ "kind": null }] },
                { "pkg": "b", "dep_kinds": [{ "kind": "dev" }] } ] },
            { "id": "a", "deps": [{ "pkg": "c", "dep_kinds": [{ "kind": "build" }, { "kind": null }] }] },
            { "id": "b", "deps": [] },
            { "id": "c", "deps": [] }
        ] }
    }"#;
    const PAGE: &str = r#"{
        "metadata": { "component": { "bom-ref": "web@0", "type": "application", "name": "web" } },
        "components": [{ "bom-ref": "react@19", "type": "library", "name": "react" }],
        "dependencies": [{ "ref": "web@0", "dependsOn": ["react@19"] }]
    }"#;

    #[test]
    fn everything_that_is_linked_is_in_the_list_and_nothing_that_only_builds_or_tests() {
        let list = list(CRATES, PAGE, "sha256:12").unwrap();
        let names: BTreeSet<_> =
            list["components"].as_array().unwrap().iter().filter_map(|c| c["name"].as_str()).collect();
        assert!(["wayfare", "serde", "itoa", "react", "web"].iter().all(|name| names.contains(name)), "{names:?}");
        assert!(!names.contains("tempfile"));
        assert_eq!(list["metadata"]["component"]["hashes"][0]["content"], "12");
        let serde = &list["components"].as_array().unwrap().iter().find(|c| c["name"] == "serde").unwrap();
        assert_eq!(serde["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }

    #[test]
    fn who_needs_what_leads_from_the_image_to_every_part() {
        let list = list(CRATES, PAGE, "sha256:12").unwrap();
        let edges: BTreeMap<_, _> = list["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| (edge["ref"].as_str().unwrap(), edge["dependsOn"].as_array().unwrap()))
            .collect();
        let (mut open, mut seen) = (vec!["image"], BTreeSet::new());
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                open.extend(edges.get(name).into_iter().copied().flatten().filter_map(Value::as_str));
            }
        }
        for component in list["components"].as_array().unwrap() {
            assert!(seen.contains(component["bom-ref"].as_str().unwrap()), "{component}");
        }
    }
}
