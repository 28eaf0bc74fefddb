//! The ways that somebody asks for: in one parameter with commas between them, or in one parameter each.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;

use super::routes::Mode;

/// Each once, in the order in which they were named first.
pub struct Modes(pub Vec<Mode>);

impl Default for Modes {
    fn default() -> Self {
        Self(Mode::ALL.to_vec())
    }
}

impl Type for Modes {
    const IS_REQUIRED: bool = true;
    type RawValueType = Vec<Mode>;
    type RawElementValueType = Mode;

    fn name() -> Cow<'static, str> {
        "modes".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            items: Some(Box::new(Mode::schema_ref())),
            min_items: Some(1),
            max_items: Some(Mode::ALL.len()),
            ..MetaSchema::new("array")
        }))
    }

    fn register(registry: &mut Registry) {
        Mode::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Vec<Mode>> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Mode> + 'a> {
        Box::new(self.0.iter())
    }
}

impl ParseFromParameter for Modes {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::parse_from_parameters([value])
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(values: I) -> ParseResult<Self> {
        let mut modes = Vec::new();
        let mut named = 0;
        for value in values {
            for word in value.as_ref().split(',') {
                let mode = Mode::parse_from_parameter(word.trim()).map_err(ParseError::propagate)?;
                named += 1;
                if !modes.contains(&mode) {
                    modes.push(mode);
                }
            }
        }
        if named > Mode::ALL.len() {
            return Err(ParseError::custom(format!("name {} modes at the most", Mode::ALL.len())));
        }
        Ok(Self(modes))
    }
}

impl ToJSON for Modes {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}
