//! Shops and what they sell. Reading is for everybody and cached; writing is for the shop's manager, in [`manager`].

use std::sync::Arc;

use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::{Binary, EventStream, Json, Response},
};
use tokio::sync::broadcast::error::RecvError;

pub mod decode;
pub mod hours;
pub mod image;
pub mod listing;
pub mod manager;
pub mod picture;
pub mod product;
pub mod shop;
pub mod sites;
pub mod webhook;

use crate::{
    App,
    auth::{Done, Manager},
    bus::Note,
    caller::Caller,
    error::Result,
    page::{self, Page},
    ready::Cached,
    tags::Tag,
    text,
};
use listing::Listing;
use manager::{NewProduct, NewWebhook, ProductChange, ShopChange, Webhook};
use picture::Upload;
use product::{MenuItem, Sort, Wanted};

/// A product's stock has changed
#[derive(Clone, Debug, Object)]
pub struct StockChange {
    pub shop_id: i64,
    pub product_id: i64,
    pub stock: i32,
}

#[derive(ApiResponse)]
pub enum Added {
    /// Added
    #[oai(status = 201)]
    Added(
        Json<MenuItem>,
        /// The product's address
        #[oai(header = "Location")]
        String,
    ),
}

pub struct CatalogApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Tag::Catalog")]
impl CatalogApi {
    /// List shops
    #[oai(path = "/shops", method = "get", operation_id = "list_shops")]
    async fn shops(&self) -> Result<Cached<Vec<shop::Model>>> {
        Ok(Listing::Shops.ready(&self.0).await?.into())
    }

    /// Get a shop
    #[oai(path = "/shops/:id", method = "get", operation_id = "get_shop")]
    async fn shop(&self, id: Path<i64>) -> Result<Json<shop::Model>> {
        let read = |db| async move { shop::Entity::by_id(&db, id.0).await };
        Ok(Json(self.0.db.read(read).await?))
    }

    /// List categories that have products
    #[oai(path = "/categories", method = "get", operation_id = "list_categories")]
    async fn categories(&self) -> Result<Cached<Vec<String>>> {
        Ok(Listing::Categories.ready(&self.0).await?.into())
    }

    /// List products
    #[oai(path = "/menu-items", method = "get", operation_id = "list_menu_items")]
    #[allow(clippy::too_many_arguments)]
    async fn menu_items(
        &self,
        /// Only of this shop
        shop: Query<Option<i64>>,
        /// Only of this category
        #[oai(validator(max_length = 60))]
        category: Query<Option<String>>,
        /// Costs at least this, minor units
        #[oai(validator(minimum(value = "0")))]
        min_price: Query<Option<i64>>,
        /// Costs at most this, minor units
        #[oai(validator(minimum(value = "0")))]
        max_price: Query<Option<i64>>,
        /// Only what can be had now
        #[oai(default)]
        in_stock: Query<bool>,
        /// Words in name, category or description; case and accents don't matter
        #[oai(validator(max_length = 100))]
        q: Query<Option<String>>,
        /// The order
        #[oai(default)]
        sort: Query<Sort>,
        /// How many at the most
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u64>,
        /// Where the last page ended
        #[oai(validator(max_length = 800))]
        after: Query<Option<String>>,
    ) -> Result<Cached<Page<MenuItem>>> {
        let wanted = Wanted {
            shop: shop.0,
            category: category.0,
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            words: q.0.as_deref().map(text::like_words).unwrap_or_default(),
            sort: sort.0,
            after: after.0.as_deref().map(page::decode).transpose()?,
            limit: limit.0,
        };
        Ok(Listing::Items(wanted).ready(&self.0).await?.into())
    }

    /// Get a product
    #[oai(path = "/menu-items/:id", method = "get", operation_id = "get_menu_item")]
    async fn menu_item(&self, id: Path<i64>) -> Result<Json<MenuItem>> {
        let read = |db| async move { product::Entity::by_id(&db, id.0).await };
        Ok(Json(self.0.db.read(read).await?.into()))
    }

    /// Add a product
    #[oai(path = "/menu-items", method = "post", operation_id = "add_menu_item")]
    async fn add(&self, who: Manager, new: Json<NewProduct>) -> Result<Added> {
        let product = manager::add(&self.0, &who.0, new.0).await?;
        let location = format!("/api/menu-items/{}", product.id);
        Ok(Added::Added(Json(product.into()), location))
    }

