//! The files of a zip archive, bounded: one that unpacks to more than any honest feed is refused.

use crate::error::ImportError;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Bytes that one file of a feed may unpack to.
pub(super) const MOST_BYTES: u64 = 1 << 30;
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    limit: u64,
}

impl<'a> Archive<'a> {
    pub fn open(bytes: &'a [u8], limit: u64) -> Result<Self, ImportError> {
        let failed =
            |e: zip::result::ZipError| ImportError::Feed { file: "the archive".to_owned(), why: e.to_string() };
        ZipArchive::new(Cursor::new(bytes)).map(|zip| Self { zip, limit }).map_err(failed)
    }

    /// The content of a file, wherever in the archive it lies; nothing when there is none.
    pub fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, ImportError> {
        let mut names = self.zip.file_names().filter_map(Result::ok).map(std::borrow::Cow::into_owned);
        let Some(path) = names.find(|n| n.rsplit('/').next() == Some(name)) else {
            return Ok(None);
        };
        drop(names);
        let failed = |why: String| ImportError::Feed { file: name.to_owned(), why };
        let file = self.zip.by_name(&path).map_err(|e| failed(e.to_string()))?;
        let mut bytes = Vec::new();
        file.take(self.limit + 1).read_to_end(&mut bytes).map_err(|e| failed(e.to_string()))?;
        if bytes.len() as u64 > self.limit {
            return Err(ImportError::TooLarge { what: name.to_owned(), limit: self.limit });
        }
        Ok(Some(bytes))
    }

    pub fn required(&mut self, name: &str) -> Result<Vec<u8>, ImportError> {
        let missing = || ImportError::Feed { file: name.to_owned(), why: "it is missing".to_owned() };
        self.bytes(name)?.ok_or_else(missing)
    }
}
