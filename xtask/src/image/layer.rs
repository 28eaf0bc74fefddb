//! A layer: a compressed tar. The same files give the same bytes, independent of the tar's builder and time.

use std::io::Read;

use anyhow::{Context, Result, ensure};
use tar::{Archive, Builder, EntryType};

/// The tar with `seconds` as the time of everything in it, and without the names that the builder had for its users.
pub fn settled(tar: &[u8], seconds: u64) -> Result<Vec<u8>> {
    let mut archive = Archive::new(tar);
    let mut settled = Builder::new(Vec::with_capacity(tar.len()));
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let mut header = entry.header().clone();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        if matches!(header.entry_type(), EntryType::XHeader | EntryType::XGlobalHeader) {
            ensure!(!tells_a_time(&bytes), "an entry has its time in an unsupported record");
        }
        header.set_mtime(seconds);
        // All of the field: an empty name leaves what stands behind its end.
        if let Some(ustar) = header.as_ustar_mut() {
            ustar.uname.fill(0);
            ustar.gname.fill(0);
        }
        if let Some(gnu) = header.as_gnu_mut() {
            gnu.uname.fill(0);
            gnu.gname.fill(0);
        }
        header.set_cksum();
        settled.append(&header, &bytes[..])?;
    }
    Ok(settled.into_inner()?)
}

fn tells_a_time(records: &[u8]) -> bool {
    String::from_utf8_lossy(records)
        .lines()
        .any(|line| [" mtime=", " atime=", " ctime="].iter().any(|t| line.contains(t)))
}

/// As gzip has it, without a time or a name of its own.
pub fn packed(bytes: &[u8]) -> Vec<u8> {
    const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let body = miniz_oxide::deflate::compress_to_vec(bytes, 6);
    let (sum, length) = (crc32fast::hash(bytes), bytes.len() as u32);
    [&HEAD[..], &body, &sum.to_le_bytes(), &length.to_le_bytes()].concat()
}

pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

/// What was packed; bytes that aren't packed are returned as they are.
pub fn unpacked(bytes: &[u8]) -> Result<Vec<u8>> {
    if !is_packed(bytes) {
        return Ok(bytes.to_vec());
    }
    ensure!(bytes.len() > 18 && bytes[3] == 0, "a layer has an unsupported compression");
    let body = &bytes[10..bytes.len() - 8];
    miniz_oxide::inflate::decompress_to_vec(body).ok().context("a layer can't be unpacked")
}

/// One file as it is compared.
#[derive(Debug, PartialEq)]
pub struct Entry {
    pub path: String,
    pub kind: EntryType,
    pub mode: u32,
    pub owner: (u64, u64),
    pub time: u64,
    pub link: Option<String>,
    pub bytes: Vec<u8>,
}

pub fn entries(tar: &[u8]) -> Result<Vec<Entry>> {
    let mut archive = Archive::new(tar);
    let entries = archive.entries()?.map(|entry| {
        let mut entry = entry?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let header = entry.header();
        Ok(Entry {
            path: entry.path()?.display().to_string(),
            kind: header.entry_type(),
            mode: header.mode()?,
            owner: (header.uid()?, header.gid()?),
            time: header.mtime()?,
            link: entry.link_name()?.map(|link| link.display().to_string()),
            bytes,
        })
    });
    entries.collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A tar as a builder would make it at that time.
    pub fn made(files: &[(&str, &str)], seconds: u64) -> Vec<u8> {
        made_by(files, seconds, tar::Header::new_ustar())
    }

    fn made_by(files: &[(&str, &str)], seconds: u64, header: tar::Header) -> Vec<u8> {
        let mut tar = Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = header.clone();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(seconds);
            tar.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap()
    }

    #[test]
    fn the_same_files_are_the_same_layer_whenever_they_were_made() {
        let files = [("usr/bin/wayfare", "binary"), ("srv/web/index.html", "page")];
        let (early, late) = (made(&files, 7), made(&files, 1_900_000_000));
        assert_ne!(early, late);
        let (early, late) = (settled(&early, 100).unwrap(), settled(&late, 100).unwrap());
        assert_eq!(early, late);
        assert_eq!(entries(&early).unwrap()[1].time, 100);
        assert_eq!(entries(&early).unwrap()[1].bytes, b"page");
    }

    #[test]
    fn nobody_learns_who_has_a_users_number_where_it_was_built() {
        let files = [("usr/bin/wayfare", "binary")];
        let by = |mut header: tar::Header, name: &str| {
            if let Some(ustar) = header.as_ustar_mut() {
                ustar.set_username(name).unwrap();
                ustar.set_groupname(name).unwrap();
            }
            if let Some(gnu) = header.as_gnu_mut() {
                gnu.set_username(name).unwrap();
                gnu.set_groupname(name).unwrap();
            }
            settled(&made_by(&files, 7, header), 100).unwrap()
        };
        assert_eq!(by(tar::Header::new_ustar(), "wendy"), by(tar::Header::new_ustar(), ""));
        assert_eq!(by(tar::Header::new_gnu(), "wendy"), by(tar::Header::new_gnu(), ""));
    }

    #[test]
    fn a_long_name_survives() {
        let long = format!("srv/web/{}.js", "a".repeat(200));
        let layer = settled(&made(&[(&long, "x")], 7), 100).unwrap();
        assert_eq!(entries(&layer).unwrap()[0].path, long);
    }

    #[test]
    fn what_is_packed_is_unpacked_by_us_and_by_gzip() {
        let text = "wayfare ".repeat(10_000);
        let small = packed(text.as_bytes());
        assert!(small.len() < 1_000);
        assert_eq!(unpacked(&small).unwrap(), text.as_bytes());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text.gz");
        std::fs::write(&file, &small).unwrap();
        let gzip = std::process::Command::new("gzip").arg("-dc").arg(&file).output().unwrap();
        assert_eq!(gzip.stdout, text.as_bytes());
    }
}
