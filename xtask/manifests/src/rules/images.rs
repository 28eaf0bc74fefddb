//! An image is named by its digest, and those of others are the ones of xtask/images.toml.

use serde_json::Value;

use crate::Set;
use crate::object::{Object, list, under};

pub fn offences(set: &Set, object: &Object) -> Vec<String> {
    images(object).into_iter().filter_map(|image| wrong(set, image)).collect()
}

fn images(object: &Object) -> Vec<&str> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let containers = lists.into_iter().flat_map(|key| under(&object.0, key)).flat_map(list);
    containers.filter_map(|it| it.get("image").and_then(Value::as_str)).collect()
}

fn wrong(set: &Set, image: &str) -> Option<String> {
    let Some((name, digest)) = image.split_once('@').filter(|(_, digest)| is_digest(digest)) else {
        return Some(format!("the image {image} isn't named by its digest"));
    };
    let known = set.facts.images.get(name)?;
    (known != digest).then(|| format!("the image {name} isn't the one of xtask/images.toml"))
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}
