//! Looks through a pbf file before the pbf crate reads it: that crate panics on a relation member of an unknown type,
//! and nothing here may panic. Refuses that, every other malformation, and what would be read wrongly: histories, and
//! compressions other than zlib.

use crate::error::ImportError;
use flate2::bufread::ZlibDecoder;
use std::io::Read;

/// The format's own bounds of a header and of an unpacked block, in bytes.
const MOST_HEADER: usize = 64 << 10;
const MOST_BLOCK: u64 = 32 << 20;

/// One field of a message.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Fields of a message in order; `None` inside where they can't be read on.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Bytes(self.bytes(8)?),
            2 => {
                let n = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.bytes(n)?)
            }
            5 => Value::Bytes(self.bytes(4)?),
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() { None } else { Some(self.field()) }
    }
}

/// Refuses a file that isn't well formed or can't be read here, and says what to do.
pub(super) fn check(mut file: &[u8]) -> Result<(), ImportError> {
    if [b"<?xml".as_slice(), b"<osm", b"BZh", b"\x1f\x8b"].iter().any(|start| file.starts_with(start)) {
        let why = "it isn't in the PBF format; make that of it: osmium cat FILE -o town.osm.pbf";
        return Err(ImportError::Pbf(why.to_owned()));
    }
    while !file.is_empty() {
        let at = file.len();
        let broken = || ImportError::Pbf(format!("it is malformed {at} bytes before its end"));
        let (blob, rest) = Blob::first(file).ok_or_else(broken)?;
        if let Some(why) = blob.unreadable() {
            return Err(ImportError::Pbf(why));
        }
        let block = blob.unpacked().ok_or_else(broken)?;
        match blob.kind {
            b"OSMData" => members(&block).ok_or_else(broken)?,
            b"OSMHeader" => features(&block)?,
            _ => {}
        }
        file = rest;
    }
    Ok(())
}

/// One part of a file: what it is, and its content as it was packed.
struct Blob<'a> {
    kind: &'a [u8],
    content: &'a [u8],
}

impl<'a> Blob<'a> {
    /// The first blob of a file, and the rest.
    fn first(file: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, rest) = file.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (header, rest) = rest.split_at_checked(length).filter(|_| length <= MOST_HEADER)?;
        let (mut kind, mut size) = (b"".as_slice(), 0);
        for field in Fields(header) {
            match field? {
                (1, Value::Bytes(name)) => kind = name,
                (3, Value::Number(n)) => size = usize::try_from(n).ok()?,
                _ => {}
            }
        }
        let (content, rest) = rest.split_at_checked(size)?;
        Some((Self { kind, content }, rest))
    }

    /// Why the content can't be unpacked here, and what to do.
    fn unreadable(&self) -> Option<String> {
        let packed = Fields(self.content).flatten().find_map(|(field, _)| match field {
            4 => Some("lzma"),
            5 => Some("bzip2"),
            6 => Some("lz4"),
            7 => Some("zstd"),
            _ => None,
        })?;
        Some(format!(
            "it is compressed with {packed}; write it again with zlib: \
             osmium cat FILE -o town.osm.pbf -f pbf,pbf_compression=zlib"
        ))
    }

    fn unpacked(&self) -> Option<Vec<u8>> {
        let mut block = Vec::new();
        for field in Fields(self.content) {
            match field? {
                (1, Value::Bytes(raw)) => block = raw.to_vec(),
                (3, Value::Bytes(packed)) => {
                    block.clear();
                    ZlibDecoder::new(packed).take(MOST_BLOCK + 1).read_to_end(&mut block).ok()?;
                }
                _ => {}
            }
        }
        Some(block).filter(|b| b.len() as u64 <= MOST_BLOCK)
    }
}

/// Refuses what a file says one must understand to read it, where that isn't understood here.
fn features(header: &[u8]) -> Result<(), ImportError> {
    for (field, value) in Fields(header).flatten() {
        let (4, Value::Bytes(feature)) = (field, value) else { continue };
        let feature = String::from_utf8_lossy(feature);
        let why = match &*feature {
            "OsmSchema-V0.6" | "DenseNodes" | "LocationsOnWays" => continue,
            "HistoricalInformation" => "it is a history, with all that was deleted and changed \
                 (HistoricalInformation); make a map of one day of it: osmium time-filter FILE -o town.osm.pbf"
                .to_owned(),
            _ => format!("it needs {feature}, which isn't read here; write it again without: osmium cat"),
        };
        return Err(ImportError::Pbf(why));
    }
    Ok(())
}

/// Walks groups (field 2), relations (4) and the types of their members (10): node, way or relation.
fn members(block: &[u8]) -> Option<()> {
    for group in Fields(block) {
        let (2, Value::Bytes(group)) = group? else {
            continue;
        };
        for relation in Fields(group) {
            let (4, Value::Bytes(relation)) = relation? else {
                continue;
            };
            for field in Fields(relation) {
                match field? {
                    (10, Value::Number(kind)) if kind > 2 => return None,
                    (10, Value::Bytes(kinds)) => {
                        let mut kinds = Fields(kinds);
                        while !kinds.0.is_empty() {
                            kinds.varint().filter(|k| *k <= 2)?;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    Some(())
}
