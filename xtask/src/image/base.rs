//! What images are built on or run beside: xtask/images.toml.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use stages::machine::Machine;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    image: String,
    digest: String,
}

static BASES: LazyLock<BTreeMap<String, Base>> =
    LazyLock::new(|| toml::from_str(include_str!("../../images.toml")).expect("a test reads images.toml"));

/// What api/Dockerfile is built on: its build arguments, in lower case.
pub const BUILT_ON: [&str; 3] = ["node", "runtime", "rust"];

/// An image of the list with its digest.
pub fn reference(name: &str) -> String {
    format!("{}@{}", BASES[name].image, BASES[name].digest)
}

/// What this machine takes in place of a base that it can't pull: WAYFARE_BASE_RUNTIME=IMAGE, and so on.
pub fn stand_in(machine: &Machine, name: &str) -> Option<String> {
    machine.variable(&format!("WAYFARE_BASE_{}", name.to_uppercase())).map(str::to_owned)
}

/// `runtime=IMAGE` on the command line.
pub fn named(text: &str) -> Result<(String, String), String> {
    let (name, image) = text.split_once('=').ok_or("it has the form NAME=IMAGE")?;
    if !BUILT_ON.contains(&name) {
        return Err(format!("there is no base image `{name}`; available: {}", BUILT_ON.join(", ")));
    }
    Ok((name.to_owned(), image.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_stands_at_a_digest_and_every_build_argument_of_a_base_is_known() {
        for (name, base) in BASES.iter() {
            let hex = base.digest.strip_prefix("sha256:").unwrap();
            assert!(hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
        }
        let file = include_str!("../../../api/Dockerfile");
        for (name, base) in BASES.iter().filter(|(name, _)| BUILT_ON.contains(&name.as_str())) {
            let (_, short) =
                base.image.split_once(if name == "runtime" { "://" } else { "library/" }).unwrap_or(("", &base.image));
            assert!(file.contains(&format!("ARG {}={short}\n", name.to_uppercase())), "{name}");
        }
    }

    #[test]
    fn the_image_is_built_with_the_manifest_of_every_member_of_the_workspace() {
        let workspace: toml::Value = toml::from_str(include_str!("../../../Cargo.toml")).unwrap();
        let members = workspace["workspace"]["members"].as_array().unwrap();
        let (file, let_in) = (include_str!("../../../api/Dockerfile"), include_str!("../../../.dockerignore"));
        // These two are copied whole.
        for member in members.iter().filter_map(toml::Value::as_str).filter(|name| !["api", "city"].contains(name)) {
            assert!(file.contains(&format!("COPY {member}/Cargo.toml {member}/\n")), "{member}: api/Dockerfile");
            assert!(let_in.contains(&format!("!{member}/Cargo.toml\n")), "{member}: .dockerignore");
        }
    }
}
