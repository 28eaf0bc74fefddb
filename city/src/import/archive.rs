//! The files of a zip archive, bounded: one that unpacks to more than any honest feed is refused.
//!
//! A feed's files lie at the root, or all in one folder. All are read from the same place, so that two feeds in one archive
//! never become one.

use super::report::Report;
use crate::error::ImportError;
use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Bytes that one file of a feed may unpack to.
pub(super) const MOST_BYTES: u64 = 1 << 30;
/// The file that tells where a feed lies.
const MARK: &str = "stops.txt";

pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Names as they are written in the archive, and with slashes as everywhere else.
    names: Vec<(String, String)>,
    /// Where the feed lies; empty or with a slash at its end.
    folder: String,
    limit: u64,
}

impl<'a> Archive<'a> {
    pub fn open(bytes: &'a [u8], limit: u64, report: &mut Report) -> Result<Self, ImportError> {
        let failed = |why: String| ImportError::Feed { file: "the archive".to_owned(), why };
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| failed(e.to_string()))?;
        let names = zip.file_names().filter_map(Result::ok).map(std::borrow::Cow::into_owned);
        let names: Vec<(String, String)> = names.map(|n| (n.clone(), n.replace('\\', "/"))).collect();
        let mut folders: BTreeSet<String> =
            names.iter().filter_map(|n| n.1.strip_suffix(MARK)).map(str::to_owned).collect();
        folders.retain(|f| (f.is_empty() || f.ends_with('/')) && !f.starts_with("__MACOSX/"));
        let folder = if folders.remove("") || folders.is_empty() {
            String::new()
        } else if folders.len() == 1 {
            folders.pop_first().unwrap_or_default()
        } else {
            let all = folders.iter().take(5).map(|f| f.trim_end_matches('/')).collect::<Vec<_>>().join(", ");
            return Err(failed(format!("it holds {} feeds ({all}): give one of them", folders.len())));
        };
        folders.iter().for_each(|other| report.drop("feeds in folders beside the one at the root", other));
        Ok(Self { zip, names, folder, limit })
    }

    /// The content of one of the feed's files; nothing when there is none.
    pub fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, ImportError> {
        let wanted = format!("{}{name}", self.folder);
        let Some((path, _)) = self.names.iter().find(|n| n.1 == wanted) else {
            return Ok(None);
        };
        let failed = |why: String| ImportError::Feed { file: name.to_owned(), why };
        let file = self.zip.by_name(path).map_err(|e| failed(e.to_string()))?;
        let mut bytes = Vec::new();
        file.take(self.limit + 1).read_to_end(&mut bytes).map_err(|e| failed(e.to_string()))?;
        if bytes.len() as u64 > self.limit {
            return Err(ImportError::TooLarge { what: name.to_owned(), limit: self.limit });
        }
        Ok(Some(bytes))
    }

    pub fn required(&mut self, name: &str) -> Result<Vec<u8>, ImportError> {
        self.bytes(name)?.ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> ImportError {
        let has = |test: &dyn Fn(&str) -> bool| self.names.iter().map(|n| n.1.as_str()).find(|n| test(n));
        let same = |n: &str| n.rsplit('/').next().is_some_and(|f| f.eq_ignore_ascii_case(name));
        let why = if let Some(other) = has(&|n| same(n) && n != name) {
            format!("it is missing; there is {other}")
        } else if let Some(inner) = has(&|n| n.to_ascii_lowercase().ends_with(".zip")) {
            format!("it is missing; the archive holds another one, {inner}: give that")
        } else {
            "it is missing".to_owned()
        };
        ImportError::Feed { file: name.to_owned(), why }
    }
}
