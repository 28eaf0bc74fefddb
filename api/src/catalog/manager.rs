//! What a shop's manager writes: products, stock, prices, pictures, the shop itself and its webhook. Each write leaves a
//! line in the audit and empties the cache on all replicas.

use std::sync::Arc;

use poem_openapi::{
    ApiRequest, ApiResponse, Object, OpenApi,
    param::Path,
    payload::{Binary, Json},
};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::json;

use crate::{
    App,
    audit::{self, Deed},
    auth::{Done, Identity, Manager},
    bus::Note,
    catalog::{
        product::{self, MenuItem},
        shop, webhook,
    },
    error::{Error, Result},
    http::Chapter,
};

/// Something new to sell
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewProduct {
    #[oai(validator(minimum(value = "1")))]
    pub shop_id: i64,
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: String,
    #[oai(default, validator(max_length = 2000))]
    pub description: String,
    #[oai(validator(min_length = 1, max_length = 60))]
    pub category: String,
    /// In the shop's currency, minor units
    #[oai(validator(minimum(value = "0"), maximum(value = "100000000")))]
    pub price: i64,
    #[oai(default, validator(minimum(value = "0"), maximum(value = "1000000")))]
    pub stock: i32,
}

/// What changes about a product; what is left out stays
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct ProductChange {
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: Option<String>,
    #[oai(validator(max_length = 2000))]
    pub description: Option<String>,
    #[oai(validator(min_length = 1, max_length = 60))]
    pub category: Option<String>,
    /// Minor units
    #[oai(validator(minimum(value = "0"), maximum(value = "100000000")))]
    pub price: Option<i64>,
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000")))]
    pub stock: Option<i32>,
}

/// What changes about a shop; what is left out stays
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct ShopChange {
    #[oai(validator(max_length = 2000))]
    pub description: Option<String>,
    #[oai(validator(max_items = 28))]
    pub hours: Option<Vec<shop::Opening>>,
}

/// Where the shop's system wants to be told of its orders
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewWebhook {
    #[oai(validator(max_length = 500, pattern = r"^https?://[^\s]+$"))]
    pub url: String,
}

/// Where the shop's system is told, and the key that it checks the signature with: shown once
#[derive(Object)]
pub struct Webhook {
    pub url: String,
    pub secret: String,
}

#[derive(ApiRequest)]
pub enum Picture {
    #[oai(content_type = "image/png")]
    Png(Binary<Vec<u8>>),
    #[oai(content_type = "image/jpeg")]
    Jpeg(Binary<Vec<u8>>),
    #[oai(content_type = "image/webp")]
    WebP(Binary<Vec<u8>>),
    #[oai(content_type = "image/gif")]
    Gif(Binary<Vec<u8>>),
}

#[derive(ApiResponse)]
pub enum Added {
    #[oai(status = 201)]
    Added(Json<MenuItem>, #[oai(header = "Location")] String),
}

pub struct ManagerApi(pub Arc<App>);

#[OpenApi(prefix_path = "/api", tag = "Chapter::Catalog")]
impl ManagerApi {
    /// Sell something new
    #[oai(path = "/menu-items", method = "post", operation_id = "add_menu_item")]
    async fn add(&self, who: Manager, new: Json<NewProduct>) -> Result<Added> {
        let (app, new, now) = (&self.0, new.0, self.0.clock.now());
        who.0.manages(new.shop_id)?;
        let shop = shop::Entity::by_id(&app.db.write, new.shop_id).await?;
        let product = product::ActiveModel {
            id: NotSet,
            shop_id: Set(shop.id),
            search: Set(product::searchable(&new.name, &new.category, &new.description)),
            name: Set(new.name),
            description: Set(new.description),
            category: Set(new.category),
            price: Set(new.price),
            currency: Set(shop.currency),
            stock: Set(new.stock),
            image: Set(None),
            created_at: Set(now),
            changed_at: Set(now),
            retired_at: Set(None),
        };
        let tx = app.db.begin().await?;
        let product = product::Entity::add(&*tx, product).await?;
        audit::write(
            &*tx,
            app,
            &who.0,
            Deed::AddProduct,
            product.id,
            json!({ "name": product.name, "price": product.price, "stock": product.stock }),
        )
        .await?;
        tx.commit().await?;
        catalog_changed(app).await;
        let location = format!("/api/menu-items/{}", product.id);
        Ok(Added::Added(Json(product.into()), location))
    }

    /// Change a product
    #[oai(path = "/menu-items/:id", method = "patch", operation_id = "change_menu_item")]
    async fn change(&self, who: Manager, id: Path<i64>, change: Json<ProductChange>) -> Result<Json<MenuItem>> {
        let ProductChange { name, description, category, price, stock } = change.0;
        let detail = json!({ "name": name, "category": category, "price": price, "stock": stock });
        self.write(&who.0, id.0, Deed::ChangeProduct, detail, |product| {
            let text = |given: Option<String>, old: &str| given.unwrap_or_else(|| old.to_owned());
            let (name, category, description) =
                (text(name, &product.name), text(category, &product.category), text(description, &product.description));
            product::ActiveModel {
                search: Set(product::searchable(&name, &category, &description)),
                name: Set(name),
                description: Set(description),
                category: Set(category),
                price: price.map_or(NotSet, Set),
                stock: stock.map_or(NotSet, Set),
                ..Default::default()
            }
        })
        .await
        .map(|p| Json(p.into()))
    }

