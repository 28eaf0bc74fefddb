//! The city file: a header that says what follows, then flat little-endian arrays, the same bytes for the same city.
//!
//! Header, 32 bytes: `WAYFARE\0`, version u32, checksum u32 (CRC-32 of the content), content length u64, 8 spare zeros.
//! The checksum finds accidents; `City::check` then makes even a forged file harmless: every index is verified once,
//! when loading, so that queries need not.

mod store;

pub(crate) use store::{Names, Reader, Store, stored};

use crate::error::FileError;

const MAGIC: &[u8; 8] = b"WAYFARE\0";
/// Raised whenever the layout changes; other versions are refused.
pub(crate) const VERSION: u32 = 5;
const HEADER: usize = 32;

/// Wraps content in its header.
pub(crate) fn seal(value: &impl Store) -> Vec<u8> {
    let mut out = vec![0; HEADER];
    value.put(&mut out);
    let length = (out.len() - HEADER) as u64;
    let sum = crc32fast::hash(&out[HEADER..]);
    out[..8].copy_from_slice(MAGIC);
    out[8..12].copy_from_slice(&VERSION.to_le_bytes());
    out[12..16].copy_from_slice(&sum.to_le_bytes());
    out[16..24].copy_from_slice(&length.to_le_bytes());
    out
}

/// Checks the header and reads the content; nothing may be left over.
pub(crate) fn open<T: Store>(bytes: &[u8]) -> Result<T, FileError> {
    let (header, content) = bytes.split_at_checked(HEADER).ok_or(FileError::Foreign)?;
    if !header.starts_with(MAGIC) {
        return Err(FileError::Foreign);
    }
    let mut fields = Reader::new(&header[8..]);
    let (found, sum, stated) = (u32::take(&mut fields)?, u32::take(&mut fields)?, u64::take(&mut fields)?);
    if found != VERSION {
        return Err(FileError::Version { found, known: VERSION });
    }
    if stated != content.len() as u64 {
        return Err(FileError::Length { found: content.len() as u64, stated });
    }
    if crc32fast::hash(content) != sum {
        return Err(FileError::Checksum);
    }
    let mut reader = Reader::new(content);
    let value = T::take(&mut reader)?;
    if reader.is_empty() { Ok(value) } else { Err(FileError::Inconsistent("bytes left over")) }
}
