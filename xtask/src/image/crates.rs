//! What the binary says of itself: the crates that it is linked from, in the form of cargo-auditable. `api/Dockerfile` has
//! it written, and scanners read it there, too.

use anyhow::{Context, Result};
use serde::Deserialize;
use stages::exit::Failure;

use super::layer;
use super::layout::Layout;

const BINARY: &str = "usr/bin/wayfare";
/// Of the binary: JSON, packed by zlib.
const SECTION: &[u8] = b".dep-v0";

#[derive(Deserialize)]
struct Said {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
pub struct Crate {
    pub name: String,
    pub version: String,
    #[serde(default)]
    kind: Kind,
    /// By their places in the list.
    #[serde(default)]
    pub dependencies: Vec<usize>,
    #[serde(default)]
    pub root: bool,
}

/// What only builds is said, too, and is in no binary.
#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Build,
    #[default]
    Runtime,
}

impl Crate {
    pub fn is_linked(&self) -> bool {
        self.kind == Kind::Runtime
    }
}

/// Of the image that was built last.
pub fn of(layout: &Layout) -> Result<Vec<Crate>> {
    let ours = layout.layers()?.pop().context("the image has no layers")?;
    let binary = layer::entries(&ours)?.into_iter().find(|entry| entry.path == BINARY);
    said(&binary.with_context(|| format!("the image doesn't contain {BINARY}"))?.bytes)
}

fn said(binary: &[u8]) -> Result<Vec<Crate>> {
    let none =
        || Failure::check("the binary doesn't list its crates").next("cargo xtask image build, without --from-target");
    let packed = section(binary, SECTION).ok_or_else(none)?;
    let text =
        miniz_oxide::inflate::decompress_to_vec_zlib(packed).ok().context("the list of crates can't be unpacked")?;
    let said: Said = serde_json::from_slice(&text).context("the list of crates isn't understood")?;
    Ok(said.packages)
}

/// Of a 64-bit ELF file, whose numbers are little-endian on both kinds of machine that we build for.
fn section<'a>(elf: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let number = |at: usize, bytes: usize| -> Option<usize> {
        let part = elf.get(at..at.checked_add(bytes)?)?;
        part.iter().rev().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add((*byte).into()))
    };
    let (table, size, count, names) = (number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?, number(0x3e, 2)?);
    let header = |index: usize| table.checked_add(index.checked_mul(size)?);
    let content = |index: usize| {
        let at = header(index)?;
        let start = number(at.checked_add(0x18)?, 8)?;
        elf.get(start..start.checked_add(number(at.checked_add(0x20)?, 8)?)?)
    };
    let names = content(names)?;
    let is_it = |index: &usize| {
        let start = header(*index).and_then(|at| number(at, 4)).unwrap_or(usize::MAX);
        names.get(start..).is_some_and(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(&[0])))
    };
    (0..count).find(is_it).and_then(content)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn parsed(text: &str) -> Vec<Crate> {
        serde_json::from_str::<Said>(text).unwrap().packages
    }

    /// A program with that section, made by the linker's own tools.
    fn with_section(content: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let (from, to, part) = (std::env::current_exe().unwrap(), folder.path().join("to"), folder.path().join("part"));
        std::fs::write(&part, content).unwrap();
        let mut add = std::process::Command::new("objcopy");
        add.arg("--add-section").arg(format!(".dep-v0={}", part.display())).arg(from).arg(&to);
        assert!(add.status().unwrap().success());
        std::fs::read(to).unwrap()
    }

    #[test]
    fn a_binary_says_which_crates_it_is_made_of() {
        let list = br#"{"packages":[{"name":"cc","version":"1.2.3","source":"crates.io","kind":"build"},
            {"name":"wayfare","version":"0.1.0","source":"local","dependencies":[0],"root":true}]}"#;
        let crates = said(&with_section(&miniz_oxide::deflate::compress_to_vec_zlib(list, 6))).unwrap();
        let linked: Vec<_> = crates.iter().filter(|it| it.is_linked()).map(|it| (&*it.name, it.root)).collect();
        assert_eq!((crates.len(), linked), (2, vec![("wayfare", true)]));
    }

    #[test]
    fn one_that_says_nothing_or_nonsense_is_refused_and_none_is_a_panic() {
        let itself = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(said(&itself).err().unwrap().to_string().contains("doesn't list"));
        assert!(said(&with_section(b"nonsense")).err().unwrap().to_string().contains("can't be unpacked"));
        for length in [0, 1, 63, 64, 100, itself.len() / 2] {
            assert!(said(&itself[..length]).is_err());
        }
        let mut wild = itself[..64].to_vec();
        wild[0x28..0x40].fill(0xff);
        assert!(said(&wild).is_err());
    }
}