    /// Change a product
    #[oai(path = "/menu-items/:id", method = "patch", operation_id = "change_menu_item")]
    async fn change(&self, who: Manager, id: Path<i64>, change: Json<ProductChange>) -> Result<Json<MenuItem>> {
        Ok(Json(manager::change(&self.0, &who.0, id.0, change.0).await?.into()))
    }

    /// Retire a product
    #[oai(path = "/menu-items/:id", method = "delete", operation_id = "retire_menu_item")]
    async fn retire(&self, who: Manager, id: Path<i64>) -> Result<Done> {
        manager::retire(&self.0, &who.0, id.0).await.map(|()| Done::Done)
    }

    /// Set a product's picture: PNG, JPEG or WebP
    ///
    /// It is decoded and written anew, at most 1600 pixels a side: what else the file holds, such as where it was taken,
    /// isn't kept.
    #[oai(path = "/menu-items/:id/image", method = "put", operation_id = "set_image")]
    async fn set_image(&self, who: Manager, id: Path<i64>, picture: Upload) -> Result<Json<MenuItem>> {
        Ok(Json(picture::set(&self.0, &who.0, id.0, picture).await?.into()))
    }

    /// Change a shop
    #[oai(path = "/shops/:id", method = "patch", operation_id = "change_shop")]
    async fn change_shop(&self, who: Manager, id: Path<i64>, change: Json<ShopChange>) -> Result<Json<shop::Model>> {
        Ok(Json(manager::change_shop(&self.0, &who.0, id.0, change.0).await?))
    }

    /// Set the shop's webhook; returns a new signing key each time
    ///
    /// Each event of an order is sent there as an `OrderEvent` by `POST`, signed by the Standard Webhooks specification
    /// (`webhook-id`, `webhook-timestamp`, `webhook-signature`). The key before goes on signing beside the new one for a day.
    /// The address has to be on the public internet.
    #[oai(path = "/shops/:id/webhook", method = "put", operation_id = "set_webhook")]
    async fn set_webhook(&self, who: Manager, id: Path<i64>, new: Json<NewWebhook>) -> Result<Json<Webhook>> {
        Ok(Json(manager::set_webhook(&self.0, &who.0, id.0, new.0.url).await?))
    }

    /// Stream stock changes
    #[oai(path = "/stock/events", method = "get", operation_id = "watch_stock")]
    async fn stock(
        &self,
        caller: Data<&Caller>,
        /// Only of this shop
        shop: Query<Option<i64>>,
    ) -> Result<EventStream<BoxStream<'static, StockChange>>> {
        let app = &self.0;
        let admitted = app.streams.admit(&app.config, &app.metrics, None, caller.ip)?;
        let changes = admitted.hold(changes(app.clone(), shop.0));
        Ok(EventStream::new(changes).keep_alive(std::time::Duration::from_secs(15)))
    }

    /// Get a product's picture
    #[oai(path = "/images/:name", method = "get", operation_id = "get_image")]
    async fn image(&self, #[oai(validator(max_length = 60))] name: Path<String>) -> Result<Response<Binary<Vec<u8>>>> {
        let (bytes, kind) = self.0.images.read(&name.0).await?;
        Ok(Response::new(Binary(bytes.to_vec()))
            .header("Content-Type", kind)
            .header("Cache-Control", "public, max-age=31536000, immutable"))
    }
}

fn changes(app: Arc<App>, shop: Option<i64>) -> impl Stream<Item = StockChange> {
    let notes = app.bus.listen();
    let ended = {
        let app = app.clone();
        async move { app.stopped().await }
    };
    stream::unfold(notes, move |mut notes| async move {
        loop {
            match notes.recv().await {
                Ok(Note::Stock { shop: of, product, stock }) if shop.is_none_or(|s| s == of) => {
                    return Some((StockChange { shop_id: of, product_id: product, stock }, notes));
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
    .take_until(Box::pin(ended))
}

/// Empties the cache when another replica's manager changed something, for as long as the process lives.
pub async fn follow(app: Arc<App>) {
    let mut notes = app.bus.listen();
    loop {
        match notes.recv().await {
            Ok(Note::Catalog { generation }) => {
                // Another process's manager wrote it, who may ask here next.
                app.db.wrote();
                forget(&app, generation);
            }
            Ok(_) => {}
            // Missed some: forgetting too much is only slow.
            Err(RecvError::Lagged(_)) => forget(&app, 0),
            Err(RecvError::Closed) => return,
        }
    }
}

fn forget(app: &App, generation: u64) {
    app.cache.forget(generation);
    app.sites.forget();
}

fn twenty() -> u64 {
    20
}
