//! The file of an overlay that says which images run. Only this code writes it, so a deployment is a diff of digests.

use anyhow::{Context, Result};
use manifests::parse;
use serde_json::Value;

use crate::image::Reference;

/// As k8s/base names them.
const SERVICE: &str = "ghcr.io/wayfare/wayfare";
const WEB: &str = "ghcr.io/wayfare/wayfare-web";
/// No registry has it: nothing was deployed yet.
const NOTHING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// None where nothing was deployed yet.
#[derive(Debug, Default, PartialEq)]
pub struct Digests {
    pub service: Option<Reference>,
    pub web: Option<Reference>,
}

impl Digests {
    pub fn read(text: &str) -> Result<Self> {
        let documents = parse(text)?;
        let component = documents.first().context("it is empty")?;
        let of = |name: &str| component.list("/images").find(|image| image["name"] == name).map(reference).transpose();
        Ok(Digests { service: of(SERVICE)?.flatten(), web: of(WEB)?.flatten() })
    }

    pub fn text(&self) -> String {
        let images = [(SERVICE, &self.service), (WEB, &self.web)].map(|(name, image)| entry(name, image.as_ref()));
        format!(
            "# Written by `cargo xtask deploy --gitops`: what Argo CD runs here.\n\
             apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages:\n{}",
            images.concat()
        )
    }
}

fn reference(image: &Value) -> Result<Option<Reference>> {
    let text = |field: &str| image[field].as_str().unwrap_or_default();
    if text("digest") == NOTHING {
        return Ok(None);
    }
    let repository = image["newName"].as_str().unwrap_or(text("name"));
    format!("{repository}@{}", text("digest")).parse().map(Some).map_err(anyhow::Error::msg)
}

fn entry(name: &str, image: Option<&Reference>) -> String {
    let (repository, digest) = image.map_or((name, NOTHING), |image| (&image.repository, image.digest.as_str()));
    format!("  - name: {name}\n    newName: {repository}\n    digest: {digest}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_this_repository_has_is_nothing_yet() {
        let image = |letter: &str| Some(format!("registry.example/a@sha256:{}", letter.repeat(64)).parse().unwrap());
        let digests = Digests { service: image("a"), web: image("b") };
        assert_eq!(Digests::read(&digests.text()).unwrap(), digests);
        for environment in ["dev", "staging", "prod"] {
            let file =
                format!("{}/../k8s/overlays/{environment}/release/kustomization.yaml", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(file).unwrap();
            assert_eq!(Digests::read(&text).unwrap(), Digests::default());
            assert_eq!(Digests::default().text(), text);
        }
    }

    #[test]
    fn a_digest_that_is_none_is_an_error() {
        let text = Digests::default().text().replacen("sha256:00", "sha256:0", 1);
        assert!(Digests::read(&text).unwrap_err().to_string().contains("REPOSITORY@sha256:"));
    }
}
