//! What those see who run the service, and what its page has to know: flags, tiles, the demo's accounts.

use std::sync::Arc;

use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{App, http::Chapter, seed};

/// A switch that changes without a restart.
#[derive(Debug, Object)]
pub struct Flag {
    pub name: String,
    pub on: bool,
    /// What it switches
    pub meaning: String,
}

/// What the page has to know before anybody signs in
#[derive(Debug, Object)]
pub struct PageSettings {
    /// Raster tiles under the map; without them it draws the city's own streets
    #[oai(skip_serializing_if_is_none)]
    pub tiles: Option<Tiles>,
    /// Accounts to try the demo with; only where the service runs as one
    #[oai(skip_serializing_if_is_none)]
    pub demo: Option<Demo>,
}

/// Where tiles come from
#[derive(Debug, Object)]
pub struct Tiles {
    /// With `{z}`, `{x}` and `{y}` in it
    pub url: String,
    /// Whom to name on the map
    pub attribution: String,
}

/// The demo's accounts
#[derive(Debug, Object)]
pub struct Demo {
    /// One address of each role
    pub emails: Vec<String>,
    /// The password of all of them
    pub password: String,
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

    /// What the page has to know before anybody signs in
    #[oai(path = "/page", method = "get", operation_id = "get_page_settings")]
    async fn page(&self) -> Json<PageSettings> {
        let config = &self.0.config;
        let tiles = |url: &String| Tiles { url: url.clone(), attribution: config.tiles_attribution.clone() };
        let demo = || Demo { emails: seed::emails(), password: config.seed_password.expose().to_owned() };
        Json(PageSettings { tiles: config.tiles_url.as_ref().map(tiles), demo: config.demo.then(demo) })
    }
}
