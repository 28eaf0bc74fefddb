//! What those see who run the service, and what its page has to know: flags, tiles, the demo's accounts.

use std::{sync::Arc, time::Duration};

use poem_openapi::{Object, OpenApi, param::Query, payload::Json};
use uuid::Uuid;

use crate::{
    App,
    audit::{self, Deed},
    auth::Admin,
    error::Result,
    page::{self, Page},
    seed,
    tags::Tag,
};

const PATIENCE: Duration = Duration::from_secs(2);

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

/// A part that the service stands on
#[derive(Debug, Object)]
pub struct HealthPart {
    /// `service`, `database` or `cache`
    pub name: String,
    /// What it is here, such as `SQLite` or `in process`
    pub kind: String,
    pub answers: bool,
}

pub struct OperationsApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Tag::Operations")]
impl OperationsApi {
    /// List feature flags and their values
    #[oai(path = "/flags", method = "get", operation_id = "list_flags")]
    async fn flags(&self) -> Json<Vec<Flag>> {
        let flag =
            |(name, on, meaning): (&str, bool, &str)| Flag { name: name.to_owned(), on, meaning: meaning.to_owned() };
        Json(self.0.flags.list().into_iter().map(flag).collect())
    }

    /// Get the health of each component
    #[oai(path = "/health", method = "get", operation_id = "get_health")]
    async fn health(&self, _who: Admin) -> Result<Json<Vec<HealthPart>>> {
        let app = &self.0;
        let database = tokio::time::timeout(PATIENCE, app.db.is_well()).await.unwrap_or(false);
        let redis = app.redis_state().await;
        let part =
            |name: &str, kind: &str, answers| HealthPart { name: name.to_owned(), kind: kind.to_owned(), answers };
        Ok(Json(vec![
            part("service", env!("CARGO_PKG_VERSION"), !app.is_draining()),
            part("database", if app.db.is_sqlite() { "SQLite" } else { "PostgreSQL" }, database),
            part("cache", if redis.is_some() { "Redis" } else { "in process" }, redis.unwrap_or(true)),
        ]))
    }

    /// Get the page's settings, without a sign-in
    #[oai(path = "/page", method = "get", operation_id = "get_page_settings")]
    async fn page(&self) -> Json<PageSettings> {
        let config = &self.0.config;
        let tiles = |url: &String| Tiles { url: url.clone(), attribution: config.tiles_attribution.clone() };
        let demo = || Demo { emails: seed::emails(), password: config.seed_password().expose().to_owned() };
        Json(PageSettings { tiles: config.tiles_url.as_ref().map(tiles), demo: config.demo.then(demo) })
    }
}

pub struct AuditApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Tag::Operations")]
impl AuditApi {
    /// List audit entries, newest first
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    async fn list(
        &self,
        admin: Admin,
        /// Only what this account did
        account: Query<Option<Uuid>>,
        /// Only this kind of deed, such as `sign_in` or `move_order`
        #[oai(validator(max_length = 40))]
        action: Query<Option<String>>,
        /// Only what was done to this, such as an order's id
        #[oai(validator(max_length = 100))]
        subject: Query<Option<String>>,
        /// How many at the most
        #[oai(default = "fifty", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u64>,
        /// Where the last page ended
        #[oai(validator(max_length = 400))]
        after: Query<Option<String>>,
    ) -> Result<Json<Page<audit::Entry>>> {
        let after: Option<i64> = after.0.as_deref().map(page::decode).transpose()?;
        audit::write_look(&self.0, &admin.0, Deed::ListAudit).await?;
        let found =
            audit::entry::Entity::search(&self.0.db.write, account.0, action.0, subject.0, after, limit.0 + 1).await?;
        Ok(Json(Page::cut(found, limit.0, |entry| entry.id)))
    }
}

fn fifty() -> u64 {
    50
}