    /// Stop selling a product
    #[oai(path = "/menu-items/:id", method = "delete", operation_id = "retire_menu_item")]
    async fn retire(&self, who: Manager, id: Path<i64>) -> Result<Done> {
        let now = self.0.clock.now();
        self.write(&who.0, id.0, Deed::RetireProduct, json!({}), |_| product::ActiveModel {
            retired_at: Set(Some(now)),
            ..Default::default()
        })
        .await?;
        Ok(Done::Done)
    }

    /// Set a product's picture: PNG, JPEG, WebP or GIF
    #[oai(path = "/menu-items/:id/image", method = "put", operation_id = "set_image")]
    async fn set_image(&self, who: Manager, id: Path<i64>, picture: Picture) -> Result<Json<MenuItem>> {
        let app = &self.0;
        if !app.flags.uploads() {
            return Err(Error::forbidden("uploads_off", "Pictures can't be uploaded at the moment."));
        }
        who.0.manages(product::Entity::by_id(&app.db.write, id.0).await?.shop_id)?;
        let (Picture::Png(bytes) | Picture::Jpeg(bytes) | Picture::WebP(bytes) | Picture::Gif(bytes)) = picture;
        let file = app.images.keep(bytes.0).await?;
        let detail = json!({ "file": file });
        self.write(&who.0, id.0, Deed::SetImage, detail, |_| product::ActiveModel {
            image: Set(Some(file)),
            ..Default::default()
        })
        .await
        .map(|p| Json(p.into()))
    }

    /// Change a shop
    #[oai(path = "/shops/:id", method = "patch", operation_id = "change_shop")]
    async fn change_shop(&self, who: Manager, id: Path<i64>, change: Json<ShopChange>) -> Result<Json<shop::Model>> {
        let (app, ShopChange { description, hours }) = (&self.0, change.0);
        who.0.manages(id.0)?;
        let tx = app.db.begin().await?;
        let mut shop = shop::Entity::by_id(&*tx, id.0).await?.into_active_model();
        let detail = json!({ "description": description.is_some(), "hours": hours });
        if let Some(description) = description {
            shop.description = Set(description);
        }
        if let Some(hours) = hours {
            shop.hours = Set(shop::Hours(hours));
        }
        let shop = if shop.is_changed() {
            shop.update(&*tx).await?
        } else {
            shop::Entity::find_by_id(id.0).one(&*tx).await?.ok_or_else(|| Error::no("shop"))?
        };
        audit::write(&*tx, app, &who.0, Deed::ChangeShop, id.0, detail).await?;
        tx.commit().await?;
        catalog_changed(app).await;
        Ok(Json(shop))
    }

    /// Set where the shop's system is told of its orders; gives a new key each time
    #[oai(path = "/shops/:id/webhook", method = "put", operation_id = "set_webhook")]
    async fn set_webhook(&self, who: Manager, id: Path<i64>, new: Json<NewWebhook>) -> Result<Json<Webhook>> {
        let app = &self.0;
        who.0.manages(id.0)?;
        let tx = app.db.begin().await?;
        shop::Entity::by_id(&*tx, id.0).await?;
        let webhook = webhook::Entity::set(&*tx, id.0, new.0.url).await?;
        audit::write(&*tx, app, &who.0, Deed::SetWebhook, id.0, json!({ "url": webhook.url })).await?;
        tx.commit().await?;
        Ok(Json(Webhook { url: webhook.url, secret: webhook.secret }))
    }
}

impl ManagerApi {
    async fn write(
        &self,
        who: &Identity,
        id: i64,
        deed: Deed,
        detail: serde_json::Value,
        change: impl FnOnce(&product::Model) -> product::ActiveModel,
    ) -> Result<product::Model> {
        let app = &self.0;
        let tx = app.db.begin().await?;
        let product = product::Entity::by_id(&*tx, id).await?;
        who.manages(product.shop_id)?;
        let change = product::ActiveModel { changed_at: Set(app.clock.now()), ..change(&product) };
        let product = product::Entity::change(&*tx, id, change).await?;
        audit::write(&*tx, app, who, deed, id, detail).await?;
        tx.commit().await?;
        app.bus.tell(vec![Note::Stock { shop: product.shop_id, product: id, stock: product.stock }]);
        catalog_changed(app).await;
        Ok(product)
    }
}

async fn catalog_changed(app: &App) {
    let generation = app.cache.next_generation().await;
    app.cache.forget(generation);
    app.bus.tell(vec![Note::Catalog { generation }]);
}
