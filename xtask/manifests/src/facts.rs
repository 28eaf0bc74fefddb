//! What manifests have to agree with: read from the code and the files that say it first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `WAYFARE_…` that the service takes.
    pub settings: BTreeSet<String>,
    /// Those of them that are secrets: each may come as a file, too.
    pub secrets: BTreeSet<String>,
    /// What the web tier takes.
    pub web_settings: BTreeSet<String>,
    pub flags: BTreeSet<String>,
    /// Each metric with its labels.
    pub metrics: BTreeMap<String, BTreeSet<String>>,
    /// Each operation of the API: the values of the label `http_route`.
    pub operations: BTreeSet<String>,
    /// Images of others with their digests, by their name without a tag.
    pub images: BTreeMap<String, String>,
    /// The port that the container of this name listens on.
    pub ports: BTreeMap<String, u64>,
    pub version: String,
}

#[derive(Deserialize)]
struct Image {
    image: String,
    digest: String,
}

impl Facts {
    /// # Errors
    /// A file that isn't there, or says nothing of what it is read for.
    pub fn of(root: &Path) -> Result<Self> {
        let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| format!("can't read {path}"));
        let config = read("api/src/config.rs")?;
        let images: BTreeMap<String, Image> = toml::from_str(&read("xtask/images.toml")?)?;
        let facts = Facts {
            settings: quoted_after(&config, "env = \""),
            secrets: secrets(&config),
            web_settings: words(&read("web/nginx/start")?, "WAYFARE_"),
            flags: flags(&read("api/src/flags.rs")?),
            metrics: metrics(&read("api/src/metrics.rs")?),
            operations: quoted_after(&read("docs/reference/openapi.json")?, "\"operationId\": \""),
            images: images.into_values().map(Image::entry).collect(),
            ports: [("wayfare", exposed(&read("api/Dockerfile")?)?), ("web", exposed(&read("web/Dockerfile")?)?)]
                .map(|(name, port)| (name.to_owned(), port))
                .into(),
            version: workspace_version(&read("Cargo.toml")?)?,
        };
        facts.are_all_there()
    }

    fn are_all_there(self) -> Result<Self> {
        let sizes = [
            ("settings", self.settings.len()),
            ("secrets", self.secrets.len()),
            ("settings of the web tier", self.web_settings.len()),
            ("flags", self.flags.len()),
            ("metrics", self.metrics.len()),
            ("operations", self.operations.len()),
        ];
        for (what, count) in sizes {
            anyhow::ensure!(count > 0, "found no {what}: where they are declared looks different");
        }
        Ok(self)
    }
}

impl Image {
    fn entry(self) -> (String, String) {
        let name = self.image.rsplit_once(':').map_or(&*self.image, |(name, _)| name);
        (name.to_owned(), self.digest)
    }
}

fn quoted_after(text: &str, start: &str) -> BTreeSet<String> {
    let rests = text.split(start).skip(1);
    rests.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// The variables of fields whose type is `Secret`.
fn secrets(config: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut variable = None;
    for line in config.lines() {
        if let Some(name) = quoted_after(line, "env = \"").pop_first() {
            variable = Some(name);
        }
        if line.trim_start().starts_with("pub ") && line.contains(": ") {
            let name = variable.take();
            let is_secret = line.contains("Secret>,") || line.contains(": Secret,");
            found.extend(name.filter(|_| is_secret));
        }
    }
    found
}

fn words(text: &str, start: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with(start))
        .map(str::to_owned)
        .collect()
}

/// `name = true;` of the list of flags.
fn flags(source: &str) -> BTreeSet<String> {
    let list = source.split("\nflags! {").nth(1).and_then(|rest| rest.split("\n}").next());
    let name = |line: &str| {
        let (name, value) = line.trim().strip_suffix(';')?.split_once(" = ")?;
        ["true", "false"].contains(&value).then(|| name.to_owned())
    };
    list.unwrap_or_default().lines().filter_map(name).collect()
}

/// `name: kind ["label", …]` of the list of metrics.
fn metrics(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let list = source.split("\nmetrics! {").nth(1).and_then(|rest| rest.split("\n}").next());
    let entry = |line: &str| {
        let (name, rest) = line.trim().strip_suffix(';')?.split_once(": ")?;
        let labels = rest.split('"').skip(1).step_by(2).map(str::to_owned);
        Some((name.to_owned(), labels.collect()))
    };
    list.unwrap_or_default().lines().filter_map(entry).collect()
}

fn exposed(dockerfile: &str) -> Result<u64> {
    let port = dockerfile.lines().find_map(|line| line.strip_prefix("EXPOSE "));
    port.and_then(|port| port.trim().parse().ok()).context("the Dockerfile exposes no port")
}

fn workspace_version(manifest: &str) -> Result<String> {
    let table: toml::Table = toml::from_str(manifest)?;
    let version = table.get("workspace").and_then(|it| it.get("package")?.get("version")?.as_str());
    Ok(version.context("Cargo.toml has no version")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_what_manifests_have_to_agree_with() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let facts = Facts::of(&root).unwrap();
        assert!(facts.settings.contains("WAYFARE_TRUSTED_PROXIES"));
        assert!(facts.secrets.contains("WAYFARE_DATABASE_URL"));
        assert!(!facts.secrets.contains("WAYFARE_LISTEN"));
        assert!(facts.flags.contains("uploads"));
        assert!(facts.metrics["http_server_request_duration_seconds"].contains("http_route"));
        assert!(facts.operations.contains("place_order"));
        assert_eq!((facts.ports["wayfare"], facts.ports["web"]), (5000, 8080));
        assert!(facts.images.contains_key("docker.io/library/redis"));
    }
}
