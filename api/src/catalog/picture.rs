//! A product's picture: set, replaced, taken away with the product. Each upload is a file of its own that belongs to one
//! product, so the file that isn't shown any more can be deleted.

use poem_openapi::{ApiRequest, payload::Binary};
use sea_orm::{ActiveValue::Set, ConnectionTrait};
use serde_json::json;

use crate::{
    App,
    audit::{self, Deed},
    auth::Identity,
    catalog::{image::Kept, manager, product, shop},
    error::{Error, Result},
};

/// A PNG, JPEG or WebP picture: what it is, its bytes tell
#[derive(ApiRequest)]
pub enum Upload {
    #[oai(content_type = "application/octet-stream")]
    Any(Binary<Vec<u8>>),
    #[oai(content_type = "image/png")]
    Png(Binary<Vec<u8>>),
    #[oai(content_type = "image/jpeg")]
    Jpeg(Binary<Vec<u8>>),
    #[oai(content_type = "image/webp")]
    WebP(Binary<Vec<u8>>),
}

/// Sets a product's picture.
///
/// # Errors
/// 403 for another's shop, 409 when the shop's pictures take all the room it has, 413 and 415 for what can't be decoded.
pub async fn set(app: &App, who: &Identity, id: i64, upload: Upload) -> Result<product::Model> {
    let done = attempt(app, who, id, upload).await;
    let outcome = done.as_ref().map_or_else(|error| error.code, |_| "kept");
    app.metrics.wayfare_images_total.with_label_values(&[outcome]).inc();
    done
}

async fn attempt(app: &App, who: &Identity, id: i64, upload: Upload) -> Result<product::Model> {
    if !app.flags.uploads() {
        return Err(Error::forbidden("uploads_off", "Pictures can't be uploaded at the moment."));
    }
    // Before the picture is decoded and kept: nobody fills the store with what then is refused.
    let before = product::Entity::by_id(&app.db.write, id).await?;
    who.manages(before.shop_id)?;
    let (Upload::Any(bytes) | Upload::Png(bytes) | Upload::Jpeg(bytes) | Upload::WebP(bytes)) = upload;
    let picture = app.images.rewritten(bytes.0).await?;
    room(app, &app.db.write, &before, picture.bytes.len()).await?;
    let kept = app.images.keep(picture).await?;
    let written = write(app, who, before.shop_id, id, &kept).await;
    match written {
        Ok((product, replaced)) => {
            remove(app, replaced).await;
            manager::product_changed(app, &product).await;
            Ok(product)
        }
        Err(error) => {
            remove(app, Some(kept.file)).await;
            Err(error)
        }
    }
}

/// The product with its new picture, and the file that isn't shown any more.
async fn write(app: &App, who: &Identity, shop: i64, id: i64, kept: &Kept) -> Result<(product::Model, Option<String>)> {
    let tx = app.db.begin().await?;
    // Two uploads at once: the second one counts the first.
    shop::Entity::lock(&*tx, shop).await?;
    let before = product::Entity::by_id(&*tx, id).await?;
    room(app, &*tx, &before, kept.bytes).await?;
    let change = product::ActiveModel {
        image: Set(Some(kept.file.clone())),
        image_bytes: Set(Some(i64::try_from(kept.bytes).unwrap_or(i64::MAX))),
        changed_at: Set(app.clock.now()),
        ..Default::default()
    };
    let product = product::Entity::change(&*tx, id, change).await?;
    audit::write(&*tx, app, who, Deed::SetImage, id, json!({ "file": kept.file, "bytes": kept.bytes })).await?;
    tx.commit().await?;
    Ok((product, before.image))
}

/// Whether a shop has room for one more picture in place of the product's.
async fn room(app: &App, db: &impl ConnectionTrait, product: &product::Model, bytes: usize) -> Result<()> {
    let used = product::Entity::image_bytes(db, Some(product.shop_id)).await? - product.image_bytes.unwrap_or(0);
    let quota = app.config.image_quota;
    if u64::try_from(used).unwrap_or(0) + bytes as u64 > quota {
        return Err(Error::conflict(
            "image_quota",
            format!("The pictures of a shop have {quota} bytes together; replace one by a smaller one first."),
        ));
    }
    Ok(())
}

/// Deletes a file that isn't shown any more. One that stays costs room and nothing else.
pub async fn remove(app: &App, file: Option<String>) {
    let Some(file) = file else { return };
    if let Err(cause) = attempt_to_remove(app, &file).await {
        tracing::warn!(file, cause = %cause, "an unused picture couldn't be deleted");
    }
}

/// Files of earlier versions are named by their content: two products may show one.
async fn attempt_to_remove(app: &App, file: &str) -> Result<()> {
    if product::Entity::shows(&app.db.write, file).await? {
        return Ok(());
    }
    app.images.remove(file).await
}
