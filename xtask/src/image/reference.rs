//! Which image is meant: by its digest, which can't be moved, or by a name in this machine's Docker.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// `REPOSITORY@sha256:…`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    pub repository: String,
    pub digest: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Image {
    Pinned(Reference),
    /// A name in Docker, which may stand for another image tomorrow.
    Local(String),
}

const PREFIX: &str = "sha256:";

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Digest(PREFIX.to_owned() + &hex(&hmac_sha256::Hash::hash(bytes)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the name of the algorithm.
    pub fn hex(&self) -> &str {
        &self.0[PREFIX.len()..]
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Reference {
    pub fn new(repository: &str, digest: Digest) -> Self {
        Reference { repository: repository.to_owned(), digest }
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_digest = |hex: &str| hex.len() == 64 && hex.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        let hex = text.strip_prefix(PREFIX).filter(|hex| is_digest(hex));
        hex.map(|_| Digest(text.to_owned())).ok_or_else(|| format!("`{text}` is no digest: sha256:…"))
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('@').filter(|(repository, _)| !repository.is_empty());
        let pinned = parts.and_then(|(repository, digest)| Some(Self::new(repository, digest.parse().ok()?)));
        pinned.ok_or_else(|| "a tag can be moved: REPOSITORY@sha256:…; `cargo xtask image find` prints it".into())
    }
}

impl From<String> for Image {
    fn from(text: String) -> Self {
        text.parse().map_or(Image::Local(text), Image::Pinned)
    }
}

impl From<Reference> for Image {
    fn from(reference: Reference) -> Self {
        Image::Pinned(reference)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Image::Pinned(reference) => reference.fmt(f),
            Image::Local(name) => f.write_str(name),
        }
    }
}

macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl From<$type> for String {
            fn from(it: $type) -> Self {
                it.to_string()
            }
        }
    )*};
}
as_text!(Digest, Reference, Image);

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for Reference {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_digest_is_one() {
        let whole = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(whole.parse::<Digest>().unwrap().to_string(), whole);
        for other in ["", "sha256:", &whole[..70], &whole.replace('a', "A"), &whole.replace("sha256", "sha512")] {
            assert!(other.parse::<Digest>().is_err(), "{other}");
        }
        assert_eq!(Digest::of(b"abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn what_has_no_digest_is_a_name_of_this_machine() {
        let pinned = format!("127.0.0.1:5000/a/b@sha256:{}", "0".repeat(64));
        assert!(matches!(Image::from(pinned.clone()), Image::Pinned(it) if it.to_string() == pinned));
        for name in ["wayfare:local", "a@sha256:12", &pinned[18..]] {
            assert_eq!(Image::from(name.to_owned()), Image::Local(name.to_owned()));
        }
        let text = serde_json::to_string(&Image::from(pinned.clone())).unwrap();
        assert_eq!(serde_json::from_str::<Image>(&text).unwrap().to_string(), pinned);
    }
}
