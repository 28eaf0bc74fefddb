//! What those see who run the service: flags.

use std::sync::Arc;

use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{App, http::Chapter};

/// A switch that changes without a restart.
#[derive(Debug, Object)]
pub struct Flag {
    pub name: String,
    pub on: bool,
    /// What it switches
    pub meaning: String,
}

pub struct OperationsApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Chapter::Operations")]
impl OperationsApi {
    /// The switches and how they stand
    #[oai(path = "/flags", method = "get", operation_id = "list_flags")]
    async fn flags(&self) -> Json<Vec<Flag>> {
        let flag =
            |(name, on, meaning): (&str, bool, &str)| Flag { name: name.to_owned(), on, meaning: meaning.to_owned() };
        Json(self.0.flags.list().into_iter().map(flag).collect())
    }
}
