//! The tags of the OpenAPI document, by which `/docs` groups the operations.

use poem_openapi::Tags;

#[derive(Tags)]
pub enum Tag {
    /// Accounts, sign-in and roles
    Accounts,
    /// Shops and what they sell
    Catalog,
    /// What somebody is about to order
    Cart,
    /// Orders, from placed to delivered
    Orders,
    /// Routes, places and the city's map
    Journeys,
    /// What runs the service: flags, audit
    Operations,
}
