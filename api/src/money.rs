//! Amounts as they go over the wire.

use poem_openapi::Object;

/// An amount of money
#[derive(Clone, Debug, PartialEq, Eq, Object)]
pub struct Money {
    /// In minor units: cents
    pub amount: i64,
    /// ISO 4217
    pub currency: String,
}
