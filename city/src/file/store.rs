//! How values become bytes: fixed little-endian numbers, lengths as u32, structs field by field.
//!
//! No compression and no variable-length numbers: the arrays in memory are what the file holds.

use crate::error::FileError;

/// The rest of the bytes being read.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], FileError> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(FileError::Inconsistent("an array passes the end"))?;
        self.0 = rest;
        Ok(head)
    }
}

/// A value that can be kept in the city file.
pub(crate) trait Store: Sized {
    /// The fewest bytes one value takes: bounds what a stated length may allocate.
    const LEAST: usize;
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Reader) -> Result<Self, FileError>;
}

macro_rules! stored_number {
    ($($t:ty),*) => { $(
        impl Store for $t {
            const LEAST: usize = size_of::<$t>();
            fn put(&self, out: &mut Vec<u8>) { out.extend_from_slice(&self.to_le_bytes()); }
            fn take(from: &mut Reader) -> Result<Self, FileError> {
                let bytes = from.bytes(size_of::<$t>())?;
                Ok(<$t>::from_le_bytes(bytes.try_into().unwrap_or_default()))
            }
        }
    )* };
}
stored_number!(u8, u16, i16, u32, i32, u64, f32, f64);

impl<T: Store> Store for Vec<T> {
    const LEAST: usize = 4;

    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        for item in self {
            item.put(out);
        }
    }

    fn take(from: &mut Reader) -> Result<Self, FileError> {
        let len = u32::take(from)? as usize;
        if len > from.0.len() / T::LEAST.max(1) {
            return Err(FileError::Inconsistent("an array passes the end"));
        }
        // A value may be larger in memory than in the file: a forged length must not claim more than the file has.
        let mut items = Vec::with_capacity(len.min(from.0.len() / size_of::<T>().max(1)));
        for _ in 0..len {
            items.push(T::take(from)?);
        }
        Ok(items)
    }
}

impl<T: Store + Copy + Default, const N: usize> Store for [T; N] {
    const LEAST: usize = T::LEAST * N;

    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.put(out));
    }

    fn take(from: &mut Reader) -> Result<Self, FileError> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::take(from)?;
        }
        Ok(items)
    }
}

impl Store for String {
    const LEAST: usize = 4;

    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut Reader) -> Result<Self, FileError> {
        let len = u32::take(from)? as usize;
        let bytes = from.bytes(len)?.to_vec();
        Self::from_utf8(bytes).map_err(|_| FileError::Inconsistent("a text is not UTF-8"))
    }
}

impl<T: Store> Store for Option<T> {
    const LEAST: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        u8::from(self.is_some()).put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Reader) -> Result<Self, FileError> {
        match u8::take(from)? {
            0 => Ok(None),
            1 => Ok(Some(T::take(from)?)),
            _ => Err(FileError::Inconsistent("a mark is neither yes nor no")),
        }
    }
}

/// Keeps a struct field by field, in the order named: the one place that decides its bytes.
/// The pattern without `..` makes a forgotten field fail to compile.
macro_rules! stored {
    ($name:ident { $($field:tt),* $(,)? }) => {
        impl $crate::file::Store for $name {
            const LEAST: usize = 1;
            fn put(&self, out: &mut Vec<u8>) {
                $( $crate::file::Store::put(&self.$field, out); )*
            }
            fn take(from: &mut $crate::file::Reader) -> Result<Self, $crate::error::FileError> {
                Ok(Self { $( $field: $crate::file::Store::take(from)?, )* })
            }
        }
    };
}
pub(crate) use stored;

/// Many texts in one buffer; number 0 is always the empty text.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    text: String,
    ends: Vec<u32>,
}
stored!(Names { text, ends });

impl Default for Names {
    fn default() -> Self {
        Self { text: String::new(), ends: vec![0] }
    }
}

impl Names {
    pub fn push(&mut self, text: &str) -> u32 {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        self.ends.len() as u32 - 1
    }

    /// The text of a number; empty for an unknown one.
    pub fn get(&self, number: u32) -> &str {
        let n = number as usize;
        let start = n.checked_sub(1).and_then(|p| self.ends.get(p)).copied().unwrap_or(0);
        let end = self.ends.get(n).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_is_neither_yes_nor_no_is_refused() {
        let taken = |bytes: &[u8]| <Option<u8> as Store>::take(&mut Reader::new(bytes));
        assert!(matches!((taken(&[0, 7]), taken(&[1, 7])), (Ok(None), Ok(Some(7)))));
        assert!(taken(&[2, 7]).is_err());
    }
}
