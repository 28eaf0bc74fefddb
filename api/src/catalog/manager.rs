//! What a shop's manager writes: products, stock, prices, the shop itself and its webhook; pictures are in [`picture`]. Each write leaves a
//! line in the audit and empties the cache on all replicas.

use poem_openapi::Object;
use reqwest::Url;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::json;

use crate::{
    App,
    audit::{self, Deed},
    auth::Identity,
    bus::Note,
    catalog::{
        hours::{Hours, Opening},
        picture, product, shop, webhook,
    },
    clock::Instant,
    egress,
    error::{Error, Result},
    text::{Line, Prose},
};

/// Something new to sell
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewProduct {
    #[oai(validator(minimum(value = "1")))]
    pub shop_id: i64,
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: Line,
    #[oai(default = "nothing", validator(max_length = 2000))]
    pub description: Prose,
    #[oai(validator(min_length = 1, max_length = 60))]
    pub category: Line,
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
    pub name: Option<Line>,
    #[oai(validator(max_length = 2000))]
    pub description: Option<Prose>,
    #[oai(validator(min_length = 1, max_length = 60))]
    pub category: Option<Line>,
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
    pub description: Option<Prose>,
    #[oai(validator(max_items = 28))]
    pub hours: Option<Vec<Opening>>,
}

/// Where the shop's system wants to be told of its orders
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "WebhookRequest")]
pub struct NewWebhook {
    #[oai(validator(max_length = 500, pattern = r"^https?://[!-~]+$"))]
    pub url: String,
}

/// Where the shop's system is told, and the key that it checks the signature with: shown once
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Webhook {
    pub url: String,
    pub secret: String,
    /// Until when events are signed with the key before as well
    pub old_key_until: Option<Instant>,
}

pub async fn add(app: &App, who: &Identity, new: NewProduct) -> Result<product::Model> {
    who.manages(new.shop_id)?;
    let (shop, now) = (shop::Entity::by_id(&app.db.write, new.shop_id).await?, app.clock.now());
    let product = product::ActiveModel {
        id: NotSet,
        shop_id: Set(shop.id),
        search: Set(product::searchable(&new.name, &new.category, &new.description)),
        name: Set(new.name.into()),
        description: Set(new.description.into()),
        category: Set(new.category.into()),
        price: Set(new.price),
        currency: Set(shop.currency),
        stock: Set(new.stock),
        image: Set(None),
        image_bytes: Set(None),
        created_at: Set(now),
        changed_at: Set(now),
        retired_at: Set(None),
    };
    let tx = app.db.begin().await?;
    let product = product::Entity::add(&*tx, product).await?;
    let detail = json!({ "name": product.name, "price": product.price, "stock": product.stock });
    audit::write(&*tx, app, who, Deed::AddProduct, product.id, detail).await?;
    tx.commit().await?;
    catalog_changed(app).await;
    Ok(product)
}

pub async fn change(app: &App, who: &Identity, id: i64, change: ProductChange) -> Result<product::Model> {
    let ProductChange { name, description, category, price, stock } = change;
    let detail = json!({ "name": name.as_deref(), "category": category.as_deref(), "price": price, "stock": stock });
    write(app, who, id, Deed::ChangeProduct, detail, |product| {
        let name = name.map_or_else(|| product.name.clone(), String::from);
        let category = category.map_or_else(|| product.category.clone(), String::from);
        let description = description.map_or_else(|| product.description.clone(), String::from);
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
    .map(|written| written.after)
}

pub async fn retire(app: &App, who: &Identity, id: i64) -> Result<()> {
    let now = app.clock.now();
    let retired = |_: &product::Model| product::ActiveModel {
        retired_at: Set(Some(now)),
        image: Set(None),
        image_bytes: Set(None),
        ..Default::default()
    };
    let Written { before, .. } = write(app, who, id, Deed::RetireProduct, json!({}), retired).await?;
    picture::remove(app, before.image).await;
    Ok(())
}

pub async fn change_shop(app: &App, who: &Identity, id: i64, change: ShopChange) -> Result<shop::Model> {
    who.manages(id)?;
    let hours = change.hours.clone().map(Hours);
    hours.as_ref().map_or(Ok(()), Hours::check)?;
    let tx = app.db.begin().await?;
    let before = shop::Entity::by_id(&*tx, id).await?;
    let detail = json!({ "description": change.description.as_deref(), "hours": change.hours });
    let mut shop = before.clone().into_active_model();
    if let Some(description) = change.description {
        shop.description = Set(description.into());
    }
    if let Some(hours) = hours {
        shop.hours = Set(hours);
    }
    let shop = if shop.is_changed() { shop.update(&*tx).await? } else { before };
    audit::write(&*tx, app, who, Deed::ChangeShop, id, detail).await?;
    tx.commit().await?;
    catalog_changed(app).await;
    Ok(shop)
}

pub async fn set_webhook(app: &App, who: &Identity, id: i64, url: String) -> Result<Webhook> {
    who.manages(id)?;
    let bad = |why: String| Error::invalid("webhook_address", format!("Events can't be sent to this address: {why}."));
    let address = Url::parse(&url).map_err(|cause| bad(cause.to_string()))?;
    if !app.config.webhooks_to_private {
        egress::allowed(&address, &egress::System).await.map_err(bad)?;
    }
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    shop::Entity::by_id(&*tx, id).await?;
    let webhook = webhook::Entity::set(&*tx, id, url, now).await?;
    audit::write(&*tx, app, who, Deed::SetWebhook, id, json!({ "url": webhook.url })).await?;
    tx.commit().await?;
    let old_key_until = webhook.old_keys.is_some().then_some(now + webhook::OVERLAP);
    Ok(Webhook { url: webhook.url, secret: webhook.secret, old_key_until })
}

/// A product that was changed.
struct Written {
    before: product::Model,
    after: product::Model,
}

async fn write(
    app: &App,
    who: &Identity,
    id: i64,
    deed: Deed,
    detail: serde_json::Value,
    change: impl FnOnce(&product::Model) -> product::ActiveModel,
) -> Result<Written> {
    let tx = app.db.begin().await?;
    let before = product::Entity::locked(&*tx, id).await?;
    who.manages(before.shop_id)?;
    let change = product::ActiveModel { changed_at: Set(app.clock.now()), ..change(&before) };
    let after = product::Entity::change(&*tx, id, change).await?;
    audit::write(&*tx, app, who, deed, id, detail).await?;
    tx.commit().await?;
    product_changed(app, &after).await;
    Ok(Written { before, after })
}

/// Tells everybody of a product that was changed.
pub async fn product_changed(app: &App, product: &product::Model) {
    app.bus.tell(vec![Note::Stock { shop: product.shop_id, product: product.id, stock: product.stock }]);
    catalog_changed(app).await;
}

async fn catalog_changed(app: &App) {
    app.db.wrote();
    let generation = app.cache.next_generation().await;
    super::forget(app, generation);
    app.bus.tell(vec![Note::Catalog { generation }]);
}

fn nothing() -> Prose {
    String::new().into()
}
