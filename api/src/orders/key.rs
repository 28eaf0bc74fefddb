//! The client's name for one try to order.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};

/// 8 to 64 letters, digits, `-` and `_`. A type, since the framework's pattern validator compiles its expression anew for
/// each request, which cost a sixth of what placing an order takes.
pub struct IdempotencyKey(pub String);

const LENGTH: std::ops::RangeInclusive<usize> = 8..=64;
const PATTERN: &str = "^[A-Za-z0-9_-]+$";

impl Type for IdempotencyKey {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        "idempotency_key".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            min_length: Some(*LENGTH.start()),
            max_length: Some(*LENGTH.end()),
            pattern: Some(PATTERN.to_owned()),
            ..MetaSchema::new("string")
        }))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(std::iter::once(&self.0))
    }
}

impl ParseFromParameter for IdempotencyKey {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if LENGTH.contains(&value.len()) && value.bytes().all(allowed) {
            return Ok(Self(value.to_owned()));
        }
        Err(ParseError::custom("an Idempotency-Key is 8 to 64 letters, digits, - and _"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_8_to_64_letters_digits_hyphens_and_underscores() {
        let taken = |key: &str| IdempotencyKey::parse_from_parameter(key).is_ok();
        assert!(taken("a1_-B2cd") && taken(&"k".repeat(64)));
        for refused in ["", "seven77", &"k".repeat(65), "with space", "ümlaut-ümlaut", "12345678\n", "nul\0nul\0nul"]
        {
            assert!(!taken(refused), "{refused:?}");
        }
    }
}
