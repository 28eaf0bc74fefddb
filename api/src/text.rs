//! Text as people search it: without case, accents and doubled spaces.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;

/// `"Crème  Brûlée"` → `"creme brulee"`.
pub fn fold(text: &str) -> String {
    deunicode::deunicode(text).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a search, each ready for LIKE, in which `%`, `_` and `\` mean themselves.
pub fn like_words(query: &str) -> Vec<String> {
    let escape = |word: &str| word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    fold(query).split(' ').filter(|w| !w.is_empty()).map(|w| format!("%{}%", escape(w))).collect()
}

/// Text from a client: a JSON string and nothing else (the framework's `String` takes numbers and booleans, too).
macro_rules! texts {
    ($($(#[doc = $doc:literal])+ $name:ident = $format:literal, $pattern:literal, $refuses:ident: $why:literal;)+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = String;
            type RawElementValueType = String;

            fn name() -> Cow<'static, str> {
                $format.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new(MetaSchema {
                    pattern: Some($pattern.to_owned()),
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

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                match value.unwrap_or_default() {
                    Value::String(text) if !text.contains($refuses) => Ok(Self(text)),
                    Value::String(_) => Err(ParseError::custom($why)),
                    other => Err(ParseError::expected_type(other)),
                }
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(Value::String(self.0.clone()))
            }
        }
    )+ };
}

texts! {
    /// Any text that PostgreSQL stores, such as a password.
    Text = "text", r"^[^\x00]*$", is_nul: "a text can't contain the character U+0000";
    /// One line that others read, such as a name: nothing in it that isn't seen and changes what is.
    Line = "line",
        r"^[^\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]*$",
        is_unseen: "a line can't contain control characters, line breaks or marks of direction";
    /// Text of several lines that others read, such as a description or a note.
    Prose = "prose",
        r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]*$",
        is_unseen_in_prose: "a text can't contain control characters but line breaks, or marks of direction";
}

fn is_nul(c: char) -> bool {
    c == '\0'
}

/// Control characters, line and paragraph separators, what overrides the direction of text (as in CVE-2021-42574) and what
/// takes no place. Joiners stay: Persian and families of emoji need them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn is_unseen_in_prose(c: char) -> bool {
    !matches!(c, '\n' | '\r' | '\t') && is_unseen(c)
}
