//! Journeys, places and the city's map. The engine is the crate `city`; here is what it says on the wire.

use std::sync::Arc;

use poem_openapi::{OpenApi, payload::Json};

pub mod about;
pub mod load;

use crate::{App, error::Result, http::Chapter};
use about::About;

pub struct TransportApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Chapter::Journeys")]
impl TransportApi {
    /// The city: its name, where it is, and whom to credit
    #[oai(path = "/city", method = "get", operation_id = "get_city")]
    async fn city(&self) -> Result<Json<About>> {
        Ok(Json(About::of(&self.0.city)))
    }
}
