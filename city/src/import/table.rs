//! A CSV table read leniently: byte order marks, spaces in headers, ragged rows and bytes that aren't UTF-8 are borne.

use super::report::Report;
use crate::error::ImportError;
use csv::{ByteRecord, ReaderBuilder, Trim};

/// Rows of one file.
pub(super) struct Table<'a> {
    name: String,
    columns: Vec<String>,
    reader: csv::Reader<&'a [u8]>,
    record: ByteRecord,
}

/// One row: fields by column number.
pub(super) struct Row<'a>(&'a ByteRecord);

impl Row<'_> {
    pub fn get(&self, column: usize) -> Option<&str> {
        self.0.get(column).and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::trim)
    }

    /// The field as text, whatever its encoding; empty where there is none.
    pub fn text(&self, column: Option<usize>) -> String {
        let bytes = column.and_then(|c| self.0.get(c)).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => text.trim().to_owned(),
            // Latin-1 is what feeds that aren't UTF-8 are in practice.
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect::<String>().trim().to_owned(),
        }
    }

    pub fn field(&self, column: Option<usize>) -> &str {
        column.and_then(|c| self.get(c)).unwrap_or_default()
    }

    pub fn number<T: std::str::FromStr>(&self, column: Option<usize>) -> Option<T> {
        self.field(column).parse().ok()
    }
}

impl<'a> Table<'a> {
    pub fn new(name: &str, bytes: &'a [u8]) -> Result<Self, ImportError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::None).from_reader(bytes);
        let failed = |e: csv::Error| ImportError::Feed { file: name.to_owned(), why: e.to_string() };
        let header = reader.byte_headers().map_err(failed)?;
        let columns = header.iter().map(|h| String::from_utf8_lossy(h).trim().trim_matches('"').to_owned()).collect();
        Ok(Self { name: name.to_owned(), columns, reader, record: ByteRecord::new() })
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    /// The next row; rows that can't be read are dropped.
    pub fn next_row(&mut self, report: &mut Report) -> Option<Row<'_>> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => return Some(Row(&self.record)),
                Ok(false) => return None,
                Err(e) if e.is_io_error() => return None,
                Err(e) => report.drop(&format!("unreadable rows of {}", self.name), e),
            }
        }
    }
}
