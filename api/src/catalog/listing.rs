//! The lists of the catalog that are kept ready, and how each is read when nobody has it.

use bytes::Bytes;
use poem_openapi::types::ToJSON;
use sea_orm::DatabaseConnection;
use serde::Serialize;

use super::{
    product::{self, Cursor, MenuItem, Wanted},
    shop,
};
use crate::{App, cache::Ready, error::Result, page::Page};

/// A list, with all that the client asked of it: the key of its answer in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Listing {
    Shops,
    Categories,
    Items(Wanted),
}

impl Listing {
    pub async fn ready(self, app: &App) -> Result<Ready> {
        match app.cache.peek(&self).await {
            Some(ready) => Ok(ready),
            // On the heap: most requests never need this future, which is large.
            None => app.cache.get(&self, Box::pin(app.db.read(|db| self.read(db)))).await,
        }
    }

    async fn read(&self, db: DatabaseConnection) -> Result<Bytes> {
        let db = &db;
        match self {
            Self::Shops => Ok(bytes(&shop::Entity::list(db).await?)),
            Self::Categories => Ok(bytes(&product::Entity::categories(db).await?)),
            Self::Items(wanted) => {
                let found = product::Entity::search(db, wanted.clone()).await?;
                let items = found.into_iter().map(MenuItem::from).collect();
                Ok(bytes(&Page::cut(items, wanted.limit, |item| Cursor::of(wanted.sort, item))))
            }
        }
    }
}

fn bytes(value: &impl ToJSON) -> Bytes {
    Bytes::from(value.to_json_string())
}
