//! `image sbom`: the SBOM in CycloneDX: the crates as listed in the image's binary, the page's packages as npm
//! has them. It is of one image, by digest.
//!
//! What the base brings isn't in it: the base stands there by its digest, and its packages are what `image scan` reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use stages::machine::Machine;
use stages::plan::{Plan, Step};
use xshell::cmd;

use super::crates::{self, Crate};
use super::layout::Layout;
use super::{Digest, base};

/// The package whose binary is deployed.
const SHIPPED: &str = "wayfare";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
}

pub fn file(machine: &Machine) -> PathBuf {
    machine.target.join("reports/sbom.cdx.json")
}

/// Whether the list that is there is that image's.
pub fn is_of(machine: &Machine, digest: &Digest) -> Result<bool> {
    let Ok(text) = fs::read_to_string(file(machine)) else { return Ok(false) };
    let list: Value = serde_json::from_str(&text).context("the SBOM is no JSON")?;
    Ok(Some(digest.hex()) == list["metadata"]["component"]["hashes"][0]["content"].as_str())
}

pub fn plan(machine: &Machine) -> Plan {
    let (licenses, packages) = (machine.scratch("crates.json"), machine.scratch("packages.json"));
    let of_crates = cmd!(machine.sh, "cargo metadata --format-version 1 --locked");
    let of_crates = Step::run("licenses", of_crates)
        .why("the binary lists its crates, Cargo their licences")
        .into_file(&licenses)
        .within(300);
    let of_page = cmd!(machine.sh, "npm --prefix web sbom --package-lock-only --omit dev --sbom-format cyclonedx");
    let of_page = Step::run("packages", of_page)
        .why("npm lists the page's packages")
        .into_file(&packages)
        .within(300)
        .next("npm 10 or newer");
    let made = file(machine);
    let join = Step::task("SBOM", move |ctx| {
        let layout = Layout::of(ctx.machine);
        let digest = layout.digest()?;
        let list = list(&crates::of(&layout)?, &read(&licenses)?, &read(&packages)?, &digest)?;
        let count = list["components"].as_array().map_or(0, Vec::len);
        ctx.data.insert("components".into(), count.into());
        ctx.screen.say(&format!("  {count} parts of {digest}"));
        fs::create_dir_all(made.parent().context("a file has a folder")?)?;
        Ok(fs::write(&made, serde_json::to_string_pretty(&list)? + "\n")?)
    })
    .why("shows which images contain a vulnerable component")
    .leaves(file(machine));
    Plan::new("image sbom", [of_crates, of_page, join])
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))
}

fn list(crates: &[Crate], licenses: &str, packages: &str, digest: &Digest) -> Result<Value> {
    let licenses: Metadata = serde_json::from_str(licenses).context("Cargo's output can't be parsed")?;
    let page: Value = serde_json::from_str(packages).context("npm's output can't be parsed")?;
    let (own, parts, mut edges) = linked(crates, &licenses)?;
    let page_name = page["metadata"]["component"]["bom-ref"].clone();
    let base = json!({ "type": "container", "bom-ref": "base", "name": base::reference("runtime") });
    edges.push(json!({ "ref": "image", "dependsOn": [own, page_name, "base"] }));
    let of_page = |key: &str| page[key].as_array().cloned().unwrap_or_default();
    let components: Vec<_> =
        parts.into_iter().chain([base, page["metadata"]["component"].clone()]).chain(of_page("components")).collect();
    edges.extend(of_page("dependencies"));
    let hash = json!({ "alg": "SHA-256", "content": digest.hex() });
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
fn linked(crates: &[Crate], known: &Metadata) -> Result<(String, Vec<Value>, Vec<Value>)> {
    let own = crates.iter().find(|it| it.root).map(url).context("the binary's list of crates has no root")?;
    let parts = crates.iter().filter(|it| it.is_linked());
    let needs = |it: &Crate| {
        let linked = it.dependencies.iter().filter_map(|index| crates.get(*index)).filter(|it| it.is_linked());
        json!({ "ref": url(it), "dependsOn": linked.map(url).collect::<BTreeSet<_>>() })
    };
    Ok((own, parts.clone().map(|it| component(it, known)).collect(), parts.map(needs).collect()))
}

fn url(it: &Crate) -> String {
    format!("pkg:cargo/{}@{}", it.name, it.version)
}

fn component(it: &Crate, known: &Metadata) -> Value {
    let kind = if it.root { "application" } else { "library" };
    let mut component =
        json!({ "type": kind, "bom-ref": url(it), "name": it.name, "version": it.version, "purl": url(it) });
    let package = known.packages.iter().find(|package| package.name == it.name && package.version == it.version);
    if let Some(license) = package.and_then(|package| package.license.as_ref()) {
        // The form of before SPDX's expressions, which some crates still have.
        let license = license.replace(" / ", " OR ").replace('/', " OR ");
        component["licenses"] = json!([{ "expression": license }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::image::crates::tests::parsed;

    const CRATES: &str = r#"{ "packages": [
        { "name": "wayfare", "version": "0.1.0", "root": true, "dependencies": [1, 2] },
        { "name": "serde", "version": "1.0.1", "dependencies": [2, 3] },
        { "name": "cc", "version": "1.2.0", "kind": "build" },
        { "name": "itoa", "version": "1.0.0" }
    ] }"#;
    const LICENSES: &str = r#"{ "packages": [
        { "name": "serde", "version": "1.0.0", "license": "GPL-3.0" },
        { "name": "serde", "version": "1.0.1", "license": "MIT/Apache-2.0" }
    ] }"#;
    const PAGE: &str = r#"{
        "metadata": { "component": { "bom-ref": "web@0", "type": "application", "name": "web" } },
        "components": [{ "bom-ref": "react@19", "type": "library", "name": "react" }],
        "dependencies": [{ "ref": "web@0", "dependsOn": ["react@19"] }]
    }"#;

    #[test]
    fn everything_that_is_linked_is_in_the_list_and_nothing_that_only_builds() {
        let list = list(&parsed(CRATES), LICENSES, PAGE, &Digest::of(b"abc")).unwrap();
        let names: BTreeSet<_> =
            list["components"].as_array().unwrap().iter().filter_map(|c| c["name"].as_str()).collect();
        assert!(["wayfare", "serde", "itoa", "react", "web"].iter().all(|name| names.contains(name)), "{names:?}");
        assert!(!names.contains("cc"));
        assert_eq!(list["metadata"]["component"]["hashes"][0]["content"], Digest::of(b"abc").hex());
        let serde = &list["components"].as_array().unwrap().iter().find(|c| c["name"] == "serde").unwrap();
        assert_eq!(serde["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }

    #[test]
    fn who_needs_what_leads_from_the_image_to_every_part() {
        let list = list(&parsed(CRATES), LICENSES, PAGE, &Digest::of(b"abc")).unwrap();
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
