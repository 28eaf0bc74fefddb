//! A CSV table read leniently: byte order marks, spaces in headers, ragged rows, bytes that aren't UTF-8 and quotes that
//! nobody closed are borne.

use super::report::Report;
use crate::error::ImportError;
use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Trim};

/// A quoted field over more lines than this is a quote that was never closed.
const MOST_LINES: usize = 50;

/// Rows of one file.
pub(super) struct Table<'a> {
    name: String,
    columns: Vec<String>,
    /// The bytes that `reader` began with.
    bytes: &'a [u8],
    reader: Reader<&'a [u8]>,
    record: StringRecord,
}

/// One row: fields by column number.
pub(super) struct Row<'a>(&'a StringRecord);

impl Row<'_> {
    pub fn get(&self, column: usize) -> Option<&str> {
        self.0.get(column).map(str::trim)
    }

    /// The field; empty where there is none.
    pub fn field(&self, column: Option<usize>) -> &str {
        column.and_then(|c| self.get(c)).unwrap_or_default()
    }

    pub fn text(&self, column: Option<usize>) -> String {
        self.field(column).to_owned()
    }

    pub fn number<T: std::str::FromStr>(&self, column: Option<usize>) -> Option<T> {
        self.field(column).parse().ok()
    }
}

impl<'a> Table<'a> {
    pub fn new(name: &str, bytes: &'a [u8]) -> Result<Self, ImportError> {
        let failed = |why: String| ImportError::Feed { file: name.to_owned(), why };
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(failed("it is written in UTF-16; save it as UTF-8".to_owned()));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = reader(bytes, true);
        let header = reader.byte_headers().map_err(|e| failed(e.to_string()))?.clone();
        let columns = as_text(header).iter().map(|h| h.trim().trim_matches('"').to_owned()).collect();
        Ok(Self { name: name.to_owned(), columns, bytes, reader, record: StringRecord::new() })
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    /// The number of a column that nothing can do without.
    pub fn required(&self, name: &str) -> Result<Option<usize>, ImportError> {
        let found = self.column(name);
        if found.is_none() {
            let why = format!("it has no column {name}{}", self.hint(name));
            return Err(ImportError::Feed { file: self.name.clone(), why });
        }
        Ok(found)
    }

    fn hint(&self, name: &str) -> String {
        let first = self.columns.first().map_or("", String::as_str);
        if let Some(other) = self.columns.iter().find(|c| c.eq_ignore_ascii_case(name)) {
            return format!(" (but {other}: names of columns are written in small letters)");
        }
        match [';', '\t', '|'].into_iter().find(|c| first.contains(*c)) {
            Some(mark) => format!(" (its columns are separated by {mark:?}; write commas)"),
            None => String::new(),
        }
    }

    /// The next row; rows that can't be read are dropped.
    pub fn next_row(&mut self, report: &mut Report) -> Option<Row<'_>> {
        loop {
            let start = self.reader.position().byte() as usize;
            let mut record = std::mem::take(&mut self.record).into_byte_record();
            match self.reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(e) if e.is_io_error() => return None,
                Err(e) => {
                    report.drop(&format!("unreadable rows of {}", self.name), e);
                    continue;
                }
            }
            self.record = as_text(record);
            if self.record.as_slice().contains('\n') {
                self.close_quote(start, report);
            }
            return Some(Row(&self.record));
        }
    }

    /// A record over several lines is one whose text has line breaks, or one whose quote was never closed and that took
    /// the rows after it along. In the second case the first line is read by itself, and reading goes on after it.
    fn close_quote(&mut self, start: usize, report: &mut Report) {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let blank = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let rest = &rest[blank..];
        let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let mut literal = ReaderBuilder::new();
        literal.flexible(true).has_headers(false).quoting(false);
        let mut line = ByteRecord::new();
        let read = literal.from_reader(&rest[..end]).read_byte_record(&mut line).unwrap_or(false);
        let lines = self.record.as_slice().matches('\n').count();
        if !read || (line.len() != self.columns.len() && lines <= MOST_LINES) {
            return;
        }
        report.drop(&format!("quotes of {} that are never closed", self.name), String::from_utf8_lossy(&rest[..end]));
        self.record = as_text(line).iter().map(|field| field.trim().trim_matches('"')).collect();
        self.bytes = rest.get(end + 1..).unwrap_or_default();
        self.reader = reader(self.bytes, false);
    }
}

fn reader(bytes: &[u8], headers: bool) -> Reader<&[u8]> {
    ReaderBuilder::new().flexible(true).has_headers(headers).trim(Trim::None).from_reader(bytes)
}

/// Latin-1 is what feeds that aren't UTF-8 are in practice: field by field, so that an id is the same wherever it stands.
fn as_text(record: ByteRecord) -> StringRecord {
    let latin = |field: &[u8]| field.iter().map(|&b| char::from(b)).collect::<String>();
    StringRecord::from_byte_record(record).unwrap_or_else(|e| {
        let fields = e.into_byte_record();
        fields.iter().map(|f| std::str::from_utf8(f).map_or_else(|_| latin(f), str::to_owned)).collect()
    })
}
